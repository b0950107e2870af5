import type { DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { type DataMap, every, first, type SegmentMap } from '../../src/mapping/row.ts';
import type { Json } from '../../src/model/json.ts';
import { coded, cwe, known, ofTable, translated } from '../datatypes/coded.ts';
import { practitioner } from '../datatypes/directory.ts';
import { ei } from '../datatypes/identifier.ts';
import { ndl } from '../datatypes/role.ts';
import { extension } from '../datatypes/shape.ts';
import { dateTime, instant } from '../datatypes/text.ts';
import { INTERPRETATION, REPORT_STATUS_CODES, RESULT_STATUS } from '../tables/order.ts';
import { ABNORMAL_NATURE, DIAGNOSTIC_SECTION } from '../tables/order-code.ts';
import { PERFORMER_FUNCTION } from '../tables/performer.ts';

const VALUES = [
  'valueQuantity',
  'valueString',
  'valueCodeableConcept',
  'valuePeriod',
  'valueDateTime',
  'valueRange',
  'valueTime',
  'valueRatio',
  'extension',
] as const;

/** OBX → Observation. Rule: v2-to-FHIR IG 1.0.0, segment OBX[Observation]; OBX-11 unmatched codes by DOMAIN §C1 ORU. */
export const OBX_OBSERVATION = {
  name: 'OBX[Observation]',
  segment: 'OBX',
  rows: [
    { from: 'OBX-8', to: 'interpretation', as: every(translated(INTERPRETATION)) },
    {
      from: 'OBX-10',
      to: 'extension',
      as: every(
        extension(
          'http://hl7.org/fhir/StructureDefinition/observation-nature-of-abnormal-test',
          'valueCodeableConcept',
          known(ABNORMAL_NATURE),
        ),
      ),
    },
    { from: 'OBX-11', to: 'status', as: first(coded(RESULT_STATUS)) },
    { from: 'OBX-14', to: 'effectiveDateTime', as: first(dateTime) },
    { from: 'OBX-16', to: 'performer', as: every(practitioner) },
    { from: 'OBX-17', to: 'method', as: first(cwe) },
    { from: 'OBX-19', to: 'issued', as: first(instant), note: 'analysis time, where it has a time of day' },
    { from: 'OBX-20', to: 'bodySite', as: first(cwe) },
    { from: 'OBX-29', to: 'category[OBX-29]', as: first(ofTable('0936')) },
    {
      from: 'OBX-30',
      to: 'extension[OBX-30]',
      as: first(
        extension(
          'http://hl7.org/fhir/StructureDefinition/observation-structure-type',
          'valueCodeableConcept',
          ofTable('0937'),
        ),
      ),
    },
    { from: 'OBX-21', to: 'identifier[OBX-21]', as: first(ei()) },
  ],
  hand: [
    { from: 'OBX-2', to: 'valueString', by: 'type of OBX-5' },
    { from: 'OBX-11', to: 'dataAbsentReason', by: 'N and X say why there is no value' },
    { from: 'OBX-15', to: 'performer', by: 'producer, when OBX-23 is empty' },
    { from: 'OBX-18', to: 'device', by: 'Device' },
    { from: 'OBX-23', to: 'performer', by: 'Organization' },
    { from: 'OBX-24', to: 'performer', by: 'its address' },
    { from: 'OBX-25', to: 'performer', by: 'its medical director' },
    { from: 'OBX-33', to: 'specimen', by: 'Specimen' },
    { from: 'OBX-3', to: 'code', by: 'part of the key' },
    { from: 'OBX-4', to: 'identifier', by: 'part of the key' },
    ...VALUES.map((to) => ({ from: 'OBX-5', to, by: 'value by the type of OBX-2' })),
    ...(['valueQuantity', 'valueRange', 'valueRatio'] as const).map((to) => ({ from: 'OBX-6', to, by: 'unit' })),
    { from: 'OBX-7', to: 'referenceRange', by: 'range, or its words' },
  ],
  decisions: [
    { from: 'OBX-1', not: 'structural', why: 'orders the segments' },
    {
      from: 'OBX-5',
      to: 'valueSampedData',
      not: 'contradicts-r4',
      why: 'SampledData needs an origin and a period; NA has neither',
    },
    { from: 'OBX-19', to: 'extension', not: 'superseded', why: 'issued has it' },
    { from: 'OBX-33', to: 'extension', not: 'out-of-scope', why: 'several specimens of one observation' },
  ],
} as const satisfies SegmentMap<Observation>;

/** OBR → DiagnosticReport. Rule: v2-to-FHIR IG 1.0.0, segment OBR[DiagnosticReport]. */
export const OBR_REPORT = {
  name: 'OBR[DiagnosticReport]',
  segment: 'OBR',
  rows: [
    { from: 'OBR-2', to: 'identifier[OBR-2]', as: first(ei('PLAC')) },
    { from: 'OBR-3', to: 'identifier[OBR-3]', as: first(ei('FILL')) },
    { from: 'OBR-4', to: 'code', as: first(cwe) },
    { from: 'OBR-7', to: 'effectiveDateTime', as: first(dateTime), when: { absent: 'OBR-8' } },
    { from: 'OBR-7', to: 'effectivePeriod.start', as: first(dateTime), when: { valued: 'OBR-8' } },
    { from: 'OBR-8', to: 'effectivePeriod.end', as: first(dateTime) },
    { from: 'OBR-22', to: 'issued', as: first(instant) },
    { from: 'OBR-32', to: 'resultsInterpreter[OBR-32]', as: first(ndl) },
    { from: 'OBR-33', to: 'resultsInterpreter', as: every(ndl) },
    { from: 'OBR-34', to: 'performer', as: every(performing('SPRF', ndl)) },
    { from: 'OBR-35', to: 'performer', as: every(performing('TRANS', ndl)) },
    { from: 'OBR-24', to: 'category[OBR-24]', as: first(known(DIAGNOSTIC_SECTION)) },
    { from: 'OBR-25', to: 'status', as: first(coded(REPORT_STATUS_CODES)) },
  ],
  decisions: [{ from: 'OBR-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<DiagnosticReport>;

/** A performer with what they did, as the guide writes it. */
function performing(role: string, map: DataMap): DataMap {
  return {
    name: map.name,
    parts: map.parts,
    read: (node, scope) => {
      const found = map.read(node, scope);
      if (found === undefined || typeof found !== 'object') return undefined;
      const valueCodeableConcept = {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: role }],
      };
      const own = found as { readonly [name: string]: Json };
      const further = Array.isArray(own.extension) ? own.extension : [];
      return { ...own, extension: [{ url: PERFORMER_FUNCTION, valueCodeableConcept }, ...further] };
    },
  };
}

/** ORC → DiagnosticReport: what OBR leaves out. Rule: v2-to-FHIR IG 1.0.0, segment ORC[DiagnosticReport]. */
export const ORC_REPORT: SegmentMap<DiagnosticReport> = {
  name: 'ORC[DiagnosticReport]',
  segment: 'ORC',
  rows: [],
  hand: [
    { from: 'ORC-2', to: 'identifier', by: 'when OBR-2 is empty' },
    { from: 'ORC-2', to: 'basedOn', by: 'the request' },
    { from: 'ORC-3', to: 'identifier', by: 'when OBR-3 is empty' },
    { from: 'ORC-28', to: 'meta', by: 'confidentiality raises the label' },
  ],
  decisions: [
    { from: 'ORC-4', not: 'superseded', why: 'the requisition of the request' },
    { from: 'ORC-9', not: 'superseded', why: 'authoredOn of the request' },
    { from: 'ORC-16', not: 'superseded', why: 'status reason of the request' },
  ],
};

/** NTE → Annotation of whatever it follows. */
export const NTE_NOTE: SegmentMap<Observation> = {
  name: 'NTE[Observation]',
  segment: 'NTE',
  rows: [],
  hand: [
    { from: 'NTE-3', to: 'note', by: 'text of the note' },
    { from: 'NTE-4', to: 'extension', by: 'type of the note' },
    { from: 'NTE-5', to: 'note', by: 'who wrote it' },
    { from: 'NTE-6', to: 'note', by: 'when' },
  ],
  decisions: [
    { from: 'NTE-1', not: 'structural', why: 'orders the segments' },
    { from: 'NTE-2', not: 'structural', why: 'which side wrote it: the source of the assertion' },
  ],
};
