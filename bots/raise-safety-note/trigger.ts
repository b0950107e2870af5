import { COMMUNICATION_KIND } from '../../src/model/codes.ts';
import type { Trigger } from '../../src/model/store.ts';

export const triggers: readonly Trigger[] = [
  {
    handler: 'raise-safety-note',
    resourceType: 'Communication',
    criteria: `Communication?category=${COMMUNICATION_KIND.system}|safety-note&status=completed,entered-in-error`,
    on: ['create', 'update'],
    lane: 'safety',
  },
];

/** How often a note that nobody must answer yet is looked at again. */
export const cron = '*/5 * * * * *';
