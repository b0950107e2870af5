/**
 * Types that describe organizations, people at work, places, services, published times and definitions.
 * A row of such a type that belongs to no person and carries no sensitive label is shared with every reader.
 */
const DIRECTORY_TYPES: ReadonlySet<string> = new Set([
  'Organization',
  'OrganizationAffiliation',
  'Practitioner',
  'PractitionerRole',
  'HealthcareService',
  'Location',
  'Endpoint',
  'Schedule',
  'Slot',
  'Medication',
  'MedicationKnowledge',
  'Substance',
  'Questionnaire',
  'PlanDefinition',
  'ActivityDefinition',
  'Library',
  'Measure',
  'ValueSet',
  'CodeSystem',
  'ConceptMap',
  'NamingSystem',
  'StructureDefinition',
  'StructureMap',
  'SearchParameter',
  'OperationDefinition',
  'CompartmentDefinition',
  'CapabilityStatement',
  'ImplementationGuide',
  'GraphDefinition',
  'MessageDefinition',
  'TerminologyCapabilities',
]);

export const isDirectoryType = (type: string): boolean => DIRECTORY_TYPES.has(type);
