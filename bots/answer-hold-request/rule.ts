import type { Communication, Task } from '@medplum/fhirtypes';
import { COMMUNICATION_KIND, codeIn, concept, HOLD_ANSWER, type HoldAnswer, TASK_CODE } from '../../src/model/codes.ts';
import { outputOf } from '../../src/rules/referral.ts';

/** The prescriber's answer to a hold request; undefined: not (yet) answered by a person in one of the four words. */
export function answerIn(task: Task): HoldAnswer | undefined {
  if (codeIn(TASK_CODE, task.code) !== 'answer-hold-request' || task.status !== 'completed') return undefined;
  if (outputOf(task, 'acknowledged-by')?.valueReference?.reference === undefined) return undefined;
  return codeIn(HOLD_ANSWER, outputOf(task, 'hold-answer')?.valueCodeableConcept);
}

/** The answer on its way back to who asked: who decided what. The hub changes no order and no appointment by it. Rule: R16, H13. */
export function replyOf(task: Task, now: string): Communication | undefined {
  const answer = answerIn(task);
  const requester = task.requester?.reference;
  if (answer === undefined || requester === undefined) return undefined;
  const note = task.focus?.reference;
  const remark = outputOf(task, 'action-taken')?.valueString;
  const person = outputOf(task, 'acknowledged-by')!.valueReference!;
  return {
    resourceType: 'Communication',
    status: 'completed',
    category: [concept(COMMUNICATION_KIND, 'safety-answer')],
    priority: 'asap',
    topic: concept(HOLD_ANSWER, answer),
    ...(task.for === undefined ? {} : { subject: task.for as NonNullable<Communication['subject']> }),
    about: [{ reference: `Task/${task.id}` }],
    ...(note?.startsWith('Communication/') ? { inResponseTo: [{ reference: note as `Communication/${string}` }] } : {}),
    sent: now,
    sender: person as NonNullable<Communication['sender']>,
    recipient: [{ reference: requester as `Organization/${string}` }],
    payload: [
      { contentString: remark === undefined ? HOLD_ANSWER.codes[answer] : `${HOLD_ANSWER.codes[answer]}. ${remark}` },
    ],
  };
}
