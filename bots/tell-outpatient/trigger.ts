import { COMMUNICATION_KIND, HL7_TASK_CODE, TASK_CODE } from '../../src/model/codes.ts';
import type { Trigger } from '../../src/model/store.ts';

const on = ['create', 'update'] as const;
const handler = 'tell-outpatient';

const codes = [
  `${TASK_CODE.system}|accept-referral`,
  `${TASK_CODE.system}|told-outpatient-provider`,
  `${HL7_TASK_CODE}|fulfill`,
];

export const triggers: readonly Trigger[] = [
  { handler, resourceType: 'Task', criteria: `Task?code=${codes.join(',')}`, on },
  { handler, resourceType: 'ServiceRequest', criteria: 'ServiceRequest?status=active', on },
  {
    handler,
    resourceType: 'Communication',
    criteria: `Communication?category=${COMMUNICATION_KIND.system}|lifecycle-notice`,
    on: ['update'],
  },
  { handler, resourceType: 'Appointment', criteria: 'Appointment?status=booked', on },
  { handler, resourceType: 'MedicationRequest', on },
  { handler, resourceType: 'MedicationAdministration', on },
];
export const cron = '*/2 * * * * *';
