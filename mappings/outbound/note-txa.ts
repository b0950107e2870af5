import type { Reference } from '@medplum/fhirtypes';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import { confidentialityOf } from '../../src/mapping/outbound/label.ts';
import { partyAt, xcn } from '../../src/mapping/outbound/people.ts';
import type { FieldValue, OutRow, Writing } from '../../src/mapping/outbound/row.ts';
import { type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import { dtm } from '../../src/mapping/outbound/writers.ts';
import { documentId, referencedId } from './document-id.ts';
import { authorOf } from './note-author.ts';

const SAFETY_KINDS = ['safety-note', 'safety-answer', 'escalation', 'not-delivered'];
/**
 * TXA-2 in the receiver's words: its dialect, else what it calls a safety note, else table 0270. An acknowledgement is no safety note:
 * filed as one it would raise an alarm of its own.
 */
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
    if (!/^(Communication|DocumentReference)\//.test((reference as Reference | undefined)?.reference ?? '')) continue;
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

/** TXA of a note, an answer or a notice. */
export const TXA_ROWS: readonly OutRow[] = [
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

export function actTime({ focus }: Subject, writing: Writing): FieldValue | undefined {
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
