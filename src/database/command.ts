import type { Kysely } from 'kysely';

/** Values a statement takes and gives on both engines: integers and floats as numbers, text, bytes, null. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/**
 * What a command runs in: one transaction (writer) or one snapshot (reader).
 * `query` and `run` take SQL with `?` placeholders that both engines understand; statements are prepared once and kept.
 * `db` is the query builder on the same transaction, for statements that are composed.
 */
export interface Tx {
  readonly dialect: 'sqlite' | 'postgres';
  // biome-ignore lint/suspicious/noExplicitAny: each folder narrows the schema to its own tables
  readonly db: Kysely<any>;
  query<R = Record<string, SqlValue>>(sql: string, params?: readonly SqlValue[]): Promise<R[]>;
  /** Gives the number of rows changed. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>;
  /** What main handed to every process or worker that runs commands: keys, triggers, paths. */
  readonly env: unknown;
  /** Jobs were queued: once this is committed, whoever runs them is told (`Database.onJobs`). */
  noteJobs(): void;
  /** Number of the process that claims rows here, for hubs that share a database; 0 on SQLite. */
  readonly holder: number;
}

export interface Command {
  // biome-ignore lint/suspicious/noExplicitAny: arguments are checked by the typed wrapper that each folder exports
  (tx: Tx, args: any): Promise<unknown>;
  /** See `unsynced`. */
  readonly synced?: false;
}

/**
 * A command whose commit need not be on disk when it resolves: a claim, the end of a piece of work whose result is durable elsewhere.
 * A crash of the hub loses none of it; a power failure may undo the last of it, and the work is then found unfinished and done again.
 * The next commit that is synced makes all before it durable. SQLite only: PostgreSQL's commits share their syncs by themselves.
 */
export const unsynced = (command: (tx: Tx, args: never) => Promise<unknown>): Command =>
  Object.assign((tx: Tx, args: unknown) => command(tx, args as never), { synced: false } as const);

/** Commands by name, `store.apply`, `journal.append`, … Names are unique over all folders. */
export type CommandTable = Readonly<Record<string, Command>>;

/** Joins the tables of several folders; a name given twice is refused at start. */
export function joinCommands(...tables: readonly CommandTable[]): CommandTable {
  const all: Record<string, Command> = {};
  for (const table of tables) {
    for (const [name, command] of Object.entries(table)) {
      if (all[name]) throw new Error(`command ${name} is defined twice`);
      all[name] = command;
    }
  }
  return all;
}

/** A failure of the engine or a refusal by a command. `code` is a row of the failure table; `detail` is cloneable and holds no content of a resource. */
export class DatabaseError extends Error {
  readonly code: string;
  readonly detail: unknown;
  constructor(code: string, message: string, detail?: unknown) {
    super(message);
    this.name = 'DatabaseError';
    this.code = code;
    this.detail = detail;
  }
}

/** An error as it crosses a worker boundary. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly detail?: unknown;
}

/** Engine errors become the few codes that callers act on; a coded error of a command keeps its code. */
export function toWireError(error: unknown): WireError {
  if (error instanceof DatabaseError) return { code: error.code, message: error.message, detail: error.detail };
  const e = error as { code?: unknown; errcode?: unknown; message?: unknown };
  const message = typeof e?.message === 'string' ? e.message : String(error);
  if (e?.code === 'ERR_SQLITE_ERROR' && typeof e.errcode === 'number') {
    return { code: SQLITE_CODES[e.errcode & 0xff] ?? 'database.failed', message };
  }
  if (typeof e?.code === 'string') {
    const code = POSTGRES_CODES[e.code] ?? POSTGRES_CODES[e.code.slice(0, 2)];
    if (code) return { code, message };
    if (e.code.includes('.')) return { code: e.code, message };
  }
  // The driver's own words for a connection that is gone or cannot be made; it gives them no code.
  if (
    /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
      message,
    )
  ) {
    return { code: 'database.unavailable', message };
  }
  return { code: 'database.failed', message };
}

/** SQLite primary result codes. Rule: sqlite.org/rescode.html. */
const SQLITE_CODES: Readonly<Record<number, string>> = {
  5: 'database.busy',
  6: 'database.busy',
  8: 'database.unavailable',
  10: 'database.unavailable',
  11: 'database.corrupt',
  13: 'database.full',
  14: 'database.unavailable',
  19: 'database.conflict',
  26: 'database.corrupt',
};

/** PostgreSQL SQLSTATE codes and classes, and Node's socket errors. Rule: PostgreSQL 15 manual, appendix A. */
const POSTGRES_CODES: Readonly<Record<string, string>> = {
  '08': 'database.unavailable',
  '57': 'database.unavailable',
  '53': 'database.full',
  '23': 'database.conflict',
  '40': 'database.busy',
  '25006': 'database.unavailable',
  '57014': 'database.timeout',
  ECONNREFUSED: 'database.unavailable',
  ECONNRESET: 'database.unavailable',
  ENOENT: 'database.unavailable',
  EPIPE: 'database.unavailable',
  ETIMEDOUT: 'database.unavailable',
};
