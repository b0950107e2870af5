import { TASK_CODE } from '../../src/model/codes.ts';
import type { Trigger } from '../../src/model/store.ts';

export const triggers: readonly Trigger[] = [
  {
    handler: 'answer-hold-request',
    resourceType: 'Task',
    criteria: `Task?code=${TASK_CODE.system}|answer-hold-request&status=completed`,
    on: ['create', 'update'],
    lane: 'safety',
  },
];
