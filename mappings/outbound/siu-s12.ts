import type { Appointment, Extension, Resource } from '@medplum/fhirtypes';
import { cwe, tabled } from '../../src/mapping/outbound/coded.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import {
  every,
  type FieldValue,
  first,
  type OutboundMessage,
  refusal,
  type SegmentPlan,
  type Trigger,
  type Writer,
} from '../../src/mapping/outbound/row.ts';
import { about, element, pointsAt, type Scene } from '../../src/mapping/outbound/scene.ts';
import { ei, tx } from '../../src/mapping/outbound/writers.ts';
import { ownEntry } from '../../src/mapping/own-entry.ts';
import { hubExtension } from '../../src/model/systems.ts';
import {
  appointmentOf,
  contact,
  duration,
  durationUnit,
  fillerNumber,
  groupNumber,
  interval,
  namedContact,
  placerNumber,
  RESOURCES_RGS,
  TIMING_TQ1,
} from './appointment-parts.ts';
import { NOTICE_NTE } from './notice-nte.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { FILLER_STATUS } from './tables.ts';

/** The act → trigger. A status that says it itself (cancelled, no-show, in error) needs no act. */
const BY_ACT: Readonly<Record<string, string>> = {
  booked: 'S12',
  rescheduled: 'S13',
  modified: 'S14',
  cancelled: 'S15',
  discontinued: 'S16',
  deleted: 'S17',
  noshow: 'S26',
};
const BY_STATUS: Readonly<Record<string, string>> = { cancelled: 'S15', 'entered-in-error': 'S17', noshow: 'S26' };
/** R4 has one state for what its owner cancelled and what it discontinued; the act tells them apart. */
const byStatus = (status: string, act: string | undefined): string | undefined =>
  status === 'cancelled' && act === 'discontinued' ? BY_ACT.discontinued : ownEntry(BY_STATUS, status);
const RELAYED = /^SIU\^(S1[2-7]|S26)$/;

export function schedulingTrigger(scene: Scene): Trigger {
  const { status } = scene.focus.value as Appointment;
  const { act, relayOf } = scene.event;
  const relayed = RELAYED.exec(relayOf?.trigger ?? '')?.[1];
  // The owner's own trigger tells more than the state it led to; a state that ends the appointment tells more than the act.
  const event = relayed ?? byStatus(status, act) ?? BY_ACT[act ?? 'booked'] ?? 'S12';
  return { type: 'SIU', event, structure: 'SIU_S12' };
}

const EVENT_REASON = hubExtension('event-reason');
const isEventReason = (value: unknown): boolean => (value as Extension).url === EVENT_REASON;

/** Why the owner told of it, as its own message said. */
const statedReason: Writer = {
  type: 'CWE',
  uses: ['*'],
  write: ({ value, path }, writing) =>
    cwe().write({ value: (value as Extension).valueCodeableConcept, path: `${path}.valueCodeableConcept` }, writing),
};

/** SCH-6 may not be empty: why the state changed, else that it did. */
function eventReason(subject: Subject, { scene }: { readonly scene: Scene }): FieldValue | undefined {
  const { cancelationReason, extension = [] } = appointmentOf(subject);
  if (cancelationReason !== undefined || extension.some(isEventReason)) return undefined;
  const { event } = schedulingTrigger(scene);
  return [[event, '', 'HL70003']];
}

/** What the appointment is based on, by its own number. */
function orders(subject: Subject, { scene }: { readonly scene: Scene }): readonly { value: unknown; path: string }[] {
  return (appointmentOf(subject).basedOn ?? []).flatMap((reference) => {
    const target = scene.at(reference);
    const list = element(target, 'identifier');
    return Array.isArray(list) && list.length > 0
      ? [{ value: list[0] as unknown, path: `${target?.path}.identifier[0]` }]
      : [];
  });
}

const SCHEDULE_SCH: SegmentPlan = {
  segment: 'SCH',
  required: true,
  each: (scene) => about(scene.focus),
  rows: [
    { to: 'SCH-1', give: placerNumber, type: 'EI' },
    { to: 'SCH-2', give: fillerNumber, type: 'EI', required: true },
    { to: 'SCH-4', give: groupNumber, type: 'EI' },
    { to: 'SCH-6', from: 'Appointment.cancelationReason', as: first(cwe()) },
    { to: 'SCH-6', from: 'Appointment.extension', only: isEventReason, as: first(statedReason) },
    { to: 'SCH-6', give: eventReason, type: 'CWE' },
    { to: 'SCH-7', from: 'Appointment.reasonCode', as: first(cwe('0276')) },
    { to: 'SCH-8', from: 'Appointment.appointmentType', as: first(cwe('0277')) },
    { to: 'SCH-9', give: duration, carries: ['Appointment.minutesDuration'] },
    { to: 'SCH-10', give: durationUnit, type: 'CWE' },
    { to: 'SCH-11', give: interval(3), until: '2.7', carries: ['Appointment.start', 'Appointment.end'] },
    { to: 'SCH-12', give: namedContact('Placer contact'), type: 'XCN' },
    { to: 'SCH-16', give: contact, type: 'XCN', required: true },
    { to: 'SCH-20', give: contact, type: 'XCN', required: true },
    { to: 'SCH-25', from: 'Appointment.status', as: first(tabled(FILLER_STATUS, 'CWE')) },
    {
      to: 'SCH-26',
      give: (subject, writing) => {
        const written = orders(subject, writing).map((found) => ei.write(found, writing) ?? []);
        return written.filter((one) => one.length > 0);
      },
      type: 'EI',
      carries: ['Appointment.basedOn'],
    },
  ],
  also: ['Appointment.supportingInformation'],
};

/** The patient stands in PID and is not told again as a participant. */
const PATIENT_IN_APPOINTMENT: SegmentPlan = {
  ...PATIENT_PID,
  each: (scene) => PATIENT_PID.each(scene, {}).map((subject) => ({ ...subject, self: selfOf(scene, subject) })),
  also: [...(PATIENT_PID.also ?? []), 'self'],
};

function selfOf(scene: Scene, { Patient }: Subject): { value: unknown; path: string } {
  const { participant = [] } = scene.focus.value as Appointment;
  const index = participant.findIndex(({ actor }) => Patient !== undefined && pointsAt(actor, Patient as never));
  return { value: participant[index], path: `${scene.focus.path}.participant[${index}]` };
}

const COMMENT_NTE: SegmentPlan = {
  segment: 'NTE',
  each: (scene) =>
    ['comment', 'patientInstruction', 'description'].flatMap((name) => {
      const value = element(scene.focus, name);
      return typeof value === 'string' ? [{ note: { value, path: `${scene.focus.path}.${name}` } }] : [];
    }),
  rows: [
    { to: 'NTE-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'NTE-3', from: 'note', as: every({ ...tx, type: 'FT' }) },
  ],
};

/** More than one patient is a roster, and a proposal is nobody's booking. Rule: H5, DESIGN 7 "The hub never decides care". */
function refuse(scene: Scene) {
  const { participant, status } = scene.focus.value as Appointment;
  const patients = participant.filter(({ actor }) => actor?.reference?.startsWith('Patient/'));
  if (patients.length > 1) {
    return refusal(
      'render.group-roster',
      'an appointment of several patients is not sent',
      `${scene.focus.path}.participant`,
    );
  }
  if (status === 'proposed') {
    return refusal(
      'render.appointment-proposed',
      'a proposal is not a booking of its owner',
      `${scene.focus.path}.status`,
    );
  }
  return undefined;
}

/** Appointment → SIU, for one patient. Rule: DOMAIN C1 SIU. */
export const APPOINTMENT_SIU: OutboundMessage = {
  focus: ['Appointment'] satisfies Resource['resourceType'][],
  trigger: schedulingTrigger,
  refuse,
  segments: [SCHEDULE_SCH, TIMING_TQ1, COMMENT_NTE, NOTICE_NTE, PATIENT_IN_APPOINTMENT, RESOURCES_RGS],
};
