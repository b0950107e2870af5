import { TASK_CODE } from '../../src/model/codes.ts';
import type { Trigger } from '../../src/model/store.ts';

const ANSWERED = ['acknowledge-safety-note', 'answer-hold-request'];

/** An answer ends the ladder; the timer climbs it. */
export const triggers: readonly Trigger[] = [
  {
    handler: 'escalate-obligation',
    resourceType: 'Task',
    criteria: `Task?code=${ANSWERED.map((code) => `${TASK_CODE.system}|${code}`).join(',')}&status=accepted,in-progress,completed`,
    on: ['update'],
    lane: 'safety',
  },
];
export const cron = '*/2 * * * * *';
