/** Values a statement takes and gives on both engines: integers and floats as numbers, text, bytes, null. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/**
 * What a command runs in: one transaction (writer) or one snapshot (reader).
 * Statements take SQL with `?` placeholders that both engines understand; they are prepared once and kept. They run in the order in
 * which they are called, whether or not the one before was awaited: what is called together costs PostgreSQL one round trip.
 */
export interface Tx {
  readonly dialect: 'sqlite' | 'postgres';
  query<R = Record<string, SqlValue>>(sql: string, params?: readonly SqlValue[]): Promise<R[]>;
  /** Gives the number of rows changed. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>;
  /**
   * An `INSERT` of one row into a table whose key is `id`: gives the row's id, undefined where `ON CONFLICT DO NOTHING` found it there.
   * Without `RETURNING`, for which SQLite makes and drops a table at each use.
   */
  insert(sql: string, params?: readonly SqlValue[]): Promise<number | undefined>;
  /** Runs what gives nothing to wait for. Its failure is the transaction's: nothing is committed, and the command ends with it. */
  send(sql: string, params?: readonly SqlValue[]): void;
  /** What main handed to every process or worker that runs commands: keys, triggers, paths. */
  readonly env: unknown;
  /** Jobs were queued: once this is committed, whoever runs them is told (`Database.onJobs`). */
  noteJobs(): void;
  /** Number of the process that claims rows here, for hubs that share a database; 0 on SQLite. */
  readonly holder: number;
}

/**
 * Runs a command in a transaction that ends when it does: what it left running, because something beside it failed, reaches neither
 * the next transaction nor none.
 */
export async function runIn<R>(tx: Tx, command: Command, args: unknown): Promise<R> {
  let over = false;
  const ended = (): DatabaseError => new DatabaseError('database.failed', 'the transaction has ended');
  const scoped: Tx = {
    dialect: tx.dialect,
    env: tx.env,
    holder: tx.holder,
    noteJobs: tx.noteJobs,
    query: (sql, params) => (over ? Promise.reject(ended()) : tx.query(sql, params)),
    run: (sql, params) => (over ? Promise.reject(ended()) : tx.run(sql, params)),
    insert: (sql, params) => (over ? Promise.reject(ended()) : tx.insert(sql, params)),
    send: (sql, params) => {
      if (over) throw ended();
      tx.send(sql, params);
    },
  };
  try {
    return (await command(scoped, args)) as R;
  } finally {
    over = true;
  }
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
