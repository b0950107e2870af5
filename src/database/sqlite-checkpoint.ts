import { setTimeout as pause } from 'node:timers/promises';
import { type MessagePort, Worker } from 'node:worker_threads';
import { openSqlite } from './sqlite-connection.ts';

/** What a checkpoint thread is given as `workerData`. */
export interface CheckpointData {
  readonly file: string;
}

/** Between two checkpoints. Milliseconds. The shorter, the less is left for the writer; the longer, the more changes of one page are one write. */
const EVERY_MS = 100;

/** It holds one statement and no data. */
const SMALL = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16, stackSizeMb: 1 } as const;

/**
 * Copies what the writer commits from the log into the database file, in a thread of its own: done inside a commit it takes a quarter
 * of the writer's time and holds every answer back meanwhile. It never waits for readers or the writer (`PASSIVE`); what it leaves,
 * the writer copies when the log reaches its limit. Rule: sqlite.org/wal.html, "Checkpointing".
 */
export class Checkpointer {
  readonly #worker: Worker;
  #asked = false;
  #wrote = false;

  constructor(module: URL, file: string) {
    this.#worker = new Worker(module, { workerData: { file } satisfies CheckpointData, resourceLimits: SMALL });
    this.#worker.on('message', () => {
      this.#asked = false;
      if (this.#wrote) this.wrote();
    });
    // Without the thread the writer checkpoints by itself, as it does above its limit.
    this.#worker.on('error', () => {
      this.#asked = true;
    });
  }

  /** Something may be in the log that is not in the file. */
  wrote(): void {
    this.#wrote = this.#asked;
    if (this.#asked) return;
    this.#asked = true;
    this.#worker.postMessage('checkpoint');
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** The thread's side: a checkpoint per message, answered when it is done. */
export function hostCheckpoints(port: MessagePort, { file }: CheckpointData): void {
  const { raw } = openSqlite(file, { readOnly: false, env: undefined });
  const checkpoint = raw.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  port.on('message', async () => {
    await pause(EVERY_MS);
    try {
      checkpoint.get();
    } catch {
      // A disk that is full or fails: the log keeps all of it, and the writer, which meets the same disk, says so.
    }
    port.postMessage('done');
  });
}
