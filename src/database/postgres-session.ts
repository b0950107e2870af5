import type { Writable } from 'node:stream';
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

/** Statements with parameters that each connection keeps prepared; later ones are parsed at every use. */
const PREPARED_MAX = 1000;
const preparedNames = new Map<string, string>();

function preparedName(sql: string): string | undefined {
  let name = preparedNames.get(sql);
  if (name === undefined && preparedNames.size < PREPARED_MAX) {
    name = `s${preparedNames.size}`;
    preparedNames.set(sql, name);
  }
  return name;
}

/**
 * One transaction on one connection. Statements go out at once and are answered in their order, so the answer of one that fails comes
 * before those of all that it made fail: the first failure is the transaction's, whoever asked. The connection must be one that sends
 * without waiting (`pipeline` of node-postgres).
 */
export class Session {
  readonly #client: pg.ClientBase;
  #failure: unknown;
  #corked = false;

  constructor(client: pg.ClientBase) {
    this.#client = client;
  }

  /** Sent as it stands, or prepared once per connection where it has parameters. Throws the transaction's first failure. */
  execute(sql: string, params: readonly unknown[] = []): Promise<pg.QueryResult> {
    return new Promise((resolve, reject) => {
      this.#cork();
      const name = params.length > 0 ? preparedName(sql) : undefined;
      const query = { text: sql, values: params as unknown[], ...(name === undefined ? {} : { name }) };
      this.#client.query(query, (error: unknown, result: pg.QueryResult) => {
        if (!error) return resolve(result);
        this.#failure ??= error;
        reject(this.#failure);
      });
    });
  }

  /** As `execute`, for what gives nothing to wait for: a failure shows in what follows, at the latest in `commit`. */
  send(sql: string, params?: readonly unknown[]): void {
    this.execute(sql, params).catch(() => {
      // Kept by `execute`.
    });
  }

  /** Throws the first failure of any statement: the server has then undone them all. */
  async commit(): Promise<void> {
    const { command } = await this.execute('COMMIT');
    if (this.#failure !== undefined) throw this.#failure;
    if (command !== 'COMMIT') throw new DatabaseError('database.failed', 'the transaction ended early');
  }

  /** What is sent before the loop turns goes out in one piece. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    const { stream } = (this.#client as unknown as { readonly connection: { readonly stream: Writable } }).connection;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }
}

/** What a command runs in. */
export function sessionTx(session: Session, parts: Pick<Tx, 'env' | 'holder' | 'noteJobs'>): Tx {
  return {
    ...parts,
    dialect: 'postgres',
    query: async <R>(sql: string, params?: readonly SqlValue[]) =>
      (await session.execute(numbered(sql), params)).rows as R[],
    run: async (sql, params) => (await session.execute(numbered(sql), params)).rowCount ?? 0,
    insert: async (sql, params) => {
      const { rows } = await session.execute(numbered(`${sql} RETURNING id`), params);
      return (rows as { readonly id: number }[])[0]?.id;
    },
    send: (sql, params) => session.send(numbered(sql), params),
  };
}

/** What migrations run in: each step opens its own transaction, before whoever would run jobs. */
export const migrationTx = (client: pg.ClientBase, env: unknown): Tx =>
  sessionTx(new Session(client), { env, holder: 0, noteJobs: () => {} });

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
