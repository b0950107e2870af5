import type pg from 'pg';
import { DatabaseError, type SqlValue, type Tx } from './command.ts';

/** Advisory lock under which a schema is changed or a database filled: several hubs may start at once. */
export const SCHEMA_LOCK = 72041;

const numberedCache = new Map<string, string>();

/** `?` placeholders as `$1`, `$2`, …; the hub's statements hold no question mark inside a literal. */
export function numbered(sql: string): string {
  let found = numberedCache.get(sql);
  if (found === undefined) {
    let n = 0;
    found = sql.replace(/\?/g, () => `$${++n}`);
    if (numberedCache.size > 2000) numberedCache.clear();
    numberedCache.set(sql, found);
  }
  return found;
}

/** Plain statements on one connection, for migrations; it has no query builder. */
export function sessionTx(client: pg.ClientBase, env: unknown): Tx {
  return {
    dialect: 'postgres',
    // biome-ignore lint/suspicious/noExplicitAny: migrations use plain statements only
    db: undefined as any,
    env,
    holder: 0,
    // A migration runs before whoever would run jobs.
    noteJobs: () => {},
    query: async <R>(sql: string, params: readonly SqlValue[] = []) =>
      (await client.query(numbered(sql), [...params])).rows as R[],
    run: async (sql, params = []) => (await client.query(numbered(sql), [...params])).rowCount ?? 0,
  };
}

/** Refuses a server that would lose an acknowledged message (`database.unsafe`). Rule: DESIGN 3 "Engines". */
export async function refuseUnsafe(server: Pick<pg.ClientBase, 'query'>): Promise<void> {
  const { rows } = await server.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'server_version_num')",
  );
  const setting = Object.fromEntries(rows.map((row) => [row.name, row.setting]));
  if (Number(setting.server_version_num) < 150000)
    throw new DatabaseError('database.unsafe', 'PostgreSQL 15 or later is needed');
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    if (setting[name] === 'off')
      throw new DatabaseError(
        'database.unsafe',
        `PostgreSQL runs with ${name} = off: an acknowledged message could be lost`,
      );
  }
}
