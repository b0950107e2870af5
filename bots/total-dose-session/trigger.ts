import { SESSION_CODE } from '../../src/model/codes.ts';
import type { Trigger } from '../../src/model/store.ts';
import { VITALS } from './checklist.ts';

const loinc = [VITALS.panel, VITALS.systolic, VITALS.diastolic, ...VITALS.oxygen].map(
  (code) => `http://loinc.org|${code}`,
);
const own = ['sedation', 'dissociation'].map((code) => `${SESSION_CODE.system}|${code}`);

/** Administrations, the session itself, and the observations a session asks for. */
export const triggers: readonly Trigger[] = [
  { handler: 'total-dose-session', resourceType: 'MedicationAdministration', on: ['create', 'update'] },
  {
    handler: 'total-dose-session',
    resourceType: 'Procedure',
    criteria: `Procedure?code=${encodeURIComponent(`${SESSION_CODE.system}|dose-session`)}`,
    on: ['create', 'update'],
  },
  {
    handler: 'total-dose-session',
    resourceType: 'Observation',
    criteria: `Observation?code=${encodeURIComponent([...loinc, ...own].join(','))}`,
    on: ['create', 'update'],
  },
];
