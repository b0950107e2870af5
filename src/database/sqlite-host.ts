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
  /** Of pages of the file. Absent: as `openSqlite` has it. */
  readonly cacheKb?: number;
}

/** Work units in one commit: bounded, so that one long queue does not hold every answer back. */
const BATCH_MAX = 512;

/** Serves commands on one SQLite connection in this worker until the port closes. Posts `'ready'` once it may be called. */
export async function hostSqlite(options: HostOptions): Promise<void> {
  const { cacheKb, env, role } = options;
  const connection = openSqlite(options.file, { readOnly: role === 'reader', env, cacheKb });
  if (role === 'writer') await migrate(connection.tx, options.migrations, (sql) => connection.raw.exec(sql));
  const queue: Call[] = [];
  let running = false;
  const writer = role === 'writer' ? new BatchWriter(connection, options.commands) : undefined;
  const drain = async (): Promise<void> => {
    running = true;
    while (queue.length > 0) {
      const calls = queue.splice(0, BATCH_MAX);
      const answers = await (writer?.run(calls) ?? readBatch(connection, options.commands, calls));
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

/** After a command has failed, so many batches give each command a savepoint of its own. */
const CAUTIOUS_BATCHES = 16;

/**
 * Runs batches, each in one transaction. At first without savepoints, for which SQLite copies every page that is changed under them; if
 * a command fails, all is undone and the batch is run again with them, so that only that command fails. Commands may be run again:
 * on PostgreSQL they are after a lost race.
 */
class BatchWriter {
  readonly #connection: SqliteConnection;
  readonly #commands: CommandTable;
  #cautious = 0;

  constructor(connection: SqliteConnection, commands: CommandTable) {
    this.#connection = connection;
    this.#commands = commands;
  }

  async run(calls: readonly Call[]): Promise<Answer[]> {
    const cautious = this.#cautious > 0;
    if (cautious) this.#cautious -= 1;
    try {
      this.#connection.syncCommits(calls.some(({ command }) => this.#commands[command]?.synced !== false));
      return await this.#inTransaction(() => (cautious ? this.#apart(calls) : this.#together(calls)));
    } catch (error) {
      if (cautious || calls.length === 1) return failed(calls, error);
      this.#cautious = CAUTIOUS_BATCHES;
      return this.#inTransaction(() => this.#apart(calls)).catch((again: unknown) => failed(calls, again));
    }
  }

  /** Commits what `work` did, or undoes all of it and throws. */
  async #inTransaction(work: () => Promise<Answer[]>): Promise<Answer[]> {
    const { raw } = this.#connection;
    raw.exec('BEGIN IMMEDIATE');
    try {
      const answers = await work();
      if (!raw.isTransaction) throw new DatabaseError('database.failed', 'the transaction ended early');
      raw.exec('COMMIT');
      return answers;
    } catch (error) {
      if (raw.isTransaction) raw.exec('ROLLBACK');
      throw error;
    }
  }

  async #together(calls: readonly Call[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const call of calls) answers.push(await this.#one(call));
    return answers;
  }

  async #apart(calls: readonly Call[]): Promise<Answer[]> {
    const { raw } = this.#connection;
    const answers: Answer[] = [];
    for (const call of calls) {
      raw.exec('SAVEPOINT unit');
      const answer = await this.#one(call).catch((error: unknown) => ({ id: call.id, error: toWireError(error) }));
      // Where the whole transaction is gone (full disk, I/O error) this throws: nothing of the batch is durable.
      raw.exec('error' in answer ? 'ROLLBACK TO unit; RELEASE unit' : 'RELEASE unit');
      answers.push(answer);
    }
    return answers;
  }

  async #one(call: Call): Promise<Answer> {
    try {
      const result = await runCommand(this.#commands, call, this.#connection.tx);
      return { id: call.id, result, jobs: this.#connection.tookJobs() };
    } finally {
      this.#connection.tookJobs();
    }
  }
}

function failed(calls: readonly Call[], error: unknown): Answer[] {
  const wire = toWireError(error);
  return calls.map(({ id }) => ({ id, error: wire }));
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
