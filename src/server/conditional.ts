import type { Context } from './context.ts';
import { refuse } from './refusal.ts';
import type { Row } from './rows.ts';
import { parseSearch } from './search-request.ts';
import { runSearch } from './search-run.ts';
import { lockNames } from './statements.ts';

/**
 * Rows that meet the criteria of a conditional interaction; two are enough to know that it is ambiguous. Holds the criteria
 * until the transaction ends, so that of two writers with the same criteria the second sees what the first wrote.
 * Criteria that are not understood, or without a value, are refused: a condition that is ignored would match everything.
 */
export async function matching(context: Context, type: string, query: string): Promise<readonly Row[]> {
  const pairs = pairsOf(query);
  lockNames(context.tx, [`criteria ${criteriaKey(type, query)}`]);
  const parsed = parseSearch(context.engine.definitions, type, pairs, true);
  if (parsed.conditions.length === 0 || pairs.some(([, value]) => value === ''))
    throw refuse(412, 'required', 'the criteria of a conditional interaction are empty');
  return (await runSearch(context, { ...parsed, count: 2, sort: [], includes: [], total: 'none', cursor: undefined }))
    .matches;
}

const pairsOf = (query: string): [string, string][] =>
  [...new URLSearchParams(query.replace(/^[^=&?]*\?/, ''))].filter(([name]) => name !== '_format');

/** Criteria as a name: the same whatever the order they are written in. */
export const criteriaKey = (type: string, query: string): string =>
  `${type}?${pairsOf(query)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&')}`;

export const ambiguous = () => refuse(412, 'multiple-matches', 'the criteria match more than one resource');
