import type { Appointment, Slot } from '@medplum/fhirtypes';
import { first, onEvent, type SegmentMap } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { cwe, known } from '../datatypes/coded.ts';
import { ei } from '../datatypes/identifier.ts';
import { extension } from '../datatypes/shape.ts';
import { APPOINTMENT_REASON, APPOINTMENT_TYPE } from '../tables/scheduling.ts';

/** SCH → Appointment. Rule: v2-to-FHIR IG 1.0.0, segment SCH[Appointment]; SCH-12 is a contact person and no time. */
export const SCH_APPOINTMENT = {
  name: 'SCH[Appointment]',
  segment: 'SCH',
  rows: [
    { from: 'SCH-1', to: 'identifier[SCH-1]', as: first(ei('PLAC')) },
    { from: 'SCH-2', to: 'identifier[SCH-2]', as: first(ei('FILL')) },
    { from: 'SCH-6', to: 'cancelationReason', as: first(cwe), when: onEvent('S15', 'S16', 'S26') },
    {
      from: 'SCH-6',
      to: 'extension[SCH-6]',
      as: first(extension(hubExtension('event-reason'), 'valueCodeableConcept', known(APPOINTMENT_REASON))),
      note: 'R4 has a reason of a change only for cancellations (app-4)',
    },
    { from: 'SCH-7', to: 'reasonCode[SCH-7]', as: first(known(APPOINTMENT_REASON)) },
    { from: 'SCH-8', to: 'appointmentType', as: first(known(APPOINTMENT_TYPE)) },
  ],
  hand: [
    { from: 'SCH-4', to: 'identifier', by: 'placer group: kept as the session identifier' },
    { from: 'SCH-9', to: 'minutesDuration', by: 'with SCH-10' },
    { from: 'SCH-10', to: 'minutesDuration', by: 'unit of SCH-9' },
    { from: 'SCH-11', to: 'start', by: 'when TQ1 has no times' },
    { from: 'SCH-12', to: 'participant', by: 'placer contact person, for information only' },
    { from: 'SCH-16', to: 'participant', by: 'filler contact person, for information only' },
    { from: 'SCH-25', to: 'status', by: 'unless the trigger decides' },
    { from: 'SCH-26', to: 'basedOn', by: 'the placer order' },
    { from: 'SCH-27', to: 'basedOn', by: 'the filler order, when there is no placer order' },
  ],
  decisions: [
    { from: 'SCH-7', to: 'appointmentType', not: 'superseded', why: 'SCH-8 is the type' },
    { from: 'SCH-20', not: 'superseded', why: 'who entered it is in the journal and its Provenance' },
  ],
} as const satisfies SegmentMap<Appointment>;

const OF_THE_BOOKING = 'the event changes services and resources; the bookings state the appointment';

/** SCH of S18 to S22: which appointment it is, and what holds while no booking of it is known. */
export const SCH_CHANGED: SegmentMap<Appointment> = {
  name: 'SCH[Appointment resources]',
  segment: 'SCH',
  rows: [
    { from: 'SCH-1', to: 'identifier[SCH-1]', as: first(ei('PLAC')) },
    { from: 'SCH-2', to: 'identifier[SCH-2]', as: first(ei('FILL')) },
  ],
  hand: [
    { from: 'SCH-8', to: 'appointmentType', by: 'while no booking says it' },
    { from: 'SCH-9', to: 'minutesDuration', by: 'while no booking says it' },
    { from: 'SCH-10', to: 'minutesDuration', by: 'unit of SCH-9' },
    { from: 'SCH-11', to: 'start', by: 'while no booking says it' },
    { from: 'SCH-25', to: 'status', by: 'while no booking says it' },
  ],
  decisions: [4, 6, 7, 12, 16, 26, 27].map((field) => ({
    from: `SCH-${field}`,
    not: 'superseded',
    why: OF_THE_BOOKING,
  })),
};

/** SCH of S23 and S24. A Slot is read by every organization: nothing that may name a patient or a reason goes into it. Rule: H4. */
export const SCH_SLOT: SegmentMap<Slot> = {
  name: 'SCH[Slot]',
  segment: 'SCH',
  rows: [
    { from: 'SCH-1', to: 'identifier[SCH-1]', as: first(ei('PLAC')) },
    { from: 'SCH-2', to: 'identifier[SCH-2]', as: first(ei('FILL')) },
    { from: 'SCH-8', to: 'serviceType[SCH-8]', as: first(known(APPOINTMENT_TYPE)) },
  ],
  hand: [
    { from: 'SCH-9', to: 'end', by: 'with SCH-10' },
    { from: 'SCH-10', to: 'end', by: 'unit of SCH-9' },
    { from: 'SCH-11', to: 'start', by: 'when the resource has no time of its own' },
  ],
  decisions: [
    { from: 'SCH-25', not: 'duplicate', why: 'the event says whether the time is blocked or open' },
    ...[4, 6, 7, 12, 16].map((field) => ({
      from: `SCH-${field}`,
      not: 'unsafe' as const,
      why: 'why a time is blocked, and who is asked about it, is not for every reader of a calendar',
    })),
  ],
};

export const TQ1_SLOT: SegmentMap<Slot> = {
  name: 'TQ1[Slot]',
  segment: 'TQ1',
  rows: [],
  hand: [
    { from: 'TQ1-6', to: 'end', by: 'service duration' },
    { from: 'TQ1-7', to: 'start', by: 'first choice of the times of the session' },
    { from: 'TQ1-8', to: 'end', by: 'first choice of the times of the session' },
  ],
  decisions: [{ from: 'TQ1-1', not: 'structural', why: 'orders the segments' }],
};

export const AIS_SLOT: SegmentMap<Slot> = {
  name: 'AIS[Slot]',
  segment: 'AIS',
  rows: [],
  hand: [{ from: 'AIS-3', to: 'serviceType', by: 'of every calendar of the message' }],
  decisions: [
    { from: 'AIS-1', not: 'structural', why: 'orders the segments' },
    { from: 'AIS-2', not: 'structural', why: 'the event says it' },
    ...[4, 5, 6, 7, 8, 10].map((field) => ({
      from: `AIS-${field}`,
      not: 'superseded' as const,
      why: 'a service has no calendar: the times are those of the resources',
    })),
  ],
};

const calendar = (
  segment: 'AIG' | 'AIL' | 'AIP',
  times: readonly [number, number, number],
  ignored: readonly number[],
): SegmentMap<Slot> => ({
  name: `${segment}[Slot]`,
  segment,
  rows: [],
  hand: [
    { from: `${segment}-3`, to: 'schedule', by: 'whose calendar' },
    ...times.map((field) => ({ from: `${segment}-${field}`, to: 'start' as const, by: 'own start and duration' })),
  ],
  decisions: [
    { from: `${segment}-1`, not: 'structural', why: 'orders the segments' },
    { from: `${segment}-2`, not: 'structural', why: 'the event says it' },
    ...ignored.map((field) => ({
      from: `${segment}-${field}`,
      not: 'superseded' as const,
      why: 'a role or answer in an appointment, which a blocked time is not',
    })),
  ],
});

export const AIG_SLOT = calendar('AIG', [8, 11, 12], [4, 14]);
export const AIL_SLOT = calendar('AIL', [6, 9, 10], [4, 12]);
export const AIP_SLOT = calendar('AIP', [6, 9, 10], [4, 12]);

export const NTE_SLOT: SegmentMap = {
  name: 'NTE[Slot]',
  segment: 'NTE',
  rows: [],
  decisions: [1, 2, 3, 4, 5, 6].map((field) => ({
    from: `NTE-${field}`,
    not: 'unsafe',
    why: 'free text of a calendar that every organization reads may name a patient. Rule: H4',
  })),
};

export const TQ1_APPOINTMENT: SegmentMap<Appointment> = {
  name: 'TQ1[Appointment]',
  segment: 'TQ1',
  rows: [],
  hand: [
    { from: 'TQ1-6', to: 'minutesDuration', by: 'service duration' },
    { from: 'TQ1-7', to: 'start', by: 'first choice of all times' },
    { from: 'TQ1-8', to: 'end', by: 'first choice of all times' },
  ],
  decisions: [{ from: 'TQ1-1', not: 'structural', why: 'orders the segments' }],
};

/** AIS → the service and, where nothing better says it, the time. The guide leaves Appointment.start empty. Rule: DOMAIN §C1 SIU, §E2. */
export const AIS_APPOINTMENT = {
  name: 'AIS[Appointment]',
  segment: 'AIS',
  rows: [],
  hand: [
    { from: 'AIS-3', to: 'serviceType', by: 'one slot a service' },
    { from: 'AIS-4', to: 'start', by: 'when neither TQ1 nor SCH-11 has it' },
    { from: 'AIS-5', to: 'start', by: 'offset of AIS-4' },
    { from: 'AIS-6', to: 'start', by: 'unit of AIS-5' },
    { from: 'AIS-7', to: 'end', by: 'duration' },
    { from: 'AIS-8', to: 'end', by: 'unit of AIS-7' },
  ],
  decisions: [
    { from: 'AIS-1', not: 'structural', why: 'orders the segments' },
    { from: 'AIS-2', not: 'structural', why: 'action on the resource; the trigger says it' },
    {
      from: 'AIS-4',
      to: 'participant',
      not: 'unsafe',
      why: 'the start belongs to the appointment, not to a participant. Rule: DOMAIN E2',
    },
    { from: 'AIS-5', to: 'participant', not: 'unsafe', why: 'as AIS-4' },
    { from: 'AIS-7', to: 'participant', not: 'unsafe', why: 'as AIS-4' },
    { from: 'AIS-10', not: 'duplicate', why: 'SCH-25 is the status of the appointment' },
  ],
} as const satisfies SegmentMap<Appointment>;

const resource = (
  segment: 'AIG' | 'AIL' | 'AIP',
  times: readonly [number, number, number, number, number],
  status: number,
): SegmentMap<Appointment> => ({
  name: `${segment}[Appointment]`,
  segment,
  rows: [],
  hand: [
    { from: `${segment}-3`, to: 'participant', by: 'actor' },
    { from: `${segment}-4`, to: 'participant', by: 'type, or (AIG) the group the resource is of' },
    ...times.map((field) => ({ from: `${segment}-${field}`, to: 'participant' as const, by: 'period' })),
    { from: `${segment}-${status}`, to: 'participant', by: 'status' },
  ],
  decisions: [
    { from: `${segment}-1`, not: 'structural', why: 'orders the segments' },
    { from: `${segment}-2`, not: 'structural', why: 'action on the resource: D leaves it out' },
  ],
});

export const AIG_APPOINTMENT = resource('AIG', [8, 9, 10, 11, 12], 14);
export const AIL_APPOINTMENT = resource('AIL', [6, 7, 8, 9, 10], 12);
export const AIP_APPOINTMENT = resource('AIP', [6, 7, 8, 9, 10], 12);

export const RGS_GROUP: SegmentMap = {
  name: 'RGS[Appointment]',
  segment: 'RGS',
  rows: [],
  decisions: [
    { from: 'RGS-1', not: 'structural', why: 'orders the groups' },
    { from: 'RGS-2', not: 'structural', why: 'action on the group' },
    { from: 'RGS-3', not: 'structural', why: 'name of the group of resources' },
  ],
};

/** NTE of a schedule → Appointment.comment, and with its author and time the note R5 has. Rule: v2-to-FHIR IG 1.0.0, NTE[Appointment-Comment]. */
export const NTE_APPOINTMENT: SegmentMap<Appointment> = {
  name: 'NTE[Appointment-Comment]',
  segment: 'NTE',
  rows: [],
  hand: [
    { from: 'NTE-3', to: 'comment', by: 'text' },
    { from: 'NTE-3', to: 'extension', by: 'text' },
    { from: 'NTE-4', to: 'extension', by: 'type of the note' },
    { from: 'NTE-5', to: 'extension', by: 'who wrote it' },
    { from: 'NTE-6', to: 'extension', by: 'when' },
  ],
  decisions: [
    { from: 'NTE-1', not: 'structural', why: 'orders the segments' },
    { from: 'NTE-2', not: 'structural', why: 'which side wrote it: the source of the assertion' },
    { from: 'NTE-9', not: 'out-of-scope', why: 'a coded comment' },
  ],
};
