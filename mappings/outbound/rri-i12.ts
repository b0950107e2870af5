import type { Identifier, Task } from '@medplum/fhirtypes';
import { cwe, tabled } from '../../src/mapping/outbound/coded.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import {
  type FieldValue,
  first,
  type OutboundMessage,
  type OutRow,
  refusal,
  type SegmentPlan,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import { type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import { dtm, st } from '../../src/mapping/outbound/writers.ts';
import { BUSINESS_STATUS, codeIn, TASK_CODE, TASK_PART } from '../../src/model/codes.ts';
import { hubIdentifier } from '../../src/model/systems.ts';
import { AUTHORIZATION_AUT } from './authorization-aut.ts';
import { NOTICE_NTE } from './notice-nte.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { PROVIDER_PRD } from './provider-prd.ts';
import { RF1_ALSO, RF1_ROWS, referral, requested } from './ref-i12.ts';
import { REFERRAL_STATUS } from './tables.ts';
import { taskLines } from './task-text.ts';

/** Identifier system under which the control id of the referral message is kept with the loop. */
export const MESSAGE_IDENTIFIER = hubIdentifier('message');

/** MSA of the referral, where its control id is known: a referral made over FHIR had none, and the answer stands by RF1-6. */
const ANSWERED_MSA: SegmentPlan = {
  segment: 'MSA',
  each: (scene) => {
    const [subject = {}] = referral(scene);
    return ['Task', 'ServiceRequest']
      .flatMap((name) => {
        const entry = subject[name] as Entry | undefined;
        const list = (element(entry, 'identifier') ?? []) as Identifier[];
        const index = list.findIndex(({ system, value }) => system === MESSAGE_IDENTIFIER && value !== undefined);
        return index < 0 ? [] : [{ id: { value: list[index]?.value, path: `${entry?.path}.identifier[${index}]` } }];
      })
      .slice(0, 1);
  },
  rows: [
    // The message was understood; what became of the referral is RF1-1.
    { to: 'MSA-1', give: () => [['AA']] },
    { to: 'MSA-2', from: 'id', as: first(st), required: true },
  ],
};

/** What instead: a rejected referral without an alternative leaves the patient in a hole (R12). The reason is RF1-10. */
const ANSWER_NTE: SegmentPlan = {
  segment: 'NTE',
  worth: 'NTE-3',
  each: (scene) =>
    referral(scene).flatMap(({ abort, Task: task }) => ((abort ?? task) ? [{ Task: abort ?? task }] : [])),
  rows: [
    { to: 'NTE-1', give: (_, { index }) => [[`${index}`]] },
    {
      to: 'NTE-3',
      give: ({ Task: task }, writing) => {
        const entry = task as Entry;
        const remarks = (entry.value as Task).note ?? [];
        for (const index of remarks.keys()) writing.carried(`${entry.path}.note[${index}]`);
        const lines = taskLines(entry, writing).filter((line) => !isSaidByField(line, entry.value as Task));
        const all = [...lines, ...remarks.map(({ text }) => text ?? '')].filter((line) => line !== '');
        return all.length === 0 ? undefined : [[all.join('\n')]];
      },
      type: 'FT',
    },
  ],
};

/** RF1-10 says the reason; when the hub let the referral out is its own bookkeeping and no word of the answer. */
const SAID_ELSEWHERE = ['Task', 'Reason', TASK_PART.codes['released-at']];

/** RF1-1 and RF1-10 say acceptance, rejection and the reason; any other state has no value there and stands in words. */
function isSaidByField(line: string, { status }: Task): boolean {
  if (line.startsWith('Status: ')) return status === 'accepted' || status === 'rejected';
  return SAID_ELSEWHERE.some((name) => line.startsWith(`${name}: `));
}

/** Statuses a person's answer leads to. `received` is the hub's own knowledge, unless the answer is a question back. */
const ANSWERED = ['accepted', 'in-progress', 'on-hold', 'completed', 'rejected', 'failed', 'cancelled'];

function isAnswered({ status, businessStatus }: Task): boolean {
  return ANSWERED.includes(status) || codeIn(BUSINESS_STATUS, businessStatus) === 'awaiting-information';
}

/** RF1-1: of a request to cancel its own answer, which is not that of the referral. */
function answer(subject: Subject, writing: Writing): FieldValue | undefined {
  const entry = (subject.abort ?? subject.Task) as Entry | undefined;
  const found = entry === undefined ? undefined : { value: element(entry, 'status'), path: `${entry.path}.status` };
  const written = found === undefined ? undefined : tabled(REFERRAL_STATUS, 'CWE').write(found, writing);
  if (found === undefined || written === undefined) return undefined;
  writing.carried(found.path);
  return [written];
}

/** Statuses that tell how an accepted referral goes on. */
const NEWS = ['in-progress', 'on-hold', 'completed', 'failed'];

/** I14 answers a request to cancel, I15 tells how it goes, I12 answers the referral: unless its own author answered by another. */
function answerEvent({ focus, event }: Scene): string {
  const { code, status } = focus.value as Task;
  if (codeIn(TASK_CODE, code) === 'answer-cancellation') return 'I14';
  return event.answeredBy ?? (NEWS.includes(status) ? 'I15' : 'I12');
}

const ANSWER_ROWS: readonly OutRow[] = [
  { to: 'RF1-1', give: answer, type: 'CWE', required: true },
  ...RF1_ROWS.filter(({ to }) => !['RF1-1', 'RF1-9', 'RF1-10'].includes(to)),
  { to: 'RF1-9', from: 'Task.lastModified', as: first(dtm) },
  { to: 'RF1-10', from: 'Task.statusReason', as: first(cwe('0336')) },
];

/**
 * A Task that was answered → RRI. The keys are those the originator sent, so that it recognises its
 * referral. An unanswered Task is refused: an arrived referral is not an accepted one. Rule: DOMAIN B7, issue 2 step 1.
 */
export const ANSWER_RRI: OutboundMessage = {
  focus: ['Task'],
  trigger: (scene) => ({
    type: 'RRI',
    event: answerEvent(scene),
    structure: 'RRI_I12',
  }),
  refuse: (scene) => {
    if (referral(scene).length === 0) {
      return refusal('render.referral-absent', 'no ServiceRequest was released', scene.focus.path);
    }
    return isAnswered(scene.focus.value as Task)
      ? undefined
      : refusal('render.referral-unanswered', 'nobody has answered this referral', `${scene.focus.path}.status`);
  },
  segments: [
    ANSWERED_MSA,
    {
      segment: 'RF1',
      required: true,
      each: referral,
      rows: ANSWER_ROWS,
      // The request is the originator's own; it knows what it asked.
      also: [...RF1_ALSO, 'ServiceRequest.authoredOn', 'ServiceRequest.reasonCode', 'ServiceRequest.note'],
    },
    AUTHORIZATION_AUT(requested),
    PROVIDER_PRD,
    PATIENT_PID,
    ANSWER_NTE,
    NOTICE_NTE,
  ],
};
