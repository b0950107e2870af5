import { TASK_CODE } from '../../src/model/codes.ts';
import type { Trigger } from '../../src/model/store.ts';

export const triggers: readonly Trigger[] = [
  {
    handler: 'return-undelivered',
    resourceType: 'Task',
    criteria: `Task?code=${TASK_CODE.system}|telephone-recipient&status=requested`,
    on: ['create'],
    lane: 'safety',
  },
];
