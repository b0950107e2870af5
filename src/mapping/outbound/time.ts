import { Temporal } from 'temporal-polyfill';

/** `ambiguous`: the clock shows this time twice that night and no offset is written to tell which. */
export interface V2Time {
  readonly text: string;
  readonly ambiguous: boolean;
}

const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * A FHIR date, dateTime or instant as v2 TS/DTM on the partner's clock, to the precision it was stated with. A date stays a
 * date: it never passes through an instant, so no zone can shift it. Undefined: the text is neither. Rule: DOMAIN C0 "Time", H8.
 */
export function v2Time(text: string, zone: string, withOffset: boolean): V2Time | undefined {
  const date = DATE.exec(text);
  if (date !== null) return { text: date.slice(1).join(''), ambiguous: false };
  const instant = INSTANT.exec(text);
  if (instant === null) return undefined;
  const local = zoned(text, zone);
  if (local === undefined) return undefined;
  // DTM has four digits at most; zeros say nothing that whole seconds do not.
  const fraction = (instant[1] ?? '').slice(0, 5).replace(/\.?0*$/, '');
  const clock = `${pad(local.year, 4)}${pad(local.month)}${pad(local.day)}${pad(local.hour)}${pad(local.minute)}${pad(local.second)}${fraction}`;
  if (withOffset) return { text: `${clock}${local.offset.slice(0, 6).replace(':', '')}`, ambiguous: false };
  const first = local.toPlainDateTime().toZonedDateTime(zone, { disambiguation: 'earlier' });
  const last = local.toPlainDateTime().toZonedDateTime(zone, { disambiguation: 'later' });
  return { text: clock, ambiguous: first.epochMilliseconds !== last.epochMilliseconds };
}

/** The day of a date or instant on the partner's calendar, as v2 DT. */
export function v2Date(text: string, zone: string): string | undefined {
  return v2Time(text, zone, false)?.text.slice(0, 8);
}

/** How a person reads an instant: `2026-11-21 14:05 -05:00`, on the partner's clock. Undefined: no instant. */
export function readableTime(text: string, zone: string): string | undefined {
  if (DATE.test(text)) return text;
  const local = INSTANT.test(text) ? zoned(text, zone) : undefined;
  if (local === undefined) return undefined;
  return `${pad(local.year, 4)}-${pad(local.month)}-${pad(local.day)} ${pad(local.hour)}:${pad(local.minute)} ${local.offset}`;
}

/** Minutes from one instant to another; undefined when either is none. */
export function minutesBetween(start: string, end: string): number | undefined {
  const from = Date.parse(start);
  const to = Date.parse(end);
  return INSTANT.test(start) && INSTANT.test(end) && to > from ? Math.round((to - from) / 60_000) : undefined;
}

function zoned(text: string, zone: string): Temporal.ZonedDateTime | undefined {
  // The pattern admits days and hours that do not exist; only reading them tells.
  return Number.isNaN(Date.parse(text)) ? undefined : Temporal.Instant.from(text).toZonedDateTimeISO(zone);
}

const pad = (value: number, width = 2): string => `${value}`.padStart(width, '0');
