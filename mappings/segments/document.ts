import type { DocumentReference } from '@medplum/fhirtypes';
import { every, first, type SegmentMap } from '../../src/mapping/row.ts';
import { coded, known, ofTable } from '../datatypes/coded.ts';
import { practitioner } from '../datatypes/directory.ts';
import { dateTime, instant, st } from '../datatypes/text.ts';
import { DOCUMENT_CONFIDENTIALITY } from '../tables/confidentiality.ts';
import { AVAILABILITY, COMPLETION_OF_DOCUMENT } from '../tables/document.ts';

/** TXA → DocumentReference. Rule: v2-to-FHIR IG 1.0.0, segment TXA[DocumentReference]. */
export const TXA_DOCUMENT = {
  name: 'TXA[DocumentReference]',
  segment: 'TXA',
  states: ['status'],
  rows: [
    { from: 'TXA-2', to: 'type', as: first(ofTable('0270')) },
    { from: 'TXA-4', to: 'context.period.start', as: first(dateTime), note: 'when what is documented took place' },
    { from: 'TXA-5', to: 'author', as: every(practitioner) },
    { from: 'TXA-6', to: 'date', as: first(instant), note: 'origination; TXA-4 where it is empty' },
    { from: 'TXA-9', to: 'author', as: every(practitioner) },
    { from: 'TXA-10', to: 'authenticator', as: first(practitioner) },
    { from: 'TXA-17', to: 'docStatus', as: first(coded(COMPLETION_OF_DOCUMENT)) },
    { from: 'TXA-18', to: 'securityLabel[TXA-18]', as: first(known(DOCUMENT_CONFIDENTIALITY)) },
    { from: 'TXA-19', to: 'status', as: first(coded(AVAILABILITY)) },
    { from: 'TXA-25', to: 'description', as: first(st) },
  ],
  hand: [
    { from: 'TXA-4', to: 'date', by: 'when TXA-6 is empty' },
    { from: 'TXA-12', to: 'masterIdentifier', by: 'the key' },
    { from: 'TXA-13', to: 'relatesTo', by: 'parent document' },
    { from: 'TXA-14', to: 'context', by: 'the placer order' },
    { from: 'TXA-16', to: 'content', by: 'file name' },
    { from: 'TXA-18', to: 'meta', by: 'confidentiality raises the label' },
  ],
  decisions: [
    { from: 'TXA-1', not: 'structural', why: 'orders the segments' },
    { from: 'TXA-3', not: 'unsafe', why: 'TX, FT, AP … are no media types: the content says its own' },
    { from: 'TXA-6', to: 'extension', not: 'superseded', why: 'an extension of a version of FHIR that is not out' },
    { from: 'TXA-16', to: 'identifier', not: 'superseded', why: 'the title of the attachment' },
    { from: 'TXA-19', to: 'status', not: 'superseded', why: 'R4 has codes for all but UN' },
  ],
} as const satisfies SegmentMap<DocumentReference>;

export const OBX_DOCUMENT: SegmentMap<DocumentReference> = {
  name: 'OBX[DocumentReference]',
  segment: 'OBX',
  rows: [],
  hand: [
    { from: 'OBX-2', to: 'content', by: 'type of the content' },
    { from: 'OBX-3', to: 'content', by: 'of a safety note: its reason' },
    { from: 'OBX-5', to: 'content', by: 'the content' },
    { from: 'OBX-14', to: 'date', by: 'of a safety note: when it was observed' },
    { from: 'OBX-16', to: 'author', by: 'of a safety note: who observed it' },
  ],
  decisions: [
    { from: 'OBX-1', not: 'structural', why: 'orders the segments' },
    { from: 'OBX-4', not: 'structural', why: 'orders the parts of the content' },
    { from: 'OBX-11', not: 'structural', why: 'TXA-17 is the status of the document' },
  ],
};
