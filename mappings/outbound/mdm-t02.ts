import type { Attachment, Coding, Communication } from '@medplum/fhirtypes';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import type { Found, Subject } from '../../src/mapping/outbound/event.ts';
import { confidentialityOf } from '../../src/mapping/outbound/label.ts';
import { partyAt, xcn } from '../../src/mapping/outbound/people.ts';
import {
  type FieldValue,
  first,
  type OutboundMessage,
  type OutRow,
  type SegmentPlan,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import { type Entry, element, NOTICE_PATH, type Scene } from '../../src/mapping/outbound/scene.ts';
import { dtm } from '../../src/mapping/outbound/writers.ts';
import { COMMUNICATION_KIND, SAFETY_REASON } from '../../src/model/codes.ts';
import { consentLines } from './consent-text.ts';
import { documentId, referencedId } from './document-id.ts';
import { EVENT_EVN } from './event-evn.ts';
import { codingOf } from './hub-coding.ts';
import { issueLines } from './issue-text.ts';
import { attachmentsOf, retoldDocuments } from './note-attachment.ts';
import { authorOf } from './note-author.ts';
import { CLASS, noteOf, REQUEST, taskOf } from './note-parts.ts';
import { noteLines } from './note-text.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { taskLines } from './task-text.ts';
import { VISIT_PV1_OR_NONE } from './visit-pv1.ts';

const SAFETY_KINDS = ['safety-note', 'safety-answer', 'escalation', 'acknowledgement', 'not-delivered'];
/** What tells a receiver's parser which line of the document it reads; the hub's own codes. */
const DOCUMENT_PART = '99HANDOFF';

/** The parts of a document: the note, the obligation, and whatever the event is about. */
function parts(scene: Scene): Subject {
  return { Communication: noteOf(scene), Task: taskOf(scene), focus: scene.focus };
}

/** TXA-2 in the receiver's words: its dialect, else what it calls a safety note, else table 0270. */
function documentType({ event, endpoint, partner }: Writing): string {
  const own = endpoint.dialect?.documentTypes?.[event.kind];
  if (own !== undefined) return own;
  return SAFETY_KINDS.includes(event.kind) ? (partner.safety.documentTypes[0] ?? 'PN') : 'PR';
}

function parent({ Communication, Task, focus }: Subject, writing: Writing): FieldValue | undefined {
  const note = Communication as Entry | undefined;
  // An answer about a Task belongs to the note that the Task demands an answer to.
  if (note !== undefined && note !== focus) return wrap(documentId(note, writing));
  const references = [
    element(note, 'inResponseTo'),
    element(note, 'partOf'),
    element(Task as Entry | undefined, 'focus'),
  ];
  for (const reference of references.flat()) {
    const target = writing.scene.at(reference);
    if (target !== undefined && target === focus) continue;
    const id = target === undefined ? referencedId(reference) : documentId(target, writing);
    if (id !== undefined) return [id];
  }
  return undefined;
}

const wrap = (repetition: FieldValue[number] | undefined): FieldValue | undefined =>
  repetition === undefined ? undefined : [repetition];

/** The time of the act: sent, authored, modified; the event's own when none is stated. */
const ACT_TIMES = ['focus.sent', 'focus.lastModified', 'focus.identifiedDateTime', 'focus.authoredOn', 'focus.created'];

const TXA_ROWS: readonly OutRow[] = [
  { to: 'TXA-1', give: () => [['1']] },
  { to: 'TXA-2', give: (_, writing) => [[documentType(writing)]], required: true },
  { to: 'TXA-3', give: () => [['TX']] },
  { to: 'TXA-4', give: actTime, type: 'TS', carries: ACT_TIMES, required: true },
  { to: 'TXA-5', give: author, type: 'XCN' },
  { to: 'TXA-6', give: actTime, type: 'TS' },
  { to: 'TXA-9', give: author, type: 'XCN' },
  { to: 'TXA-12', give: ({ focus }, writing) => wrap(documentId(focus as Entry, writing)), type: 'EI', required: true },
  {
    to: 'TXA-13',
    give: parent,
    type: 'EI',
    carries: ['Communication.inResponseTo', 'Communication.partOf', 'Task.focus'],
  },
  // Written by a named person: authenticated. Written by the hub about an event: documented, nobody signed it.
  { to: 'TXA-17', give: (subject, { scene }) => [[isByPerson(subject, scene) ? 'AU' : 'DO']] },
  { to: 'TXA-18', give: (_, { scene }) => [[confidentialityOf(scene.entries.map(({ value }) => value))]] },
  { to: 'TXA-19', give: () => [['AV']] },
];

function actTime({ focus }: Subject, writing: Writing): FieldValue | undefined {
  const stated = ACT_TIMES.map((path) => element(focus as Entry, path.slice('focus.'.length)));
  const text = stated.find((value) => typeof value === 'string') ?? writing.event.at;
  return wrap(dtm.write({ value: text, path: focus?.path ?? '' }, writing));
}

function author(subject: Subject, writing: Writing): FieldValue | undefined {
  const found = authorOf(subject.focus as Entry);
  const written = found === undefined ? undefined : xcn.write(found, writing);
  if (found === undefined || written === undefined) return undefined;
  writing.carried(found.path);
  return [written];
}

function isByPerson(subject: Subject, scene: Scene): boolean {
  const { Practitioner, PractitionerRole } = partyAt(scene, authorOf(subject.focus as Entry)?.value);
  return Practitioner !== undefined || PractitionerRole !== undefined;
}

const setId: OutRow = { to: 'OBX-1', give: (_, { index }) => [[`${index}`]] };
const final: OutRow = { to: 'OBX-11', give: () => [['F']] };
const typed = (type: string): OutRow => ({ to: 'OBX-2', give: () => [[type]] });
const part = (code: string, text: string): OutRow => ({
  to: 'OBX-3',
  give: () => [[code, text, DOCUMENT_PART]],
  type: 'CWE',
});

const KIND_WORDS: Readonly<Record<string, string>> = {
  acknowledgement: 'Acknowledgement',
  conflict: 'Schedule conflict',
  escalation: 'Not acknowledged in time',
  'not-delivered': 'Not delivered',
  notice: 'Notice',
  'safety-answer': 'Answer to a safety note',
  'safety-note': 'Safety note',
};

/** OBX-3 of the observation: the receiver's word for the reason, else the hub's; of other documents their kind. */
function subjectCode({ Communication: note, focus }: Subject, writing: Writing): FieldValue {
  const reason =
    codingOf(note as Entry | undefined, SAFETY_REASON.system) ?? codingOf(focus as Entry, COMMUNICATION_KIND.system);
  if (reason === undefined) return [[writing.event.kind, KIND_WORDS[writing.event.kind] ?? '', DOCUMENT_PART]];
  writing.carried(reason.path);
  const { code = '', display = '' } = reason.value as Coding;
  const own = Object.entries(writing.partner.safety.reasons).find(([, hub]) => hub === code)?.[0];
  const hub = [code, display, DOCUMENT_PART];
  return [own === undefined ? hub : [own, display, 'L', ...hub]];
}

const asLines = (lines: readonly string[]): FieldValue =>
  lines.flatMap((text) => text.split(/\r\n?|\n/)).map((text) => [text]);

/** What was observed, in the writer's own words: the text of the note, else what the event itself says. */
function contentLines({ Communication: note, Task: task, focus }: Subject, writing: Writing): FieldValue {
  const entry = focus as Entry;
  const lines: string[] = [];
  if (note === focus && note !== undefined) {
    for (const [index, { contentString }] of ((note.value as Communication).payload ?? []).entries()) {
      if (contentString === undefined) continue;
      lines.push(contentString);
      writing.carried(`${note.path}.payload[${index}]`);
    }
    for (const path of retoldDocuments(writing.scene)) writing.carried(path);
  }
  if (entry.value.resourceType === 'DetectedIssue') lines.push(...issueLines(entry, writing));
  // Beside a note the handling lines say what the task demands.
  if (task !== undefined && note !== focus) lines.push(...taskLines(task as Entry, writing));
  return asLines(lines);
}

const CONTENT_OBX: SegmentPlan = {
  segment: 'OBX',
  required: true,
  each: (scene) => [parts(scene)],
  rows: [
    setId,
    typed('TX'),
    { to: 'OBX-3', give: subjectCode, type: 'CWE' },
    { to: 'OBX-5', give: contentLines, type: 'TX' },
    final,
    { to: 'OBX-14', give: actTime, type: 'TS' },
  ],
  also: [
    'Communication.subject', // PID
    'Communication.status', // TXA-17, TXA-19
    'Communication.category', // TXA-2
    'Communication.recipient', // whoever holds the message
    'Communication.priority', // the class says it
    'Communication.encounter', // PV1
    'Task.for',
    'Task.focus',
    'Task.owner',
    'Task.intent',
    'Task.status',
    'Task.priority',
    'Task.requester',
    'Task.code',
    'Task.authoredOn', // the deadline follows from it
    'focus.patient',
  ],
};

const HANDLING_OBX: SegmentPlan = {
  segment: 'OBX',
  each: (scene) => (noteOf(scene) === undefined || noteOf(scene) !== scene.focus ? [] : [parts(scene)]),
  rows: [
    setId,
    typed('TX'),
    part('handling', 'Handling'),
    {
      to: 'OBX-5',
      give: ({ Communication: note, Task: task }, writing) =>
        asLines(noteLines({ note: note as Entry | undefined, task: task as Entry | undefined }, writing)),
      type: 'TX',
    },
    final,
  ],
};

const coded = (name: string, text: string, find: (scene: Scene) => Found | undefined): SegmentPlan => ({
  segment: 'OBX',
  each: (scene) => {
    const value = find(scene);
    return value === undefined ? [] : [{ value }];
  },
  rows: [
    setId,
    { to: 'OBX-2', give: () => [['CE']], until: '2.6' },
    { to: 'OBX-2', give: () => [['CWE']], since: '2.6' },
    part(name, text),
    { to: 'OBX-5', from: 'value', as: first(cwe()) },
    final,
  ],
});

const found = (scene: Scene) => ({ note: noteOf(scene), task: taskOf(scene) });

const DEADLINE_OBX: SegmentPlan = {
  segment: 'OBX',
  each: (scene) => (element(taskOf(scene), 'restriction') === undefined ? [] : [{ Task: taskOf(scene) }]),
  rows: [
    setId,
    { to: 'OBX-2', give: () => [['TS']], until: '2.6' },
    { to: 'OBX-2', give: () => [['DTM']], since: '2.6' },
    part('answer-by', 'Answer by'),
    { to: 'OBX-5', from: 'Task.restriction.period.end', as: first(dtm) },
    final,
  ],
};

/** An attachment that travels inside the note. One that is only a link is listed as left out: the receiver could not open it. */
const ATTACHMENT_OBX: SegmentPlan = {
  segment: 'OBX',
  each: (scene) => attachmentsOf(scene).map((attachment) => ({ attachment })),
  rows: [
    setId,
    typed('ED'),
    part('attachment', 'Attachment'),
    {
      to: 'OBX-5',
      give: encapsulated,
      type: 'ED',
      carries: ['attachment.data', 'attachment.contentType', 'attachment.title'],
    },
    final,
  ],
};

function encapsulated({ attachment }: Subject): FieldValue {
  const { contentType = 'application/octet-stream', data = '' } = (attachment?.value ?? {}) as Attachment;
  const [type = '', subtype = ''] = contentType.split(';')[0]!.split('/');
  return [['', MAIN_TYPES[type] ?? 'AP', subtype.toUpperCase(), 'Base64', data]];
}

/** Table 0834 / 0191 main types. */
const MAIN_TYPES: Readonly<Record<string, string>> = { text: 'TEXT', image: 'IM', audio: 'AU', application: 'AP' };

/** What the law wants beside the content; MDM takes no NTE before 2.6. */
const NOTICE_OBX: SegmentPlan = {
  segment: 'OBX',
  each: ({ event }) => (event.notice === undefined ? [] : [{ notice: { value: event.notice, path: NOTICE_PATH } }]),
  rows: [
    setId,
    typed('TX'),
    part('disclosure-notice', 'Disclosure notice'),
    {
      to: 'OBX-5',
      give: ({ notice }, writing) => asLines([`${notice?.value}`, ...consentLines(writing)]),
      type: 'TX',
      carries: ['notice'],
    },
    final,
  ],
};

/** Notes, answers and notices as a document with content. T06 adds to the document that TXA-13 names. */
export const NOTE_MDM = (event: 'T02' | 'T06'): OutboundMessage => ({
  focus: ['Communication', 'Task', 'DetectedIssue'],
  trigger: () => ({ type: 'MDM', event, structure: 'MDM_T02' }),
  segments: [
    EVENT_EVN(event),
    PATIENT_PID,
    VISIT_PV1_OR_NONE,
    { segment: 'TXA', required: true, each: (scene) => [parts(scene)], rows: TXA_ROWS },
    CONTENT_OBX,
    HANDLING_OBX,
    coded('safety-class', 'Safety class', (scene) => CLASS(found(scene))),
    coded('requested-action', 'Requested action', (scene) => REQUEST(found(scene))),
    DEADLINE_OBX,
    ATTACHMENT_OBX,
    NOTICE_OBX,
  ],
});
