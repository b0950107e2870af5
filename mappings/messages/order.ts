import type { MedicationRequest } from '@medplum/fhirtypes';
import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import type { SegmentMap } from '../../src/mapping/row.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import { coding, HL7_TASK_CODE, TASK_CODE } from '../../src/model/codes.ts';
import type { Json } from '../../src/model/json.ts';
import { organizationOf } from '../datatypes/directory.ts';
import { eiKey } from '../datatypes/identifier.ts';
import { annotationOf } from '../datatypes/note.ts';
import { addressOf, contactPoint } from '../datatypes/person.ts';
import { cq, quantity, unitOf } from '../datatypes/quantity.ts';
import { decimal, whole } from '../datatypes/text.ts';
import { type IdentifierKey, medicationRequestKey, orderTaskKey, serviceRequestKey } from '../keys.ts';
import { AL1_ALLERGY, DG1_CONDITION, IAM_ALLERGY } from '../segments/diagnosis.ts';
import { MSH, SFT } from '../segments/envelope.ts';
import {
  GT1_PERSON,
  IN1_COVERAGE,
  IN1_INSURED,
  IN2_INSURED,
  IN3_COVERAGE,
  PID_ACCOUNT,
} from '../segments/insurance.ts';
import { NK1_RELATED_PERSON } from '../segments/nk1.ts';
import { NTE_NOTE, OBX_OBSERVATION } from '../segments/observation.ts';
import { NTE_SERVICE, OBR_SERVICE, ORC_SERVICE, RXO_MEDICATION, TQ1_SERVICE } from '../segments/order.ts';
import { ORC_MEDICATION, RXC_COMPONENT, RXE_MEDICATION, RXR_DOSAGE, TQ1_DOSAGE } from '../segments/pharmacy.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { ODS_SERVICE, RQD_SERVICE } from '../segments/requested-item.ts';
import { OBR_SPECIMEN, SAC_SPECIMEN, SPM_SPECIMEN } from '../segments/specimen.ts';
import { stateAccount } from './account.ts';
import { stateAllergies, stateCoverages, stateDiagnoses, stateRelatives } from './clinical.ts';
import { raise } from './confidentiality.ts';
import { dosageOf, nodeOf, priorityOf } from './dosage.ts';
import { messageKey, orderNumber, RXE_DOSE, stateMedicationOrder, strength } from './medication-order.ts';
import { stateObservation } from './observation.ts';
import { named, type OrderGroup, orderGroups, specimenFirstGroups } from './order-group.ts';
import { onlyPatient } from './patient.ts';
import { stateRequestedItems } from './requested-item.ts';
import { stateSpecimens } from './specimen.ts';
import { timingOf, timingOfTq } from './timing.ts';
import { contextVisit } from './visit.ts';

const SPECIMEN_FIRST = new Set(['O33', 'O35']);
const FIRST = new Set(['ORC', 'OBR', 'RXO']);

/** ORM, OMG, OML, OMP …: each order is a ServiceRequest, or with a pharmacy detail a MedicationRequest. Rule: DOMAIN §C1 ORM. */
export const ORDER: MessageMap = {
  name: 'Order',
  events: [
    'ORM^O01',
    'OMG^O19',
    'OML^O21',
    'OML^O33',
    'OML^O35',
    'OML^O39',
    'OMI^O23',
    'OMD^O03',
    'OMP^O09',
    'OMN^O07',
    'OMS^O05',
  ],
  maps: [
    MSH,
    SFT,
    PID_PATIENT,
    PID_ACCOUNT,
    PD1_PATIENT,
    NK1_RELATED_PERSON,
    PV1_ENCOUNTER,
    PV2_ENCOUNTER,
    IN1_COVERAGE,
    IN1_INSURED,
    IN2_INSURED,
    IN3_COVERAGE,
    GT1_PERSON,
    AL1_ALLERGY,
    IAM_ALLERGY,
    DG1_CONDITION,
    ORC_SERVICE,
    TQ1_SERVICE,
    NTE_SERVICE,
    OBR_SERVICE,
    ORC_MEDICATION,
    RXO_MEDICATION,
    RXE_MEDICATION,
    RXR_DOSAGE,
    RXC_COMPONENT,
    TQ1_DOSAGE,
    OBX_OBSERVATION,
    NTE_NOTE,
    SPM_SPECIMEN,
    OBR_SPECIMEN,
    SAC_SPECIMEN,
    ODS_SERVICE,
    RQD_SERVICE,
  ],
  run(scope) {
    const { message } = scope;
    const patient = onlyPatient(scope);
    const encounter = contextVisit(patient, scope);
    stateRelatives(message.segments('NK1'), patient, scope);
    stateCoverages(message.segments('IN1'), patient, scope);
    stateAccount(patient, encounter, scope);
    stateAllergies([...message.segments('AL1'), ...message.segments('IAM')], patient, scope);
    const groups = SPECIMEN_FIRST.has(scope.trigger)
      ? specimenFirstGroups(message.segments())
      : orderGroups(message.segments());
    if (groups.length === 0) throw new Refusal('map.key-missing', 'an order message without an order', 'ORC[1]');
    const start = message.segments().find((segment) => FIRST.has(segment.name))?.index ?? 0;
    stateDiagnoses(
      message.segments('DG1').filter((dg1) => dg1.index < start),
      patient,
      encounter,
      scope,
    );
    for (const group of groups) stateOrder(group, patient, encounter, scope);
  },
};

/** The order's number: of ORC, else of OBR; in the tool, where nothing is stored, of this message. */
function numberOf(group: OrderGroup, scope: Scope): IdentifierKey {
  const [obr] = named(group, 'OBR');
  const found = orderNumber(group.orc, scope) ?? orderNumber(obr, scope);
  if (found !== undefined) return found;
  const fallback = messageKey(group.orc ?? group.segments[0], scope);
  if (fallback !== undefined) return fallback;
  throw new Refusal('map.key-missing', 'an order without a placer or filler number', 'ORC[1]-2');
}

function stateOrder(group: OrderGroup, patient: Draft, encounter: Draft | undefined, scope: Scope): void {
  const order = numberOf(group, scope);
  const [rxo] = named(group, 'RXO');
  const [rxe] = named(group, 'RXE');
  const detail = rxo ?? rxe;
  if (detail !== undefined) {
    const request = stateMedication(order, detail, group, patient, encounter, scope);
    // The drug may still be given until the filler has answered. Rule: DOMAIN §C1 ORM, §E2.
    if (group.orc?.get(1)?.trim() === 'CA' && !group.orc.get(5)?.trim()) {
      request.set('status', 'active');
      askToCancel(order, request, patient, scope);
    }
  } else stateServiceRequest(order, group, patient, encounter, scope);
}

/** ORC and OBR → ServiceRequest with what comes along: diagnoses, specimens, observations, notes. */
export function stateServiceRequest(
  order: IdentifierKey,
  group: OrderGroup,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): Draft {
  const request = scope.draft(serviceRequestKey(scope.owner, order), patient.id);
  const [obr] = named(group, 'OBR');
  request.set('subject', patient.reference);
  request.set('intent', 'order');
  request.default('status', 'unknown');
  if (encounter !== undefined) request.set('encounter', encounter.reference);
  scope.apply(OBR_SERVICE, obr, request);
  stateRequestedItems(group, request, scope);
  scope.apply(ORC_SERVICE, group.orc, request);
  raise(request, group.orc, 28, scope);
  timing(group, request, scope);
  requester(group, obr, request, scope);
  parent(obr, request, scope);
  supporting(order, group, request, patient, encounter, scope);
  if (group.orc?.get(1)?.trim() === 'CA') askToCancel(order, request, patient, scope);
  return request;
}

function timing(group: OrderGroup, request: Draft, scope: Scope): void {
  const tq1 = named(group, 'TQ1');
  const priority = priorityOf(tq1, group.orc, scope);
  if (priority !== undefined) request.set('priority', priority);
  const [obr] = named(group, 'OBR');
  const found = timingOf(tq1, scope) ?? timingOfTq(group.orc, 7, scope) ?? timingOfTq(obr, 27, scope);
  if (found !== undefined) {
    request.set('occurrenceTiming', found);
    request.withdraw('occurrenceDateTime');
  }
  const amount = nodeOf(tq1[0], 2, scope);
  const count = amount === undefined ? undefined : cq(amount, scope);
  if (count !== undefined) request.set('quantityQuantity', count as unknown as Json);
  const condition = tq1[0]?.field(10).text?.trim();
  if (condition) request.set('asNeededCodeableConcept', { text: condition });
  const words = tq1.map((segment) => segment.field(11).text?.trim()).filter((text): text is string => !!text);
  if (words.length > 0)
    request.snapshot(
      'note[TQ1-11]',
      words.map((text) => ({ text })),
    );
}

/** ORC-21 where no person asks, and the number to call back. */
function requester(group: OrderGroup, obr: Segment | undefined, request: Draft, scope: Scope): void {
  if (!request.has('requester')) {
    const node = nodeOf(group.orc, 21, scope);
    const found = node === undefined ? undefined : organizationOf(node, scope);
    if (found !== undefined) request.set('requester', found as Json);
  }
  reach(group.orc, request, scope);
  if (group.orc?.field(14).hasContent || obr === undefined) return;
  const points = obr.repetitions(17).flatMap((repetition) => {
    scope.place(obr, 17);
    const point = contactPoint(new Node(repetition), scope);
    return point === undefined ? [] : [{ url: CALLBACK, valueContactPoint: point as unknown as Json }];
  });
  if (points.length > 0) request.snapshot('extension[OBR-17]', points);
}

/** ORC-22, -23, -24: where who asks can be found, on their own directory resource. */
function reach(orc: Segment | undefined, request: Draft, scope: Scope): void {
  if (orc === undefined) return;
  const { reference } = (request.value('requester') ?? {}) as { reference?: string };
  const who = scope.stated(reference);
  const isPerson = who?.type === 'Practitioner';
  const list = (field: number, element: string, read: (node: Node) => unknown) => {
    scope.place(orc, field);
    const values = orc.repetitions(field).flatMap((repetition) => read(new Node(repetition)) ?? []);
    if (values.length > 0) who?.snapshot(`${element}[ORC]`, values as Json[]);
  };
  if (isPerson) list(24, 'address', (node) => addressOf(node, scope));
  else list(22, 'address', (node) => addressOf(node, scope));
  if (!isPerson) list(23, 'telecom', (node) => contactPoint(node, scope, 'work'));
}

const CALLBACK = 'http://hl7.org/fhir/StructureDefinition/servicerequest-order-callback-phone-number';

function parent(obr: Segment | undefined, request: Draft, scope: Scope): void {
  const node = nodeOf(obr, 29, scope);
  const key = node === undefined ? undefined : (eiKey(node.part(1), scope) ?? eiKey(node.part(2), scope));
  if (key === undefined) return;
  request.snapshot('basedOn[OBR-29]', [
    { type: 'ServiceRequest', identifier: { system: key.system, value: key.value } },
  ]);
}

function supporting(
  order: IdentifierKey,
  group: OrderGroup,
  request: Draft,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  const conditions = stateDiagnoses(named(group, 'DG1'), patient, encounter, scope);
  if (conditions.length > 0)
    request.snapshot(
      'reasonReference[DG1]',
      conditions.map((each) => each.reference),
    );
  const specimens = stateSpecimens(
    { obr: named(group, 'OBR')[0], spm: named(group, 'SPM') },
    patient,
    order.value,
    scope,
  );
  if (specimens.length > 0)
    request.snapshot(
      'specimen[SPM]',
      specimens.map((each) => each.reference),
    );
  const context = { patient, encounter, order, time: undefined, status: undefined };
  const observations = named(group, 'OBX').flatMap((obx) => stateObservation(obx, context, [], scope) ?? []);
  if (observations.length > 0)
    request.snapshot(
      'supportingInfo[OBX]',
      [...new Set(observations)].map((each) => each.reference),
    );
  const notes = named(group, 'NTE').flatMap((nte) => annotationOf(nte, scope) ?? []);
  if (notes.length > 0) request.snapshot('note[NTE]', notes);
}

/** CA asks; the filler answers. Rule: DOMAIN §E2 (the guide leaves such an order active and nothing else). */
function askToCancel(order: IdentifierKey, request: Draft, patient: Draft, scope: Scope): void {
  const task = scope.draft(orderTaskKey(scope.owner, order, 'abort'), patient.id);
  task.set('status', 'requested');
  task.set('intent', 'order');
  task.set('code', { coding: [coding(TASK_CODE, 'answer-cancellation'), { system: HL7_TASK_CODE, code: 'abort' }] });
  task.set('focus', request.reference);
  task.set('for', patient.reference);
  task.set('requester', { reference: `Organization/${scope.owner}` });
}

const RXO_DOSE = { low: 2, high: 3, unit: 4, words: [6, 7] } as const;

/** RXO or RXE of an order → its MedicationRequest. `orc`: what its ORC says of it here. */
export function stateMedication(
  order: IdentifierKey,
  detail: Segment,
  group: OrderGroup,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
  orc: SegmentMap<MedicationRequest> = ORC_MEDICATION,
): Draft {
  const request = scope.draft(medicationRequestKey(scope.owner, order), patient.id);
  stateMedicationOrder(request, group, patient, encounter, scope);
  const isRequest = detail.name === 'RXO';
  if (isRequest) scope.apply(RXO_MEDICATION, detail, request);
  else scope.apply(RXE_MEDICATION, detail, request);
  const dosage = dosageOf(detail, isRequest ? RXO_DOSE : RXE_DOSE, named(group, 'RXR')[0], named(group, 'TQ1'), scope);
  if (dosage !== undefined) request.snapshot(`dosageInstruction[${detail.name}]`, [dosage]);
  if (isRequest) {
    strength(detail, request, 18, 19, 5, scope);
    dispense(detail, request, scope);
  } else strength(detail, request, 25, 26, 6, scope);
  scope.apply(orc, group.orc, request);
  if (!request.has('medicationCodeableConcept')) {
    request.default('medicationCodeableConcept', { text: 'Not stated' });
  }
  const context = { patient, encounter, order, time: undefined, status: undefined };
  const observations = named(group, 'OBX').flatMap((obx) => stateObservation(obx, context, [], scope) ?? []);
  if (observations.length > 0)
    request.snapshot(
      'supportingInformation[OBX]',
      [...new Set(observations)].map((each) => each.reference),
    );
  return request;
}

function dispense(rxo: Segment, request: Draft, scope: Scope): void {
  const amount = decimal(rxo.get(11)?.trim());
  const refills = whole(rxo.get(13), 0);
  if (amount !== undefined && amount > 0) {
    request.set('dispenseRequest.quantity', quantity(amount, unitOf(nodeOf(rxo, 12, scope), scope)) as Json);
  }
  if (refills !== undefined) {
    request.set('dispenseRequest.numberOfRepeatsAllowed', refills);
  }
}
