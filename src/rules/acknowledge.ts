import type { Communication, PractitionerRole, Task } from '@medplum/fhirtypes';
import type { Actor } from '../model/actor.ts';
import type { Issue } from '../model/assertion.ts';
import { COMMUNICATION_KIND, codeIn, TASK_CODE, type TaskCode } from '../model/codes.ts';
import type { Stored } from '../model/store.ts';
import type { WriteRule } from '../model/write-rule.ts';
import { affiliationsOf, organizationOf } from './facts.ts';
import { outputOf } from './referral.ts';

/** Tasks only a person may answer. A delivery, a receipt or a program's token never does (H2). */
export const PERSONAL: readonly TaskCode[] = [
  'acknowledge-safety-note',
  'answer-hold-request',
  'told-outpatient-provider',
  'telephone-recipient',
  'review-discharge',
  'review-dose-total',
];

/** Of these no machine may say that they are answered, not even the hub's own bots. */
export const ANSWERED_BY_PEOPLE_ONLY: readonly TaskCode[] = ['acknowledge-safety-note', 'answer-hold-request'];

export const ANSWERED = ['accepted', 'in-progress', 'completed', 'rejected', 'failed'];

type Write = Parameters<WriteRule['check']>[0];

export const refusal = (code: string, text: string, location?: string): Issue => ({
  severity: 'error',
  code,
  text,
  ...(location === undefined ? {} : { location }),
});

/** References to read before an answer can be judged: who owns the Task, and who is named in it. */
export function answerNeeds(task: Task | undefined): string[] {
  if (task === undefined) return [];
  const who = outputOf(task, 'acknowledged-by')?.valueReference?.reference;
  return [task.owner?.reference, task.requester?.reference, who].filter((each) => each !== undefined);
}

/**
 * Why this actor may not answer this Task in this write; undefined: he may. An answer is one of a person of the owner organization, by
 * a token of his own, under an active role, and the Task says who he is. Rule: DESIGN 7, DOMAIN B6, H2.
 */
export function answerFault(write: Write, task: Task): Issue | undefined {
  const { actor, role, facts } = write;
  if (actor.kind === 'hub') return undefined;
  if (actor.kind !== 'user' || actor.practitionerRole === undefined) {
    return refusal('forbidden.not-a-person', 'only a named person may answer this task, not a system', 'Task.status');
  }
  const affiliations = affiliationsOf(facts as unknown as Parameters<typeof affiliationsOf>[0]);
  const own = role === undefined ? undefined : organizationOf((role as unknown as PractitionerRole).organization, {});
  if (!isActive(role)) {
    return refusal('forbidden.role-not-active', 'the role this token is bound to is not active', 'Task.status');
  }
  const owner = organizationOf(task.owner, affiliations);
  if (owner === undefined || own !== owner) {
    const sender = organizationOf(task.requester, affiliations);
    return sender !== undefined && sender === own
      ? refusal('forbidden.own-note', 'the sender cannot acknowledge its own note', 'Task.status')
      : refusal('forbidden.not-the-owner', 'only the organization that owns the task may answer it', 'Task.status');
  }
  return namesHim(task, actor, facts);
}

/** The answer says who gave it: the role of the token, or its practitioner. */
function namesHim(task: Task, actor: Actor, facts: readonly Stored[]): Issue | undefined {
  const named = outputOf(task, 'acknowledged-by')?.valueReference?.reference;
  const place = "Task.output('acknowledged-by')";
  if (named === undefined) return refusal('invalid.person-missing', 'an answer names the person who gives it', place);
  const self = [`PractitionerRole/${actor.practitionerRole}`, `Practitioner/${actor.practitioner}`];
  if (!self.includes(named)) {
    return refusal('forbidden.other-person', 'nobody answers in the name of somebody else', place);
  }
  const practitioner = facts.find((each) => `${each.resourceType}/${each.id}` === named);
  return practitioner === undefined || isActive(practitioner)
    ? undefined
    : refusal('forbidden.role-not-active', 'the person named is not active', place);
}

const isActive = (stored: Stored | undefined): boolean => stored !== undefined && stored.active !== false;

export const isPersonal = (task: Task): boolean => {
  const code = codeIn(TASK_CODE, task.code);
  return code !== undefined && PERSONAL.includes(code);
};

/**
 * Safety notes, their answers and the notices of the hub are append-only, a receipt is not an answer, and an answer names the
 * person who speaks. Rule: R10, R19, H1, H2, DOMAIN B6.
 */
export const communicationRule: WriteRule = {
  resourceType: 'Communication',
  check({ actor, before, after }) {
    if (actor.kind === 'hub' || actor.kind === 'bot') return undefined;
    const was = before as unknown as Communication | undefined;
    const is = after as unknown as Communication | undefined;
    if (isKept(was)) return changedNote(was!, is);
    if (is?.inResponseTo === undefined && !isAnswer(is)) return undefined;
    const { sender } = is as Communication;
    const person = /^(PractitionerRole|Practitioner)\//.test(sender?.reference ?? '');
    if (person) return undefined;
    return refusal(
      'invalid.person-missing',
      'an answer to a safety note names the person who gives it',
      'Communication.sender',
    );
  },
};

const kinds = (note: Communication | undefined) =>
  (note?.category ?? []).flatMap((each) => (each.coding ?? []).map((code) => code.code));
const isSafety = (note: Communication | undefined): boolean => kinds(note).includes('safety-note');
const isKept = (note: Communication | undefined): boolean =>
  (note?.category ?? []).some((each) => codeIn(COMMUNICATION_KIND, each) !== undefined);
const isAnswer = (note: Communication | undefined): boolean => kinds(note).includes('safety-answer');

function changedNote(before: Communication, after: Communication | undefined): Issue | undefined {
  if (after === undefined) {
    return refusal(
      'forbidden.note-kept',
      'a safety note is never deleted; correct it by entered-in-error and a new one',
    );
  }
  if (isSafety(before) && after.received !== before.received) {
    return refusal(
      'forbidden.receipt-is-no-answer',
      'a receipt does not acknowledge a note; answer its task',
      'Communication.received',
    );
  }
  const said = (note: Communication) =>
    JSON.stringify([note.payload, note.reasonCode, note.sender, note.sent, note.subject, note.category]);
  if (said(before) === said(after)) return undefined;
  return refusal(
    'forbidden.note-kept',
    'a safety note is not rewritten; correct it by entered-in-error and a new one',
    'Communication',
  );
}
