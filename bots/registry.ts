import { make as answerHoldRequest } from './answer-hold-request/bot.ts';
import { triggers as answerHoldRequestTriggers } from './answer-hold-request/trigger.ts';
import { make as detectConflict } from './detect-conflict/bot.ts';
import { triggers as detectConflictTriggers } from './detect-conflict/trigger.ts';
import { make as draftCarePlan } from './draft-care-plan/bot.ts';
import { triggers as draftCarePlanTriggers } from './draft-care-plan/trigger.ts';
import { make as escalateObligation } from './escalate-obligation/bot.ts';
import {
  cron as escalateObligationCron,
  triggers as escalateObligationTriggers,
} from './escalate-obligation/trigger.ts';
import { make as guardNextDose } from './guard-next-dose/bot.ts';
import { cron as guardNextDoseCron, triggers as guardNextDoseTriggers } from './guard-next-dose/trigger.ts';
import type { BotModule } from './hub.ts';
import { make as linkOrder } from './link-order/bot.ts';
import { triggers as linkOrderTriggers } from './link-order/trigger.ts';
import { make as raiseSafetyNote } from './raise-safety-note/bot.ts';
import { cron as raiseSafetyNoteCron, triggers as raiseSafetyNoteTriggers } from './raise-safety-note/trigger.ts';
import { make as returnUndelivered } from './return-undelivered/bot.ts';
import { triggers as returnUndeliveredTriggers } from './return-undelivered/trigger.ts';
import { make as scoreQuestionnaire } from './score-questionnaire/bot.ts';
import { triggers as scoreQuestionnaireTriggers } from './score-questionnaire/trigger.ts';
import { make as tellOutpatient } from './tell-outpatient/bot.ts';
import { cron as tellOutpatientCron, triggers as tellOutpatientTriggers } from './tell-outpatient/trigger.ts';
import { make as totalDoseSession } from './total-dose-session/bot.ts';
import { triggers as totalDoseSessionTriggers } from './total-dose-session/trigger.ts';
import { make as watchDischarge } from './watch-discharge/bot.ts';
import { triggers as watchDischargeTriggers } from './watch-discharge/trigger.ts';

/** Every bot the hub runs: by the changes that trigger it, by the timer, or both. */
export const BOTS: readonly BotModule[] = [
  { name: 'answer-hold-request', triggers: answerHoldRequestTriggers, make: answerHoldRequest },
  { name: 'detect-conflict', triggers: detectConflictTriggers, make: detectConflict },
  { name: 'draft-care-plan', triggers: draftCarePlanTriggers, make: draftCarePlan },
  {
    name: 'escalate-obligation',
    triggers: escalateObligationTriggers,
    cron: escalateObligationCron,
    make: escalateObligation,
  },
  { name: 'guard-next-dose', triggers: guardNextDoseTriggers, cron: guardNextDoseCron, make: guardNextDose },
  { name: 'link-order', triggers: linkOrderTriggers, make: linkOrder },
  { name: 'raise-safety-note', triggers: raiseSafetyNoteTriggers, cron: raiseSafetyNoteCron, make: raiseSafetyNote },
  { name: 'return-undelivered', triggers: returnUndeliveredTriggers, make: returnUndelivered },
  { name: 'score-questionnaire', triggers: scoreQuestionnaireTriggers, make: scoreQuestionnaire },
  { name: 'tell-outpatient', triggers: tellOutpatientTriggers, cron: tellOutpatientCron, make: tellOutpatient },
  { name: 'total-dose-session', triggers: totalDoseSessionTriggers, make: totalDoseSession },
  { name: 'watch-discharge', triggers: watchDischargeTriggers, make: watchDischarge },
];
