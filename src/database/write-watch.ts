import type { Database } from '../model/database.ts';

/** What keeps a database from taking writes: a code of the failure table, and since when (ms since the epoch) that is known. */
export interface WriteFault {
  readonly code: string;
  readonly since: number;
}

export interface WriteWatchOptions {
  readonly now: () => number;
  /** Command that writes for the sake of writing: `probeCommand`. */
  readonly probe: string;
  /** True when the result of a command shows that it wrote. One that found nothing to do proves nothing about the disk. */
  readonly wrote: (command: string, result: unknown) => boolean;
}

/** Failures of the engine. Every other one belongs to the command that met it. */
const ENGINE_FAILURES = new Set(['database.full', 'database.unavailable', 'database.corrupt']);

/** After so long without a proof a probe writes. */
const PROOF_MS = 10_000;
/** A database that failed is tried again after this. */
const AGAIN_MS = 1000;
/** Longer than any commit the hub makes; after it a probe counts as failed, and its outcome still when it comes. */
const PROBE_MAX_MS = 5000;

/**
 * Watches what becomes of the writes of one database. A failure of the engine counts at once; only a probe, which writes about as much
 * as a message needs, ends it: on a full disk small writes and those that change nothing still succeed.
 */
export class WriteWatch {
  /** The watched database: callers use it in place of the one they gave. */
  readonly database: Database;
  readonly #options: WriteWatchOptions;
  #fault: WriteFault | undefined;
  #failures = 0;
  #failedAt = 0;
  #provenAt = Number.NEGATIVE_INFINITY;
  #probing: Promise<void> | undefined;

  constructor(database: Database, options: WriteWatchOptions) {
    this.#options = options;
    this.database = {
      ...database,
      write: async <R>(command: string, args: unknown): Promise<R> => {
        try {
          const result = await database.write<R>(command, args);
          if (options.wrote(command, result)) this.#provenAt = options.now();
          return result;
        } catch (error) {
          const code = codeOf(error);
          if (ENGINE_FAILURES.has(code)) this.#failed(code);
          throw error;
        }
      },
    };
  }

  /** Why nothing is written now; undefined: writes succeed. Writes itself only where the last proof or the last failure is old. */
  async fault(): Promise<WriteFault | undefined> {
    const now = this.#options.now();
    const due = this.#fault ? now - this.#failedAt >= AGAIN_MS : now - this.#provenAt >= PROOF_MS;
    if (due) await this.#probe();
    return this.#fault;
  }

  async #probe(): Promise<void> {
    this.#probing ??= this.#write().finally(() => {
      this.#probing = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#failing('database.timeout');
        resolve();
      }, PROBE_MAX_MS);
    });
    await Promise.race([this.#probing, late]);
    clearTimeout(timer);
  }

  async #write(): Promise<void> {
    const before = this.#failures;
    try {
      await this.database.write(this.#options.probe, {});
      this.#provenAt = this.#options.now();
      // A write that failed meanwhile says more than this one.
      if (this.#failures === before) this.#fault = undefined;
    } catch (error) {
      this.#failed(codeOf(error));
    }
  }

  #failed(code: string): void {
    this.#failures += 1;
    this.#failing(code);
  }

  #failing(code: string): void {
    this.#failedAt = this.#options.now();
    this.#fault = { code, since: this.#fault?.since ?? this.#failedAt };
  }
}

const codeOf = (error: unknown): string => {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'database.failed';
};
