import type { Specimen } from '@medplum/fhirtypes';
import { every, first, type SegmentMap } from '../../src/mapping/row.ts';
import { coded, cwe, ofTable } from '../datatypes/coded.ts';
import { cx, ei } from '../datatypes/identifier.ts';
import { simpleQuantity } from '../datatypes/quantity.ts';
import { eip } from '../datatypes/role.ts';
import { holding } from '../datatypes/shape.ts';
import { dateTime, st } from '../datatypes/text.ts';
import { SPECIMEN_AVAILABILITY } from '../tables/specimen.ts';

/** SPM → Specimen. Rule: v2-to-FHIR IG 1.0.0, segment SPM[Specimen]. */
export const SPM_SPECIMEN = {
  name: 'SPM[Specimen]',
  segment: 'SPM',
  rows: [
    { from: 'SPM-2', to: 'identifier[SPM-2.1]', as: first(eip(1, 'PLAC')) },
    { from: 'SPM-2', to: 'identifier[SPM-2.2]', as: first(eip(2, 'FILL')) },
    { from: 'SPM-4', to: 'type', as: first(ofTable('0487')) },
    { from: 'SPM-7', to: 'collection.method', as: first(ofTable('0488')) },
    { from: 'SPM-8', to: 'collection.bodySite', as: first(cwe) },
    { from: 'SPM-12', to: 'collection.quantity', as: first(simpleQuantity) },
    { from: 'SPM-14', to: 'note', as: every(holding('text', st)) },
    { from: 'SPM-18', to: 'receivedTime', as: first(dateTime) },
    { from: 'SPM-20', to: 'status', as: first(coded(SPECIMEN_AVAILABILITY)) },
    { from: 'SPM-24', to: 'condition', as: every(ofTable('0493')) },
    { from: 'SPM-30', to: 'accessionIdentifier', as: first(cx) },
    { from: 'SPM-31', to: 'identifier', as: every(cx) },
    { from: 'SPM-32', to: 'identifier[SPM-32]', as: first(ei()) },
  ],
  hand: [
    { from: 'SPM-3', to: 'parent', by: 'parent specimens' },
    { from: 'SPM-6', to: 'container', by: 'additives' },
    { from: 'SPM-17', to: 'collection', by: 'a moment or a period' },
    { from: 'SPM-27', to: 'container', by: 'type' },
  ],
  decisions: [{ from: 'SPM-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<Specimen>;
