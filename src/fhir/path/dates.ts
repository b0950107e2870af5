const DATE = /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/** True for the shapes of FHIR date, dateTime and instant. */
export function looksLikeDate(text: string): boolean {
  return DATE.test(text);
}

/**
 * Order of two FHIR dates: negative, 0, positive. 0 also where they overlap at the coarser precision, or where one has a
 * zone and the other has none and they lie within 14 hours of one another.
 */
export function compareDates(a: string, b: string): number {
  const left = spanOf(a);
  const right = spanOf(b);
  if (left.hi < right.lo) return -1;
  if (left.lo > right.hi) return 1;
  return 0;
}

const OFFSET_MAX_MS = 14 * 3_600_000;

/** First and last millisecond a date may mean. A date without zone may be meant in any. */
function spanOf(text: string): { lo: number; hi: number } {
  const zoned = text.length > 10 && /(?:Z|[+-]\d{2}:\d{2})$/.test(text);
  if (zoned) {
    const at = Date.parse(text);
    return { lo: at, hi: at };
  }
  return { lo: firstMs(text), hi: lastMs(text) };
}

function firstMs(text: string): number {
  if (text.length > 10) return Date.parse(`${text}Z`) - OFFSET_MAX_MS;
  return Date.UTC(
    Number(text.slice(0, 4)),
    text.length >= 7 ? Number(text.slice(5, 7)) - 1 : 0,
    text.length >= 10 ? Number(text.slice(8, 10)) : 1,
  );
}

function lastMs(text: string): number {
  if (text.length > 10) return Date.parse(`${text}Z`) + OFFSET_MAX_MS;
  const year = Number(text.slice(0, 4));
  if (text.length < 7) return Date.UTC(year + 1, 0, 1) - 1;
  const month = Number(text.slice(5, 7));
  if (text.length < 10) return Date.UTC(year, month, 1) - 1;
  return Date.UTC(year, month - 1, Number(text.slice(8, 10)) + 1) - 1;
}
