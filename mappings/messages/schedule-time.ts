import type { Segment } from '../../src/hl7/tree.ts';
import { Annotated } from '../../src/mapping/annotated.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import { decimal } from '../datatypes/text.ts';

type Time = string | Annotated;

export interface TimeWindow {
  /** Both or neither. Rule: FHIR R4 app-2. */
  readonly start: Time | undefined;
  readonly end: Time | undefined;
  readonly minutes: number | undefined;
}

const MINUTES: Readonly<Record<string, number>> = {
  S: 1 / 60,
  SEC: 1 / 60,
  SECOND: 1 / 60,
  SECONDS: 1 / 60,
  MIN: 1,
  M: 1,
  MINUTE: 1,
  MINUTES: 1,
  MINS: 1,
  H: 60,
  HR: 60,
  HRS: 60,
  HOUR: 60,
  HOURS: 60,
  D: 1440,
  DAY: 1440,
  DAYS: 1440,
};

/**
 * The window of one resource (AIG, AIL, AIP): its own start and duration, else that of the session. Undefined unless both ends are
 * known instants.
 */
export function resourceWindow(
  segment: Segment,
  shape: { readonly start: number; readonly amount: number; readonly unit: number },
  session: TimeWindow,
  scope: Scope,
): { readonly start: Time; readonly end: Time } | undefined {
  const text = segment.get(shape.start)?.trim();
  scope.place(segment, shape.start);
  const own = text ? scope.time(text, 'instant') : undefined;
  const start = own ?? session.start;
  const amount = minutesOf(segment.get(shape.amount), segment.get(shape.unit));
  const end = own === undefined && amount === undefined ? session.end : plus(start ?? '', amount ?? session.minutes);
  return start === undefined || end === undefined ? undefined : { start, end };
}

/** An amount and its unit in minutes; a missing unit is minutes. Undefined when it is no positive time. */
function minutesOf(amount: string | undefined, unit: string | undefined): number | undefined {
  const value = decimal(amount?.trim());
  const factor = unit === undefined || unit.trim() === '' ? 1 : MINUTES[unit.trim().toUpperCase()];
  return value === undefined || factor === undefined || value <= 0 ? undefined : value * factor;
}

/**
 * The window of an appointment: TQ1-7/8, else SCH-11.4/.5, else AIS-4, AIG-8, AIL-6 or AIP-6 with their durations. A missing end is
 * the start plus the duration. SCH-12 is a person. Of the `session`
 * alone: without the times of its single resources. Rule: DOMAIN §C1 SIU, §E2.
 */
export function windowOf(sch: Segment, scope: Scope, of: 'all' | 'session' = 'all'): TimeWindow {
  const { message } = scope;
  const tq1 = message.segment('TQ1');
  const ais = message.segments('AIS').find((segment) => segment.get(4) !== undefined);
  const stated =
    minutesOf(sch.get(9), sch.get(10)) ??
    minutesOf(tq1?.get(6, 1, 1), tq1?.get(6, 1, 2)) ??
    minutesOf(sch.get(11, 1, 3)?.replace(/^\D+/, ''), unitOfInterval(sch.get(11, 1, 3)));
  const candidates: readonly (readonly [Segment | undefined, number, number, number?, number?])[] = [
    [tq1, 7, 1],
    [sch, 11, 4],
    [ais, 4, 1, 7, 8],
    [message.segment('AIG'), 8, 1, 11, 12],
    [message.segment('AIL'), 6, 1, 9, 10],
    [message.segment('AIP'), 6, 1, 9, 10],
  ];
  for (const [segment, field, component, amount, unit] of of === 'all' ? candidates : candidates.slice(0, 2)) {
    const text = segment?.get(field, 1, component)?.trim();
    if (segment === undefined || !text) continue;
    scope.place(segment, field);
    const start = scope.time(text, 'instant');
    if (start === undefined) continue;
    const own = amount === undefined ? undefined : minutesOf(segment.get(amount), segment.get(unit!));
    const end = endAfter(start, statedEnd(tq1, sch, scope), scope) ?? plus(start, own ?? stated);
    if (end === undefined)
      scope.issue('map.time-incomplete', 'an appointment with a start and neither end nor duration');
    return { start: end === undefined ? undefined : start, end, minutes: whole(stated ?? own) };
  }
  return { start: undefined, end: undefined, minutes: whole(stated) };
}

/**
 * The stated end, unless it is not after the start: a slip, or a start that the clock change moved onto it. An appointment without
 * length would be in nobody's way. R4 has no invariant for it. Rule: H8, R01.
 */
function endAfter(start: Time, end: Time | undefined, scope: Scope): Time | undefined {
  if (end === undefined || Date.parse(shownTime(end)) > Date.parse(shownTime(start))) return end;
  scope.issue('map.end-not-after-start', 'the stated end is not after the start: the duration counts');
  return undefined;
}

function statedEnd(tq1: Segment | undefined, sch: Segment, scope: Scope): Time | undefined {
  for (const [segment, field, component] of [
    [tq1, 8, 1],
    [sch, 11, 5],
  ] as const) {
    const text = segment?.get(field, 1, component)?.trim();
    if (segment === undefined || !text) continue;
    scope.place(segment, field);
    const end = scope.time(text, 'instant');
    if (end !== undefined) return end;
  }
  return undefined;
}

/** TQ.3: `M60`, `H2`. */
function unitOfInterval(text: string | undefined): string | undefined {
  return text?.match(/^[A-Z]+/i)?.[0];
}

/** A time as FHIR writes it, without the note of what the sender wrote. */
export const shownTime = (time: Time): string => String(time instanceof Annotated ? time.value : time);

/** A year: what is longer is no appointment, and no procedure. */
const MINUTES_MAX = 366 * 1440;

function whole(minutes: number | undefined): number | undefined {
  return minutes === undefined || minutes < 1 || minutes > MINUTES_MAX ? undefined : Math.round(minutes);
}

/** The instant some minutes later, shown with the offset the start has: end and start are of one wall clock. */
export function plus(start: Time, minutes: number | undefined): string | undefined {
  if (minutes === undefined || minutes > MINUTES_MAX) return undefined;
  const text = shownTime(start);
  const offset = /(Z|[+-]\d{2}:\d{2})$/.exec(text)?.[1] ?? 'Z';
  const offsetMin =
    offset === 'Z'
      ? 0
      : (offset.startsWith('-') ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4)));
  const at = Date.parse(text) + minutes * 60_000;
  if (Number.isNaN(at)) return undefined;
  return `${new Date(at + offsetMin * 60_000).toISOString().slice(0, 19)}${offset}`;
}
