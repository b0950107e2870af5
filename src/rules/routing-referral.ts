import type { ServiceRequest, Task } from '@medplum/fhirtypes';
import { BUSINESS_STATUS, codeIn } from '../model/codes.ts';
import type { OutboxEvent } from '../model/outbox.ts';
import { contentOf, isReleased, releasedContent } from './referral.ts';
import { type Act, eventOf, find, type Known, organization } from './routing-event.ts';

const WITH_RECEIVER = ['requested', 'received', 'accepted', 'in-progress', 'on-hold', 'completed'];

/** The referral out once its gate is open, its withdrawal, and every answer back to who referred. Rule: R10, R11, DOMAIN B7. */
export function referralEvents(task: Task, known: Known): OutboxEvent[] {
  const request = find<ServiceRequest>(task.focus?.reference, known);
  if (request === undefined) return [];
  // An answer may come before its referral left, by another way or in another order: who referred hears of it all the same.
  if (!isReleased(task)) return answerEvents(task, known);
  const from = referrerOf(task, request, known);
  const to = organization(task.owner, known) ?? organization(request.performer?.[0], known);
  const about = [request, task];
  if (request.status === 'revoked' || task.status === 'cancelled' || task.status === 'entered-in-error') {
    return eventOf({ kind: 'referral-cancel', key: `referral/${request.id}/cancelled`, to, from, about }, known);
  }
  const events = WITH_RECEIVER.includes(task.status)
    ? [
        ...eventOf({ kind: 'referral', key: `referral/${request.id}`, to, from, about }, known),
        ...modified(request, task, { to, from, about }, known),
        ...asked(request, task, { to, from, about }, known),
      ]
    : [];
  return [...events, ...answerEvents(task, known)];
}

/** What the referral asks for has changed since it left. */
function modified(
  request: ServiceRequest,
  task: Task,
  act: Pick<Act, 'to' | 'from' | 'about'>,
  known: Known,
): OutboxEvent[] {
  const left = releasedContent(task);
  const now = contentOf(request);
  if (left === undefined || left === now) return [];
  return eventOf({ kind: 'referral-modify', key: `referral/${request.id}/modified/${now}`, ...act }, known);
}

/** Nobody answered by the deadline, and the ladder was walked: the receiver's own system is asked once for news (H17). */
function asked(
  request: ServiceRequest,
  task: Task,
  act: Pick<Act, 'to' | 'from' | 'about'>,
  known: Known,
): OutboxEvent[] {
  const isOpen = task.status === 'requested' || task.status === 'received';
  if (!isOpen || codeIn(BUSINESS_STATUS, task.businessStatus) !== 'escalated') return [];
  const key = `referral/${request.id}/status/${task.restriction?.period?.end ?? ''}`;
  return eventOf({ kind: 'referral-status', key, ...act }, known);
}

/** Who refers: the partner that Task or request names, else who owns the row (a source may name a person in its own words). */
function referrerOf(task: Task, request: ServiceRequest | undefined, known: Known): string | undefined {
  return organization(task.requester, known) ?? organization(request?.requester, known) ?? known.context.owner;
}

/** Statuses the referrer hears of. `received` is the hub's own knowledge and no answer of a person. */
const ANSWERS = ['accepted', 'rejected', 'in-progress', 'on-hold', 'completed', 'failed'];

export function answerEvents(task: Task, known: Known): OutboxEvent[] {
  const business = codeIn(BUSINESS_STATUS, task.businessStatus);
  const asksBack = business === 'awaiting-information';
  if (!ANSWERS.includes(task.status) && !asksBack) return [];
  const act = task.status === 'accepted' || business === undefined ? task.status : `${task.status}/${business}`;
  const request = find<ServiceRequest>(task.focus?.reference, known);
  const to = referrerOf(task, request, known);
  const from = organization(task.owner, known);
  // An answer to a modification is one of its own, though it says what the first one said.
  const { answeredBy } = known.context;
  const by = answeredBy === 'RRI^I13' ? `/${answeredBy}` : '';
  return eventOf(
    { kind: 'referral-answer', key: `task/${task.id}/${act}${by}`, to, from, about: [task, request] },
    known,
  );
}
