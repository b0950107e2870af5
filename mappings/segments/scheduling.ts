import type { Appointment } from '@medplum/fhirtypes';
import { every, first, onEvent, type SegmentMap } from '../../src/mapping/row.ts';
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
  rows: [{ from: 'AIS-3', to: 'serviceType', as: every(cwe) }],
  hand: [
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
