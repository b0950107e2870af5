/** Bounds of what an index can hold; open ends of periods and ranges stand there. */
export const TIME_MIN_MS = -8_640_000_000_000_000;
export const TIME_MAX_MS = 8_640_000_000_000_000;
export const NUMBER_MIN = -Number.MAX_VALUE;
export const NUMBER_MAX = Number.MAX_VALUE;

/** Both ends belong to the range. Times are milliseconds since 1970 UTC. */
export interface SearchRange {
  readonly lo: number;
  readonly hi: number;
}

export const SEARCH_PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type SearchPrefix = (typeof SEARCH_PREFIXES)[number];

export interface PrefixedRange extends SearchRange {
  readonly prefix: SearchPrefix;
}

const DATE_TIME =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/**
 * The instants a FHIR date, dateTime or instant may mean: a year is all its milliseconds. Without offset it is read as
 * UTC, on both sides of a comparison. `undefined`: not a FHIR date. Rule: FHIR R4 search.html#date.
 */
export function dateRange(text: string): SearchRange | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  if (month !== undefined && (month < '01' || month > '12')) return undefined;
  if (day !== undefined && !isDay(Number(year), Number(month), Number(day))) return undefined;
  if (hour === undefined) return dayRange(Number(year), month, day);
  if (hour > '23' || minute! > '59' || (second ?? '00') > '60') return undefined;

  const offsetMs = zone === undefined || zone === 'Z' ? 0 : offsetOf(zone);
  const lo =
    utcMs(Number(year), Number(month) - 1, Number(day)) +
    Number(hour) * 3_600_000 +
    Number(minute) * 60_000 +
    Number(second ?? 0) * 1000 +
    Math.trunc(Number(`0.${fraction ?? '0'}`) * 1000 + 1e-9) -
    offsetMs;
  if (second === undefined) return { lo, hi: lo + 59_999 };
  if (fraction === undefined) return { lo, hi: lo + 999 };
  return { lo, hi: lo + (fraction.length === 1 ? 99 : fraction.length === 2 ? 9 : 0) };
}

function isDay(year: number, month: number, day: number): boolean {
  return day >= 1 && day <= new Date(utcMs(year, month, 0)).getUTCDate();
}

function dayRange(year: number, month: string | undefined, day: string | undefined): SearchRange {
  if (month === undefined) return { lo: utcMs(year, 0, 1), hi: utcMs(year + 1, 0, 1) - 1 };
  const at = Number(month) - 1;
  if (day === undefined) return { lo: utcMs(year, at, 1), hi: utcMs(year, at + 1, 1) - 1 };
  const lo = utcMs(year, at, Number(day));
  return { lo, hi: lo + 86_399_999 };
}

/** `Date.UTC` reads years below 100 as 19xx. */
function utcMs(year: number, month: number, day: number): number {
  return year >= 100 ? Date.UTC(year, month, day) : new Date(0).setUTCFullYear(year, month, day);
}

function offsetOf(zone: string): number {
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone[0] === '-' ? -minutes : minutes) * 60_000;
}

function splitPrefix(text: string): [SearchPrefix, string] {
  const prefix = SEARCH_PREFIXES.find((candidate) => text.startsWith(candidate));
  return prefix === undefined ? ['eq', text] : [prefix, text.slice(2)];
}

/** A date parameter's value with its prefix (`ge2026-03`). `undefined`: not a date. */
export function parseSearchDate(text: string): PrefixedRange | undefined {
  const [prefix, rest] = splitPrefix(text);
  const range = dateRange(rest);
  return range === undefined ? undefined : { prefix, ...range };
}

const NUMBER = /^[+-]?\d+(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * A number parameter's value with its prefix: the range its written precision implies (`100` is 99.5 up to 100.5, `1.0e2`
 * 95 up to 105) and the exact value, which is what gt, lt, ge and le compare with. `undefined`: not a number.
 * Rule: FHIR R4 search.html#number.
 */
export function parseSearchNumber(text: string): (PrefixedRange & { readonly value: number }) | undefined {
  const [prefix, rest] = splitPrefix(text);
  const match = NUMBER.exec(rest);
  if (match === null) return undefined;
  const value = Number(rest);
  const half = 0.5 * 10 ** (Number(match[2] ?? 0) - (match[1]?.length ?? 0));
  return { prefix, value, lo: value - half, hi: value + half };
}

/** A string as string parameters compare it: case, accents and runs of white space do not count. Rule: search.html#string. */
export function foldText(text: string): string {
  const lower = text.toLowerCase();
  if (/^[\x21-\x7e]*$/.test(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
}
