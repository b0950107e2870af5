import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { practitionerOf } from '../datatypes/directory.ts';
import { annotationOf } from '../datatypes/note.ts';
import { quantity, unitOf } from '../datatypes/quantity.ts';
import { codedLocation } from '../datatypes/role.ts';
import { decimal } from '../datatypes/text.ts';
import { type IdentifierKey, immunizationKey } from '../keys.ts';
import { MSH } from '../segments/envelope.ts';
import { IN1_COVERAGE } from '../segments/insurance.ts';
import { NK1_RELATED_PERSON } from '../segments/nk1.ts';
import { NTE_NOTE, OBX_OBSERVATION } from '../segments/observation.ts';
import { ORC_IMMUNIZATION, RXA_IMMUNIZATION, RXR_IMMUNIZATION } from '../segments/order.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { codeKey, stateCoverages, stateRelatives } from './clinical.ts';
import { raise } from './confidentiality.ts';
import { conceptAt, nodeOf } from './dosage.ts';
import { orderNumber } from './medication-order.ts';
import { stateObservation } from './observation.ts';
import { named, type OrderGroup, orderGroups } from './order-group.ts';
import { onlyPatient } from './patient.ts';
import { contextVisit } from './visit.ts';

const FUNCTION = 'http://terminology.hl7.org/CodeSystem/v2-0443';

/** VXU: each RXA is an Immunization. Rule: v2-to-FHIR IG 1.0.0, VXU_V04. */
export const VXU: MessageMap = {
  name: 'VXU',
  events: ['VXU^V04'],
  maps: [
    MSH,
    PID_PATIENT,
    PD1_PATIENT,
    NK1_RELATED_PERSON,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    IN1_COVERAGE,
    ORC_IMMUNIZATION,
    RXA_IMMUNIZATION,
    RXR_IMMUNIZATION,
    OBX_OBSERVATION,
    NTE_NOTE,
  ],
  run(scope) {
    const { message } = scope;
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    stateRelatives(message.segments('NK1'), patient, scope);
    stateCoverages(message.segments('IN1'), patient, scope);
    for (const group of orderGroups(message.segments())) {
      for (const rxa of named(group, 'RXA')) stateImmunization(rxa, group, patient, encounter, scope);
    }
  },
};

function stateImmunization(
  rxa: Segment,
  group: OrderGroup,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  const code = conceptAt(rxa, 5, scope);
  const at = rxa.get(3)?.trim();
  if (code === undefined || !at)
    throw new Refusal('map.required-missing', 'a vaccination without product or time', `RXA[${rxa.occurrence}]-5`);
  const order = orderNumber(group.orc, scope, [3, 2]);
  const key =
    order === undefined
      ? immunizationKey(scope.owner, patient.id, codeKey(code), at)
      : immunizationKey(scope.owner, order.system, order.value, codeKey(code));
  const immunization = scope.draft(key, patient.id);
  immunization.set('patient', patient.reference);
  if (encounter !== undefined) immunization.set('encounter', encounter.reference);
  immunization.default('status', 'completed');
  scope.apply(ORC_IMMUNIZATION, group.orc, immunization);
  scope.apply(RXA_IMMUNIZATION, rxa, immunization);
  scope.apply(RXR_IMMUNIZATION, named(group, 'RXR')[0], immunization);
  raise(immunization, group.orc, 28, scope);
  dose(rxa, immunization, scope);
  origin(rxa, immunization, scope);
  place(rxa, immunization, scope);
  performers(rxa, group, immunization, scope);
  const notes = named(group, 'NTE').flatMap((nte) => annotationOf(nte, scope) ?? []);
  if (notes.length > 0) immunization.snapshot('note[NTE]', notes);
  stateAround(group, order, immunization, patient, encounter, scope);
}

/** Observations of a vaccination (funding, information sheets, forecasts) are part of it. */
function stateAround(
  group: OrderGroup,
  order: IdentifierKey | undefined,
  immunization: Draft,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  const context = {
    patient,
    encounter,
    order: order ?? { system: 'urn:handoff:within', value: immunization.id },
    time: undefined,
    status: undefined,
  };
  for (const obx of named(group, 'OBX')) {
    stateObservation(obx, context, [], scope)?.snapshot('partOf[RXA]', [immunization.reference]);
  }
}

function dose(rxa: Segment, immunization: Draft, scope: Scope): void {
  const amount = decimal(rxa.get(6)?.trim());
  if (amount === undefined || amount === 999) return;
  immunization.set('doseQuantity', quantity(amount, unitOf(nodeOf(rxa, 7, scope), scope)) as Json);
}

/** RXA-9: table NIP001 says whether this is a new administration (00) or history. */
function origin(rxa: Segment, immunization: Draft, scope: Scope): void {
  for (const repetition of rxa.repetitions(9)) {
    scope.place(rxa, 9);
    const node = new Node(repetition);
    const found = conceptOf(node, scope);
    if (found === undefined) continue;
    if (node.get(3) !== 'NIP001') {
      immunization.append('note[RXA-9]', {
        text: found.text ?? found.coding?.[0]?.display ?? found.coding?.[0]?.code ?? '',
      });
      continue;
    }
    const isPrimary = node.get(1) === '00';
    immunization.set('primarySource', isPrimary);
    if (!isPrimary) immunization.set('reportOrigin', found as unknown as Json);
  }
}

function place(rxa: Segment, immunization: Draft, scope: Scope): void {
  if (immunization.has('location')) return;
  const node = nodeOf(rxa, 11, scope);
  if (node === undefined) return;
  // LA2: the facility stands at 4, the point of care at 1.
  const facility = node.get(4);
  const found = codedLocation.read(facility === undefined ? node : node.part(4), scope);
  if (found !== undefined) immunization.set('location', found);
}

function performers(rxa: Segment, group: OrderGroup, immunization: Draft, scope: Scope): void {
  const given = (segment: Segment | undefined, field: number, code: string): Json[] =>
    (segment?.repetitions(field) ?? []).flatMap((repetition): Json[] => {
      scope.place(segment!, field);
      const actor = practitionerOf(new Node(repetition), scope);
      return actor === undefined ? [] : [{ function: { coding: [{ system: FUNCTION, code }] }, actor: actor as Json }];
    });
  const administered = given(rxa, 10, 'AP');
  const ordered = given(group.orc, 12, 'OP');
  if (administered.length > 0) immunization.snapshot('performer[RXA-10]', administered);
  if (ordered.length > 0) immunization.snapshot('performer[ORC-12]', ordered);
}
