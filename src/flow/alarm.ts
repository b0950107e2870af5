/** One timer for the earliest of several instants. What is due is in the database; losing the timer loses nothing but time. */
export class Alarm {
  readonly #now: () => number;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(now: () => number, ring: () => void) {
    this.#now = now;
    this.#ring = ring;
  }

  /** Rings at `at` or, if one is set for earlier, then. */
  set(at: number): void {
    if (at >= this.#at) return;
    this.clear();
    this.#at = at;
    // setTimeout holds 24.8 days at most; ringing early is harmless.
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.max(at - this.#now(), 0) + 1, 86_400_000));
    this.#timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.clear();
    this.#ring();
  }
}
