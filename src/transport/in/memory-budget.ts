import type { MllpCounters } from './mllp-contract.ts';

/**
 * Content that a listener keeps in memory: unfinished frames, and frames handed on and not yet answered.
 * Above the limit nobody reads but one connection in the middle of a frame, so that half-read frames cannot wait for each
 * other; answers set the rest free. Holds at most twice the limit and one frame.
 */
export class MemoryBudget {
  readonly #maxBytes: number;
  readonly #counters: MllpCounters;
  #handedBytes = 0;
  #exempt: object | undefined;

  constructor(maxBytes: number, counters: MllpCounters) {
    this.#maxBytes = maxBytes;
    this.#counters = counters;
  }

  unfinished(changeBytes: number): void {
    this.#counters.bytesHeld += changeBytes;
  }

  handed(changeBytes: number): void {
    this.#counters.bytesHeld += changeBytes;
    this.#handedBytes += changeBytes;
  }

  /** `midFrame`: whether this connection is inside a frame; when it no longer is, its exemption ends. */
  mayRead(connection: object, midFrame: boolean): boolean {
    if (!midFrame) this.release(connection);
    if (this.#counters.bytesHeld <= this.#maxBytes) return true;
    if (!midFrame || this.#handedBytes > this.#maxBytes) return false;
    this.#exempt ??= connection;
    return this.#exempt === connection;
  }

  release(connection: object): void {
    if (this.#exempt === connection) this.#exempt = undefined;
  }
}
