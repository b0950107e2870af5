import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { against, codes, same } from './table.ts';

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const DIAGNOSIS_ROLE = 'http://terminology.hl7.org/CodeSystem/diagnosis-role';
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';

/** PHP and IOP are outpatient: recurring is AMB, with an EpisodeOfCare beside it, and never IMP. Rule: DOMAIN §B1, §C1 ADT. */
export const PATIENT_CLASS: ConceptTable = {
  id: '0004',
  name: 'PatientClass[EncounterClass]',
  codes: {
    ...codes(ACT_CODE, {
      E: ['EMER', 'emergency'],
      I: ['IMP', 'inpatient encounter'],
      O: ['AMB', 'ambulatory'],
      P: ['PRENC', 'pre-admission'],
      R: ['AMB', 'ambulatory'],
      V: ['VR', 'virtual'],
    }),
    ...same('0004', { B: 'Obstetrics', C: 'Commercial Account', N: 'Not Applicable', U: 'Unknown' }),
  },
  decisions: against('superseded', 'R4 needs a class of ActCode; recurring is outpatient with an episode', 'R'),
};

/**
 * Encounter.status that the trigger states. A08 and the like say nothing about it; A04 is by partner (arrived or planned).
 * The guide's table (A04 planned, A08 unknown) is not followed. Rule: DOMAIN §E2.
 */
export const EVENT_STATUS: Readonly<Record<string, string>> = {
  A01: 'in-progress',
  A02: 'in-progress',
  A03: 'finished',
  A05: 'planned',
  A06: 'in-progress',
  A07: 'in-progress',
  A09: 'in-progress',
  A10: 'arrived',
  A11: 'cancelled',
  A12: 'in-progress',
  A13: 'in-progress',
  A14: 'planned',
  A15: 'in-progress',
  A16: 'in-progress',
  A21: 'onleave',
  A22: 'in-progress',
  A25: 'in-progress',
  A26: 'in-progress',
  A27: 'cancelled',
  A32: 'in-progress',
  A33: 'in-progress',
  A38: 'cancelled',
  A52: 'in-progress',
  A53: 'onleave',
};

/** The same as a table. Only a trigger that says it changes the status. */
export const EVENT_ENCOUNTER_STATUS: ConceptTable = {
  id: '0003',
  name: 'Event[EncounterStatus]',
  codes: codes('http://hl7.org/fhir/encounter-status', EVENT_STATUS),
  decisions: [
    ...against('unsafe', 'a registered patient has arrived; by partner it is planned', 'A04'),
    ...against('unsafe', 'an update says nothing of the status: unknown would wipe it out', 'A08'),
  ],
};

/** PV1-2 says what kind of visit it is, not whether it has begun. */
export const CLASS_ENCOUNTER_STATUS: ConceptTable = {
  id: '0004',
  name: 'PatientClass[EncounterStatus]',
  codes: {},
  decisions: against('unsafe', 'the class of a visit does not say that it has begun: the trigger and PV1-45 do', '*'),
};

export const DIAGNOSIS_TYPE: ConceptTable = {
  id: '0052',
  name: 'DiagnosisType',
  codes: codes(DIAGNOSIS_ROLE, {
    A: ['AD', 'Admission diagnosis'],
    F: ['DD', 'Discharge diagnosis'],
    W: ['AD', 'Admission diagnosis'],
  }),
};

/** PV1 fields that name a provider, as Encounter.participant.type. */
export const PROVIDER_PARTICIPATION = {
  attending: { system: PARTICIPATION, code: 'ATND', display: 'attender' },
  referring: { system: PARTICIPATION, code: 'REF', display: 'referrer' },
  consulting: { system: PARTICIPATION, code: 'CON', display: 'consultant' },
  admitting: { system: PARTICIPATION, code: 'ADM', display: 'admitter' },
  other: { system: PARTICIPATION, code: 'PART', display: 'Participation' },
} as const;

export const ADMISSION_LEVEL: ConceptTable = {
  id: '0432',
  name: 'AdmissionLevelOfCareCode',
  codes: same('0432', { AC: 'Acute', CH: 'Chronic', CO: 'Comatose', CR: 'Critical', IM: 'Improved', MO: 'Moribund' }),
};
