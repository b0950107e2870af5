import type { Trigger } from '../../src/model/store.ts';

export const triggers: readonly Trigger[] = [
  { handler: 'detect-conflict', resourceType: 'Appointment', on: ['create', 'update'] },
];
