import type { SqlValue, Tx } from '../database/command.ts';
import { inPieces, ROWS_MAX, tuples } from '../database/row-list.ts';

/** Inserts many rows with few statements. `head` is `INSERT INTO t (a, b) VALUES`, `tail` e.g. `ON CONFLICT DO NOTHING`. */
export function insertRows(tx: Tx, head: string, rows: readonly (readonly SqlValue[])[], tail = ''): void {
  for (const part of inPieces(rows)) tx.send(`${head} ${tuples(part[0]!.length, part.length)} ${tail}`, part.flat());
}

/** As `insertRows`; gives how many are new. */
export async function insertCounted(
  tx: Tx,
  head: string,
  rows: readonly (readonly SqlValue[])[],
  tail = '',
): Promise<number> {
  const counts = await Promise.all(
    inPieces(rows).map((part) => tx.run(`${head} ${tuples(part[0]!.length, part.length)} ${tail}`, part.flat())),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Runs a query with `IN (…)` over any number of key tuples. `sql` holds `$KEYS` where `(VALUES …)` belongs. */
export async function queryKeys<R>(
  tx: Tx,
  sql: string,
  keys: readonly (readonly SqlValue[])[],
  before: readonly SqlValue[] = [],
  after: readonly SqlValue[] = [],
): Promise<R[]> {
  const found: Promise<R[]>[] = [];
  for (let at = 0; at < keys.length; at += ROWS_MAX) {
    const part = keys.slice(at, at + ROWS_MAX);
    const columns = part[0]!.length;
    // Padded to a power of two by repeating the last key, which adds nothing to an IN.
    const size = 2 ** Math.ceil(Math.log2(part.length));
    const params = part.flat();
    for (let n = part.length; n < size; n++) params.push(...part[part.length - 1]!);
    const text =
      columns === 1 ? `(${Array.from({ length: size }, () => '?').join(', ')})` : `(VALUES ${tuples(columns, size)})`;
    found.push(tx.query<R>(sql.replace('$KEYS', text), [...before, ...params, ...after]));
  }
  return (await Promise.all(found)).flat();
}

/**
 * Holds the named things until the end of the transaction, in one order for all callers. SQLite has one writer and needs none.
 * Two names may share a lock; that only makes one wait.
 */
export function lockNames(tx: Tx, names: readonly string[]): void {
  if (tx.dialect === 'sqlite' || names.length === 0) return;
  tx.send(
    'SELECT pg_advisory_xact_lock(h) FROM (SELECT DISTINCT hashtextextended(n, 0) AS h FROM unnest(?::text[]) AS n ORDER BY h) AS locks',
    [
      // node-postgres takes a list for an array parameter.
      [...names] as unknown as SqlValue,
    ],
  );
}

/**
 * Holds a name together with other holders, against `lockNames` of it. Writers that read the membership of persons hold it so,
 * while one that changes it holds it alone.
 */
export function lockShared(tx: Tx, name: string): void {
  if (tx.dialect === 'sqlite') return;
  tx.send('SELECT pg_advisory_xact_lock_shared(hashtextextended(?::text, 0))', [name]);
}
