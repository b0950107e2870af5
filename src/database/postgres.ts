import {
  CompiledQuery,
  Kysely,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type Transaction,
} from 'kysely';
import pg from 'pg';
import type { Database } from '../model/database.ts';
import { type CommandTable, DatabaseError, type SqlValue, type Tx, toWireError } from './command.ts';
import { type Migration, migrate } from './migrate.ts';
import { Holder } from './postgres-holder.ts';
import { numbered, refuseUnsafe, SCHEMA_LOCK, sessionTx } from './postgres-session.ts';

export interface PostgresOptions {
  readonly url: string;
  readonly commands: CommandTable;
  readonly migrations: readonly Migration[];
  readonly env: unknown;
  readonly poolMax: number;
  readonly readTimeoutMs: number;
}

/** A command that lost a race (serialization, deadlock) runs again this many times. */
const TRIES_MAX = 8;

/** bigint columns hold milliseconds and counters, all far below 2^53. */
pg.types.setTypeParser(20, Number);

/**
 * Opens the shared engine. Refuses a server that would lose an acknowledged message: older than 15, or with
 * `fsync`, `full_page_writes` or `synchronous_commit` off. Rule: DESIGN 3 "Engines".
 */
export async function openPostgresDatabase(options: PostgresOptions): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolMax,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  });
  pool.on('error', () => {
    // An idle connection broke; the next checkout opens a new one and reports its own failure.
  });
  pool.on('connect', (client) => {
    // A connection that breaks while a command holds it fails that command; without a listener it would end the process.
    client.on('error', () => {});
  });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: preparing(pool) }) });
  const holder = new Holder(options.url);
  try {
    await refuseUnsafe(pool);
    await migrateLocked(pool, options);
    await holder.take();
  } catch (error) {
    await db.destroy();
    const wire = toWireError(error);
    throw new DatabaseError(wire.code, wire.message);
  }
  let onJobs: () => void = () => {};
  const attempt = async <R>(command: string, args: unknown, readOnly: boolean): Promise<R> => {
    const run = options.commands[command];
    if (!run) throw new DatabaseError('database.command-unknown', `no command ${command}`);
    for (let tried = 1; ; tried++) {
      try {
        const transaction = db
          .transaction()
          .setIsolationLevel(readOnly ? 'repeatable read' : 'read committed')
          .setAccessMode(readOnly ? 'read only' : 'read write');
        let jobs = false;
        const noteJobs = (): void => {
          jobs = true;
        };
        const result = await transaction.execute(async (trx) => {
          if (readOnly) {
            await trx.executeQuery(
              CompiledQuery.raw(`SET LOCAL statement_timeout = ${Math.trunc(options.readTimeoutMs)}`),
            );
          }
          return (await run(postgresTx(trx, options.env, holder.id, noteJobs), args)) as R;
        });
        if (jobs) onJobs();
        return result;
      } catch (error) {
        const wire = toWireError(error);
        if (wire.code !== 'database.busy' || tried >= TRIES_MAX)
          throw new DatabaseError(wire.code, wire.message, wire.detail);
        await new Promise((resolve) => setTimeout(resolve, 2 ** tried + tried));
      }
    }
  };
  return {
    dialect: 'postgres',
    write: (command, args) => attempt(command, args, false),
    read: (command, args) => attempt(command, args, true),
    onJobs: (listener) => {
      onJobs = listener;
    },
    close: async () => {
      await db.destroy();
      await holder.close();
    },
  };
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

/** The pool as the query builder uses it, with the same few statements prepared once per connection: parsing and planning them anew costs more than running them. */
function preparing(pool: pg.Pool): PostgresPool {
  return {
    connect: async () => {
      const client = await pool.connect();
      const query = (sql: string, values?: readonly unknown[]) => {
        const name = values && values.length > 0 ? preparedName(sql) : undefined;
        return name === undefined
          ? client.query(sql, values as unknown[])
          : client.query({ name, text: sql, values: values as unknown[] });
      };
      return { query, release: () => client.release() } as unknown as PostgresPoolClient;
    },
    end: () => pool.end(),
  };
}

function postgresTx(trx: Transaction<unknown>, env: unknown, holder: number, noteJobs: () => void): Tx {
  return {
    dialect: 'postgres',
    // biome-ignore lint/suspicious/noExplicitAny: each folder narrows the schema to its own tables
    db: trx as Kysely<any>,
    env,
    holder,
    noteJobs,
    query: async <R>(sql: string, params: readonly SqlValue[] = []) =>
      (await trx.executeQuery<R>(CompiledQuery.raw(numbered(sql), [...params]))).rows,
    run: async (sql, params = []) =>
      Number((await trx.executeQuery(CompiledQuery.raw(numbered(sql), [...params]))).numAffectedRows ?? 0),
  };
}

/** Several hubs may start at once: one migrates, the others wait for the advisory lock. */
async function migrateLocked(pool: pg.Pool, options: PostgresOptions): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [SCHEMA_LOCK]);
    await migrate(sessionTx(client, options.env), options.migrations, async (sql) => {
      await client.query(sql);
    });
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [SCHEMA_LOCK]).catch(() => {});
    client.release();
  }
}
