import pg from 'pg';
import type { Database } from '../model/database.ts';
import { type CommandTable, DatabaseError, runIn, toWireError } from './command.ts';
import { type Migration, migrate } from './migrate.ts';
import { Holder } from './postgres-holder.ts';
import { migrationTx, refuseUnsafe, SCHEMA_LOCK, Session, sessionTx } from './postgres-session.ts';

export interface PostgresOptions {
  readonly url: string;
  readonly commands: CommandTable;
  readonly migrations: readonly Migration[];
  readonly env: unknown;
  readonly readTimeoutMs: number;
}

/**
 * Enough to keep a server busy that is a millisecond away; with many more it spends its time on turns. Reads have connections of their
 * own: slow ones never keep a message from being stored.
 */
const CONNECTIONS = { writing: 6, reading: 8 };

/** A command that lost a race (serialization, deadlock) runs again this many times. */
const TRIES_MAX = 8;

/** bigint columns hold milliseconds and counters, all far below 2^53. */
pg.types.setTypeParser(20, Number);

/**
 * Opens the shared engine. Refuses a server that would lose an acknowledged message: older than 15, or with
 * `fsync`, `full_page_writes` or `synchronous_commit` off. Rule: DESIGN 3 "Engines".
 */
export async function openPostgresDatabase(options: PostgresOptions): Promise<Database> {
  const pool = makePool(options.url, CONNECTIONS.writing);
  const readPool = makePool(options.url, CONNECTIONS.reading);
  const close = (): Promise<unknown> => Promise.all([pool.end(), readPool.end()]);
  const holder = new Holder(options.url);
  try {
    await refuseUnsafe(pool);
    await migrateLocked(pool, options);
    await holder.take();
  } catch (error) {
    await close();
    const wire = toWireError(error);
    throw new DatabaseError(wire.code, wire.message);
  }
  let onJobs: () => void = () => {};
  const attempt = async <R>(command: string, args: unknown, begin: Begin): Promise<R> => {
    const run = options.commands[command];
    if (!run) throw new DatabaseError('database.command-unknown', `no command ${command}`);
    for (let tried = 1; ; tried++) {
      try {
        let jobs = false;
        const noteJobs = (): void => {
          jobs = true;
        };
        const parts = { env: options.env, holder: holder.id, noteJobs };
        const result = await inTransaction(begin, (session) => runIn<R>(sessionTx(session, parts), run, args));
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
  const writing: Begin = { pool, sql: 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE', readOnly: false };
  const reading: Begin = {
    pool: readPool,
    sql: `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = ${Math.trunc(options.readTimeoutMs)}`,
    readOnly: true,
  };
  return {
    dialect: 'postgres',
    write: (command, args) => attempt(command, args, writing),
    read: (command, args) => attempt(command, args, reading),
    onJobs: (listener) => {
      onJobs = listener;
    },
    close: async () => {
      await close();
      await holder.close();
    },
  };
}

function makePool(connectionString: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString, max, connectionTimeoutMillis: 5000, keepAlive: true, pipeline: true });
  pool.on('error', () => {
    // An idle connection broke; the next checkout opens a new one and reports its own failure.
  });
  pool.on('connect', (client) => {
    // A connection that breaks while a command holds it fails that command; without a listener it would end the process.
    client.on('error', () => {});
  });
  return pool;
}

interface Begin {
  readonly pool: pg.Pool;
  readonly sql: string;
  readonly readOnly: boolean;
}

/** Connections whose last read is answered and whose transaction nobody has ended yet. */
const unended = new WeakSet<pg.PoolClient>();

/** The start goes out with the first statement. A read is ended with the start of the connection's next work, or when the loop turns. */
async function inTransaction<R>(begin: Begin, work: (session: Session) => Promise<R>): Promise<R> {
  const client = await begin.pool.connect();
  const session = new Session(client);
  session.send(unended.delete(client) ? `COMMIT; ${begin.sql}` : begin.sql);
  try {
    const result = await work(session);
    if (begin.readOnly) endLater(client);
    else await session.commit();
    client.release();
    return result;
  } catch (error) {
    // Only a connection that ended its transaction is fit for the next.
    await session.execute('ROLLBACK').then(
      () => client.release(),
      (broken) => client.release(broken as Error),
    );
    throw error;
  }
}

function endLater(client: pg.PoolClient): void {
  unended.add(client);
  setImmediate(() => {
    if (!unended.delete(client)) return;
    client.query('COMMIT').catch(() => {
      // The connection broke: the pool makes another.
    });
  });
}

/** Several hubs may start at once: one migrates, the others wait for the advisory lock. */
async function migrateLocked(pool: pg.Pool, options: PostgresOptions): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [SCHEMA_LOCK]);
    await migrate(migrationTx(client, options.env), options.migrations, async (sql) => {
      await client.query(sql);
    });
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [SCHEMA_LOCK]).catch(() => {});
    client.release();
  }
}
