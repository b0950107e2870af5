import type { Communication, Reference, Task } from '@medplum/fhirtypes';
import type { Found } from '../../src/mapping/outbound/event.ts';
import { partyText, sayParty, telephoneOf } from '../../src/mapping/outbound/people.ts';
import type { Writing } from '../../src/mapping/outbound/row.ts';
import { type Entry, element } from '../../src/mapping/outbound/scene.ts';
import { readableTime } from '../../src/mapping/outbound/time.ts';
import { SAFETY_REASON, TASK_CODE } from '../../src/model/codes.ts';
import { codingOf } from './hub-coding.ts';
import { authorOf } from './note-author.ts';
import { CLASS, observedAt, REQUEST, unansweredOf } from './note-parts.ts';

/** The note and the demand that hangs on it. */
export interface NoteParts {
  readonly note: Entry | undefined;
  readonly task: Entry | undefined;
}

/**
 * What a clinician who reads only the text must know besides the observation: why, when, by whom, how urgent, what is asked, by
 * when, what happens without an answer, and whom to telephone. Lines without content are left out. Rule: R13–R17, DOMAIN D5.
 */
export function noteLines({ note, task }: NoteParts, writing: Writing): readonly string[] {
  const communication = note?.value as Communication | undefined;
  const klass = CLASS({ note, task });
  const request = REQUEST({ note, task });
  const deadline = (task?.value as Task | undefined)?.restriction?.period?.end;
  const people = [note === undefined ? undefined : authorOf(note)?.value, communication?.sender];
  const from = [...new Set(people.map((one) => partyText(writing.scene, one)).filter((text) => text !== ''))].join(
    ', ',
  );
  for (const one of people) sayParty(writing, one);
  const isEscalation = writing.event.kind === 'escalation';
  const unanswered = isEscalation && note !== undefined ? unansweredOf(writing.scene, note) : [];
  const told = isEscalation ? (communication?.recipient ?? []).filter(isPerson) : [];
  for (const one of told) sayParty(writing, one);
  const telephone = people.map((one) => telephoneOf(writing.scene, one)).find((text) => text !== '');
  return [
    line('To', told.map((one) => partyText(writing.scene, one)).join(', ')),
    line('Not answered', unanswered.map((one) => words(codingOf(one, TASK_CODE.system))).join('; ')),
    line('Reason', words(codingOf(isEscalation ? answeredNote(note, writing) : note, SAFETY_REASON.system))),
    line('When', time(communication?.sent, writing)),
    line('Observed', time(observedAt(note)?.value, writing)),
    line('From', from),
    line('Class', [code(klass), words(klass)].filter(Boolean).join(' ')),
    line('Asked', words(request)),
    line('Answer by', time(deadline, writing)),
    line('Without an answer', deadline === undefined || isEscalation ? '' : consequence(code(klass))),
    line('Telephone', telephone),
  ].filter((text) => text !== '');
}

const isPerson = ({ reference = '' }: Reference): boolean => /^Practitioner(Role)?\//.test(reference);

/** The note whose answer an escalation misses. */
function answeredNote(note: Entry | undefined, { scene }: Writing): Entry | undefined {
  const answered = (element(note, 'inResponseTo') ?? []) as Reference[];
  return answered.map((one) => scene.at(one)).find((one) => one?.value.resourceType === 'Communication');
}

const line = (name: string, text: string | undefined): string => (text ? `${name}: ${text}` : '');
const code = (found: Found | undefined): string => (found?.value as { code?: string } | undefined)?.code ?? '';

function words(found: Found | undefined): string {
  const coding = found?.value as { code?: string; display?: string } | undefined;
  return coding?.display ?? coding?.code ?? '';
}

function time(text: string | undefined, { partner }: Writing): string {
  return text === undefined ? '' : (readableTime(text, partner.zone) ?? '');
}

/** An automatic answer is no answer, and a note is no telephone call: both are said where a person may think so. */
function consequence(klass: string): string {
  const told = 'backup, supervisor and sender are told; only a named person can acknowledge, not a system';
  return klass === 'E0' ? `${told}. This note replaces neither a telephone call nor 911 or 988` : told;
}
