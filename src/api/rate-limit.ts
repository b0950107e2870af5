import type { Clock } from '../model/clock.ts';

const KEYS_MAX = 10_000;

/** A token bucket per key: `burst` at once (a second's worth if not said), then the rate. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(perSecond: number, clock: Clock, burst = perSecond) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#clock = clock;
  }

  /** Takes one. Gives 0, or the milliseconds until there will be one. */
  take(key: string): number {
    const bucket = this.#filled(key);
    if (bucket.left < 1) return Math.ceil(((1 - bucket.left) / this.#perSecond) * 1000);
    bucket.left -= 1;
    return 0;
  }

  /** Gives back one that was taken. */
  give(key: string): void {
    const bucket = this.#filled(key);
    bucket.left = Math.min(this.#burst, bucket.left + 1);
  }

  /** Whether the next one would have to wait. */
  isSpent(key: string): boolean {
    return this.#filled(key).left < 1;
  }

  #filled(key: string): { left: number; at: number } {
    const now = this.#clock.now();
    const bucket = this.#buckets.get(key) ?? { left: this.#burst, at: now };
    bucket.left = Math.min(this.#burst, bucket.left + (Math.max(0, now - bucket.at) / 1000) * this.#perSecond);
    bucket.at = now;
    if (this.#buckets.size >= KEYS_MAX && !this.#buckets.has(key)) this.#buckets.clear();
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
