import type { LadderStep, SafetyClass, SafetyReason } from '../model/codes.ts';
import { CLASS_OF_REASON, isCode, SAFETY_REASON } from '../model/codes.ts';
import {
  type Calendar,
  closingTime,
  isBusinessDay,
  isStaffed,
  onBusinessDay,
  onSameDay,
  wallTime,
} from './calendar.ts';
import { earliest, latest, plus } from './instants.ts';
import type { SafetyPolicy } from './safety-policy.ts';

/** Of suicide-related notes none is due after the recipient's current program day (think Friday 15:10). */
const SUICIDE_RELATED: readonly SafetyReason[] = [
  'emergent-suicidality',
  'suicide-behavior-recent',
  'loss-of-contact',
  'suicide-risk-screen',
  'phq9-item-9',
];
export const isSuicideRelated = (reason: SafetyReason): boolean => SUICIDE_RELATED.includes(reason);

const ORDER: readonly SafetyClass[] = ['E3', 'E2', 'E1', 'E0'];

/** The more urgent of two classes. */
export const moreUrgent = (a: SafetyClass, b: SafetyClass): SafetyClass =>
  ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;

/** C-SSRS screener answers; undefined: not asked or not answered, which is not "no". */
export interface ScreenAnswers {
  readonly wishDead?: boolean;
  readonly nonSpecific?: boolean;
  readonly method?: boolean;
  readonly intent?: boolean;
  readonly plan?: boolean;
  readonly behaviorLifetime?: boolean;
  readonly behaviorRecent?: boolean;
}

/** PHQ-9 item 9 now and before, and whether a suicide-risk assessment of the same day is recorded. */
export interface ItemNine {
  readonly now: number;
  readonly before?: number;
  readonly assessedSameDay: boolean;
}

export interface Signal {
  /** Code as it came; one that is no hub code is unknown. */
  readonly reason?: string;
  /** Class the sender stated; it can raise the class, never lower it. */
  readonly stated?: string;
  readonly screen?: ScreenAnswers;
  readonly itemNine?: ItemNine;
}

export interface Classified {
  readonly class: SafetyClass;
  readonly reason: SafetyReason;
  /** The reason or class was missing or not understood: an operator has to look (never filed as a routine document). */
  readonly unknown: boolean;
}

/**
 * The class of a note. Each input can only raise it; what is not understood counts as E1. It sets how fast a named person must
 * answer, never whether the note is sent. Rule: DOMAIN D5, H14.
 */
export function classify(signal: Signal, policy: SafetyPolicy): Classified {
  const known = isCode(SAFETY_REASON, signal.reason) && signal.reason !== 'unspecified';
  const reason: SafetyReason = known ? (signal.reason as SafetyReason) : 'unspecified';
  const statedUnknown = signal.stated !== undefined && !ORDER.includes(signal.stated as SafetyClass);
  const byReason = moreUrgent(CLASS_OF_REASON[reason], policy.classes?.[reason] ?? 'E3');
  const others: SafetyClass[] = [];
  if (signal.screen !== undefined) others.push(...(classOfScreen(signal.screen) ?? []));
  if (signal.itemNine !== undefined) others.push(...(classOfItemNine(signal.itemNine) ?? []));
  if (statedUnknown) others.push('E1');
  else if (signal.stated !== undefined) others.push(signal.stated as SafetyClass);
  // A screen or an item says more than the bare code that announces it.
  const measured =
    reason === 'suicide-risk-screen' && signal.screen !== undefined && classOfScreen(signal.screen) !== undefined;
  const nine =
    reason === 'phq9-item-9' && signal.itemNine !== undefined && classOfItemNine(signal.itemNine) !== undefined;
  const start: SafetyClass = measured || nine ? 'E3' : byReason;
  return { class: others.reduce(moreUrgent, start), reason, unknown: !known || statedUnknown };
}

/** Q4, Q5 or behaviour within three months: E0. Q3 or older behaviour: E1. Q1, Q2: E2. All no or not asked: nothing. */
function classOfScreen(screen: ScreenAnswers): [SafetyClass] | undefined {
  if (screen.intent || screen.plan || screen.behaviorRecent) return ['E0'];
  if (screen.method || screen.behaviorLifetime) return ['E1'];
  return screen.wishDead || screen.nonSpecific ? ['E2'] : undefined;
}

/** New, increased or at least 2: E1. Unchanged at 1: E2 when assessed the same day, else E1. Never by the total. */
function classOfItemNine({ now, before, assessedSameDay }: ItemNine): [SafetyClass] | undefined {
  if (!(now >= 1)) return undefined;
  if (now >= 2 || before === undefined || now > before) return ['E1'];
  return assessedSameDay ? ['E2'] : ['E1'];
}

/**
 * By when a named person must have answered; undefined: no answer is asked for (E3). Computed once, when the note is raised, from its
 * receipt and the recipient's calendar. An organization without a business day in sight gets the deadline of the same day.
 */
export function deadlineOf(
  safetyClass: SafetyClass,
  reason: SafetyReason,
  raisedAt: string,
  calendar: Calendar,
  policy: SafetyPolicy,
): string | undefined {
  switch (safetyClass) {
    case 'E0':
      return plus(raisedAt, policy.E0.ackSec * 1000);
    case 'E1': {
      if (!isStaffed(raisedAt, calendar)) return plus(raisedAt, policy.E1.onCallSec * 1000);
      const hour = plus(raisedAt, policy.E1.ackSec * 1000);
      return isSuicideRelated(reason) ? beforeClosing(hour, raisedAt, calendar, policy) : hour;
    }
    case 'E2':
      return isSuicideRelated(reason)
        ? withinProgramDay(raisedAt, calendar, policy)
        : sameDay(raisedAt, calendar, policy);
    case 'E3':
      return undefined;
  }
}

/** Not beyond the end of the program day, and not shorter than what an emergent note is given. */
function beforeClosing(deadline: string, raisedAt: string, calendar: Calendar, policy: SafetyPolicy): string {
  const closing = closingTime(raisedAt, calendar) ?? deadline;
  const shortest = plus(raisedAt, policy.E0.ackSec * 1000);
  return latest(shortest, earliest(deadline, closing));
}

function sameDay(raisedAt: string, calendar: Calendar, { E2 }: SafetyPolicy): string {
  const today = onSameDay(raisedAt, E2.by, calendar);
  const early = isBusinessDay(raisedAt, calendar) && wallTime(raisedAt, calendar.zone) <= E2.cutoff;
  if (early && today > raisedAt) return today;
  return onBusinessDay(raisedAt, 1, E2.nextDayBy, calendar) ?? today;
}

/** The end of the current program day, or the on-call's time when that day is over. Never the next morning. */
function withinProgramDay(raisedAt: string, calendar: Calendar, policy: SafetyPolicy): string {
  const onCall = plus(raisedAt, policy.E1.onCallSec * 1000);
  if (!isBusinessDay(raisedAt, calendar)) return onCall;
  const closing = closingTime(raisedAt, calendar);
  const by = onSameDay(raisedAt, policy.E2.by, calendar);
  const end = [closing, by].filter((each) => each !== undefined && each > raisedAt).sort()[0];
  return end ?? onCall;
}

export interface LadderInstant {
  readonly step: LadderStep;
  /** 1 for the first time; repeats of the last rung count on. */
  readonly turn: number;
  readonly at: string;
}

/**
 * The steps due up to `now`, in order. Which of them were taken already is what the Task records; the same instant gives the same
 * steps, after a restart, a clock jump or a pause of the sweep alike.
 */
export function ladderDue(
  safetyClass: SafetyClass,
  raisedAt: string,
  deadline: string | undefined,
  now: string,
  policy: SafetyPolicy,
): LadderInstant[] {
  if (safetyClass === 'E3' || deadline === undefined) return [];
  const steps = rungsOf(safetyClass, raisedAt, deadline, policy);
  const due = steps.filter((each) => each.at <= now);
  const last = steps.at(-1);
  if (safetyClass !== 'E0' || last === undefined) return due;
  const { repeatSec } = policy.E0;
  const turns = Math.floor((Date.parse(now) - Date.parse(last.at)) / (repeatSec * 1000));
  // The number of turns is shown, not each of them: a hub that was down for a day tells people once.
  return turns < 1 ? due : [...due, { step: 'operator', turn: turns + 1, at: plus(last.at, turns * repeatSec * 1000) }];
}

/** The first step after `now`, so that a sweep need not look before; undefined: there is none any more. */
export function nextStepAt(
  safetyClass: SafetyClass,
  raisedAt: string,
  deadline: string | undefined,
  now: string,
  policy: SafetyPolicy,
): string | undefined {
  if (safetyClass === 'E3' || deadline === undefined) return undefined;
  const steps = rungsOf(safetyClass, raisedAt, deadline, policy);
  const next = steps
    .map((each) => each.at)
    .filter((at) => at > now)
    .sort()[0];
  const last = steps.at(-1);
  if (next !== undefined || safetyClass !== 'E0' || last === undefined) return next;
  const repeatMs = policy.E0.repeatSec * 1000;
  return plus(last.at, (Math.floor((Date.parse(now) - Date.parse(last.at)) / repeatMs) + 1) * repeatMs);
}

/** The rungs of a class with their instants, in the order of the policy. */
function rungsOf(
  safetyClass: 'E0' | 'E1' | 'E2',
  raisedAt: string,
  deadline: string,
  policy: SafetyPolicy,
): LadderInstant[] {
  const start = safetyClass === 'E2' ? deadline : raisedAt;
  return policy[safetyClass].ladder.map(({ step, afterSec }) => ({
    step,
    turn: 1,
    at: plus(start, rung(safetyClass, afterSec, start, deadline, policy)),
  }));
}

/** Outside staffed hours the E1 ladder stretches with its deadline, so that the backup is reached when the deadline passes. */
function rung(
  safetyClass: SafetyClass,
  afterSec: number,
  raisedAt: string,
  deadline: string,
  policy: SafetyPolicy,
): number {
  if (safetyClass !== 'E1') return afterSec * 1000;
  const given = Date.parse(deadline) - Date.parse(raisedAt);
  return policy.E1.ackSec === 0 ? afterSec * 1000 : Math.round((afterSec / policy.E1.ackSec) * given);
}

/**
 * The deadline after a change of class. Upward: the shorter of the old deadline and a new one counted from now. Downward: the old one
 * stays (a later deadline needs a new note and a reason).
 */
export function reclassified(old: string | undefined, renewed: string | undefined): string | undefined {
  if (old === undefined) return renewed;
  return renewed !== undefined && renewed < old ? renewed : old;
}
