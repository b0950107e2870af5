import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import { FT1_CHARGE } from '../segments/charge.ts';
import { AL1_ALLERGY, DG1_CONDITION, DG1_ENCOUNTER, IAM_ALLERGY } from '../segments/diagnosis.ts';
import { EVN, MSH, PRT_TEAM, ROL_TEAM, SFT } from '../segments/envelope.ts';
import {
  GT1_PERSON,
  IN1_COVERAGE,
  IN1_INSURED,
  IN2_INSURED,
  IN3_COVERAGE,
  PID_ACCOUNT,
} from '../segments/insurance.ts';
import { NK1_RELATED_PERSON } from '../segments/nk1.ts';
import { NTE_NOTE, OBR_REPORT, OBX_OBSERVATION, ORC_REPORT } from '../segments/observation.ts';
import { OBR_SERVICE, ORC_SERVICE, TQ1_SERVICE } from '../segments/order.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PR1_PROCEDURE } from '../segments/procedure.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { UB1_ACCOUNT, UB2_ACCOUNT } from '../segments/ub.ts';
import { stateAccount } from './account.ts';
import { stateCharge } from './charge-item.ts';
import { stateAllergies, stateCoverages, stateDiagnoses, stateRelatives } from './clinical.ts';
import { notesAfter } from './notes-after.ts';
import { onlyPatient, statePatient } from './patient.ts';
import { stateProcedures } from './procedure.ts';
import { stateResults } from './result.ts';
import { stateTeam } from './team.ts';
import { stateBilling } from './ub.ts';
import { contextVisit, stateVisit } from './visit.ts';

const MAPS = [
  MSH,
  SFT,
  EVN,
  PID_PATIENT,
  PID_ACCOUNT,
  PD1_PATIENT,
  NK1_RELATED_PERSON,
  PV1_ENCOUNTER,
  PV2_ENCOUNTER,
  ROL_TEAM,
  PRT_TEAM,
  ORC_SERVICE,
  ORC_REPORT,
  OBR_SERVICE,
  TQ1_SERVICE,
  OBR_REPORT,
  OBX_OBSERVATION,
  NTE_NOTE,
  FT1_CHARGE,
  PR1_PROCEDURE,
  DG1_CONDITION,
  DG1_ENCOUNTER,
  AL1_ALLERGY,
  IAM_ALLERGY,
  IN1_COVERAGE,
  IN1_INSURED,
  IN2_INSURED,
  IN3_COVERAGE,
  GT1_PERSON,
  UB1_ACCOUNT,
  UB2_ACCOUNT,
];

/** What accounts and charges say around them: the patient, the visit, the diagnoses, who pays. */
function stateAround(scope: Scope): { patient: Draft; encounter: Draft | undefined; account: Draft | undefined } {
  const { message } = scope;
  const patient = onlyPatient(scope);
  const encounter = contextVisit(patient, scope);
  stateRelatives(message.segments('NK1'), patient, scope);
  stateDiagnoses(message.segments('DG1'), patient, encounter, scope);
  stateAllergies([...message.segments('AL1'), ...message.segments('IAM')], patient, scope);
  stateCoverages(message.segments('IN1'), patient, scope);
  stateTeam(message.segments('ROL'), patient, scope);
  stateTeam(message.segments('PRT'), patient, scope);
  const account = stateAccount(patient, encounter, scope);
  if (account !== undefined) stateBilling(account, scope);
  return { patient, encounter, account };
}

/** Segments that end a financial group: the diagnoses, payers and bills are of the whole message. */
const OF_THE_WHOLE = new Set(['FT1', 'DG1', 'DRG', 'GT1', 'IN1', 'ACC']);

/** Each FT1 with what follows it: its procedures, observations and notes. */
function financialGroups(segments: readonly Segment[]): { readonly ft1: Segment; readonly segments: Segment[] }[] {
  const groups: { readonly ft1: Segment; readonly segments: Segment[] }[] = [];
  let isOpen = false;
  for (const segment of segments) {
    if (OF_THE_WHOLE.has(segment.name)) isOpen = segment.name === 'FT1';
    if (segment.name === 'FT1') groups.push({ ft1: segment, segments: [] });
    else if (isOpen) groups.at(-1)?.segments.push(segment);
  }
  return groups;
}

/** DFT: one ChargeItem per FT1. Whether the service was attended is not the mapping's question. */
export const DFT: MessageMap = {
  name: 'DFT',
  events: ['DFT^P03', 'DFT^P11'],
  maps: MAPS,
  run(scope) {
    const { patient, encounter, account } = stateAround(scope);
    const groups = financialGroups(scope.message.segments());
    const inGroups = new Set(groups.flatMap(({ segments }) => segments));
    const loose = (name: string) => scope.message.segments(name).filter((segment) => !inGroups.has(segment));
    stateProcedures(loose('PR1'), patient, encounter, scope);
    stateResults(patient, encounter, scope);
    for (const { ft1, segments } of groups) {
      const of = (name: string) => segments.filter((segment) => segment.name === name);
      const services = stateProcedures(of('PR1'), patient, encounter, scope);
      stateCharge(ft1, { patient, encounter, account, services, notes: notesAfter(ft1) }, scope);
    }
  },
};

/** BAR^P02: accounts of several patients are gone at their source; each PID has its own PV1. */
function purge(scope: Scope): void {
  const segments = scope.message.segments();
  for (const pid of scope.message.segments('PID')) {
    const own: Segment[] = [];
    for (let at = pid.index + 1; at < segments.length && segments[at]!.name !== 'PID'; at += 1) own.push(segments[at]!);
    const of = (name: string) => own.find((segment) => segment.name === name);
    const patient = statePatient(pid, of('PD1'), scope);
    if (patient === undefined) {
      scope.place(pid, 3);
      scope.park(`PID[${pid.occurrence}]`, 'map.patient-unidentified', 'no identifier with an assigner');
      continue;
    }
    const pv1 = of('PV1');
    // Only the visit's own number: the account of the first PID is not that of the others.
    const encounter = pv1?.field(19).hasContent ? stateVisit(pv1, of('PV2'), patient, scope) : undefined;
    if (pv1 !== undefined && encounter === undefined) {
      scope.place(pv1, 19);
      scope.issue('map.key-missing', 'a visit without a number is not carried');
    }
    stateAccount(patient, encounter, scope, pid)?.set('status', 'entered-in-error');
  }
}

/** BAR: the account and who pays for it. P02 and P06 end it, P12 updates its diagnoses and procedures. */
export const BAR: MessageMap = {
  name: 'BAR',
  events: ['BAR^P01', 'BAR^P02', 'BAR^P05', 'BAR^P06', 'BAR^P10', 'BAR^P12'],
  maps: MAPS,
  run(scope) {
    if (scope.trigger === 'P02') return purge(scope);
    const { patient, encounter, account } = stateAround(scope);
    stateProcedures(scope.message.segments('PR1'), patient, encounter, scope);
    stateResults(patient, encounter, scope);
    if (account === undefined) return;
    if (scope.trigger === 'P01') account.set('status', 'active');
    else if (scope.trigger === 'P06') account.set('status', 'inactive');
    const start = encounter?.value('period.start');
    const end = encounter?.value('period.end');
    if (start !== undefined) account.set('servicePeriod.start', start);
    if (end !== undefined) account.set('servicePeriod.end', end);
  },
};
