import type { Segment } from '../../src/hl7/tree.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { practitionerOf } from '../datatypes/directory.ts';
import { quantity, unitOf } from '../datatypes/quantity.ts';
import { decimal } from '../datatypes/text.ts';
import { dispenseKey, type IdentifierKey, medicationRequestKey } from '../keys.ts';
import { MSH, SFT } from '../segments/envelope.ts';
import { NTE_NOTE } from '../segments/observation.ts';
import { RXO_MEDICATION } from '../segments/order.ts';
import {
  ORC_DISPENSE,
  ORC_DISPENSED,
  RXD_DISPENSE,
  RXE_MEDICATION,
  RXR_DISPENSE,
  RXR_DOSAGE,
  TQ1_DOSAGE,
} from '../segments/pharmacy.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { DISPENSE_STATUS } from '../tables/order.ts';
import { raise } from './confidentiality.ts';
import { conceptAt, methodOf, nodeOf, routeOf } from './dosage.ts';
import { messageKey, orderNumber } from './medication-order.ts';
import { stateMedicine } from './medicine.ts';
import { stateMedication } from './order.ts';
import { named, type OrderGroup, orderGroups } from './order-group.ts';
import { onlyPatient } from './patient.ts';
import { contextVisit } from './visit.ts';

const RXD_MEDICINE = { code: 2, form: 6, strength: 16, strengthUnit: 17, lot: 18, expires: 19, maker: 20 } as const;

/**
 * RDS: each RXD is one MedicationDispense of the order it belongs to. What is repeated of that order (as it was encoded, else as it was
 * asked for: both would be two dosages) is stated of it, but never how it stands: a dispense that is cancelled cancels no order. That the
 * medicine was given to the patient is not said. Rule: HL7 v2.5.1 §4.13.11; DOMAIN §B4.
 */
export const RDS: MessageMap = {
  name: 'RDS',
  events: ['RDS^O13', 'RDS^O01'],
  maps: [
    MSH,
    SFT,
    PID_PATIENT,
    PD1_PATIENT,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    ORC_DISPENSE,
    ORC_DISPENSED,
    RXO_MEDICATION,
    RXE_MEDICATION,
    TQ1_DOSAGE,
    RXR_DOSAGE,
    RXD_DISPENSE,
    RXR_DISPENSE,
    NTE_NOTE,
  ],
  run(scope) {
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    let dispensed = 0;
    for (const group of orderGroups(scope.message.segments())) {
      stateOrdered(group, patient, encounter, scope);
      for (const rxd of named(group, 'RXD')) {
        const order = orderNumber(group.orc, scope, [3, 2]) ?? messageKey(group.orc, scope);
        if (order === undefined) throw new Refusal('map.key-missing', 'a dispense without ORC-3 and ORC-2', 'ORC[1]-3');
        stateDispense(rxd, group, order, patient, encounter, scope);
        dispensed += 1;
      }
    }
    if (dispensed === 0) throw new Refusal('map.key-missing', 'a dispense message without RXD', 'RXD[1]');
  },
};

/** Segments before the first RXD are of the order. */
function stateOrdered(group: OrderGroup, patient: Draft, encounter: Draft | undefined, scope: Scope): void {
  const until = named(group, 'RXD')[0]?.index ?? Number.POSITIVE_INFINITY;
  const ordered = { orc: group.orc, segments: group.segments.filter(({ index }) => index < until) };
  const [encoded] = named(ordered, 'RXE');
  const detail = encoded ?? named(ordered, 'RXO')[0];
  if (detail === undefined) return;
  const order = orderNumber(group.orc, scope) ?? messageKey(group.orc, scope);
  if (order === undefined) return;
  const from = encoded?.index ?? 0;
  const own = { ...ordered, segments: ordered.segments.filter(({ index }) => index >= from) };
  stateMedication(order, detail, own, patient, encounter, scope, ORC_DISPENSED);
}

function stateDispense(
  rxd: Segment,
  group: OrderGroup,
  order: IdentifierKey,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  const at = rxd.get(3)?.trim();
  const dispense = scope.draft(dispenseKey(scope.owner, order, rxd.get(1)?.trim() || `@${at ?? ''}`), patient.id);
  scope.apply(RXD_DISPENSE, rxd, dispense);
  dispense.set('status', statusOf(group.orc, scope));
  dispense.set('subject', patient.reference);
  if (encounter !== undefined) dispense.set('context', encounter.reference);
  stateMedicine(rxd, RXD_MEDICINE, dispense, scope);
  const amount = decimal(rxd.get(4)?.trim());
  if (amount !== undefined) dispense.set('quantity', quantity(amount, unitOf(nodeOf(rxd, 5, scope), scope)) as Json);
  scope.place(rxd, 10);
  const performers = rxd.repetitions(10).flatMap((repetition) => {
    const actor = practitionerOf(new Node(repetition), scope);
    return actor === undefined ? [] : [{ actor: actor as Json }];
  });
  if (performers.length > 0) dispense.snapshot('performer[RXD-10]', performers);
  const placer = orderNumber(group.orc, scope, [2]);
  if (placer !== undefined) {
    const request = `MedicationRequest/${scope.idOf(medicationRequestKey(scope.owner, placer))}`;
    dispense.snapshot('authorizingPrescription[ORC-2]', [{ reference: request }]);
  }
  const dosage = dosageOf(following(rxd, group, 'RXR'), rxd, scope);
  if (dosage !== undefined) dispense.snapshot('dosageInstruction[RXD]', [dosage]);
  substitution(rxd, dispense, scope);
  raise(dispense, group.orc, 28, scope);
}

/** ORC-1: what became of the order. Without a word about it, what was dispensed was dispensed. */
function statusOf(orc: Segment | undefined, scope: Scope): string {
  const control = orc?.get(1)?.trim();
  return (control ? lookUp(DISPENSE_STATUS, control, scope.partner)?.code : undefined) ?? 'completed';
}

/** The segment of a name that stands after this one and before the next RXD. */
function following(rxd: Segment, group: OrderGroup, name: string): Segment | undefined {
  const until = named(group, 'RXD').find(({ index }) => index > rxd.index)?.index ?? Number.POSITIVE_INFINITY;
  return named(group, name).find(({ index }) => index > rxd.index && index < until);
}

function dosageOf(rxr: Segment | undefined, rxd: Segment, scope: Scope): Json | undefined {
  const instructions = rxd
    .repetitions(15)
    .flatMap((repetition) => repetition.get(2)?.trim() || repetition.get(1)?.trim() || []);
  const parts: Record<string, Json | undefined> = {
    text: instructions.length > 0 ? instructions.join('; ') : undefined,
    site: conceptAt(rxr, 2, scope),
    route: routeOf(rxr, scope),
    method: methodOf(rxr, scope),
  };
  const stated = Object.entries(parts).filter(([, value]) => value !== undefined);
  return stated.length === 0 ? undefined : (Object.fromEntries(stated) as Json);
}

/** RXD-11, table 0167: N, 0 and 1 say that nothing else was dispensed. */
function substitution(rxd: Segment, dispense: Draft, scope: Scope): void {
  const stated = rxd.get(11)?.trim();
  const type = conceptAt(rxd, 11, scope, '0167');
  if (!stated || type === undefined) return;
  dispense.set('substitution', { wasSubstituted: !['N', '0', '1'].includes(stated.toUpperCase()), type });
}
