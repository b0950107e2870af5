/** Routine pieces of work of each loop beside a safety note that is on its way: enough to go on, too few for it to stand behind. */
export const BESIDE_URGENT = 4;

/** Longer than a note stands between two of its stages; short, so that a partner who is slow to answer holds nobody up. Milliseconds. */
const STEP_MS = 200;

/**
 * Whether a safety note is on its way through the loops of this hub. It goes first in each of them, but every stage also shares
 * threads and the store's commits with what runs already: with all slots in use a commit takes its note a tenth of a second, and a
 * note has ten on its way. Rule: R15 "immediately", DESIGN 3 "Lanes".
 */
export class Urgent {
  readonly #now: () => number;
  #until = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A note begins or ends one of its stages. */
  moved(): void {
    this.#until = this.#now() + STEP_MS;
  }

  /** Of `max` slots, those that routine work may have now. */
  slots(max: number): number {
    const leftMs = this.#until - this.#now();
    // More than a step is left only when the clock was set back.
    return leftMs > 0 && leftMs <= STEP_MS ? Math.min(BESIDE_URGENT, max) : max;
  }
}
