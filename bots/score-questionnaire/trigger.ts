import type { Trigger } from '../../src/model/store.ts';

/** Every response: which instrument it answers may be told by its Questionnaire alone. */
export const triggers: readonly Trigger[] = [
  {
    handler: 'score-questionnaire',
    resourceType: 'QuestionnaireResponse',
    criteria: 'QuestionnaireResponse?status=completed,amended,entered-in-error',
    on: ['create', 'update'],
    // Item 9 may become a safety note.
    lane: 'safety',
  },
];
