/** Base of every URI the hub itself defines. `.example` is reserved, so no one else can own it. */
const BASE = 'https://handoff.example/fhir';

/** URI of a hub code system, e.g. `hubSystem('safety-reason')`. */
export const hubSystem = (name: string): string => `${BASE}/CodeSystem/${name}`;

/** URI of a hub extension. */
export const hubExtension = (name: string): string => `${BASE}/StructureDefinition/${name}`;

/** URI of a hub identifier system. */
export const hubIdentifier = (name: string): string => `${BASE}/sid/${name}`;

/** Canonical URL of a questionnaire the hub knows. */
export const hubQuestionnaire = (name: string): string => `${BASE}/Questionnaire/${name}`;

/** Canonical URL of a map between code systems that the hub works with. */
export const hubConceptMap = (name: string): string =>
  `${BASE}/ConceptMap/${name.replace(/[^A-Za-z0-9-]+/g, '-').replace(/-$/, '')}`;

/** Canonical URL of a subscription topic of the hub. */
export const hubTopic = (name: string): string => `${BASE}/SubscriptionTopic/${name}`;

/** Extension: parts of the name that a reference shows, of somebody who has no Practitioner of his own. */
export const PERSON_NAME = hubExtension('person-name');
