import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { against, codes, same } from './table.ts';

/** MSH-11.1. */
export const PROCESSING_ID: ConceptTable = {
  id: '0103',
  name: 'ProcessingID',
  codes: same('0103', { D: 'Debugging', P: 'Production', T: 'Training', N: 'Non-Production Testing', V: 'Validation' }),
};

/** MSH-11.2. */
export const PROCESSING_MODE: ConceptTable = {
  id: '0207',
  name: 'ProcessingMode',
  codes: {
    ...same('0207', {
      A: 'Archive',
      R: 'Restore from archive',
      I: 'Initial load',
      T: 'Current processing, transmitted at intervals (scheduled or on demand)',
    }),
    ...codes('http://terminology.hl7.org/CodeSystem/common-tags', { actionable: ['actionable', ''] }),
  },
};

/** NTE-4. */
export const COMMENT_TYPE: ConceptTable = {
  id: '0364',
  name: 'CommentType',
  codes: same('0364', {
    PI: 'Patient Instructions',
    AI: 'Ancillary Instructions',
    GI: 'General Instructions',
    '1R': 'Primary Reason',
    '2R': 'Secondary Reason',
    GR: 'General Reason',
    RE: 'Remark',
    DR: 'Duplicate/Interaction Reason',
  }),
};

/** EVN-5: ids of people; the guide lists no code. */
export const OPERATOR: ConceptTable = { id: '0188', name: 'OperatorID', codes: {} };

/** ARV-9: site-defined; the guide lists no code. */
export const HANDLING: ConceptTable = { id: '0953', name: 'SecurityLabelHandlingInstructions', codes: {} };

/** Table 0206: what a message does to a segment becomes assertions and deletes. */
export const SEGMENT_ACTION: ConceptTable = {
  id: '0206',
  name: 'SegmentActionCode',
  codes: {},
  decisions: against('superseded', 'the store folds assertions; no HTTP verb is derived from a segment', '*'),
};

/** Table 0136; the data type ID[boolean] reads it. */
export const YES_NO: ConceptTable = {
  id: '0136',
  name: 'YesNoIndicator',
  codes: codes('http://terminology.hl7.org/CodeSystem/special-values', { Y: 'true', N: 'false' }),
};
