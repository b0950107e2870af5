import { TASK_CODE } from '../../src/model/codes.ts';
import type { Trigger } from '../../src/model/store.ts';

/** An answer ends the ladder; the timer climbs it. */
export const triggers: readonly Trigger[] = [
  {
    handler: 'escalate-obligation',
    resourceType: 'Task',
    criteria: `Task?code=${TASK_CODE.system}|acknowledge-safety-note&status=accepted,in-progress,completed`,
    on: ['update'],
    lane: 'safety',
  },
];
export const cron = '*/2 * * * * *';
