import { Worker } from 'node:worker_threads';
import type { Database } from '../model/database.ts';
import { DatabaseError, type WireError } from './command.ts';
import { Checkpointer } from './sqlite-checkpoint.ts';
import type { Answer, Call } from './sqlite-host.ts';

export interface SqliteOptions {
  readonly file: string;
  /** Module that calls `hostSqlite` with the commands and migrations of this database. */
  readonly worker: URL;
  /** Module that calls `hostCheckpoints`; without it the writer checkpoints inside its commits. */
  readonly checkpoints?: URL;
  readonly readers: number;
  /** A read that takes longer is rejected and its worker replaced. Milliseconds. */
  readonly readTimeoutMs: number;
  /** Cloneable; handed to every command as `tx.env`. */
  readonly env: unknown;
}

/** Handed to the worker module as `workerData`. */
export interface SqliteWorkerData {
  readonly file: string;
  readonly role: 'writer' | 'reader';
  readonly env: unknown;
}

interface Waiting {
  readonly call: Call;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Opens an embedded database: one writer worker and `readers` reader workers. The calling thread never touches SQLite. Rule: DESIGN 3 "Engines". */
export async function openSqliteDatabase(options: SqliteOptions): Promise<Database> {
  const writer = new WriterProxy(options);
  await writer.ready;
  const readers = await ReaderPool.open(options);
  const checkpointer = options.checkpoints && new Checkpointer(options.checkpoints, options.file);
  if (checkpointer) writer.onWritten = () => checkpointer.wrote();
  return {
    dialect: 'sqlite',
    write: <R>(command: string, args: unknown) => writer.call(command, args) as Promise<R>,
    read: <R>(command: string, args: unknown) => readers.call(command, args) as Promise<R>,
    onJobs: (listener) => {
      writer.onJobs = listener;
    },
    close: async () => {
      await readers.close();
      await checkpointer?.close();
      await writer.close();
    },
  };
}

/** V8 lets the young generation of every thread grow to 48 MB. A query needs little; the writer makes much that dies at once. */
const YOUNG_GENERATION_MB = { writer: 32, reader: 8 } as const;

function startWorker(options: SqliteOptions, role: 'writer' | 'reader'): Worker {
  const workerData: SqliteWorkerData = { file: options.file, role, env: options.env };
  return new Worker(options.worker, {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB[role] },
  });
}

function toError(error: WireError): DatabaseError {
  return new DatabaseError(error.code, error.message, error.detail);
}

const lost = (): DatabaseError => new DatabaseError('database.unavailable', 'the database worker ended');

const RESTART_MS = 200;

/**
 * Collects the calls of one turn of the event loop into one message, so that they share one commit.
 * A worker that ends by itself is replaced: what it was working on is rejected, and may or may not be durable.
 */
class WriterProxy {
  readonly ready: Promise<void>;
  /** After each commit. */
  onWritten: () => void = () => {};
  /** After each commit that queued jobs. */
  onJobs: () => void = () => {};
  readonly #options: SqliteOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #outgoing: Call[] = [];
  #nextId = 1;
  #closed = false;

  constructor(options: SqliteOptions) {
    this.#options = options;
    this.ready = this.#start();
  }

  call(command: string, args: unknown): Promise<unknown> {
    if (!this.#worker || this.#closed) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      const call = { id: this.#nextId++, command, args };
      this.#waiting.set(call.id, { call, resolve, reject });
      if (this.#outgoing.length === 0) setImmediate(() => this.#flush());
      this.#outgoing.push(call);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    while (this.#waiting.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    this.#closed = true;
    const worker = this.#worker;
    if (!worker) return;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage('close');
    await exited;
  }

  #start(): Promise<void> {
    const worker = startWorker(this.#options, 'writer');
    return new Promise((resolve, reject) => {
      let failure = lost();
      worker.on('message', (message: 'ready' | readonly Answer[]) => {
        if (message === 'ready') {
          this.#worker = worker;
          return resolve();
        }
        for (const answer of message) this.#settle(answer);
        this.onWritten();
        if (message.some((answer) => 'result' in answer && answer.jobs)) this.onJobs();
      });
      worker.on('error', (error) => {
        failure = new DatabaseError('database.unavailable', error.message);
      });
      worker.on('exit', () => {
        reject(failure);
        if (this.#worker !== worker) return;
        this.#worker = undefined;
        this.#outgoing = [];
        for (const waiting of this.#waiting.values()) waiting.reject(failure);
        this.#waiting.clear();
        this.#restart();
      });
    });
  }

  #restart(): void {
    if (this.#closed) return;
    setTimeout(() => {
      if (!this.#closed) this.#start().catch(() => this.#restart());
    }, RESTART_MS).unref();
  }

  #flush(): void {
    if (this.#outgoing.length === 0) return;
    const calls = this.#outgoing;
    this.#outgoing = [];
    this.#worker?.postMessage(calls);
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting.reject(toError(answer.error));
    else waiting.resolve(answer.result);
  }
}

/** Reader workers, one call each at a time; a slow one is replaced. */
class ReaderPool {
  readonly #options: SqliteOptions;
  readonly #idle: Reader[] = [];
  readonly #queue: Waiting[] = [];
  readonly #all = new Set<Reader>();
  #nextId = 1;
  #closed = false;

  private constructor(options: SqliteOptions) {
    this.#options = options;
  }

  static async open(options: SqliteOptions): Promise<ReaderPool> {
    const pool = new ReaderPool(options);
    await Promise.all(Array.from({ length: options.readers }, () => pool.#add()));
    return pool;
  }

  call(command: string, args: unknown): Promise<unknown> {
    if (this.#closed) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      this.#queue.push({ call: { id: this.#nextId++, command, args }, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#queue.splice(0)) waiting.reject(lost());
    await Promise.all([...this.#all].map((reader) => reader.worker.terminate()));
  }

  async #add(): Promise<void> {
    const worker = startWorker(this.#options, 'reader');
    const reader: Reader = { worker, current: undefined, timer: undefined };
    this.#all.add(reader);
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: 'ready' | readonly Answer[]) => {
        if (message === 'ready') {
          this.#idle.push(reader);
          this.#next();
          return resolve();
        }
        for (const answer of message) this.#settle(reader, answer);
      });
      worker.on('error', (error) => {
        this.#drop(reader, new DatabaseError('database.unavailable', error.message));
        reject(error);
      });
      worker.on('exit', () => this.#drop(reader, lost()));
    });
  }

  #next(): void {
    while (this.#queue.length > 0) {
      const reader = this.#idle.pop();
      if (!reader) return;
      const waiting = this.#queue.shift() as Waiting;
      reader.current = waiting;
      reader.timer = setTimeout(() => {
        this.#drop(reader, new DatabaseError('database.timeout', 'the query took too long'));
        void reader.worker.terminate();
      }, this.#options.readTimeoutMs);
      reader.worker.postMessage([waiting.call]);
    }
  }

  #settle(reader: Reader, answer: Answer): void {
    clearTimeout(reader.timer);
    const waiting = reader.current;
    reader.current = undefined;
    if (this.#all.has(reader)) this.#idle.push(reader);
    if (waiting) {
      if ('error' in answer) waiting.reject(toError(answer.error));
      else waiting.resolve(answer.result);
    }
    this.#next();
  }

  #drop(reader: Reader, error: DatabaseError): void {
    if (!this.#all.delete(reader)) return;
    clearTimeout(reader.timer);
    const at = this.#idle.indexOf(reader);
    if (at >= 0) this.#idle.splice(at, 1);
    reader.current?.reject(error);
    reader.current = undefined;
    if (!this.#closed)
      this.#add().catch(() => setTimeout(() => this.#closed || void this.#add().catch(() => {}), 1000));
  }
}

interface Reader {
  readonly worker: Worker;
  current: Waiting | undefined;
  timer: NodeJS.Timeout | undefined;
}
