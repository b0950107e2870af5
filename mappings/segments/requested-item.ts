import type { ServiceRequest } from '@medplum/fhirtypes';
import type { SegmentMap } from '../../src/mapping/row.ts';

/** ODS → ServiceRequest. The guide has no map for it; a diet without its name would be an order of nothing. Rule: HL7 v2.5.1 §4.7. */
export const ODS_SERVICE: SegmentMap<ServiceRequest> = {
  name: 'ODS[ServiceRequest]',
  segment: 'ODS',
  rows: [],
  hand: [
    { from: 'ODS-3', to: 'code', by: 'the first diet, supplement or preference; further ones are orderDetail' },
    { from: 'ODS-4', to: 'note', by: 'text instruction' },
  ],
  decisions: [{ from: 'ODS-1', not: 'structural', why: 'diet, supplement or preference: the code says which' }],
};

/** RQD → ServiceRequest: the item and how many of it. The guide has no map for it. Rule: HL7 v2.5.1 §4.11. */
export const RQD_SERVICE: SegmentMap<ServiceRequest> = {
  name: 'RQD[ServiceRequest]',
  segment: 'RQD',
  rows: [],
  hand: [
    { from: 'RQD-2', to: 'code', by: 'the item' },
    { from: 'RQD-3', to: 'code', by: 'the item, where RQD-2 is empty' },
    { from: 'RQD-4', to: 'code', by: 'the item, where RQD-2 and RQD-3 are empty' },
    { from: 'RQD-5', to: 'quantityQuantity', by: 'how many' },
    { from: 'RQD-6', to: 'quantityQuantity', by: 'unit' },
  ],
  decisions: [{ from: 'RQD-1', not: 'structural', why: 'orders the segments' }],
};
