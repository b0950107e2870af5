import { APPOINTMENT_KIND, HL7_TASK_CODE, TASK_CODE } from '../../src/model/codes.ts';
import type { Trigger } from '../../src/model/store.ts';

const referral = `${TASK_CODE.system}|accept-referral,${HL7_TASK_CODE}|fulfill`;
const handler = 'link-order';
const on = ['create', 'update'] as const;

/** Orders and plans, whichever comes first; dose appointments and accepted referrals. */
export const triggers: readonly Trigger[] = [
  { handler, resourceType: 'MedicationRequest', on },
  { handler, resourceType: 'CarePlan', criteria: 'CarePlan?status=active', on },
  {
    handler,
    resourceType: 'Appointment',
    criteria: `Appointment?appointment-type=${encodeURIComponent(`${APPOINTMENT_KIND.system}|dose`)}`,
    on,
  },
  {
    handler,
    resourceType: 'Task',
    criteria: `Task?status=accepted&code=${encodeURIComponent(referral)}`,
    on,
  },
];
