import type { Questionnaire, QuestionnaireItem } from '@medplum/fhirtypes';
import { QUESTIONNAIRE } from '../../src/model/codes.ts';

const repeated = (linkId: string, text: string, more: Partial<QuestionnaireItem> = {}): QuestionnaireItem => ({
  linkId,
  text,
  type: 'text',
  repeats: true,
  ...more,
});

/** Chosen from a list, or said in the patient's own words. */
const PROBLEMS = [
  'Low mood',
  'Anxiety or worry',
  'Panic',
  'Sleep',
  'Concentration',
  'Anger or irritability',
  'Trauma',
  'Relationships or family',
  'Work or school',
  'Alcohol or drugs',
  'Self-harm',
  'Physical health or pain',
];

/** Part 1: what the patient says at admission, in the patient's own words. Rule: R41. */
export const TREATMENT_PLAN_PART_1: Questionnaire = {
  resourceType: 'Questionnaire',
  url: QUESTIONNAIRE.planPart1,
  name: 'TreatmentPlanPart1',
  title: 'Treatment plan, part 1',
  status: 'active',
  subjectType: ['Patient'],
  item: [
    repeated('goals', 'What do you want to reach? One goal for each answer.', { required: true }),
    repeated('problems', 'Which problems do you want to work on?', {
      type: 'open-choice',
      answerOption: PROBLEMS.map((valueString) => ({ valueString })),
    }),
    repeated('strengths', 'What are you good at, and what helps you?'),
    repeated('barriers', 'What could get in the way?'),
  ],
};

/** Part 2: therapist, medical director and care coordinator, after the first week. Rule: R41, R42. */
export const TREATMENT_PLAN_PART_2: Questionnaire = {
  resourceType: 'Questionnaire',
  url: QUESTIONNAIRE.planPart2,
  name: 'TreatmentPlanPart2',
  title: 'Treatment plan, part 2',
  status: 'active',
  subjectType: ['Patient'],
  item: [
    repeated('interventions', 'Interventions', { required: true }),
    repeated('education', 'Education and tools'),
    repeated('medication-management', 'Medication management'),
    { linkId: 'review-date', text: 'Next review of the plan', type: 'date' },
  ],
};
