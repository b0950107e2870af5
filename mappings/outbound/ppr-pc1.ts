import type { Goal } from '@medplum/fhirtypes';
import { cwe, tabledConcept } from '../../src/mapping/outbound/coded.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import {
  type FieldValue,
  first,
  type OutboundMessage,
  type OutRow,
  type SegmentPlan,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import { about, type Entry, pointsAt, type Scene } from '../../src/mapping/outbound/scene.ts';
import { dtm, ei, st, tx } from '../../src/mapping/outbound/writers.ts';
import { NOTICE_NTE } from './notice-nte.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { refuseUnlessRelayed, relayedEvent } from './relay.ts';
import { VISIT_PV1 } from './visit-pv1.ts';

/** Trigger → action code (table 0287), which is what a receiver acts on. */
const ACTIONS: Readonly<Record<string, string>> = { PC1: 'AD', PC2: 'UP', PC3: 'DE', PC6: 'AD', PC7: 'UP', PC8: 'DE' };

const CONFIRMATION = {
  id: 'PRB-13',
  values: { confirmed: 'C', provisional: 'P', differential: 'D', unconfirmed: 'U', refuted: 'R' },
};

function act(segment: string): readonly OutRow[] {
  return [
    { to: `${segment}-1`, give: (_, { scene }) => [[ACTIONS[relayedEvent(scene)] ?? 'UP']], required: true },
    { to: `${segment}-2`, give: actTime, type: 'TS', required: true },
  ];
}

function actTime(_: Subject, writing: Writing): FieldValue | undefined {
  const written = dtm.write({ value: writing.event.at, path: '' }, writing);
  return written === undefined ? undefined : [written];
}

const noteOf = (name: string): SegmentPlan => ({
  segment: 'NTE',
  each: (_, subject) =>
    ((((subject[name]?.value ?? {}) as Goal).note ?? []) as { text?: string }[]).map(({ text }, index) => ({
      note: { value: text, path: `${subject[name]?.path}.note[${index}].text` },
    })),
  rows: [
    { to: 'NTE-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'NTE-3', from: 'note', as: first({ ...tx, type: 'FT' }) },
  ],
});

const GOAL_GOL: SegmentPlan = {
  segment: 'GOL',
  each: (scene, parent) => {
    // A problem that is taken away takes no goal with it: its source did not say so.
    if (relayedEvent(scene) === 'PC3') return [];
    const goals = scene.all('Goal').filter((goal) => {
      const { addresses } = goal.value as Goal;
      return goal === scene.focus || (parent.Condition !== undefined && pointsAt(addresses, parent.Condition as Entry));
    });
    return goals.flatMap(about);
  },
  rows: [
    ...act('GOL'),
    { to: 'GOL-3', from: 'Goal.description', as: first(cwe()), required: true },
    { to: 'GOL-4', from: 'Goal.identifier', as: first(ei), required: true },
    { to: 'GOL-6', from: 'Goal.priority.coding.code', as: first(st) },
    { to: 'GOL-7', from: 'Goal.startDate', as: first(dtm) },
    { to: 'GOL-8', from: 'Goal.target.dueDate', as: first(dtm) },
    { to: 'GOL-16', from: 'Goal.achievementStatus', as: first(cwe()) },
    { to: 'GOL-18', from: 'Goal.lifecycleStatus', as: first(st) },
    { to: 'GOL-19', from: 'Goal.statusDate', as: first(dtm) },
  ],
  also: ['Goal.subject', 'Goal.addresses'],
  followedBy: [noteOf('Goal')],
};

const PROBLEM_PRB: SegmentPlan = {
  segment: 'PRB',
  required: true,
  each: (scene: Scene) => about(scene.focus),
  rows: [
    ...act('PRB'),
    { to: 'PRB-3', from: 'Condition.code', as: first(cwe()), required: true },
    { to: 'PRB-4', from: 'Condition.identifier', as: first(ei), required: true },
    { to: 'PRB-7', from: 'Condition.recordedDate', as: first(dtm) },
    { to: 'PRB-9', from: 'Condition.abatementDateTime', as: first(dtm) },
    { to: 'PRB-13', from: 'Condition.verificationStatus', as: first(tabledConcept(CONFIRMATION, 'CWE')) },
    { to: 'PRB-14', from: 'Condition.clinicalStatus', as: first(cwe()) },
    { to: 'PRB-16', from: 'Condition.onsetDateTime', as: first(dtm) },
  ],
  also: ['Condition.subject', 'Condition.encounter', 'Condition.category'],
  followedBy: [noteOf('Condition'), GOAL_GOL],
};

/** Condition with its goals → PPR, as told on. Rule: DOMAIN C1 PPR. */
export const PROBLEM_PPR: OutboundMessage = {
  focus: ['Condition'],
  trigger: (scene) => ({ type: 'PPR', event: relayedEvent(scene), structure: 'PPR_PC1' }),
  refuse: (scene) => refuseUnlessRelayed(scene, ['PPR^PC1', 'PPR^PC2', 'PPR^PC3']),
  segments: [PATIENT_PID, NOTICE_NTE, VISIT_PV1, PROBLEM_PRB],
};

/** Goal → PGL, as told on. */
export const GOAL_PGL: OutboundMessage = {
  focus: ['Goal'],
  trigger: (scene) => ({ type: 'PGL', event: relayedEvent(scene), structure: 'PGL_PC6' }),
  refuse: (scene) => refuseUnlessRelayed(scene, ['PGL^PC6', 'PGL^PC7', 'PGL^PC8']),
  segments: [PATIENT_PID, NOTICE_NTE, VISIT_PV1, { ...GOAL_GOL, required: true }],
};
