import type { MedicationRequest, ServiceRequest } from '@medplum/fhirtypes';
import { absent, every, first, isNoneOf, isOneOf, type SegmentMap } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { coded, cwe, known, ofTable, translated } from '../datatypes/coded.ts';
import { practitioner } from '../datatypes/directory.ts';
import { cx, ei } from '../datatypes/identifier.ts';
import { xtn } from '../datatypes/person.ts';
import { extension, holding } from '../datatypes/shape.ts';
import { dateTime, fixed, type st } from '../datatypes/text.ts';
import { ORDER_CONTROL, ORDER_PRIORITY, ORDER_STATUS, ORDER_TYPE } from '../tables/order.ts';
import { SUBSTITUTION } from '../tables/order-code.ts';

const FHIR = 'http://hl7.org/fhir/StructureDefinition/';

/** ORC → ServiceRequest. Rule: v2-to-FHIR IG 1.0.0, segment ORC[ServiceRequest]. */
export const ORC_SERVICE = {
  name: 'ORC[ServiceRequest]',
  segment: 'ORC',
  rows: [
    { from: 'ORC-1', to: 'status', as: first(coded(ORDER_CONTROL)), when: absent('ORC-5') },
    {
      from: 'ORC-1',
      to: 'extension[ORC-1]',
      as: first(extension(hubExtension('order-control'), 'valueCodeableConcept', ofTable('0119'))),
    },
    { from: 'ORC-2', to: 'identifier[ORC-2]', as: first(ei('PLAC')) },
    { from: 'ORC-3', to: 'identifier[ORC-3]', as: first(ei('FILL')) },
    { from: 'ORC-4', to: 'requisition', as: first(ei()) },
    { from: 'ORC-5', to: 'status', as: first(coded(ORDER_STATUS)) },
    { from: 'ORC-9', to: 'authoredOn', as: first(dateTime) },
    { from: 'ORC-12', to: 'requester', as: first(practitioner) },
    {
      from: 'ORC-14',
      to: 'extension',
      as: every(extension(`${FHIR}servicerequest-order-callback-phone-number`, 'valueContactPoint', xtn())),
    },
    {
      from: 'ORC-16',
      to: 'extension[ORC-16]',
      as: first(extension(`${FHIR}request-statusReason`, 'valueCodeableConcept', cwe)),
    },
    {
      from: 'ORC-25',
      to: 'extension[ORC-25]',
      as: first(extension(hubExtension('status-modifier'), 'valueCodeableConcept', cwe)),
    },
    { from: 'ORC-29', to: 'locationCode[ORC-29]', as: first(translated(ORDER_TYPE)) },
    { from: 'ORC-33', to: 'identifier', as: every(cx) },
    { from: 'ORC-38', to: 'identifier[ORC-38]', as: first(ei('FILL')) },
  ],
  hand: [
    { from: 'ORC-7', to: 'occurrenceTiming', by: 'quantity and timing before v2.5: its priority' },
    { from: 'ORC-1', to: 'intent', by: 'an order' },
    { from: 'ORC-21', to: 'requester', by: 'when ORC-12 is empty' },
    { from: 'ORC-22', to: 'requester', by: 'address of the organization' },
    { from: 'ORC-23', to: 'requester', by: 'telephone of the organization' },
    { from: 'ORC-24', to: 'requester', by: 'address of the provider' },
    { from: 'ORC-28', to: 'meta', by: 'confidentiality raises the label' },
  ],
  decisions: [
    {
      from: 'ORC-4',
      to: 'identifier',
      not: 'unsafe',
      why: 'an EIP in ORC-4 cannot be told from an EI: the requisition is stated, a second number guessed is not',
    },
    { from: 'ORC-9', to: 'extension', not: 'superseded', why: 'authoredOn has it' },
    { from: 'ORC-31', not: 'out-of-scope', why: 'a second name of the parent service' },
  ],
} as const satisfies SegmentMap<ServiceRequest>;

/** OBR → ServiceRequest. Rule: v2-to-FHIR IG 1.0.0, segment OBR[ServiceRequest]. */
export const OBR_SERVICE = {
  name: 'OBR[ServiceRequest]',
  segment: 'OBR',
  states: ['intent'],
  rows: [
    {
      from: 'OBR-2',
      to: 'identifier[ORC-2]',
      as: first(ei('PLAC')),
      note: 'the number of ORC-2, which goes first: ORC runs later',
    },
    { from: 'OBR-3', to: 'identifier[ORC-3]', as: first(ei('FILL')), note: 'the number of ORC-3' },
    { from: 'OBR-4', to: 'code', as: first(cwe) },
    { from: 'OBR-5', to: 'priority', as: first(coded(ORDER_PRIORITY)) },
    { from: 'OBR-6', to: 'occurrenceDateTime', as: first(dateTime) },
    { from: 'OBR-11', to: 'intent', as: first(fixed('reflex-order')), when: isOneOf('OBR-11', 'G') },
    {
      from: 'OBR-11',
      to: 'intent',
      as: first(fixed('order')),
      when: isNoneOf('OBR-11', 'G'),
      note: 'A is an add-on order: R4 has no code',
    },
    { from: 'OBR-13', to: 'note', as: every(holding('text', textOf())), note: 'relevant clinical information' },
    { from: 'OBR-16', to: 'requester', as: first(practitioner), note: 'ORC-12 goes first: ORC runs later' },
    { from: 'OBR-31', to: 'reasonCode', as: every(cwe) },
    { from: 'OBR-46', to: 'orderDetail', as: every(cwe) },
    { from: 'OBR-47', to: 'orderDetail', as: every(cwe) },
    { from: 'OBR-53', to: 'identifier', as: every(cx) },
  ],
  hand: [
    { from: 'OBR-17', to: 'extension', by: 'callback number, when ORC-14 is empty' },
    { from: 'OBR-27', to: 'occurrenceTiming', by: 'quantity and timing before v2.5: its priority' },
    { from: 'OBR-29', to: 'basedOn', by: 'parent order' },
  ],
  decisions: [
    { from: 'OBR-1', not: 'structural', why: 'orders the segments' },
    { from: 'OBR-3', to: 'extension', not: 'superseded', why: 'the id of the request is derived from its number' },
    { from: 'OBR-13', to: 'extension', not: 'superseded', why: 'R4 has note: the words of whoever asked' },
    {
      from: 'OBR-17',
      to: 'requester',
      not: 'superseded',
      why: 'R4 has an extension of the request for the number to call back',
    },
    { from: 'OBR-29', to: 'extension', not: 'superseded', why: 'basedOn holds the parent by its number' },
  ],
} as const satisfies SegmentMap<ServiceRequest>;

/** TQ1 → ServiceRequest. Rule: v2-to-FHIR IG 1.0.0, segment TQ1[ServiceRequest]. */
export const TQ1_SERVICE: SegmentMap<ServiceRequest> = {
  name: 'TQ1[ServiceRequest]',
  segment: 'TQ1',
  rows: [],
  hand: [
    { from: 'TQ1-2', to: 'quantityQuantity', by: 'quantity' },
    { from: 'TQ1-3', to: 'occurrenceTiming', by: 'repeat pattern' },
    { from: 'TQ1-4', to: 'occurrenceTiming', by: 'times of day' },
    { from: 'TQ1-6', to: 'occurrenceTiming', by: 'how long it goes on' },
    { from: 'TQ1-7', to: 'occurrenceTiming', by: 'start' },
    { from: 'TQ1-8', to: 'occurrenceTiming', by: 'end' },
    { from: 'TQ1-9', to: 'priority', by: 'priority' },
    { from: 'TQ1-11', to: 'note', by: 'words' },
    { from: 'TQ1-13', to: 'occurrenceTiming', by: 'how long each takes' },
    { from: 'TQ1-10', to: 'asNeededCodeableConcept', by: 'condition: as needed' },
    { from: 'TQ1-14', to: 'occurrenceTiming', by: 'total occurrences' },
  ],
  decisions: [
    { from: 'TQ1-1', not: 'structural', why: 'orders the segments' },
    { from: 'TQ1-5', not: 'contradicts-r4', why: 'offset needs an event (tim-9): TQ1-5 has none' },
    { from: 'TQ1-10', to: 'extension', not: 'superseded', why: 'R4 has asNeeded' },
  ],
};

/** NTE → ServiceRequest.note. */
export const NTE_SERVICE: SegmentMap<ServiceRequest> = {
  name: 'NTE[ServiceRequest]',
  segment: 'NTE',
  rows: [],
  hand: [
    { from: 'NTE-3', to: 'note', by: 'text' },
    { from: 'NTE-4', to: 'extension', by: 'type of the note' },
    { from: 'NTE-5', to: 'note', by: 'who wrote it' },
    { from: 'NTE-6', to: 'note', by: 'when' },
  ],
  decisions: [
    { from: 'NTE-1', not: 'structural', why: 'orders the segments' },
    { from: 'NTE-2', not: 'structural', why: 'which side wrote it: the source of the assertion' },
  ],
};

/** RXO → MedicationRequest. Rule: v2-to-FHIR IG 1.0.0, segment RXO[MedicationRequest]. */
export const RXO_MEDICATION = {
  name: 'RXO[MedicationRequest]',
  segment: 'RXO',
  rows: [
    { from: 'RXO-1', to: 'medicationCodeableConcept', as: first(cwe) },
    { from: 'RXO-9', to: 'substitution.allowedCodeableConcept', as: first(known(SUBSTITUTION)) },
    { from: 'RXO-14', to: 'requester', as: first(practitioner) },
    { from: 'RXO-20', to: 'reasonCode', as: every(cwe) },
  ],
  hand: [
    { from: 'RXO-2', to: 'dosageInstruction', by: 'dose, or the lower bound of a range' },
    { from: 'RXO-3', to: 'dosageInstruction', by: 'upper bound of a dose range' },
    { from: 'RXO-4', to: 'dosageInstruction', by: 'unit of the dose' },
    { from: 'RXO-5', to: 'extension', by: 'dose form' },
    { from: 'RXO-6', to: 'dosageInstruction', by: 'instructions of the provider' },
    { from: 'RXO-7', to: 'dosageInstruction', by: 'instructions of administration' },
    { from: 'RXO-11', to: 'dispenseRequest', by: 'dispense amount' },
    { from: 'RXO-12', to: 'dispenseRequest', by: 'dispense unit' },
    { from: 'RXO-13', to: 'dispenseRequest', by: 'number of refills' },
    { from: 'RXO-18', to: 'extension', by: 'strength' },
    { from: 'RXO-19', to: 'extension', by: 'unit of the strength' },
    { from: 'RXO-25', to: 'extension', by: 'volume the strength is in' },
    { from: 'RXO-26', to: 'extension', by: 'unit of that volume' },
  ],
  decisions: [5, 18, 19, 25, 26].map((field) => ({
    from: `RXO-${field}`,
    to: 'medicationReference',
    not: 'superseded' as const,
    why: 'the product stays a code; form and strength travel beside it, where no contained Medication hides them from search',
  })),
} as const satisfies SegmentMap<MedicationRequest>;

function textOf() {
  return {
    name: 'CWE[string]',
    parts: [1, 2, 9],
    read: (...[node]: Parameters<typeof st.read>) => node.get(9) ?? node.get(2) ?? node.get(1),
  };
}
