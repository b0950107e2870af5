import type { Segment } from '../../src/hl7/tree.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { eiIdentifier, eiKey } from '../datatypes/identifier.ts';
import { textsOf } from '../datatypes/note.ts';
import { type IdentifierKey, reportKey } from '../keys.ts';
import { EVN, MSH, PRT_TEAM, SFT } from '../segments/envelope.ts';
import { NK1_RELATED_PERSON } from '../segments/nk1.ts';
import { NTE_NOTE, OBR_REPORT, OBX_OBSERVATION, ORC_REPORT } from '../segments/observation.ts';
import { NTE_SERVICE, OBR_SERVICE, ORC_SERVICE, TQ1_SERVICE } from '../segments/order.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { OBR_SPECIMEN, SPM_SPECIMEN } from '../segments/specimen.ts';
import { GROUP_RESULT_STATUS } from '../tables/order.ts';
import { codeKey, stateRelatives } from './clinical.ts';
import { raise } from './confidentiality.ts';
import { nodeOf } from './dosage.ts';
import { orderNumber } from './medication-order.ts';
import { codeOf, type ObservationContext, stateObservation } from './observation.ts';
import { stateServiceRequest } from './order.ts';
import { onlyPatient, statePatient } from './patient.ts';
import { stateSafetyResult } from './safety-result.ts';
import { isOfNobody, stateSpecimens } from './specimen.ts';
import { stateTeam } from './team.ts';
import { contextVisit, stateVisit } from './visit.ts';

/** One OBR with what belongs to it, found by order of segments: tolerant of stray ones between. */
export interface ResultGroup {
  readonly orc: Segment | undefined;
  readonly obr: Segment | undefined;
  readonly obx: { readonly segment: Segment; readonly notes: Segment[] }[];
  readonly notes: Segment[];
  readonly spm: Segment[];
  /** Timing of the order that is answered. */
  readonly tq1: Segment[];
}

export function resultGroups(segments: readonly Segment[]): ResultGroup[] {
  const groups: ResultGroup[] = [];
  let orc: Segment | undefined;
  let group: ResultGroup | undefined;
  // In charges (DFT) the timing stands between ORC and OBR.
  let early: Segment[] = [];
  for (const segment of segments) {
    if (segment.name === 'ORC') {
      orc = segment;
      group = undefined;
      early = [];
    } else if (segment.name === 'OBR') {
      group = { orc, obr: segment, obx: [], notes: [], spm: [], tq1: early };
      early = [];
      groups.push(group);
    } else if (segment.name === 'OBX') {
      if (group === undefined) {
        group = { orc, obr: undefined, obx: [], notes: [], spm: [], tq1: [] };
        groups.push(group);
      }
      group.obx.push({ segment, notes: [] });
    } else if (segment.name === 'NTE' && group !== undefined) {
      (group.obx.at(-1)?.notes ?? group.notes).push(segment);
    } else if (segment.name === 'SPM') group?.spm.push(segment);
    else if (segment.name === 'TQ1') (group?.tq1 ?? early).push(segment);
    else if (segment.name === 'PID') group = undefined;
  }
  return groups;
}

/** The order of a group: filler number, else placer number, of OBR or ORC. */
function orderOf({ orc, obr }: ResultGroup, scope: Scope): IdentifierKey | undefined {
  for (const [segment, field] of [
    [obr, 3],
    [orc, 3],
    [obr, 2],
    [orc, 2],
  ] as const) {
    const element = segment?.field(field).repetition(1);
    if (segment === undefined || element === undefined || !element.hasContent || element.isDelete) continue;
    scope.place(segment, field);
    const key = eiKey(new Node(element), scope);
    if (key !== undefined) return key;
  }
  return undefined;
}

/** All results of a message: one DiagnosticReport per OBR, one Observation per OBX. Gives the observations. */
export function stateResults(
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
  segments = scope.message.segments(),
): Draft[] {
  return resultGroups(segments).flatMap((group) => stateResultGroup(group, patient, encounter, scope));
}

/** Messages that tell of results. */
export const NEWS = ['ORU', 'OUL'];

/** One report with its observations, its specimens and, where the message has its ORC, the order it answers. */
export function stateResultGroup(
  group: ResultGroup,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): Draft[] {
  const { obr } = group;
  if (isOfNobody(group.spm, scope)) return [];
  const order = orderOf(group, scope);
  const service = obr === undefined ? undefined : codeOf(obr, 4, scope);
  const stated = obr?.get(25);
  const context: ObservationContext = {
    patient,
    encounter,
    order,
    time: obr?.get(7)?.trim() || undefined,
    status: stated === undefined ? undefined : lookUp(GROUP_RESULT_STATUS, stated, scope.partner)?.code,
  };
  const specimens = stateSpecimens({ obr, spm: group.spm }, patient, order?.value, scope);
  const request = orderedBy(group, order, patient, encounter, scope);
  const observations: Draft[] = [];
  for (const { segment, notes } of group.obx) {
    const observation = stateObservation(segment, context, notes, scope);
    if (observation === undefined) continue;
    observations.push(observation);
    // What comes along with a referral or a charge is history, and no news.
    if (NEWS.includes(scope.message.header.messageType ?? ''))
      stateSafetyResult(segment, observation, patient, encounter, scope);
    if (request !== undefined) observation.snapshot('basedOn[ORC]', [request.reference]);
    if (specimens.length === 1) observation.set('specimen', specimens[0]!.reference);
  }
  if (obr === undefined) return observations;
  const report = stateReport(obr, group.orc, order, service, observations, group.notes, context, scope);
  if (request !== undefined) report?.snapshot('basedOn[ORC]', [request.reference]);
  if (specimens.length > 0)
    report?.snapshot(
      'specimen[SPM]',
      specimens.map((each) => each.reference),
    );
  return observations;
}

/** The order that the results answer, where the message has its ORC. Results that are final complete it. */
function orderedBy(
  { orc, obr, tq1 }: ResultGroup,
  order: IdentifierKey | undefined,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): Draft | undefined {
  const placer = orderNumber(orc, scope) ?? order;
  if (orc === undefined || placer === undefined) return undefined;
  const request = stateServiceRequest(
    placer,
    { orc, segments: obr === undefined ? tq1 : [obr, ...tq1] },
    patient,
    encounter,
    scope,
  );
  const isDone = obr !== undefined && ['F', 'C'].includes(obr.get(25)?.trim() ?? '');
  if (isDone && orc.field(5).state !== 'value') request.set('status', 'completed');
  return request;
}

function stateReport(
  obr: Segment,
  orc: Segment | undefined,
  order: IdentifierKey | undefined,
  service: ReturnType<typeof codeOf>,
  observations: readonly Draft[],
  notes: readonly Segment[],
  { patient, encounter }: ObservationContext,
  scope: Scope,
): Draft | undefined {
  if (service === undefined || order === undefined) {
    scope.place(obr, service === undefined ? 4 : 3);
    scope.issue('map.key-missing', 'a report without number or service is not carried; its observations are');
    return undefined;
  }
  const report = scope.draft(reportKey(scope.owner, order, codeKey(service)), patient.id);
  report.set('subject', patient.reference);
  if (encounter !== undefined) report.set('encounter', encounter.reference);
  report.default('status', 'unknown');
  for (const [field, type] of [
    [2, 'PLAC'],
    [3, 'FILL'],
  ] as const) {
    if (orc === undefined || obr.field(field).hasContent) continue;
    const node = nodeOf(orc, field, scope);
    const identifier = node === undefined ? undefined : eiIdentifier(node, scope, type);
    if (identifier !== undefined) report.snapshot(`identifier[ORC-${field}]`, [identifier as unknown as Json]);
  }
  raise(report, orc, 28, scope);
  scope.apply(OBR_REPORT, obr, report);
  // A slot for each, so that a correction of one does not take the others off the report.
  for (const observation of new Set(observations))
    report.snapshot(`result[${observation.id}]`, [observation.reference]);
  const remarks = notes.flatMap(textsOf);
  if (remarks.length > 0) report.set('conclusion', remarks.join('\n'));
  return report;
}

/** ORU: scores, vitals, laboratory. Corrections replace; nothing is added twice. Rule: DOMAIN §C1 ORU. */
export const ORU: MessageMap = {
  name: 'ORU',
  events: ['ORU^R01', 'ORU^R30', 'ORU^R31', 'ORU^R32'],
  maps: [
    MSH,
    SFT,
    PID_PATIENT,
    PD1_PATIENT,
    NK1_RELATED_PERSON,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    EVN,
    ORC_SERVICE,
    ORC_REPORT,
    NTE_SERVICE,
    OBR_SERVICE,
    TQ1_SERVICE,
    SPM_SPECIMEN,
    OBR_SPECIMEN,
    PRT_TEAM,
    OBR_REPORT,
    OBX_OBSERVATION,
    NTE_NOTE,
  ],
  run(scope) {
    if (scope.message.segments('PID').length > 1) {
      for (const segments of patientResults(scope.message.segments())) stateOfPatient(segments, scope);
      return;
    }
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    stateRelatives(scope.message.segments('NK1'), patient, scope);
    stateTeam(scope.message.segments('PRT'), patient, scope);
    stateResults(patient, encounter, scope);
  },
};

/** Each PID with what follows it up to the next: an ORU may hold the results of several patients. */
function patientResults(segments: readonly Segment[]): Segment[][] {
  const groups: Segment[][] = [];
  for (const segment of segments) {
    if (segment.name === 'PID') groups.push([segment]);
    else groups.at(-1)?.push(segment);
  }
  return groups;
}

/** One patient of several. One that cannot be identified parks with its results, and the others go on. Rule: H7. */
function stateOfPatient(segments: readonly Segment[], scope: Scope): void {
  const [pid] = segments;
  const of = (name: string) => segments.filter((segment) => segment.name === name);
  const patient = statePatient(pid!, of('PD1')[0], scope);
  if (patient === undefined) {
    scope.place(pid!, 3);
    scope.park(`PID[${pid!.occurrence}]`, 'map.patient-unidentified', 'no identifier with an assigner');
    return;
  }
  const [pv1] = of('PV1');
  // Only the visit's own number: the account of the first PID is not that of the others.
  const encounter = pv1?.field(19).hasContent ? stateVisit(pv1, of('PV2')[0], patient, scope) : undefined;
  stateRelatives(of('NK1'), patient, scope);
  stateTeam(of('PRT'), patient, scope);
  stateResults(patient, encounter, scope, segments);
}
