import type { Trigger } from '../../src/model/store.ts';

export const triggers: readonly Trigger[] = [];
export const cron = '*/2 * * * * *';
