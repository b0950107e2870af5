import type { Encounter, Identifier, Patient } from '@medplum/fhirtypes';
import { every, type OutboundMessage, refusal, type SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { about, type Entry, element, linkedPatients, pointsAt, type Scene } from '../../src/mapping/outbound/scene.ts';
import { xpn } from '../../src/mapping/outbound/writers.ts';
import { ALLERGY_AL1 } from './allergy-al1.ts';
import { CONDITION_DG1 } from './condition-dg1.ts';
import { COVERAGE_IN1 } from './coverage-in1.ts';
import { EVENT_EVN } from './event-evn.ts';
import { GUARANTOR_GT1 } from './guarantor-gt1.ts';
import { OBSERVATION_OBX } from './observation-obx.ts';
import { PRIMARY_PD1 } from './patient-pd1.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { PERSON_PID } from './person-pid.ts';
import { PROCEDURE_PR1 } from './procedure-pr1.ts';
import { RELATIVE_NK1 } from './relative-nk1.ts';
import { refuseUnlessRelayed, relayedCx, relayedEvent } from './relay.ts';
import { TEAM_ROL } from './team-rol.ts';
import { VISIT_PV1_OR_NONE, WHOLE_PV1 } from './visit-pv1.ts';
import { VISIT_PV2 } from './visit-pv2.ts';

/** Trigger → structure. A11 and A13 take back what A01, A04 and A03 told. */
const STRUCTURES: Readonly<Record<string, string>> = {
  A01: 'ADT_A01',
  A03: 'ADT_A03',
  A04: 'ADT_A01',
  A08: 'ADT_A01',
  A11: 'ADT_A09',
  A13: 'ADT_A01',
};

/** What stands after PV1: A03 takes its diagnoses before its observations, and no allergies before 2.6. Of a visit that was none, nothing does. */
const FOLLOWING: Readonly<Record<string, readonly SegmentPlan[]>> = {
  ADT_A01: [OBSERVATION_OBX, ALLERGY_AL1, CONDITION_DG1, PROCEDURE_PR1, GUARANTOR_GT1, COVERAGE_IN1],
  ADT_A03: [CONDITION_DG1, OBSERVATION_OBX],
};

/**
 * The relayed visit. The trigger must fit what the visit says now: an A03 of a visit that did not end would discharge somebody who
 * is still there.
 */
function refuse(scene: Scene) {
  const reason = refuseUnlessRelayed(
    scene,
    Object.keys(STRUCTURES).map((event) => `ADT^${event}`),
  );
  if (reason !== undefined) return reason;
  const { period, status } = scene.focus.value as Encounter;
  const event = relayedEvent(scene);
  const isOver = period?.end !== undefined || status === 'finished';
  if (event === 'A03' && !isOver)
    return refusal('render.visit-open', 'a visit without end is not told as discharged', `${scene.focus.path}.period`);
  if (event === 'A13' && isOver)
    return refusal('render.visit-over', 'a visit with an end is not told as going on', `${scene.focus.path}.period`);
  if (event === 'A11' ? status !== 'cancelled' : status === 'cancelled' || status === 'entered-in-error') {
    return refusal(
      'render.visit-cancelled',
      'only a cancelled visit is told as taken back, and as nothing else',
      `${scene.focus.path}.status`,
    );
  }
  return undefined;
}

/** Encounter → ADT A01, A03, A04, A08, A11 or A13, as its source issued it. */
export const VISIT_ADT = (event: string): OutboundMessage => {
  const structure = STRUCTURES[event] ?? 'ADT_A01';
  return {
    focus: ['Encounter'],
    trigger: () => ({ type: 'ADT', event, structure }),
    refuse,
    segments: [
      EVENT_EVN(event),
      PERSON_PID,
      PRIMARY_PD1,
      ...(structure === 'ADT_A01' ? [TEAM_ROL, RELATIVE_NK1] : []),
      { ...WHOLE_PV1, required: true },
      VISIT_PV2,
      ...(FOLLOWING[structure] ?? []),
    ],
  };
};

/** Patient → ADT A08 where an update of its source changed the person and no visit: PV1 says that none is told. */
export const PERSON_ADT: OutboundMessage = {
  focus: ['Patient'],
  trigger: () => ({ type: 'ADT', event: 'A08', structure: 'ADT_A01' }),
  refuse: (scene) => refuseUnlessRelayed(scene, ['ADT^A08']),
  segments: [EVENT_EVN('A08'), PERSON_PID, PRIMARY_PD1, { ...VISIT_PV1_OR_NONE, required: true }],
};

/** The record that the merge took out of use: of the source, and replaced by the one the event is about. */
function loser(scene: Scene): Entry | undefined {
  const authorities = scene.event.relayOf?.authorities ?? [];
  return linkedPatients(scene, scene.focus).find(
    (one) =>
      ((element(one, 'link') ?? []) as NonNullable<Patient['link']>).some(
        ({ type, other }) => type === 'replaced-by' && pointsAt(other, scene.focus),
      ) &&
      ((element(one, 'identifier') ?? []) as Identifier[]).some(({ system }) => authorities.includes(system ?? '')),
  );
}

const PRIOR_MRG: SegmentPlan = {
  segment: 'MRG',
  required: true,
  each: (scene) => about(loser(scene)),
  rows: [
    { to: 'MRG-1', from: 'Patient.identifier', as: every(relayedCx), required: true },
    { to: 'MRG-7', from: 'Patient.name', as: every(xpn) },
  ],
  also: ['Patient.link', 'Patient.active'],
};

/** The survivor's identifiers alone: those of the loser stand in MRG, and to mix them is the harm an A40 can do. */
const SURVIVOR_PID: SegmentPlan = {
  ...PATIENT_PID,
  each: (scene) => about(scene.focus),
  rows: PATIENT_PID.rows.map((row) =>
    row.to === 'PID-3' ? { to: 'PID-3', from: 'Patient.identifier', as: every(relayedCx), required: true } : row,
  ),
};

/**
 * A merge its source decided about its own two numbers. One decided in the hub has no such source and is refused, always.
 * Rule: H7, DESIGN 5 "never sent out as A40".
 */
export const MERGE_ADT: OutboundMessage = {
  focus: ['Patient'],
  trigger: () => ({ type: 'ADT', event: 'A40', structure: 'ADT_A39' }),
  refuse(scene) {
    const reason = refuseUnlessRelayed(scene, ['ADT^A40']);
    if (reason !== undefined) return reason;
    return loser(scene) !== undefined
      ? undefined
      : refusal('render.not-authoritative', 'the source did not issue both numbers of this merge', scene.focus.path);
  },
  segments: [EVENT_EVN('A40'), SURVIVOR_PID, PRIOR_MRG],
};
