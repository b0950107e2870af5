import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { eiKey } from '../datatypes/identifier.ts';
import { textsOf } from '../datatypes/note.ts';
import { quantity, unitOf } from '../datatypes/quantity.ts';
import { decimal, whole } from '../datatypes/text.ts';
import { type IdentifierKey, medicationRequestKey } from '../keys.ts';
import { AL1_ALLERGY, DG1_CONDITION } from '../segments/diagnosis.ts';
import { MSH, SFT } from '../segments/envelope.ts';
import { GT1_PERSON, IN1_COVERAGE, IN1_INSURED, IN2_INSURED, IN3_COVERAGE } from '../segments/insurance.ts';
import { NTE_NOTE, OBX_OBSERVATION } from '../segments/observation.ts';
import { ORC_MEDICATION, RXC_COMPONENT, RXE_MEDICATION, RXR_DOSAGE, TQ1_DOSAGE } from '../segments/pharmacy.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { stateGuarantors } from './account.ts';
import { stateAllergies, stateCoverages } from './clinical.ts';
import { stateComponents } from './component.ts';
import { raise } from './confidentiality.ts';
import { conceptAt, dosageOf, nodeOf, priorityOf } from './dosage.ts';
import { stateObservation } from './observation.ts';
import { named, type OrderGroup, orderGroups } from './order-group.ts';
import { onlyPatient } from './patient.ts';

import { contextVisit } from './visit.ts';

/** The order's own number: placer (ORC-2), else filler (ORC-3). */
export function orderNumber(
  orc: Segment | undefined,
  scope: Scope,
  fields: readonly number[] = [2, 3],
): IdentifierKey | undefined {
  for (const field of fields) {
    const element = orc?.field(field).repetition(1);
    if (orc === undefined || element === undefined || !element.hasContent || element.isDelete) continue;
    scope.place(orc, field);
    const key = eiKey(new Node(element), scope);
    if (key !== undefined) return key;
  }
  return undefined;
}

/** In the tool, where nothing is stored, what has no number is of this one message. */
export function messageKey(at: Segment | undefined, scope: Scope): IdentifierKey | undefined {
  if (scope.context.unidentified !== 'message') return undefined;
  return { system: 'urn:handoff:message', value: `${scope.context.bodyHash}#${at?.index ?? 0}` };
}

export const RXE_DOSE = { low: 3, high: 4, unit: 5, rate: 23, rateUnit: 24, words: [7, 21] } as const;

/** RDE: an encoded pharmacy order is one MedicationRequest. Rule: DOMAIN §B4, §C1 RDE. */
export const RDE: MessageMap = {
  name: 'RDE',
  events: ['RDE^O11', 'RDE^O25', 'RDE^O01'],
  maps: [
    MSH,
    SFT,
    PID_PATIENT,
    PD1_PATIENT,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    GT1_PERSON,
    IN1_COVERAGE,
    IN1_INSURED,
    IN2_INSURED,
    IN3_COVERAGE,
    DG1_CONDITION,
    AL1_ALLERGY,
    ORC_MEDICATION,
    RXE_MEDICATION,
    RXR_DOSAGE,
    RXC_COMPONENT,
    TQ1_DOSAGE,
    NTE_NOTE,
    OBX_OBSERVATION,
  ],
  run(scope) {
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    stateAllergies(scope.message.segments('AL1'), patient, scope);
    stateCoverages(scope.message.segments('IN1'), patient, scope);
    stateGuarantors(patient, scope);
    const groups = orderGroups(scope.message.segments());
    if (groups.length === 0) throw new Refusal('map.key-missing', 'an order message without ORC', 'ORC[1]');
    for (const group of groups) {
      const order = orderNumber(group.orc, scope) ?? messageKey(group.orc, scope);
      const [rxe] = named(group, 'RXE');
      if (order === undefined) throw new Refusal('map.key-missing', 'an order without ORC-2 and ORC-3', 'ORC[1]-2');
      const request = scope.draft(medicationRequestKey(scope.owner, order), patient.id);
      stateMedicationOrder(request, group, patient, encounter, scope);
      if (rxe !== undefined) {
        scope.apply(RXE_MEDICATION, rxe, request);
        const dosage = dosageOf(rxe, RXE_DOSE, named(group, 'RXR')[0], named(group, 'TQ1'), scope, group.orc);
        if (dosage !== undefined) request.snapshot('dosageInstruction[RXE]', [dosage]);
        dispense(rxe, request, scope);
        strength(rxe, request, 25, 26, 6, scope);
      }
      scope.apply(ORC_MEDICATION, group.orc, request);
      for (const obx of named(group, 'OBX')) {
        stateObservation(obx, { patient, encounter, order, time: undefined, status: undefined }, [], scope);
      }
    }
  },
};

/** What every pharmacy order states, whatever segment details it. */
export function stateMedicationOrder(
  request: Draft,
  group: OrderGroup,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  request.set('subject', patient.reference);
  request.set('intent', 'order');
  request.default('status', 'unknown');
  if (encounter !== undefined) request.set('encounter', encounter.reference);
  const priority = priorityOf(named(group, 'TQ1'), group.orc, scope);
  if (priority !== undefined) request.set('priority', priority);
  const notes = named(group, 'NTE').flatMap(textsOf);
  if (notes.length > 0)
    request.snapshot(
      'note[NTE]',
      notes.map((text) => ({ text })),
    );
  const grouped = orderNumber(group.orc, scope, [4]);
  if (grouped !== undefined) request.set('groupIdentifier', { system: grouped.system, value: grouped.value });
  stateComponents(request, group, scope);
  raise(request, group.orc, 28, scope);
}

function dispense(rxe: Segment, request: Draft, scope: Scope): void {
  const amount = decimal(rxe.get(10)?.trim());
  const refills = whole(rxe.get(12), 0);
  const found: Record<string, Json> = {};
  if (amount !== undefined && amount > 0)
    found.quantity = quantity(amount, unitOf(nodeOf(rxe, 11, scope), scope)) as Json;
  if (refills !== undefined) found.numberOfRepeatsAllowed = refills;
  for (const [element, value] of Object.entries(found)) request.set(`dispenseRequest.${element}`, value);
}

/** Strength and form of what is ordered: R4 has them on Medication only, so they travel beside the code. */
export function strength(
  order: Segment,
  request: Draft,
  amount: number,
  unit: number,
  form: number,
  scope: Scope,
): void {
  const value = decimal(order.get(amount)?.trim());
  if (value !== undefined) {
    request.snapshot(`extension[${order.name}-${amount}]`, [
      {
        url: hubExtension('medication-strength'),
        valueQuantity: quantity(value, unitOf(nodeOf(order, unit, scope), scope)) as Json,
      },
    ]);
  }
  const shape = conceptAt(order, form, scope);
  if (shape !== undefined) {
    request.snapshot(`extension[${order.name}-${form}]`, [
      { url: hubExtension('medication-form'), valueCodeableConcept: shape },
    ]);
  }
}
