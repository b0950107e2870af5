import { QUESTIONNAIRE } from '../../src/model/codes.ts';
import type { Trigger } from '../../src/model/store.ts';

export const triggers: readonly Trigger[] = [QUESTIONNAIRE.planPart1, QUESTIONNAIRE.planPart2].map((url) => ({
  handler: 'draft-care-plan',
  resourceType: 'QuestionnaireResponse',
  criteria: `QuestionnaireResponse?status=completed,amended,entered-in-error&questionnaire=${encodeURIComponent(url)}`,
  on: ['create', 'update'],
}));
