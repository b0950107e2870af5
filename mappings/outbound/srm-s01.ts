import type { DetectedIssue } from '@medplum/fhirtypes';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import type { FieldValue, OutboundMessage, SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { first, refusal } from '../../src/mapping/outbound/row.ts';
import { about, type Entry, element, pointsAt, type Scene } from '../../src/mapping/outbound/scene.ts';
import { ei } from '../../src/mapping/outbound/writers.ts';
import {
  contact,
  duration,
  durationUnit,
  interval,
  placerNumber,
  proposalOrFocus,
  RESOURCES_RGS,
} from './appointment-parts.ts';
import { ownIdentifier } from './document-id.ts';
import { issueLines } from './issue-text.ts';
import { NOTICE_NTE } from './notice-nte.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { taskLines } from './task-text.ts';

/** The receiver's own appointment that the proposal would move: one it numbered itself. */
function moved(scene: Scene): Entry | undefined {
  const implicated = scene.all('DetectedIssue').flatMap(({ value }) => (value as DetectedIssue).implicated ?? []);
  return scene
    .all('Appointment')
    .find(
      (one) => one !== proposalOrFocus(scene) && pointsAt(implicated, one) && ownIdentifier(one, scene) !== undefined,
    );
}

const REQUEST_ARQ: SegmentPlan = {
  segment: 'ARQ',
  required: true,
  each: (scene) => about(proposalOrFocus(scene)),
  rows: [
    {
      to: 'ARQ-1',
      give: (subject, writing): FieldValue | undefined => {
        const own = placerNumber(subject, writing);
        const { id } = (subject.Appointment?.value ?? {}) as { id?: string };
        return own ?? (id === undefined ? undefined : [[id, 'HANDOFF']]);
      },
      type: 'EI',
      required: true,
    },
    {
      to: 'ARQ-2',
      give: (_, writing) => {
        const target = moved(writing.scene);
        const found = target === undefined ? undefined : ownIdentifier(target, writing);
        if (found === undefined) return undefined;
        writing.carried(found.path);
        const written = ei.write(found, writing);
        return written === undefined ? undefined : [written];
      },
      type: 'EI',
    },
    {
      to: 'ARQ-6',
      give: () => [['schedule-conflict', 'Dose or recovery overlaps a session', '99HANDOFF']],
      type: 'CWE',
    },
    { to: 'ARQ-7', from: 'Appointment.reasonCode', as: first(cwe('0276')) },
    { to: 'ARQ-8', from: 'Appointment.appointmentType', as: first(cwe('0277')) },
    { to: 'ARQ-9', give: duration, carries: ['Appointment.minutesDuration'] },
    { to: 'ARQ-10', give: durationUnit, type: 'CWE' },
    { to: 'ARQ-11', give: interval(0), type: 'DR', carries: ['Appointment.start', 'Appointment.end'] },
    { to: 'ARQ-15', give: contact, type: 'XCN', required: true },
    { to: 'ARQ-19', give: contact, type: 'XCN', required: true },
  ],
  also: ['Appointment.status', 'Appointment.participant.actor', 'Appointment.participant.status'],
};

/** What conflicts, and the other times that are free: the scheduler may choose among them. */
const WHY_NTE: SegmentPlan = {
  segment: 'NTE',
  worth: 'NTE-3',
  each: () => [{}],
  rows: [
    { to: 'NTE-1', give: (_, { index }) => [[`${index}`]] },
    {
      to: 'NTE-3',
      give: (_, writing) => {
        const issues = writing.scene.all('DetectedIssue').flatMap((one) => issueLines(one, writing));
        const tasks = writing.scene.all('Task').flatMap((one) => taskLines(one, writing));
        const lines = [...issues, ...tasks];
        return lines.length === 0 ? undefined : [[lines.join('\n')]];
      },
      type: 'FT',
    },
  ],
};

/**
 * A proposed time as a request to the scheduler: S02 when it would move an appointment of the receiver's own, else S01. It books and
 * moves nothing; the answer is the receiver's. Rule: issue 3 "a proposal goes as SRM".
 */
export const PROPOSAL_SRM: OutboundMessage = {
  focus: ['DetectedIssue', 'Task', 'Appointment'],
  trigger: (scene) => ({ type: 'SRM', event: moved(scene) === undefined ? 'S01' : 'S02', structure: 'SRM_S01' }),
  refuse: (scene) =>
    element(proposalOrFocus(scene), 'start') === undefined
      ? refusal('render.proposal-absent', 'there is no proposed time to request', scene.focus.path)
      : undefined,
  segments: [REQUEST_ARQ, WHY_NTE, NOTICE_NTE, PATIENT_PID, RESOURCES_RGS],
};
