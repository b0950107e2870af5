import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Annotated } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { locationOf } from '../datatypes/directory.ts';
import { eiIdentifier, eiKey } from '../datatypes/identifier.ts';
import { decimal } from '../datatypes/text.ts';
import { chargeItemKey } from '../keys.ts';
import { FT1_CHARGE } from '../segments/charge.ts';
import { AL1_ALLERGY, DG1_CONDITION } from '../segments/diagnosis.ts';
import { EVN, MSH, PRT_TEAM, ROL_TEAM } from '../segments/envelope.ts';
import { GT1_ACCOUNT, IN1_COVERAGE, PID_ACCOUNT } from '../segments/insurance.ts';
import { NK1_RELATED_PERSON } from '../segments/nk1.ts';
import { NTE_NOTE, OBX_OBSERVATION } from '../segments/observation.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PR1_PROCEDURE } from '../segments/procedure.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { UB1_ACCOUNT, UB2_ACCOUNT } from '../segments/ub.ts';
import { stateAccount } from './account.ts';
import { codeKey, stateAllergies, stateCoverages, stateDiagnoses, stateRelatives } from './clinical.ts';
import { conceptAt, nodeOf } from './dosage.ts';
import { stateLooseObservations } from './observation.ts';
import { onlyPatient } from './patient.ts';
import { stateProcedures } from './procedure.ts';
import { stateTeam } from './team.ts';
import { stateBilling } from './ub.ts';
import { contextVisit } from './visit.ts';

const MAPS = [
  MSH,
  EVN,
  PID_PATIENT,
  PID_ACCOUNT,
  PD1_PATIENT,
  NK1_RELATED_PERSON,
  PV1_ENCOUNTER,
  PV2_ENCOUNTER,
  ROL_TEAM,
  PRT_TEAM,
  OBX_OBSERVATION,
  NTE_NOTE,
  FT1_CHARGE,
  PR1_PROCEDURE,
  DG1_CONDITION,
  AL1_ALLERGY,
  IN1_COVERAGE,
  GT1_ACCOUNT,
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
  stateAllergies(message.segments('AL1'), patient, scope);
  stateCoverages(message.segments('IN1'), patient, scope);
  stateTeam(message.segments('ROL'), patient, scope);
  stateTeam(message.segments('PRT'), patient, scope);
  stateProcedures(message.segments('PR1'), patient, encounter, scope);
  stateLooseObservations(message.segments('OBX'), patient, encounter, scope);
  const account = stateAccount(patient, encounter, scope);
  if (account !== undefined) stateBilling(account, scope);
  return { patient, encounter, account };
}

/** DFT: one ChargeItem per FT1. Whether the service was attended is not the mapping's question. */
export const DFT: MessageMap = {
  name: 'DFT',
  events: ['DFT^P03', 'DFT^P11'],
  maps: MAPS,
  run(scope) {
    const { patient, encounter, account } = stateAround(scope);
    for (const ft1 of scope.message.segments('FT1')) stateCharge(ft1, patient, encounter, account, scope);
  },
};

/** BAR: the account and who pays for it. P06 ends it, P12 updates its diagnoses and procedures. */
export const BAR: MessageMap = {
  name: 'BAR',
  events: ['BAR^P01', 'BAR^P02', 'BAR^P05', 'BAR^P06', 'BAR^P10', 'BAR^P12'],
  maps: MAPS,
  run(scope) {
    const { account } = stateAround(scope);
    if (scope.trigger === 'P06') account?.set('status', 'inactive');
    else if (scope.trigger === 'P02') account?.set('status', 'entered-in-error');
  },
};

/** The transaction: FT1-2, or the order with what was charged; a credit has the key of the charge it takes back. */
function keyOf(ft1: Segment, code: Json, patient: Draft, scope: Scope) {
  const order = nodeOf(ft1, 23, scope);
  const filler = order === undefined ? undefined : eiKey(order, scope);
  const transaction = ft1.get(31)?.trim() || ft1.get(2)?.trim();
  if (filler !== undefined) return chargeItemKey(scope.owner, filler.system, filler.value, codeKey(code));
  if (transaction) return chargeItemKey(scope.owner, patient.id, transaction);
  return chargeItemKey(scope.owner, patient.id, ft1.get(4)?.trim(), codeKey(code));
}

function chargeCode(ft1: Segment, scope: Scope): Json | undefined {
  const procedure = conceptAt(ft1, 25, scope) as { coding?: Json[]; text?: string } | undefined;
  const charged = conceptAt(ft1, 7, scope) as { coding?: Json[]; text?: string } | undefined;
  const modifiers = ft1.repetitions(26).flatMap((repetition) => {
    scope.place(ft1, 26);
    return (conceptOf(new Node(repetition), scope)?.coding ?? []) as Json[];
  });
  const coding = [...(charged?.coding ?? []), ...(procedure?.coding ?? []), ...modifiers];
  const text = charged?.text ?? procedure?.text ?? ft1.get(8)?.trim();
  if (coding.length === 0 && !text) return undefined;
  return { ...(coding.length > 0 && { coding }), ...(text && { text }) };
}

function stateCharge(
  ft1: Segment,
  patient: Draft,
  encounter: Draft | undefined,
  account: Draft | undefined,
  scope: Scope,
): void {
  const code = chargeCode(ft1, scope);
  if (code === undefined) {
    scope.place(ft1, 7);
    scope.issue('map.key-missing', 'a charge without a code is not carried');
    return;
  }
  const charge = scope.draft(keyOf(ft1, code, patient, scope), patient.id);
  charge.set('subject', patient.reference);
  if (encounter !== undefined) charge.set('context', encounter.reference);
  if (account !== undefined) charge.snapshot('account[PID-18]', [account.reference]);
  charge.set('code', code);
  charge.set('status', ft1.get(6)?.trim() === 'CD' ? 'aborted' : 'billable');
  scope.apply(FT1_CHARGE, ft1, charge);
  const transaction = ft1.get(2)?.trim();
  if (transaction) charge.snapshot('identifier[FT1-2]', [{ value: transaction }]);
  const filler = nodeOf(ft1, 23, scope);
  const order = filler === undefined ? undefined : eiIdentifier(filler, scope, 'FILL');
  if (order !== undefined) charge.snapshot('identifier[FT1-23]', [order as unknown as Json]);
  occurrence(ft1, charge, scope);
  amounts(ft1, charge);
  const product = conceptAt(ft1, 29, scope);
  if (product !== undefined) charge.set('productCodeableConcept', product);
  const place = nodeOf(ft1, 16, scope);
  const where = place === undefined ? undefined : locationOf(place, scope);
  if (where !== undefined)
    charge.snapshot('extension[FT1-16]', [{ url: hubExtension('charged-at'), valueReference: where as Json }]);
}

function occurrence(ft1: Segment, charge: Draft, scope: Scope): void {
  const [start, end] = [ft1.get(4, 1, 1)?.trim(), ft1.get(4, 1, 2)?.trim()];
  scope.place(ft1, 4);
  const from = start ? scope.time(start, 'dateTime') : undefined;
  const to = end ? scope.time(end, 'dateTime') : undefined;
  const plain = (time: string | Annotated): Json => (time instanceof Annotated ? time.value : time);
  if (from !== undefined && to !== undefined && end !== start) {
    charge.set('occurrencePeriod', { start: plain(from), end: plain(to) });
  } else if (from !== undefined) charge.set('occurrenceDateTime', plain(from));
}

/** CP: price and currency in its first component. */
function amounts(ft1: Segment, charge: Draft): void {
  const count = decimal(ft1.get(10)?.trim());
  if (count !== undefined) charge.set('quantity', { value: count });
  for (const field of [11, 12, 22]) {
    const value = decimal(ft1.get(field, 1, 1, 1)?.trim());
    if (value === undefined) continue;
    const currency = ft1.get(field, 1, 1, 2)?.trim();
    charge.set('priceOverride', { value, ...(currency && /^[A-Z]{3}$/.test(currency) && { currency }) });
    return;
  }
}
