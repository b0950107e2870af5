import { Temporal } from 'temporal-polyfill';
import type { Duty } from '../model/partner.ts';

/** Staffed hours of one organization in its own zone. */
export interface Calendar {
  readonly zone: string;
  readonly hours: Duty['hours'];
  /** Local dates, `2026-12-25`. */
  readonly holidays: readonly string[];
}

/** Days looked ahead for a staffed one. An organization that is never staffed has no business day at all. */
const HORIZON_DAYS = 60;

const local = (instant: string, zone: string) => Temporal.Instant.from(instant).toZonedDateTimeISO(zone);
const instantText = (at: Temporal.ZonedDateTime) => new Date(at.epochMilliseconds).toISOString();

function hoursOf(date: Temporal.PlainDate, calendar: Calendar): readonly [string, string] | undefined {
  return calendar.holidays.includes(date.toString()) ? undefined : calendar.hours[String(date.dayOfWeek)];
}

/** A local wall time on a date as an instant; a time a DST gap skips is the moment after the gap. */
function at(date: Temporal.PlainDate, time: string, zone: string): string {
  return instantText(date.toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(time) }));
}

/** True within the staffed hours of that local day; holidays have none. The closing minute is no longer staffed. */
export function isStaffed(instant: string, calendar: Calendar): boolean {
  const here = local(instant, calendar.zone);
  const hours = hoursOf(here.toPlainDate(), calendar);
  if (hours === undefined) return false;
  const time = here.toPlainTime().toString({ smallestUnit: 'minute' });
  return hours[0] <= time && time < hours[1];
}

/** The end of the staffed hours of that local day; undefined when it is none, or over. */
export function closingTime(instant: string, calendar: Calendar): string | undefined {
  const date = local(instant, calendar.zone).toPlainDate();
  const hours = hoursOf(date, calendar);
  const closing = hours === undefined ? undefined : at(date, hours[1], calendar.zone);
  return closing === undefined || closing <= new Date(instant).toISOString() ? undefined : closing;
}

/** A local wall time on the day of the instant. */
export function onSameDay(instant: string, time: string, calendar: Calendar): string {
  return at(local(instant, calendar.zone).toPlainDate(), time, calendar.zone);
}

/** A local wall time on the n-th business day after the instant's day; undefined when none is in sight. */
export function onBusinessDay(instant: string, days: number, time: string, calendar: Calendar): string | undefined {
  let date = local(instant, calendar.zone).toPlainDate();
  let left = days;
  for (let day = 0; day < HORIZON_DAYS; day++) {
    date = date.add({ days: 1 });
    if (hoursOf(date, calendar) !== undefined) left--;
    if (left === 0) return at(date, time, calendar.zone);
  }
  return undefined;
}

export const isBusinessDay = (instant: string, calendar: Calendar): boolean =>
  hoursOf(local(instant, calendar.zone).toPlainDate(), calendar) !== undefined;

/** Local wall time `HH:MM` of an instant. */
export const wallTime = (instant: string, zone: string): string =>
  local(instant, zone).toPlainTime().toString({ smallestUnit: 'minute' });
