import { HL7_TASK_CODE, TASK_CODE } from '../../src/model/codes.ts';
import { ACT_CODE_SYSTEM } from '../../src/model/labels.ts';
import type { Trigger } from '../../src/model/store.ts';
import { INPATIENT } from './rule.ts';

const inpatient = INPATIENT.map((code) => `${ACT_CODE_SYSTEM}|${code}`).join(',');
const referral = `${TASK_CODE.system}|accept-referral,${HL7_TASK_CODE}|fulfill`;

/** Stays that end or are reopened, and referrals that are accepted or fail. An admission alone asks for nothing. */
export const triggers: readonly Trigger[] = [
  {
    handler: 'watch-discharge',
    resourceType: 'Encounter',
    criteria: `Encounter?class=${encodeURIComponent(inpatient)}&status=finished`,
    on: ['create'],
  },
  {
    handler: 'watch-discharge',
    resourceType: 'Encounter',
    criteria: `Encounter?class=${encodeURIComponent(inpatient)}`,
    on: ['update'],
  },
  {
    handler: 'watch-discharge',
    resourceType: 'Task',
    criteria: `Task?code=${encodeURIComponent(referral)}`,
    on: ['create', 'update'],
  },
];
