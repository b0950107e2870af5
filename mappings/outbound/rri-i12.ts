import type { Identifier, Task } from '@medplum/fhirtypes';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import { first, type OutboundMessage, refusal, type SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { type Entry, element } from '../../src/mapping/outbound/scene.ts';
import { dtm, st } from '../../src/mapping/outbound/writers.ts';
import { hubIdentifier } from '../../src/model/systems.ts';
import { NOTICE_NTE } from './notice-nte.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { PROVIDER_PRD } from './provider-prd.ts';
import { RF1_ALSO, RF1_ROWS, referral } from './ref-i12.ts';
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
  each: (scene) => {
    const [subject] = referral(scene);
    return subject?.Task === undefined ? [] : [{ Task: subject.Task }];
  },
  rows: [
    { to: 'NTE-1', give: (_, { index }) => [[`${index}`]] },
    {
      to: 'NTE-3',
      give: ({ Task: task }, writing) => {
        const entry = task as Entry;
        const lines = taskLines(entry, writing).filter((line) => !/^(Task|Status|Reason): /.test(line));
        return lines.length === 0 ? undefined : [[lines.join('\n')]];
      },
      type: 'FT',
    },
  ],
};

/**
 * A Task that was answered → RRI. The keys are those the originator sent, so that it recognises its referral. An unanswered Task
 * is refused: an arrived referral is not an accepted one. Rule: DOMAIN B7, issue 2 step 1.
 */
export const ANSWER_RRI: OutboundMessage = {
  focus: ['Task'],
  trigger: () => ({ type: 'RRI', event: 'I12', structure: 'RRI_I12' }),
  refuse: (scene) => {
    if (referral(scene).length === 0) {
      return refusal('out.referral-absent', 'no ServiceRequest was released', scene.focus.path);
    }
    const { status } = scene.focus.value as Task;
    const isAnswered = ['accepted', 'in-progress', 'completed', 'rejected'].includes(status);
    return isAnswered
      ? undefined
      : refusal('out.referral-unanswered', 'nobody has answered this referral', `${scene.focus.path}.status`);
  },
  segments: [
    ANSWERED_MSA,
    {
      segment: 'RF1',
      required: true,
      each: referral,
      rows: [
        ...RF1_ROWS.filter(({ to }) => to !== 'RF1-9' && to !== 'RF1-10'),
        { to: 'RF1-9', from: 'Task.lastModified', as: first(dtm) },
        { to: 'RF1-10', from: 'Task.statusReason', as: first(cwe('0336')) },
      ],
      // The request is the originator's own; it knows what it asked.
      also: [...RF1_ALSO, 'ServiceRequest.authoredOn', 'ServiceRequest.reasonCode', 'ServiceRequest.note'],
    },
    PROVIDER_PRD,
    PATIENT_PID,
    ANSWER_NTE,
    NOTICE_NTE,
  ],
};
