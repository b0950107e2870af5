/** Half-open span of time, ISO instants in UTC with milliseconds (so that text order is time order). `until` absent: open. */
export interface Span {
  readonly since: string;
  readonly until?: string;
}

export const BEGINNING = '1900-01-01T00:00:00.000Z';
export const DAY_MS = 86_400_000;

/** A FHIR date or dateTime as an instant: the first moment it names, in UTC where it has no offset. */
export function instantOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(
    text.length === 4 || text.length === 7 ? `${text}${'-01-01'.slice(text.length === 4 ? 0 : 3)}` : text,
  );
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** The first moment after a FHIR date or dateTime: the end of a Period is inclusive to its precision. */
export function instantAfter(text: string | undefined): string | undefined {
  const start = instantOf(text);
  if (text === undefined || start === undefined) return undefined;
  const date = new Date(start);
  if (text.length === 4) date.setUTCFullYear(date.getUTCFullYear() + 1);
  else if (text.length === 7) date.setUTCMonth(date.getUTCMonth() + 1);
  else if (text.length === 10) date.setUTCDate(date.getUTCDate() + 1);
  return date.toISOString();
}

/** The span of a Period. A period with an unreadable bound is no time at all: `since` then equals `until`. */
export function spanOf(
  period: { readonly start?: string | undefined; readonly end?: string | undefined } | undefined,
): Span {
  const since = instantOf(period?.start);
  const until = instantAfter(period?.end);
  if ((period?.start !== undefined && since === undefined) || (period?.end !== undefined && until === undefined)) {
    return { since: BEGINNING, until: BEGINNING };
  }
  return until === undefined ? { since: since ?? BEGINNING } : { since: since ?? BEGINNING, until };
}

/** The first of some instants; text order is time order. */
export const earliest = (...instants: readonly [string, ...string[]]): string => [...instants].sort()[0]!;
export const latest = (...instants: readonly [string, ...string[]]): string => [...instants].sort().at(-1)!;

export function intersect(a: Span, b: Span): Span {
  const since = latest(a.since, b.since);
  const until = [a.until, b.until].filter((each) => each !== undefined).sort()[0];
  return until === undefined ? { since } : { since, until };
}

/** The same time in as few spans as possible, in order; empty spans are none. */
export function union(spans: readonly Span[]): Span[] {
  const ordered = spans
    .filter((each) => each.until === undefined || each.since < each.until)
    .sort((a, b) => (a.since < b.since ? -1 : 1));
  const merged: Span[] = [];
  for (const { since, until } of ordered) {
    const last = merged.at(-1);
    if (last === undefined || (last.until !== undefined && last.until < since)) {
      merged.push(until === undefined ? { since } : { since, until });
    } else if (last.until !== undefined) {
      merged[merged.length - 1] =
        until === undefined ? { since: last.since } : { since: last.since, until: latest(last.until, until) };
    }
  }
  return merged;
}

export const within = (span: Span, at: string): boolean =>
  span.since <= at && (span.until === undefined || at < span.until);

/** An instant some milliseconds later. */
export const plus = (instant: string, ms: number): string => new Date(Date.parse(instant) + ms).toISOString();
