import type { SqlValue, Tx } from '../database/command.ts';

/** Largest number of rows in one statement; with at most nine columns far below every engine's limit of parameters. */
const ROWS_MAX = 256;

/** `(?, ?), (?, ?)`; kept, because the same few shapes come back. */
const shapes = new Map<string, string>();
function tuples(columns: number, rows: number): string {
  const key = `${columns}x${rows}`;
  let found = shapes.get(key);
  if (found === undefined) {
    const one = `(${Array.from({ length: columns }, () => '?').join(', ')})`;
    found = Array.from({ length: rows }, () => one).join(', ');
    shapes.set(key, found);
  }
  return found;
}

/** The largest power of two not above n: few distinct statements, each prepared once. */
function chunk(n: number): number {
  return n >= ROWS_MAX ? ROWS_MAX : 2 ** Math.floor(Math.log2(n));
}

/** Inserts many rows with few statements, and gives how many are new. `head` is `INSERT INTO t (a, b) VALUES`, `tail` e.g. `ON CONFLICT DO NOTHING`. */
export async function insertRows(
  tx: Tx,
  head: string,
  rows: readonly (readonly SqlValue[])[],
  tail = '',
): Promise<number> {
  let inserted = 0;
  for (let at = 0; at < rows.length; ) {
    const size = chunk(rows.length - at);
    const part = rows.slice(at, at + size);
    inserted += await tx.run(`${head} ${tuples(part[0]!.length, size)} ${tail}`, part.flat());
    at += size;
  }
  return inserted;
}

/** Runs a query with `IN (…)` over any number of key tuples. `sql` holds `$KEYS` where `(VALUES …)` belongs. */
export async function queryKeys<R>(
  tx: Tx,
  sql: string,
  keys: readonly (readonly SqlValue[])[],
  before: readonly SqlValue[] = [],
  after: readonly SqlValue[] = [],
): Promise<R[]> {
  const found: R[] = [];
  for (let at = 0; at < keys.length; at += ROWS_MAX) {
    const part = keys.slice(at, at + ROWS_MAX);
    const columns = part[0]!.length;
    // Padded to a power of two by repeating the last key, which adds nothing to an IN.
    const size = 2 ** Math.ceil(Math.log2(part.length));
    const params = part.flat();
    for (let n = part.length; n < size; n++) params.push(...part[part.length - 1]!);
    const text =
      columns === 1 ? `(${Array.from({ length: size }, () => '?').join(', ')})` : `(VALUES ${tuples(columns, size)})`;
    found.push(...(await tx.query<R>(sql.replace('$KEYS', text), [...before, ...params, ...after])));
  }
  return found;
}

/**
 * Holds the named things until the end of the transaction, in one order for all callers. SQLite has one writer and needs none.
 * Two names may share a lock; that only makes one wait.
 */
export async function lockNames(tx: Tx, names: readonly string[]): Promise<void> {
  if (tx.dialect === 'sqlite' || names.length === 0) return;
  await tx.query(
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
export async function lockShared(tx: Tx, name: string): Promise<void> {
  if (tx.dialect === 'sqlite') return;
  await tx.query('SELECT pg_advisory_xact_lock_shared(hashtextextended(?::text, 0))', [name]);
}
