import { Buffer } from 'node:buffer';
import type { Attachment, DocumentReference } from '@medplum/fhirtypes';
import { isOfTable, tableCode, tabled } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import type { Found, Subject } from '../../src/mapping/outbound/event.ts';
import { confidentialityOf } from '../../src/mapping/outbound/label.ts';
import { xcn } from '../../src/mapping/outbound/people.ts';
import {
  every,
  type FieldValue,
  first,
  type OutboundMessage,
  refusal,
  type SegmentPlan,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import { about, type Scene } from '../../src/mapping/outbound/scene.ts';
import { dtm, ei, st } from '../../src/mapping/outbound/writers.ts';
import { ownEntry } from '../../src/mapping/own-entry.ts';
import { EVENT_EVN } from './event-evn.ts';
import { ATTACHMENT_OBX, NOTICE_OBX } from './note-obx.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { refuseUnlessRelayed } from './relay.ts';
import { AVAILABILITY, DOCUMENT_STATUS } from './tables.ts';
import { VISIT_PV1_OR_NONE } from './visit-pv1.ts';

const documentOf = ({ DocumentReference: entry }: Subject): DocumentReference =>
  (entry?.value ?? {}) as DocumentReference;

/** T06 adds to the document that TXA-13 names, T10 takes its place, T02 stands alone. */
function eventOf({ focus }: Scene): 'T02' | 'T06' | 'T10' {
  const code = (focus.value as DocumentReference).relatesTo?.[0]?.code;
  return code === 'appends' ? 'T06' : code === 'replaces' ? 'T10' : 'T02';
}

/** A document whose completion nobody states is documented, and signed by nobody. */
function unsigned(subject: Subject): FieldValue | undefined {
  return ownEntry(DOCUMENT_STATUS.values, documentOf(subject).docStatus ?? '') === undefined ? [['DO']] : undefined;
}

/** TXA-13: the number its author gave the parent, where that was released; a reference alone names no document to the receiver. */
function parent(subject: Subject, writing: Writing): FieldValue | undefined {
  const target = writing.scene.at(documentOf(subject).relatesTo?.[0]?.target);
  const [number] = read({ DocumentReference: target }, 'DocumentReference.masterIdentifier');
  const written = number === undefined ? undefined : ei.write(number, writing);
  if (number === undefined || written === undefined) return undefined;
  writing.carried(number.path);
  return [written];
}

const isText = ({ value }: Found): boolean => (value as Attachment).contentType?.startsWith('text/plain') ?? false;

const attachmentsOf = (scene: Scene): readonly Found[] =>
  read({ DocumentReference: scene.focus }, 'DocumentReference.content.attachment').filter(
    ({ value }) => (value as Attachment).data !== undefined,
  );

const TEXT_OBX: SegmentPlan = {
  segment: 'OBX',
  each: (scene) =>
    attachmentsOf(scene)
      .filter(isText)
      .map((attachment) => ({ attachment })),
  rows: [
    { to: 'OBX-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'OBX-2', give: () => [['TX']] },
    { to: 'OBX-3', give: ({ attachment }) => [['document', titleOf(attachment), '99HANDOFF']], type: 'CWE' },
    { to: 'OBX-5', give: lines, type: 'TX', carries: ['attachment.data', 'attachment.contentType'] },
    { to: 'OBX-11', give: () => [['F']] },
  ],
  also: ['attachment.title'],
};

const titleOf = (attachment: Found | undefined): string =>
  (attachment?.value as Attachment | undefined)?.title ?? 'Document';

function lines({ attachment }: Subject): FieldValue {
  const { data = '' } = (attachment?.value ?? {}) as Attachment;
  return Buffer.from(data, 'base64')
    .toString('utf8')
    .split(/\r\n?|\n/)
    .map((line) => [line]);
}

const DOCUMENT_TXA: SegmentPlan = {
  segment: 'TXA',
  required: true,
  each: (scene) => about(scene.focus),
  rows: [
    { to: 'TXA-1', give: () => [['1']] },
    {
      to: 'TXA-2',
      from: 'DocumentReference.type',
      only: isOfTable('0270'),
      as: first(tableCode('0270')),
      required: true,
    },
    { to: 'TXA-3', give: () => [['TX']] },
    { to: 'TXA-4', from: 'DocumentReference.context.period.start', as: first(dtm) },
    { to: 'TXA-6', from: 'DocumentReference.date', as: first(dtm) },
    { to: 'TXA-9', from: 'DocumentReference.author', as: every(xcn) },
    { to: 'TXA-10', from: 'DocumentReference.authenticator', as: first(xcn) },
    { to: 'TXA-12', from: 'DocumentReference.masterIdentifier', as: first(ei), required: true },
    {
      to: 'TXA-13',
      give: parent,
      type: 'EI',
      carries: ['DocumentReference.relatesTo'],
    },
    { to: 'TXA-17', from: 'DocumentReference.docStatus', as: first(tabled(DOCUMENT_STATUS)) },
    { to: 'TXA-17', give: unsigned },
    { to: 'TXA-18', give: (_, { scene }) => [[confidentialityOf(scene.entries.map(({ value }) => value))]] },
    { to: 'TXA-19', from: 'DocumentReference.status', as: first(tabled(AVAILABILITY)) },
    { to: 'TXA-25', from: 'DocumentReference.description', as: first(st), since: '2.7' },
  ],
  also: ['DocumentReference.subject', 'DocumentReference.securityLabel', 'DocumentReference.context.encounter'],
};

/** DocumentReference → MDM, as told on; the event by what it is to the document before it. A document without content, or taken back, is not told as one. Rule: DOMAIN C1 MDM. */
export const DOCUMENT_MDM = (scene: Scene): OutboundMessage => ({
  focus: ['DocumentReference'],
  trigger: () => ({ type: 'MDM', event: eventOf(scene), structure: 'MDM_T02' }),
  refuse() {
    const reason = refuseUnlessRelayed(scene, ['MDM^T02', 'MDM^T04', 'MDM^T06', 'MDM^T08', 'MDM^T10']);
    if (reason !== undefined) return reason;
    if ((scene.focus.value as DocumentReference).status === 'entered-in-error')
      return refusal(
        'render.document-withdrawn',
        'a withdrawn document is not told as one',
        `${scene.focus.path}.status`,
      );
    return attachmentsOf(scene).length > 0
      ? undefined
      : refusal('render.document-empty', 'nothing of the content was released', `${scene.focus.path}.content`);
  },
  segments: [
    EVENT_EVN(eventOf(scene)),
    PATIENT_PID,
    VISIT_PV1_OR_NONE,
    DOCUMENT_TXA,
    TEXT_OBX,
    {
      ...ATTACHMENT_OBX,
      each: () => attachmentsOf(scene).flatMap((attachment) => (isText(attachment) ? [] : [{ attachment }])),
    },
    NOTICE_OBX,
  ],
});
