import type { NaturalKey } from '../src/model/assertion.ts';

/**
 * The natural key of each type. A set id alone is never one. Text is taken as its source wrote it; parts are joined as JSON, so
 * that no two different keys read the same. Rule: DESIGN §5 "Ids".
 */
const joined = (...parts: readonly (string | undefined)[]): string => JSON.stringify(parts.map((part) => part ?? null));

/** System and value of an identifier. */
export interface IdentifierKey {
  readonly system: string;
  readonly value: string;
}

const of = (type: string, owner: string, key: IdentifierKey): NaturalKey => ({
  type,
  owner,
  authority: key.system,
  value: key.value,
});

/** Authority of keys that hang on another resource of the hub (its id is the first part of the value). */
const WITHIN = 'urn:handoff:within';
const within = (type: string, owner: string, ...parts: readonly (string | undefined)[]): NaturalKey => ({
  type,
  owner,
  authority: WITHIN,
  value: joined(...parts),
});

/** A source's own patient: one identifier of that source's. Two sources' records of one person are two Patients. */
export const patientKey = (owner: string, identifier: IdentifierKey) => of('Patient', owner, identifier);

/** Visit number (PV1-19) and its assigner. */
export const encounterKey = (owner: string, visit: IdentifierKey) => of('Encounter', owner, visit);

/** A visit without a number: the patient and the admission time. */
export const unnumberedEncounterKey = (owner: string, patient: string, admitted: string) =>
  within('Encounter', owner, patient, admitted);

/** A program episode: the visit (or account) under which the program runs, and the program. */
export const episodeKey = (owner: string, encounter: string, program: string) =>
  within('EpisodeOfCare', owner, encounter, program);

/** PV1-54: the source's own episode number. */
export const numberedEpisodeKey = (owner: string, episode: IdentifierKey) => of('EpisodeOfCare', owner, episode);

/** DG1-20 or PRB-4: the source's own id of the diagnosis or problem. */
export const numberedConditionKey = (owner: string, problem: IdentifierKey) => of('Condition', owner, problem);

/** A diagnosis without an id: the patient, the visit and the code (or, without code, its words). */
export const conditionKey = (owner: string, patient: string, encounter: string | undefined, code: string) =>
  within('Condition', owner, patient, encounter, code);

export const allergyKey = (owner: string, patient: string, code: string) =>
  within('AllergyIntolerance', owner, patient, code);

export const coverageKey = (owner: string, patient: string, payer: string, plan: string, member: string | undefined) =>
  within('Coverage', owner, patient, payer, plan, member);

/** A relative: NK1-33 where the source has one, else the name and the relationship. */
export const relatedPersonKey = (owner: string, patient: string, who: string) =>
  within('RelatedPerson', owner, patient, who);

/** One team per patient and source. */
export const careTeamKey = (owner: string, patient: string) => within('CareTeam', owner, patient);

export const accountKey = (owner: string, account: IdentifierKey) => of('Account', owner, account);

/** A practitioner, organization or place as one source names it: directory resources are the source's own. */
export const practitionerKey = (owner: string, identifier: IdentifierKey) => of('Practitioner', owner, identifier);
export const organizationKey = (owner: string, identifier: IdentifierKey) => of('Organization', owner, identifier);
export const namedOrganizationKey = (owner: string, name: string) => within('Organization', owner, name.toUpperCase());
/** A practitioner at a place, as NDL names them. */
export const practitionerRoleKey = (owner: string, practitioner: string, place: string | undefined) =>
  within('PractitionerRole', owner, practitioner, place);
export const locationKey = (owner: string, ...path: readonly (string | undefined)[]) =>
  within('Location', owner, ...path);
export const deviceKey = (owner: string, ...path: readonly (string | undefined)[]) => within('Device', owner, ...path);

/**
 * The loop of a referral: RF1-6 (the originator's id). REF and its RRI, sent by the other side, meet in the same ServiceRequest and
 * Task, both owned by the originator. Rule: DOMAIN §B7.
 */
export const referralKey = (originator: string, loop: IdentifierKey) => of('ServiceRequest', originator, loop);
export const referralTaskKey = (originator: string, loop: IdentifierKey) => of('Task', originator, loop);

/** Placer (ORC-2) or, without one, filler number (ORC-3). */
export const serviceRequestKey = (owner: string, order: IdentifierKey) => of('ServiceRequest', owner, order);
export const medicationRequestKey = (owner: string, order: IdentifierKey) => of('MedicationRequest', owner, order);
export const orderTaskKey = (owner: string, order: IdentifierKey, act: string) =>
  within('Task', owner, order.system, order.value, act);

/** One session's Appointment for one patient: the SCH id and the patient. */
export const appointmentKey = (owner: string, session: IdentifierKey, patient: string) =>
  within('Appointment', owner, session.system, session.value, patient);

/** The group of all patients of one session; not a resource. */
export const sessionKey = (owner: string, session: IdentifierKey) => of('Appointment-session', owner, session);

/** One service or resource of an appointment (AIS-3, AIG-3, AIL-3, AIP-3), as its slot; not a resource. */
export const scheduledResourceKey = (owner: string, segment: string, what: string) =>
  within('Appointment-resource', owner, segment, what);

/** The calendar of one person, place or thing of a source. */
export const scheduleKey = (owner: string, actor: string) => within('Schedule', owner, actor);
/** A span of a calendar: whatever was said of it, in whichever message, it is this one. Instants in UTC. */
export const slotKey = (owner: string, schedule: string, start: string, end: string) =>
  within('Slot', owner, schedule, start, end);

/** One RXA: the administration order (ORC-3), its day, and the sub-id within it. A correction (RXA-21) keeps all three. */
export const administrationKey = (owner: string, order: IdentifierKey, day: string, subId: string) =>
  within('MedicationAdministration', owner, order.system, order.value, day, subId);

/** One RXD: the order (ORC-3) and the sub-id of the dispense, which counts up within it. */
export const dispenseKey = (owner: string, order: IdentifierKey, subId: string) =>
  within('MedicationDispense', owner, order.system, order.value, subId);

/** The dose session all RXA of one order and day belong to. */
export const doseSessionKey = (owner: string, order: IdentifierKey, day: string) =>
  within('Procedure', owner, order.system, order.value, day);

export const procedureKey = (owner: string, ...parts: readonly (string | undefined)[]) =>
  within('Procedure', owner, ...parts);
export const immunizationKey = (owner: string, ...parts: readonly (string | undefined)[]) =>
  within('Immunization', owner, ...parts);

/** TXA-12. The same document is one DocumentReference and, as a safety note, one Communication. */
export const documentKey = (owner: string, document: IdentifierKey) => of('DocumentReference', owner, document);
export const communicationKey = (owner: string, document: IdentifierKey) => of('Communication', owner, document);

/** The safety note that one result is. */
export const resultNoteKey = (owner: string, observation: string) =>
  within('Communication', owner, 'result', observation);

/** OBR-3 (else OBR-2) and what was asked: one filler number may cover several panels. */
export const reportKey = (owner: string, order: IdentifierKey, service: string) =>
  within('DiagnosticReport', owner, order.system, order.value, service);

/** OBR-3 + OBX-3 + OBX-4, and the time where a panel repeats in time. A correction comes with the same three. Rule: DOMAIN §C1 ORU. */
export const observationKey = (owner: string, order: IdentifierKey, code: string, subId: string | undefined) =>
  within('Observation', owner, order.system, order.value, code, subId);

/** An observation that belongs to no order (OBX of an ADT). */
export const looseObservationKey = (owner: string, subject: string, code: string, at: string | undefined) =>
  within('Observation', owner, subject, code, at);

export const specimenKey = (owner: string, ...parts: readonly (string | undefined)[]) =>
  within('Specimen', owner, ...parts);
export const goalKey = (owner: string, goal: IdentifierKey) => of('Goal', owner, goal);
export const carePlanKey = (owner: string, pathway: IdentifierKey) => of('CarePlan', owner, pathway);

/** A problem without an id (PRB-4): what it is. Unlike a diagnosis it belongs to no visit. */
export const unnumberedProblemKey = (owner: string, patient: string, code: string) =>
  within('Condition', owner, patient, 'problem', code);
/** A goal (GOL-4) or pathway (PTH-3) without an id: what it is. */
export const unnumberedGoalKey = (owner: string, patient: string, description: string) =>
  within('Goal', owner, patient, description);
export const unnumberedCarePlanKey = (owner: string, patient: string, pathway: string) =>
  within('CarePlan', owner, patient, pathway);
export const chargeItemKey = (owner: string, ...parts: readonly (string | undefined)[]) =>
  within('ChargeItem', owner, ...parts);

/** CON-4: the number of the signed form. */
export const consentKey = (owner: string, form: IdentifierKey) => of('Consent', owner, form);
/** A consent without a number: what it is about, and when it was decided. */
export const unnumberedConsentKey = (owner: string, patient: string, type: string, decided: string | undefined) =>
  within('Consent', owner, patient, type, decided);
