/** Sixteen steps in each doubling: a reading is at most 6 % above the true value. */
const STEPS = 16;
const DOUBLINGS = 40;

/** Latencies in microseconds, counted in a fixed space however many there are. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(STEPS * DOUBLINGS);
  #count = 0;
  #sumUs = 0;
  #maxUs = 0;

  get count(): number {
    return this.#count;
  }

  record(latencyUs: number): void {
    const us = Math.max(1, Math.round(latencyUs));
    const doubling = 31 - Math.clz32(us);
    const step = doubling < 4 ? us - (1 << doubling) : (us >>> (doubling - 4)) & (STEPS - 1);
    const at = doubling * STEPS + step;
    this.#counts[at] = this.#counts[at]! + 1;
    this.#count += 1;
    this.#sumUs += us;
    this.#maxUs = Math.max(this.#maxUs, us);
  }

  /** The latency that this share of the readings does not pass, in milliseconds; 0 without readings. */
  percentileMs(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (let at = 0; at < this.#counts.length; at += 1) {
      left -= this.#counts[at]!;
      if (left <= 0 && this.#count > 0) return Math.min(upperUs(at), this.#maxUs) / 1000;
    }
    return 0;
  }

  summary(): {
    count: number;
    meanMs: number;
    p50Ms: number;
    p90Ms: number;
    p99Ms: number;
    p999Ms: number;
    maxMs: number;
  } {
    return {
      count: this.#count,
      meanMs: this.#count === 0 ? 0 : this.#sumUs / this.#count / 1000,
      p50Ms: this.percentileMs(0.5),
      p90Ms: this.percentileMs(0.9),
      p99Ms: this.percentileMs(0.99),
      p999Ms: this.percentileMs(0.999),
      maxMs: this.#maxUs / 1000,
    };
  }
}

function upperUs(at: number): number {
  const doubling = Math.floor(at / STEPS);
  const step = at % STEPS;
  return doubling < 4 ? (1 << doubling) + step : 2 ** doubling + (step + 1) * 2 ** (doubling - 4) - 1;
}
