import { Temporal } from 'temporal-polyfill';

/** A change of a zone's offset: at instant `at` (ms since the epoch) from `before` to `after` (ms east of UTC). */
interface Change {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

interface ZoneYear {
  readonly start: number;
  readonly changes: readonly Change[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const YEARS_MAX = 4096;
const years = new Map<string, ZoneYear>();
const zones = new Map<string, boolean>();

/** Whether an IANA zone name is known here. */
export function isZone(name: string): boolean {
  const known = zones.get(name);
  if (known !== undefined) return known;
  let valid = true;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    valid = false;
  }
  if (zones.size < YEARS_MAX) zones.set(name, valid);
  return valid;
}

/**
 * The zone's changes from two days before a year to two days after it, read from Temporal once: asking Temporal for each
 * of a message's times costs a hundred times more. Offsets are rounded to minutes, the finest FHIR can say.
 */
function zoneYear(zone: string, year: number): ZoneYear {
  const key = `${zone} ${year}`;
  const known = years.get(key);
  if (known !== undefined) return known;
  const from = utc(year, 1, 1) - 2 * DAY_MS;
  const until = utc(year + 1, 1, 1) + 2 * DAY_MS;
  let at = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone);
  const start = offsetOf(at);
  let before = start;
  const changes: Change[] = [];
  for (;;) {
    const next = at.getTimeZoneTransition('next');
    if (next === null || next.epochMilliseconds >= until) break;
    const after = offsetOf(next);
    if (after !== before) changes.push({ at: next.epochMilliseconds, before, after });
    before = after;
    at = next;
  }
  if (years.size >= YEARS_MAX) years.clear();
  const found = { start, changes };
  years.set(key, found);
  return found;
}

function offsetOf(at: Temporal.ZonedDateTime): number {
  return Math.round(at.offsetNanoseconds / 1_000_000 / MINUTE_MS) * MINUTE_MS;
}

/** Milliseconds of a civil time taken as UTC; right for the years below 100 too, which `Date.UTC` shifts. */
export function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  if (year > 99) return Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}

export interface LocalTime {
  /** Milliseconds since the epoch. */
  readonly instant: number;
  /** Milliseconds east of UTC at that instant. */
  readonly offset: number;
  /** `gap`: no clock showed that time. `overlap`: clocks showed it twice. */
  readonly anomaly: 'gap' | 'overlap' | undefined;
}

/**
 * The instant at which clocks of a zone showed a wall time (ms as if UTC). Rule: in a gap the offset before the change holds, so
 * the time moves forward by the length of the gap (02:30 → 03:30); of a repeated hour the first is meant. Both are told.
 * The zone must be one `isZone` knows.
 */
export function localToInstant(local: number, zone: string): LocalTime {
  const { start, changes } = zoneYear(zone, new Date(local).getUTCFullYear());
  let offset = start;
  for (const { at, before, after } of changes) {
    if (local < at + Math.min(before, after)) break;
    if (local < at + Math.max(before, after)) {
      // A gap's result lies after the change, so it is written with the offset after it.
      const instant = local - before;
      return after > before
        ? { instant, offset: after, anomaly: 'gap' }
        : { instant, offset: before, anomaly: 'overlap' };
    }
    offset = after;
  }
  return { instant: local - offset, offset, anomaly: undefined };
}

/** Offset of a zone at an instant, in ms east of UTC. The zone must be one `isZone` knows. */
export function offsetAt(instant: number, zone: string): number {
  const { start, changes } = zoneYear(zone, new Date(instant).getUTCFullYear());
  let offset = start;
  for (const change of changes) {
    if (instant < change.at) break;
    offset = change.after;
  }
  return offset;
}
