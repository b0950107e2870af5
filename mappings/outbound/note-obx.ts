import type { Attachment, Coding, Communication, Task } from '@medplum/fhirtypes';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import type { Found, Subject } from '../../src/mapping/outbound/event.ts';
import { type FieldValue, first, type OutRow, type SegmentPlan, type Writing } from '../../src/mapping/outbound/row.ts';
import { type Entry, element, NOTICE_PATH, type Scene } from '../../src/mapping/outbound/scene.ts';
import { dtm } from '../../src/mapping/outbound/writers.ts';
import { ownEntry } from '../../src/mapping/own-entry.ts';
import { COMMUNICATION_KIND, SAFETY_REASON, TASK_CODE } from '../../src/model/codes.ts';
import { consentLines } from './consent-text.ts';
import { codingOf } from './hub-coding.ts';
import { issueLines } from './issue-text.ts';
import { attachmentsOf, retoldDocuments } from './note-attachment.ts';
import { documentParts, noteOf, observedAt, taskOf } from './note-parts.ts';
import { noteLines } from './note-text.ts';
import { actTime } from './note-txa.ts';
import { isClosed, taskLines } from './task-text.ts';

/** What tells a receiver's parser which line of the document it reads; the hub's own codes. */
const DOCUMENT_PART = '99HANDOFF';

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

/**
 * OBX-3 of the observation: of a safety note its reason, the receiver's word for it first; of any other document its kind. A reason
 * on an answer would make a receiver take the answer for a new note.
 */
function subjectCode({ Communication: note, focus }: Subject, writing: Writing): FieldValue {
  const { kind } = writing.event;
  const reason = kind === 'safety-note' ? codingOf(note as Entry | undefined, SAFETY_REASON.system) : undefined;
  const found = reason ?? codingOf(focus as Entry, COMMUNICATION_KIND.system) ?? taskCode(kind, focus as Entry);
  if (found === undefined) return [[kind, KIND_WORDS[kind] ?? '', DOCUMENT_PART]];
  writing.carried(found.path);
  const { code = '', display = '' } = found.value as Coding;
  const own = Object.entries(writing.partner.safety.reasons).find(([, hub]) => hub === code)?.[0];
  const hub = [code, display, DOCUMENT_PART];
  return [own === undefined || reason === undefined ? hub : [own, display, 'L', ...hub]];
}

const taskCode = (kind: string, focus: Entry): Found | undefined =>
  kind === 'acknowledgement' ? undefined : codingOf(focus, TASK_CODE.system);

const asLines = (lines: readonly string[]): FieldValue =>
  lines.flatMap((text) => text.split(/\r\n?|\n/)).map((text) => [text]);

/** What was observed, in the writer's own words: the text of the note, else what the event itself says. */
function contentLines({ Communication: note, Task: task, focus }: Subject, writing: Writing): FieldValue {
  const lines: string[] = [];
  if (note === focus && note !== undefined) {
    for (const [index, { contentString }] of ((note.value as Communication).payload ?? []).entries()) {
      if (contentString === undefined) continue;
      lines.push(contentString);
      writing.carried(`${note.path}.payload[${index}]`);
    }
    for (const path of retoldDocuments(writing.scene)) writing.carried(path);
  }
  for (const issue of writing.scene.all('DetectedIssue')) lines.push(...issueLines(issue, writing));
  // Beside a note the handling lines say what the task demands.
  if (task !== undefined && note !== focus) lines.push(...taskLines(task as Entry, writing));
  return asLines(lines);
}

function observationTime(subject: Subject, writing: Writing): FieldValue | undefined {
  const seen = subject.Communication === subject.focus ? observedAt(subject.focus as Entry) : undefined;
  if (seen === undefined) return actTime(subject, writing);
  const written = dtm.write(seen, writing);
  if (written !== undefined) writing.carried(seen.path);
  return written === undefined ? undefined : [written];
}

export const CONTENT_OBX: SegmentPlan = {
  segment: 'OBX',
  required: true,
  each: (scene) => [documentParts(scene)],
  rows: [
    setId,
    typed('TX'),
    { to: 'OBX-3', give: subjectCode, type: 'CWE' },
    { to: 'OBX-5', give: contentLines, type: 'TX' },
    final,
    { to: 'OBX-14', give: observationTime, type: 'TS' },
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

export const HANDLING_OBX: SegmentPlan = {
  segment: 'OBX',
  each: (scene) => (noteOf(scene) === undefined || noteOf(scene) !== scene.focus ? [] : [documentParts(scene)]),
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

/** A code of the hub as an OBX of its own, for a receiver that reads codes and no words. */
export const codedObx = (name: string, text: string, find: (scene: Scene) => Found | undefined): SegmentPlan => ({
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

/** What is demanded of the reader. An acknowledgement and what is done demand nothing any more. */
export const demanded = (scene: Scene) => {
  const task = taskOf(scene);
  return scene.event.kind === 'acknowledgement' || isClosed(task?.value as Task | undefined)
    ? { note: undefined, task: undefined }
    : { note: noteOf(scene), task };
};

export const DEADLINE_OBX: SegmentPlan = {
  segment: 'OBX',
  each: (scene) => {
    const { task } = demanded(scene);
    return element(task, 'restriction') === undefined ? [] : [{ Task: task }];
  },
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
export const ATTACHMENT_OBX: SegmentPlan = {
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
  return [['', ownEntry(MAIN_TYPES, type) ?? 'AP', subtype.toUpperCase(), 'Base64', data]];
}

/** Table 0834 / 0191 main types. */
const MAIN_TYPES: Readonly<Record<string, string>> = { text: 'TEXT', image: 'IM', audio: 'AU', application: 'AP' };

/** What the law wants beside the content; MDM takes no NTE before 2.6. */
export const NOTICE_OBX: SegmentPlan = {
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
