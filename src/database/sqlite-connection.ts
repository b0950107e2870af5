import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { SqlValue, Tx } from './command.ts';

const STATEMENTS_MAX = 1000;

const CACHE_KB = 65_536;

/** One open SQLite file in this thread: prepared statements are kept. */
export interface SqliteConnection {
  readonly raw: DatabaseSync;
  readonly tx: Tx;
  /** Whether the next transactions are on disk when they are committed (at first they are), or only with the next that is. */
  syncCommits(synced: boolean): void;
  /** Whether jobs were queued since this was last asked. */
  tookJobs(): boolean;
  close(): void;
}

/**
 * Opens `file` for durable work: WAL, `synchronous=FULL`, foreign keys off (ids are the hub's own and checked above).
 * A reader opens read-only. Rule: DESIGN 2 "storage, embedded".
 */
export function openSqlite(
  file: string,
  options: { readonly readOnly: boolean; readonly env: unknown; readonly cacheKb?: number | undefined },
): SqliteConnection {
  const raw = new DatabaseSync(file, { readOnly: options.readOnly, timeout: 5000 });
  if (!options.readOnly) {
    raw.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 32000; PRAGMA journal_size_limit = 134217728;',
    );
  }
  raw.exec(
    `PRAGMA cache_size = -${options.cacheKb ?? CACHE_KB}; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456;`,
  );
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let found = statements.get(sql);
    if (found) return found;
    found = raw.prepare(sql);
    if (statements.size >= STATEMENTS_MAX) {
      const oldest = statements.keys().next().value;
      if (oldest !== undefined) statements.delete(oldest);
    }
    statements.set(sql, found);
    return found;
  };
  let jobs = false;
  const tx: Tx = {
    dialect: 'sqlite',
    env: options.env,
    holder: 0,
    noteJobs: () => {
      jobs = true;
    },
    query: async <R>(sql: string, params: readonly SqlValue[] = []) => prepare(sql).all(...params) as R[],
    run: async (sql, params = []) => Number(prepare(sql).run(...params).changes),
    insert: async (sql, params = []) => {
      const { changes, lastInsertRowid } = prepare(sql).run(...params);
      return changes === 0 ? undefined : Number(lastInsertRowid);
    },
    send: (sql, params = []) => void prepare(sql).run(...params),
  };
  let syncing = true;
  return {
    raw,
    tx,
    syncCommits: (synced) => {
      if (synced === syncing) return;
      raw.exec(`PRAGMA synchronous = ${synced ? 'FULL' : 'NORMAL'}`);
      syncing = synced;
    },
    tookJobs: () => {
      const took = jobs;
      jobs = false;
      return took;
    },
    close: () => {
      statements.clear();
      raw.close();
    },
  };
}
