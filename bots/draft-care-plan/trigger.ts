import type { Trigger } from '../../src/model/store.ts';

/** Every response; the bot looks at the questionnaire it names. */
export const triggers: readonly Trigger[] = [
  {
    handler: 'draft-care-plan',
    resourceType: 'QuestionnaireResponse',
    criteria: 'QuestionnaireResponse?status=completed,amended,entered-in-error',
    on: ['create', 'update'],
  },
];
