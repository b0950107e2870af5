import { isZone, localToInstant, offsetAt, utc } from './zone.ts';

/** How exact a v2 time is. `fraction` is any number of digits below the second. */
export type Precision = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction';

/** A v2 TS/DTM taken apart. Parts finer than the precision are 1 (month, day) or 0. */
export interface V2Time {
  readonly precision: Precision;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Digits after the point, as written. */
  readonly fraction: string;
  /** Minutes east of UTC, when the text says so. */
  readonly offsetMin: number | undefined;
}

const DTM =
  /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,12}))?)?)?)?)?)?(?:([+-])(\d{2})(\d{2}))?$/;
const OFFSET_MAX_MIN = 14 * 60;

/** Reads `YYYY[MM[DD[HH[MM[SS[.f…]]]]]][+/-ZZZZ]`; undefined when it is not one or no such day or time exists. Rule: HL7 v2.9 2A.3.22. */
export function parseTime(text: string): V2Time | undefined {
  const found = DTM.exec(text.trim());
  if (found === null) return undefined;
  const [, y, mo, d, h, mi, s, fraction = '', sign, oh, om] = found;
  const [year, month, day] = [Number(y), Number(mo ?? 1), Number(d ?? 1)];
  const [hour, minute, second] = [Number(h ?? 0), Number(mi ?? 0), Number(s ?? 0)];
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = sign === undefined ? undefined : (sign === '-' ? -1 : 1) * (Number(oh) * 60 + Number(om));
  if (offset !== undefined && (Math.abs(offset) > OFFSET_MAX_MIN || Number(om) > 59)) return undefined;
  return { precision: precisionOf(found), year, month, day, hour, minute, second, fraction, offsetMin: offset };
}

const PRECISIONS: readonly Precision[] = ['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction'];

function precisionOf(found: RegExpExecArray): Precision {
  let last = 0;
  while (last < 6 && found[last + 2] !== undefined) last += 1;
  return PRECISIONS[last]!;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : MONTH_DAYS[month - 1]!;
}

/** How times of one message that carry no offset are to be read. Make it once a message with `senderTime`. */
export interface SenderTime {
  readonly zone: string | undefined;
  readonly offsetMin: number | undefined;
}

/**
 * The rule for times without an offset. The partner's IANA zone decides while the offset of MSH-7 is one the zone has at that
 * moment: MSH-7 then only says "my zone, today", and an appointment beyond the next clock change must not inherit today's offset.
 * An offset that contradicts the zone, or no zone, means that the offset of MSH-7 holds for the message.
 * Rule: DOMAIN C0 "Time", H8; HL7 v2.9 section 2.16.
 */
export function senderTime(zone: string | undefined, msh7: string | undefined): SenderTime {
  const known = zone !== undefined && isZone(zone) ? zone : undefined;
  const sent = msh7 === undefined ? undefined : parseTime(msh7);
  if (sent?.offsetMin === undefined) return { zone: known, offsetMin: undefined };
  if (known === undefined) return { zone: undefined, offsetMin: sent.offsetMin };
  const agrees = offsetAt(civil(sent) - sent.offsetMin * MINUTE_MS, known) === sent.offsetMin * MINUTE_MS;
  return agrees ? { zone: known, offsetMin: undefined } : { zone: undefined, offsetMin: sent.offsetMin };
}

export interface ResolvedTime {
  readonly original: string;
  readonly precision: Precision | undefined;
  /** FHIR date or dateTime at the precision of the original (to the second, zero-filled, where FHIR demands it). */
  readonly fhir: string | undefined;
  /** The same as UTC with milliseconds, `2026-03-08T07:30:00.000Z`. Only for a time of day, and within the years 1 to 9999. */
  readonly instant: string | undefined;
  /**
   * `gap`, `overlap`: see `localToInstant`; there is a result. `zone-unknown`: a time of day without offset or zone; `fhir` is its
   * date alone. `invalid`: not a time, no result.
   */
  readonly issue: 'gap' | 'overlap' | 'invalid' | 'zone-unknown' | undefined;
}

const MINUTE_MS = 60_000;

/** A v2 time as FHIR says it. A time without a time of day stays a date: it never passes through an instant. */
export function resolveTime(text: string, sender: SenderTime): ResolvedTime {
  const time = parseTime(text);
  if (time === undefined)
    return { original: text, precision: undefined, fhir: undefined, instant: undefined, issue: 'invalid' };
  const { precision } = time;
  if (precision === 'year' || precision === 'month' || precision === 'day') {
    return { original: text, precision, fhir: dateText(time, precision), instant: undefined, issue: undefined };
  }
  const local = civil(time);
  const fixedMin = time.offsetMin ?? sender.offsetMin;
  if (fixedMin !== undefined) {
    return done(text, time, local - fixedMin * MINUTE_MS, fixedMin * MINUTE_MS, undefined);
  }
  if (sender.zone === undefined) {
    return { original: text, precision, fhir: dateText(time, 'day'), instant: undefined, issue: 'zone-unknown' };
  }
  const { instant, offset, anomaly } = localToInstant(local, sender.zone);
  return done(text, time, instant, offset, anomaly);
}

function done(text: string, time: V2Time, instant: number, offset: number, found: ResolvedTime['issue']): ResolvedTime {
  const shown = new Date(instant + offset).toISOString().slice(0, 19);
  const fraction = time.fraction === '' ? '' : `.${time.fraction}`;
  const milliseconds = `${time.fraction}000`.slice(0, 3);
  const utcText = new Date(instant).toISOString();
  return {
    original: text,
    precision: time.precision,
    fhir: `${shown}${fraction}${offsetText(offset, ':')}`,
    // A year of five digits or before 1 has another form, which FHIR does not have: 9999-12-31 evening in New York is one.
    instant:
      utcText.length === 24 && !utcText.startsWith('0000') ? `${utcText.slice(0, 19)}.${milliseconds}Z` : undefined,
    issue: found,
  };
}

function civil(time: V2Time): number {
  return utc(time.year, time.month, time.day, time.hour, time.minute, time.second);
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

function dateText({ year, month, day }: V2Time, precision: 'year' | 'month' | 'day'): string {
  const y = String(year).padStart(4, '0');
  if (precision === 'year') return y;
  return precision === 'month' ? `${y}-${two(month)}` : `${y}-${two(month)}-${two(day)}`;
}

function offsetText(offset: number, colon: '' | ':'): string {
  const minutes = Math.abs(offset) / MINUTE_MS;
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`;
}

/** The date a v2 DT, TS or DTM names, as FHIR date (year, month or day); a time of day is left off, nothing is converted. */
export function fhirDate(text: string): string | undefined {
  const time = parseTime(text);
  if (time === undefined) return undefined;
  return dateText(time, time.precision === 'year' || time.precision === 'month' ? time.precision : 'day');
}

const TM = /^([01]\d|2[0-3])([0-5]\d)?(?:([0-5]\d)(\.\d{1,12})?)?(?:[+-]\d{4})?$/;

/** A v2 TM (`HHMM[SS[.f…]]`) as FHIR time. An offset is dropped: FHIR's time has none. */
export function fhirTime(text: string): string | undefined {
  const found = TM.exec(text.trim());
  if (found === null || (found[2] === undefined && found[3] !== undefined)) return undefined;
  return `${found[1]}:${found[2] ?? '00'}:${found[3] ?? '00'}${found[4] ?? ''}`;
}

const FHIR = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2}))?)?)?$/;

/**
 * A FHIR date, dateTime or instant as v2 text in a zone, with its offset: `20260308033000-0400`. A date stays a date. Fractions
 * are cut to four digits, the most v2 allows. Undefined when the text is not one of these or the zone is unknown.
 */
export function v2Time(fhir: string, zone: string): string | undefined {
  const found = FHIR.exec(fhir);
  if (found === null) return undefined;
  const [, year, month = '', day = '', hour, minute, second, fraction] = found;
  const civilText = `${year}${month}${day}${hour ?? ''}${minute ?? ''}${second ?? ''}`;
  if (parseTime(civilText) === undefined) return undefined;
  if (hour === undefined) return civilText;
  if (!isZone(zone)) return undefined;
  const text = formatInstant(Date.parse(fhir.replace(/\.\d+/, '')), zone);
  // At the ends of time the zone's year may have other than four digits.
  if (!/^\d{14}/.test(text)) return undefined;
  return fraction === undefined ? text : `${text.slice(0, 14)}.${fraction.slice(0, 4)}${text.slice(14)}`;
}

/** An instant (ms since the epoch) as v2 text to the second in a zone `isZone` knows; for MSH-7 of what we send. */
export function formatInstant(instantMs: number, zone: string): string {
  const offset = offsetAt(instantMs, zone);
  const shown = new Date(instantMs + offset).toISOString();
  return `${shown.slice(0, 19).replace(/[-:T]/g, '')}${offsetText(offset, '')}`;
}
