import type { MedicationAdministration, MedicationDispense, MedicationRequest } from '@medplum/fhirtypes';
import { absent, every, first, type SegmentMap } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { coded, cwe, ofTable } from '../datatypes/coded.ts';
import { practitioner } from '../datatypes/directory.ts';
import { ei } from '../datatypes/identifier.ts';
import { extension } from '../datatypes/shape.ts';
import { dateTime, type st } from '../datatypes/text.ts';
import { MEDICATION_CONTROL, MEDICATION_ORDER_STATUS } from '../tables/order.ts';

/** ORC → MedicationRequest. Status: ORC-5 where it is valued, else what ORC-1 does to the order. */
export const ORC_MEDICATION = {
  name: 'ORC[MedicationRequest]',
  segment: 'ORC',
  rows: [
    { from: 'ORC-1', to: 'status', as: first(coded(MEDICATION_CONTROL)), when: absent('ORC-5') },
    { from: 'ORC-2', to: 'identifier[ORC-2]', as: first(ei('PLAC')) },
    { from: 'ORC-3', to: 'identifier[ORC-3]', as: first(ei('FILL')) },
    { from: 'ORC-5', to: 'status', as: first(coded(MEDICATION_ORDER_STATUS)) },
    { from: 'ORC-9', to: 'authoredOn', as: first(dateTime) },
    { from: 'ORC-12', to: 'requester', as: first(practitioner) },
    { from: 'ORC-16', to: 'reasonCode[ORC-16]', as: first(cwe) },
  ],
  hand: [
    { from: 'ORC-4', to: 'groupIdentifier', by: 'placer group' },
    { from: 'ORC-7', to: 'dosageInstruction', by: 'quantity and timing before v2.5' },
    { from: 'ORC-28', to: 'meta', by: 'confidentiality raises the label' },
    { from: 'ORC-1', to: 'status', by: 'ORC-5, the state that it led to, goes first' },
  ],
} as const satisfies SegmentMap<MedicationRequest>;

/** ORC of a dispense → the order it belongs to: whose it is, not how it stands, for ORC-1 and ORC-5 speak of the dispense here. */
export const ORC_DISPENSED: SegmentMap<MedicationRequest> = {
  ...ORC_MEDICATION,
  name: 'ORC[MedicationRequest of a dispense]',
  rows: ORC_MEDICATION.rows.filter(({ to }) => to !== 'status'),
  hand: ORC_MEDICATION.hand.filter(({ to }) => to !== 'status'),
};

/** RXE → MedicationRequest. The guide has no such map; this is ours. Rule: DOMAIN §B4, §C1 RDE. */
export const RXE_MEDICATION = {
  name: 'RXE[MedicationRequest]',
  segment: 'RXE',
  rows: [
    { from: 'RXE-2', to: 'medicationCodeableConcept', as: first(cwe) },
    { from: 'RXE-13', to: 'requester', as: first(practitioner), note: 'only where ORC-12 is empty: ORC runs later' },
    { from: 'RXE-15', to: 'identifier[RXE-15]', as: first(prescription()) },
    { from: 'RXE-27', to: 'reasonCode', as: every(cwe) },
    {
      from: 'RXE-35',
      to: 'extension[RXE-35]',
      as: first(extension(hubExtension('controlled-substance-schedule'), 'valueCodeableConcept', ofTable('0477'))),
    },
  ],
  hand: [
    { from: 'RXE-1', to: 'dosageInstruction', by: 'quantity and timing before v2.5' },
    { from: 'RXE-3', to: 'dosageInstruction', by: 'dose, or the lower bound of a range' },
    { from: 'RXE-4', to: 'dosageInstruction', by: 'upper bound of a dose range' },
    { from: 'RXE-5', to: 'dosageInstruction', by: 'unit of the dose' },
    { from: 'RXE-6', to: 'extension', by: 'dose form' },
    { from: 'RXE-7', to: 'dosageInstruction', by: 'instructions of the provider' },
    { from: 'RXE-10', to: 'dispenseRequest', by: 'dispense amount' },
    { from: 'RXE-11', to: 'dispenseRequest', by: 'dispense unit' },
    { from: 'RXE-12', to: 'dispenseRequest', by: 'number of refills' },
    { from: 'RXE-21', to: 'dosageInstruction', by: 'instructions of the pharmacy' },
    { from: 'RXE-19', to: 'dosageInstruction', by: 'most in a day' },
    { from: 'RXE-23', to: 'dosageInstruction', by: 'rate' },
    { from: 'RXE-24', to: 'dosageInstruction', by: 'unit of the rate' },
    { from: 'RXE-25', to: 'extension', by: 'strength' },
    { from: 'RXE-26', to: 'extension', by: 'unit of the strength' },
  ],
} as const satisfies SegmentMap<MedicationRequest>;

/** RXC → what a compound is made of, beside the code. The guide has no map of it; this is ours. */
export const RXC_COMPONENT: SegmentMap<MedicationRequest> = {
  name: 'RXC[MedicationRequest]',
  segment: 'RXC',
  rows: [],
  hand: [
    { from: 'RXC-1', to: 'extension', by: 'base or additive' },
    { from: 'RXC-2', to: 'extension', by: 'component' },
    { from: 'RXC-3', to: 'extension', by: 'amount' },
    { from: 'RXC-4', to: 'extension', by: 'unit of the amount' },
    { from: 'RXC-5', to: 'extension', by: 'strength' },
    { from: 'RXC-6', to: 'extension', by: 'unit of the strength' },
  ],
};

export const RXR_DOSAGE: SegmentMap<MedicationRequest> = {
  name: 'RXR[MedicationRequest]',
  segment: 'RXR',
  rows: [],
  hand: [
    { from: 'RXR-1', to: 'dosageInstruction', by: 'route' },
    { from: 'RXR-2', to: 'dosageInstruction', by: 'site' },
    { from: 'RXR-4', to: 'dosageInstruction', by: 'method' },
    { from: 'RXR-5', to: 'dosageInstruction', by: 'routing instruction' },
  ],
  decisions: [{ from: 'RXR-3', not: 'out-of-scope', why: 'device of an order; that of an administration is stated' }],
};

export const TQ1_DOSAGE: SegmentMap<MedicationRequest> = {
  name: 'TQ1[MedicationRequest]',
  segment: 'TQ1',
  rows: [],
  hand: [
    { from: 'TQ1-3', to: 'dosageInstruction', by: 'repeat pattern: the maintenance rhythm' },
    { from: 'TQ1-4', to: 'dosageInstruction', by: 'times of day' },
    { from: 'TQ1-6', to: 'dosageInstruction', by: 'how long it goes on' },
    { from: 'TQ1-13', to: 'dosageInstruction', by: 'how long each takes' },
    { from: 'TQ1-7', to: 'dosageInstruction', by: 'start' },
    { from: 'TQ1-8', to: 'dosageInstruction', by: 'end' },
    { from: 'TQ1-9', to: 'priority', by: 'priority' },
    { from: 'TQ1-10', to: 'dosageInstruction', by: 'condition: as needed' },
    { from: 'TQ1-11', to: 'dosageInstruction', by: 'words' },
    { from: 'TQ1-14', to: 'dosageInstruction', by: 'total occurrences' },
  ],
  decisions: [
    { from: 'TQ1-1', not: 'structural', why: 'orders the segments' },
    { from: 'TQ1-2', not: 'duplicate', why: 'RXE-3 or RXO-2 is the dose' },
    { from: 'TQ1-5', not: 'contradicts-r4', why: 'offset needs an event (tim-9): TQ1-5 has none' },
    {
      from: 'TQ1-6',
      to: 'occurrenceTiming',
      not: 'contradicts-r4',
      why: 'MedicationRequest has no occurrenceTiming: the dosage has the bounds',
    },
    { from: 'TQ1-6', to: 'occurneceTiming', not: 'contradicts-r4', why: 'no such element' },
    { from: 'TQ1-11', to: 'text', not: 'superseded', why: 'the words are of the dosage' },
    { from: 'TQ1-12', not: 'out-of-scope', why: 'conjunction of several timings' },
  ],
};

/** RXA → MedicationAdministration. The guide maps RXA to Immunization only; this is ours. Rule: DOMAIN §B4, §C1 RAS, H11. */
export const RXA_ADMINISTRATION = {
  name: 'RXA[MedicationAdministration]',
  segment: 'RXA',
  rows: [{ from: 'RXA-19', to: 'reasonCode', as: every(cwe) }],
  hand: [
    { from: 'RXA-2', to: 'identifier', by: 'part of the key' },
    { from: 'RXA-3', to: 'effectivePeriod', by: 'start' },
    { from: 'RXA-4', to: 'effectivePeriod', by: 'end; equal to the start it is unknown' },
    { from: 'RXA-5', to: 'contained', by: 'Medication' },
    { from: 'RXA-6', to: 'dosage', by: 'amount; 999 is unknown' },
    { from: 'RXA-7', to: 'dosage', by: 'unit' },
    { from: 'RXA-8', to: 'contained', by: 'form of the Medication' },
    { from: 'RXA-9', to: 'note', by: 'words' },
    { from: 'RXA-10', to: 'performer', by: 'who gave it' },
    { from: 'RXA-11', to: 'extension', by: 'where' },
    { from: 'RXA-13', to: 'contained', by: 'strength' },
    { from: 'RXA-14', to: 'contained', by: 'unit of the strength' },
    { from: 'RXA-15', to: 'contained', by: 'lot' },
    { from: 'RXA-16', to: 'contained', by: 'expiry of the lot' },
    { from: 'RXA-17', to: 'contained', by: 'manufacturer' },
    { from: 'RXA-18', to: 'statusReason', by: 'why it was not given' },
    { from: 'RXA-20', to: 'status', by: 'completion' },
    { from: 'RXA-21', to: 'status', by: 'D is entered-in-error' },
    { from: 'RXA-22', to: 'extension', by: 'system entry time' },
  ],
  decisions: [{ from: 'RXA-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<MedicationAdministration>;

export const RXR_ADMINISTRATION: SegmentMap<MedicationAdministration> = {
  name: 'RXR[MedicationAdministration]',
  segment: 'RXR',
  rows: [],
  hand: [
    { from: 'RXR-1', to: 'dosage', by: 'route' },
    { from: 'RXR-2', to: 'dosage', by: 'site' },
    { from: 'RXR-3', to: 'device', by: 'words of the device' },
    { from: 'RXR-4', to: 'dosage', by: 'method' },
  ],
};

/** ORC → MedicationAdministration.request and the key of the session. */
export const ORC_ADMINISTRATION: SegmentMap<MedicationAdministration> = {
  name: 'ORC[MedicationAdministration]',
  segment: 'ORC',
  rows: [],
  hand: [
    { from: 'ORC-2', to: 'request', by: 'the placer order' },
    { from: 'ORC-3', to: 'partOf', by: 'key of the session' },
    { from: 'ORC-12', to: 'performer', by: 'ordering provider: on the order' },
    { from: 'ORC-28', to: 'meta', by: 'confidentiality raises the label' },
  ],
  decisions: [
    ...[1, 2, 3].map((field) => ({
      from: `ORC-${field}`,
      to: field === 1 ? 'extension' : 'identifier',
      not: 'unsafe' as const,
      why: 'control code and numbers are of the order: every administration of it would carry the same ones',
    })),
    { from: 'ORC-1', not: 'structural', why: 'administrations say themselves what became of them' },
    { from: 'ORC-5', not: 'superseded', why: 'the state of the order; RXA-20 is the state of the administration' },
    { from: 'ORC-9', not: 'superseded', why: 'time of the transaction; RXA-3 is the time of the administration' },
  ],
};

/** RXD → MedicationDispense. The guide has no such map; this is ours. Rule: HL7 v2.5.1 §4.14.5; DOMAIN §B4. */
export const RXD_DISPENSE = {
  name: 'RXD[MedicationDispense]',
  segment: 'RXD',
  rows: [
    { from: 'RXD-3', to: 'whenPrepared', as: first(dateTime), note: 'that it was handed over nobody says' },
    { from: 'RXD-7', to: 'identifier[RXD-7]', as: first(prescription()) },
    { from: 'RXD-9', to: 'note[RXD-9]', as: first(words()) },
    { from: 'RXD-33', to: 'type', as: first(ofTable('0484')) },
  ],
  hand: [
    { from: 'RXD-1', to: 'identifier', by: 'part of the key' },
    { from: 'RXD-2', to: 'contained', by: 'Medication' },
    { from: 'RXD-4', to: 'quantity', by: 'amount' },
    { from: 'RXD-5', to: 'quantity', by: 'unit' },
    { from: 'RXD-6', to: 'contained', by: 'form of the Medication' },
    { from: 'RXD-10', to: 'performer', by: 'who dispensed it' },
    { from: 'RXD-11', to: 'substitution', by: 'substitution status' },
    { from: 'RXD-15', to: 'dosageInstruction', by: 'words' },
    { from: 'RXD-16', to: 'contained', by: 'strength' },
    { from: 'RXD-17', to: 'contained', by: 'unit of the strength' },
    { from: 'RXD-18', to: 'contained', by: 'lot' },
    { from: 'RXD-19', to: 'contained', by: 'expiry of the lot' },
    { from: 'RXD-20', to: 'contained', by: 'manufacturer' },
  ],
} as const satisfies SegmentMap<MedicationDispense>;

export const RXR_DISPENSE: SegmentMap<MedicationDispense> = {
  name: 'RXR[MedicationDispense]',
  segment: 'RXR',
  rows: [],
  hand: [
    { from: 'RXR-1', to: 'dosageInstruction', by: 'route' },
    { from: 'RXR-2', to: 'dosageInstruction', by: 'site' },
    { from: 'RXR-4', to: 'dosageInstruction', by: 'method' },
  ],
};

export const ORC_DISPENSE: SegmentMap<MedicationDispense> = {
  name: 'ORC[MedicationDispense]',
  segment: 'ORC',
  rows: [],
  hand: [
    { from: 'ORC-1', to: 'status', by: 'a cancelled or stopped order' },
    { from: 'ORC-2', to: 'authorizingPrescription', by: 'the placer order' },
    { from: 'ORC-3', to: 'identifier', by: 'part of the key' },
    { from: 'ORC-28', to: 'meta', by: 'confidentiality raises the label' },
  ],
};

/** A text as an Annotation. */
function words() {
  return {
    name: 'ST[Annotation]',
    parts: [1],
    read: (...[node]: Parameters<typeof st.read>) => (node.text === undefined ? undefined : { text: node.text }),
  };
}

function prescription() {
  return {
    name: 'ST[Identifier]',
    parts: [1],
    read: (...[node]: Parameters<typeof st.read>) => {
      const value = node.text;
      return value === undefined ? undefined : { type: { text: 'Prescription number' }, value };
    },
  };
}
