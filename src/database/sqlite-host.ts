import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { MessagePort } from 'node:worker_threads';
import { type CommandTable, DatabaseError, runIn, toWireError, type WireError } from './command.ts';
import { type Migration, migrate } from './migrate.ts';
import { openSqlite, type SqliteConnection } from './sqlite-connection.ts';

/** What crosses to the worker, several at once. */
export interface Call {
  readonly id: number;
  readonly command: string;
  readonly args: unknown;
}

/** What comes back, several at once, after the commit that made them durable. */
export type Answer =
  | { readonly id: number; readonly result: unknown; readonly jobs?: boolean }
  | { readonly id: number; readonly error: WireError };

export interface HostOptions {
  readonly port: MessagePort;
  readonly file: string;
  readonly role: 'writer' | 'reader';
  readonly commands: CommandTable;
  readonly migrations: readonly Migration[];
  readonly env: unknown;
}

/** Work units in one commit: bounded, so that one long queue does not hold every answer back. */
const BATCH_MAX = 512;

/** Serves commands on one SQLite connection in this worker until the port closes. Posts `'ready'` once it may be called. */
export async function hostSqlite(options: HostOptions): Promise<void> {
  const connection = openSqlite(options.file, { readOnly: options.role === 'reader', env: options.env });
  if (options.role === 'writer') await migrate(connection.tx, options.migrations, (sql) => connection.raw.exec(sql));
  const queue: Call[] = [];
  let running = false;
  const work = options.role === 'writer' ? writeBatch : readBatch;
  const drain = async (): Promise<void> => {
    running = true;
    while (queue.length > 0) {
      const answers = await work(connection, options.commands, queue.splice(0, BATCH_MAX));
      options.port.postMessage(answers);
      await new Promise(setImmediate);
    }
    running = false;
  };
  options.port.on('message', (message: readonly Call[] | 'close') => {
    if (message === 'close') {
      connection.close();
      options.port.close();
      return;
    }
    queue.push(...message);
    if (!running) void drain();
  });
  collectGarbage();
  options.port.postMessage('ready');
}

/** Reading the definitions leaves some 50 MB of garbage in each worker, which V8 would keep until it needs the room. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

async function writeBatch(
  connection: SqliteConnection,
  commands: CommandTable,
  calls: readonly Call[],
): Promise<Answer[]> {
  const { raw, tx } = connection;
  const answers: Answer[] = [];
  try {
    connection.syncCommits(calls.some(({ command }) => commands[command]?.synced !== false));
    raw.exec('BEGIN IMMEDIATE');
  } catch (error) {
    return calls.map(({ id }) => ({ id, error: toWireError(error) }));
  }
  let broken: unknown;
  for (const call of calls) {
    if (broken !== undefined) {
      answers.push({ id: call.id, error: toWireError(broken) });
      continue;
    }
    try {
      raw.exec('SAVEPOINT unit');
      const result = await runCommand(commands, call, tx);
      raw.exec('RELEASE unit');
      answers.push({ id: call.id, result, jobs: connection.tookJobs() });
    } catch (error) {
      answers.push({ id: call.id, error: toWireError(error) });
      connection.tookJobs();
      try {
        raw.exec('ROLLBACK TO unit; RELEASE unit');
      } catch (rollback) {
        // The whole transaction is gone (full disk, I/O error): nothing of this batch is durable.
        broken = rollback;
      }
    }
  }
  try {
    if (broken !== undefined || !raw.isTransaction)
      throw broken ?? new DatabaseError('database.failed', 'the transaction ended early');
    raw.exec('COMMIT');
    return answers;
  } catch (error) {
    if (raw.isTransaction) raw.exec('ROLLBACK');
    const wire = toWireError(error);
    return calls.map(({ id }) => ({ id, error: wire }));
  }
}

async function readBatch(
  connection: SqliteConnection,
  commands: CommandTable,
  calls: readonly Call[],
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const call of calls) {
    try {
      connection.raw.exec('BEGIN');
      answers.push({ id: call.id, result: await runCommand(commands, call, connection.tx) });
    } catch (error) {
      answers.push({ id: call.id, error: toWireError(error) });
    } finally {
      if (connection.raw.isTransaction) connection.raw.exec('COMMIT');
    }
  }
  return answers;
}

function runCommand(commands: CommandTable, call: Call, tx: SqliteConnection['tx']): Promise<unknown> {
  const command = commands[call.command];
  if (!command) throw new DatabaseError('database.command-unknown', `no command ${call.command}`);
  return runIn(tx, command, call.args);
}
