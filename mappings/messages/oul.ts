import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { IdentifierKey } from '../keys.ts';
import { MSH, PRT_TEAM, SFT } from '../segments/envelope.ts';
import { NK1_RELATED_PERSON } from '../segments/nk1.ts';
import { NTE_NOTE, OBR_REPORT, OBX_OBSERVATION, ORC_REPORT } from '../segments/observation.ts';
import { OBR_SERVICE, ORC_SERVICE, TQ1_SERVICE } from '../segments/order.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { OBR_SPECIMEN, SAC_SPECIMEN, SPM_SPECIMEN } from '../segments/specimen.ts';
import { NOT_OF_A_PATIENT } from '../tables/specimen.ts';
import { stateRelatives } from './clinical.ts';
import { notesAfter } from './notes-after.ts';
import { stateObservation } from './observation.ts';
import { onlyPatient } from './patient.ts';
import { type ResultGroup, stateResultGroup } from './result.ts';
import { stateSafetyResult } from './safety-result.ts';
import { stateSpecimens } from './specimen.ts';
import { contextVisit } from './visit.ts';

/** What the segments of an OUL belong to: OBX before any order is of the patient or of a specimen. */
interface Parts {
  readonly results: ResultGroup[];
  readonly ofPatient: Segment[];
  readonly ofSpecimen: { readonly spm: Segment; readonly obx: Segment }[];
  readonly loose: Segment[];
}

/**
 * R22 and R23: specimens (or their containers) with the orders done on them; R24: orders with their specimens. There ORC follows
 * its OBR, unlike anywhere else; in R21 (and of a sender whose first ORC stands first) it comes before it. What follows a container
 * (SAC) in R24 is the order's result; before it, an OBX is of the specimen. Rule: HL7 v2.5.1 §7.3.4–7.
 */
function partsOf(segments: readonly Segment[], trigger: string): Parts {
  const parts: Parts = { results: [], ofPatient: [], ofSpecimen: [], loose: [] };
  const isOrderFirst = trigger === 'R24' || trigger === 'R21';
  const first = segments.find(({ name }) => name === 'ORC' || name === 'OBR');
  const isOrcFirst = trigger === 'R21' || first?.name === 'ORC';
  let orc: Segment | undefined;
  let specimen: Segment | undefined;
  let group:
    | {
        orc: Segment | undefined;
        obr: Segment;
        obx: ResultGroup['obx'][number][];
        notes: Segment[];
        spm: Segment[];
        tq1: Segment[];
      }
    | undefined;
  for (const segment of segments) {
    const { name } = segment;
    if (name === 'SPM') {
      specimen = segment;
      if (isOrderFirst && group !== undefined) group.spm.push(segment);
      else {
        group = undefined;
        parts.loose.push(segment);
      }
    } else if (name === 'OBR') {
      group = { orc, obr: segment, obx: [], notes: [], spm: [], tq1: [] };
      if (!isOrderFirst && specimen !== undefined) group.spm.push(specimen);
      orc = undefined;
      if (isOrderFirst) specimen = undefined;
      parts.results.push(group);
    } else if (name === 'ORC') {
      if (isOrcFirst) orc = segment;
      else if (group !== undefined) group.orc ??= segment;
    } else if (name === 'SAC') {
      if (isOrderFirst) specimen = undefined;
    } else if (name === 'TQ1') group?.tq1.push(segment);
    else if (name === 'OBX') {
      if (specimen !== undefined && (group === undefined || isOrderFirst))
        parts.ofSpecimen.push({ spm: specimen, obx: segment });
      else if (group === undefined) parts.ofPatient.push(segment);
      else group.obx.push({ segment, notes: notesAfter(segment) });
    } else if (name === 'NTE' && group !== undefined && group.obx.length === 0) group.notes.push(segment);
  }
  return parts;
}

/** OUL: unsolicited laboratory results by specimen, container or order. Corrections replace, as in ORU. */
export const OUL: MessageMap = {
  name: 'OUL',
  events: ['OUL^R22', 'OUL^R23', 'OUL^R24', 'OUL^R21'],
  maps: [
    MSH,
    SFT,
    PID_PATIENT,
    PD1_PATIENT,
    PRT_TEAM,
    NK1_RELATED_PERSON,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    ORC_SERVICE,
    ORC_REPORT,
    OBR_SERVICE,
    TQ1_SERVICE,
    OBR_REPORT,
    OBX_OBSERVATION,
    NTE_NOTE,
    SPM_SPECIMEN,
    OBR_SPECIMEN,
    SAC_SPECIMEN,
  ],
  run(scope) {
    const { message } = scope;
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    stateRelatives(message.segments('NK1'), patient, scope);
    const parts = partsOf(message.segments(), scope.trigger);
    stateLoose(parts, patient, encounter, scope);
    for (const group of parts.results) stateResultGroup(group, patient, encounter, scope);
  },
};

function stateLoose(parts: Parts, patient: Draft, encounter: Draft | undefined, scope: Scope): void {
  const context = { patient, encounter, time: undefined, status: undefined, isSeries: true } as const;
  const state = (obx: Segment, order: IdentifierKey | undefined): Draft | undefined => {
    const observation = stateObservation(obx, { ...context, order }, notesAfter(obx), scope);
    if (observation !== undefined) stateSafetyResult(obx, observation, patient, encounter, scope);
    return observation;
  };
  for (const obx of parts.ofPatient) state(obx, undefined);
  for (const spm of parts.loose.filter((each) => !NOT_OF_A_PATIENT.has(each.get(11)?.trim() ?? '')))
    stateSpecimens({ obr: undefined, spm: [spm] }, patient, undefined, scope);
  for (const { spm, obx } of parts.ofSpecimen) {
    if (NOT_OF_A_PATIENT.has(spm.get(11)?.trim() ?? '')) continue;
    const [specimen] = stateSpecimens({ obr: undefined, spm: [spm] }, patient, undefined, scope);
    const order = specimen === undefined ? undefined : { system: 'urn:handoff:within:Specimen', value: specimen.id };
    state(obx, order)?.set('specimen', specimen?.reference);
  }
}
