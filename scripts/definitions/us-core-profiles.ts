import type { Profile, ProfileElement } from '../../src/fhir/definitions.ts';

const CONDITION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/condition-category';
const OBSERVATION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';

/**
 * What a US Core profile demands beyond R4: elements that must be there (nested ones where their parent is), elements
 * that may point at one kind of resource only, and a coded category of which there must be one.
 */
interface Row {
  readonly profile: string;
  readonly type: string;
  readonly mandatory: readonly string[];
  readonly targets?: Readonly<Record<string, readonly string[]>>;
  readonly category?: { readonly slice: string; readonly max?: number } & (
    | { readonly system: string; readonly code: string }
    | { readonly binding: string }
  );
}

const PATIENT = { subject: ['Patient'] };

/**
 * The US Core 5.0.1 profiles of this field that no package of ours holds as a definition; those that one does hold are
 * compiled whole. Their invariants and extensions are not here. Rule: US Core 5.0.1, profiles, "mandatory".
 */
const ROWS: readonly Row[] = [
  { profile: 'us-core-allergyintolerance', type: 'AllergyIntolerance', mandatory: ['code'] },
  {
    profile: 'us-core-careplan',
    type: 'CarePlan',
    mandatory: ['text', 'category'],
    targets: PATIENT,
    category: {
      slice: 'AssessPlan',
      max: 1,
      system: 'http://hl7.org/fhir/us/core/CodeSystem/careplan-category',
      code: 'assess-plan',
    },
  },
  {
    profile: 'us-core-careteam',
    type: 'CareTeam',
    mandatory: ['subject', 'participant', 'participant.role', 'participant.member'],
    targets: PATIENT,
  },
  {
    profile: 'us-core-condition-encounter-diagnosis',
    type: 'Condition',
    mandatory: ['category', 'code'],
    targets: PATIENT,
    category: { slice: 'us-core', max: 1, system: CONDITION_CATEGORY, code: 'encounter-diagnosis' },
  },
  {
    profile: 'us-core-condition-problems-health-concerns',
    type: 'Condition',
    mandatory: ['category', 'code'],
    targets: PATIENT,
    category: { slice: 'us-core', binding: 'http://hl7.org/fhir/us/core/ValueSet/us-core-problem-or-health-concern' },
  },
  {
    profile: 'us-core-diagnosticreport-lab',
    type: 'DiagnosticReport',
    mandatory: ['category', 'subject'],
    targets: PATIENT,
    category: {
      slice: 'LaboratorySlice',
      max: 1,
      system: 'http://terminology.hl7.org/CodeSystem/v2-0074',
      code: 'LAB',
    },
  },
  {
    profile: 'us-core-diagnosticreport-note',
    type: 'DiagnosticReport',
    mandatory: ['category', 'subject'],
    targets: PATIENT,
  },
  {
    profile: 'us-core-documentreference',
    type: 'DocumentReference',
    mandatory: ['type', 'category', 'subject'],
    targets: PATIENT,
  },
  {
    profile: 'us-core-encounter',
    type: 'Encounter',
    mandatory: ['identifier.system', 'identifier.value', 'type', 'subject'],
    targets: { subject: ['Patient'], 'participant.individual': ['Practitioner', 'PractitionerRole', 'RelatedPerson'] },
  },
  { profile: 'us-core-goal', type: 'Goal', mandatory: [], targets: PATIENT },
  { profile: 'us-core-immunization', type: 'Immunization', mandatory: ['primarySource'] },
  {
    profile: 'us-core-observation-lab',
    type: 'Observation',
    mandatory: ['category', 'subject'],
    targets: PATIENT,
    category: { slice: 'Laboratory', max: 1, system: OBSERVATION_CATEGORY, code: 'laboratory' },
  },
  {
    profile: 'us-core-observation-survey',
    type: 'Observation',
    mandatory: ['category', 'subject'],
    targets: PATIENT,
    category: { slice: 'survey', max: 1, system: OBSERVATION_CATEGORY, code: 'survey' },
  },
  { profile: 'us-core-organization', type: 'Organization', mandatory: ['active', 'name'] },
  {
    profile: 'us-core-practitioner',
    type: 'Practitioner',
    mandatory: ['identifier', 'identifier.system', 'identifier.value', 'name', 'name.family'],
  },
  { profile: 'us-core-procedure', type: 'Procedure', mandatory: ['code'], targets: PATIENT },
  {
    profile: 'us-core-provenance',
    type: 'Provenance',
    mandatory: ['agent.type'],
    targets: { 'agent.onBehalfOf': ['Organization'] },
  },
  {
    profile: 'us-core-questionnaireresponse',
    type: 'QuestionnaireResponse',
    mandatory: ['questionnaire', 'subject', 'authored'],
    targets: PATIENT,
  },
  { profile: 'us-core-relatedperson', type: 'RelatedPerson', mandatory: ['active'] },
  { profile: 'us-core-servicerequest', type: 'ServiceRequest', mandatory: ['category', 'code'], targets: PATIENT },
];

/** The rows as profiles. */
export const US_CORE_PROFILES: readonly Profile[] = ROWS.map((row) => ({
  url: `http://hl7.org/fhir/us/core/StructureDefinition/${row.profile}`,
  type: row.type,
  base: `http://hl7.org/fhir/StructureDefinition/${row.type}`,
  elements: elementsOf(row),
}));

function elementsOf(row: Row): ProfileElement[] {
  const elements = new Map<string, ProfileElement>();
  const add = (id: string, rules: Omit<ProfileElement, 'id'>) =>
    elements.set(id, { ...elements.get(id), ...rules, id });
  for (const path of row.mandatory) add(path, { min: 1 });
  for (const [path, targets] of Object.entries(row.targets ?? {}))
    add(path, { types: [{ code: 'Reference', targets }] });
  const { category } = row;
  if (category !== undefined) {
    add('category', { slicing: { discriminator: [{ type: 'pattern', path: '$this' }], rules: 'open' } });
    const content =
      'binding' in category
        ? { binding: category.binding }
        : { pattern: { coding: [{ system: category.system, code: category.code }] } };
    add(`category:${category.slice}`, {
      min: 1,
      ...(category.max === undefined ? {} : { max: category.max }),
      ...content,
    });
  }
  return [...elements.values()];
}
