import type { Specimen } from '@medplum/fhirtypes';
import { every, first, isOneOf, type SegmentMap } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { coded, cwe, known, ofTable } from '../datatypes/coded.ts';
import { practitioner } from '../datatypes/directory.ts';
import { cx, ei } from '../datatypes/identifier.ts';
import { simpleQuantity } from '../datatypes/quantity.ts';
import { eip } from '../datatypes/role.ts';
import { extension, holding } from '../datatypes/shape.ts';
import { dateTime, st } from '../datatypes/text.ts';
import { FASTING, SPECIMEN_AVAILABILITY } from '../tables/specimen.ts';
import { COLLECTION_METHOD, SPECIMEN_CONDITION } from '../tables/specimen-code.ts';
import { SPECIMEN_TYPE } from '../tables/specimen-type.ts';

const SHIPMENT = {
  type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'SHIP' }] },
};

/** SPM → Specimen. Rule: v2-to-FHIR IG 1.0.0, segment SPM[Specimen]. */
export const SPM_SPECIMEN = {
  name: 'SPM[Specimen]',
  segment: 'SPM',
  rows: [
    { from: 'SPM-2', to: 'identifier[SPM-2.1]', as: first(eip(1, 'PLAC')) },
    { from: 'SPM-2', to: 'identifier[SPM-2.2]', as: first(eip(2, 'FILL')) },
    { from: 'SPM-4', to: 'type', as: first(known(SPECIMEN_TYPE)) },
    {
      from: 'SPM-5',
      to: 'extension',
      as: every(extension(hubExtension('specimen-type-modifier'), 'valueCodeableConcept', ofTable('0541'))),
    },
    {
      from: 'SPM-15',
      to: 'extension',
      as: every(extension(hubExtension('specimen-handling'), 'valueCodeableConcept', ofTable('0376'))),
    },
    {
      from: 'SPM-16',
      to: 'extension',
      as: every(extension(hubExtension('specimen-risk'), 'valueCodeableConcept', ofTable('0489'))),
    },
    {
      from: 'SPM-22',
      to: 'extension',
      as: every(extension(hubExtension('specimen-quality'), 'valueCodeableConcept', ofTable('0491'))),
    },
    {
      from: 'SPM-23',
      to: 'extension',
      as: every(extension(hubExtension('specimen-appropriateness'), 'valueCodeableConcept', ofTable('0492'))),
    },
    {
      from: 'SPM-28',
      to: 'extension',
      as: every(extension(hubExtension('container-condition'), 'valueCodeableConcept', ofTable('0544'))),
    },
    { from: 'SPM-7', to: 'collection.method', as: first(known(COLLECTION_METHOD)) },
    { from: 'SPM-8', to: 'collection.bodySite', as: first(cwe) },
    {
      from: 'SPM-11',
      to: 'extension',
      as: every(extension(hubExtension('specimen-role'), 'valueCodeableConcept', ofTable('0369'))),
    },
    { from: 'SPM-12', to: 'collection.quantity', as: first(simpleQuantity) },
    { from: 'SPM-14', to: 'note', as: every(holding('text', st)) },
    { from: 'SPM-18', to: 'receivedTime', as: first(dateTime) },
    { from: 'SPM-20', to: 'status', as: first(coded(SPECIMEN_AVAILABILITY)) },
    { from: 'SPM-24', to: 'condition', as: every(known(SPECIMEN_CONDITION)) },
    { from: 'SPM-30', to: 'accessionIdentifier', as: first(cx) },
    { from: 'SPM-31', to: 'identifier', as: every(cx) },
    { from: 'SPM-32', to: 'identifier[SPM-32]', as: first(shipment()) },
  ],
  hand: [
    { from: 'SPM-3', to: 'parent', by: 'parent specimens' },
    { from: 'SPM-6', to: 'container', by: 'additives, where SAC-27 has none' },
    { from: 'SPM-9', to: 'extension', by: 'modifier of the body site, in collection.extension' },
    { from: 'SPM-17', to: 'collection', by: 'a moment or a period' },
    { from: 'SPM-21', to: 'extension', by: 'why it was rejected, with SPM-20' },
    { from: 'SPM-27', to: 'container', by: 'type' },
  ],
  decisions: [{ from: 'SPM-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<Specimen>;

/** OBR → Specimen, what its own SPM does not say. Rule: v2-to-FHIR IG 1.0.0, segments OBR[Specimen], SPS[Specimen-Source]. */
export const OBR_SPECIMEN = {
  name: 'OBR[Specimen]',
  segment: 'OBR',
  rows: [
    { from: 'OBR-9', to: 'collection.quantity', as: first(simpleQuantity) },
    { from: 'OBR-10', to: 'collection.collector', as: first(practitioner) },
    {
      from: 'OBR-13',
      to: 'collection.fastingStatusCodeableConcept',
      as: first(known(FASTING)),
      when: isOneOf('OBR-13.3', 'HL70916'),
    },
    { from: 'OBR-14', to: 'receivedTime', as: first(dateTime) },
    { from: 'OBR-39', to: 'note', as: every(holding('text', st)) },
  ],
  hand: [
    { from: 'OBR-7', to: 'collection', by: 'when SPM-17 is empty' },
    { from: 'OBR-8', to: 'collection', by: 'end of the period' },
    { from: 'OBR-13', to: 'collection', by: 'a fasting duration has no code in v2: OBR[ServiceRequest] has the words' },
    { from: 'OBR-15', to: 'type', by: 'source before v2.5: type, additive, words, site, condition' },
  ],
  decisions: [
    {
      from: 'OBR-2',
      to: 'accessionIdentifier',
      not: 'unsafe',
      why: 'nothing says that the placer number is the accession number; SPM-30 and SAC-2 are',
    },
  ],
} as const satisfies SegmentMap<Specimen>;

/** SAC → Specimen.container. The guide has no such map; this is ours. */
export const SAC_SPECIMEN: SegmentMap<Specimen> = {
  name: 'SAC[Specimen]',
  segment: 'SAC',
  rows: [{ from: 'SAC-2', to: 'accessionIdentifier', as: first(ei()) }],
  hand: [
    { from: 'SAC-1', to: 'identifier', by: 'accession number of the sender' },
    { from: 'SAC-3', to: 'container', by: 'identifier' },
    { from: 'SAC-4', to: 'container', by: 'the container it was taken from' },
    { from: 'SAC-21', to: 'container', by: 'capacity' },
    { from: 'SAC-22', to: 'container', by: 'quantity in it' },
    { from: 'SAC-24', to: 'container', by: 'unit of both' },
    { from: 'SAC-27', to: 'container', by: 'additive' },
  ],
};

function shipment(): typeof cx {
  const map = ei();
  return {
    ...map,
    read: (node, scope) => {
      const found = map.read(node, scope);
      return found === undefined ? undefined : { ...SHIPMENT, ...(found as object) };
    },
  };
}
