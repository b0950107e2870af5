import type { Draft } from './draft.ts';
import type { Scope } from './scope.ts';

/** True when both are times and the end is before the start, as far as the less precise of the two can tell. */
export function isReversed(start: unknown, end: unknown): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return false;
  const known = Math.min(start.length, end.length);
  if (known <= 10) return end.slice(0, known) < start.slice(0, known);
  return Date.parse(end) < Date.parse(start);
}

const PERIODS = ['period', 'effectivePeriod', 'performedPeriod', 'occurrencePeriod'].map((name) => ({
  name,
  start: `${name}.start`,
  end: `${name}.end`,
}));

/** Withdraws an end that is before the start of the same message. Rule: FHIR R4 per-1. */
export function settlePeriods(draft: Draft, scope: Scope): void {
  for (const { name, start, end } of PERIODS) {
    if (!draft.has(end) || !isReversed(draft.value(start), draft.value(end))) continue;
    draft.withdraw(end);
    scope.issues.push({
      severity: 'warning',
      code: 'map.period-reversed',
      location: `${draft.type}.${name}`,
      text: 'the end is before the start: it is not carried',
    });
  }
}
