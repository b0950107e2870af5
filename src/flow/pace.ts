const WINDOW_MS = 250;
/** More than so many come in for each that is applied. */
const FLOOD = 1.1;
/** Part of the time in which something is being received: then senders wait with the next. */
const RECEIVING = 0.5;
/** Part of the time in which messages are applied meanwhile. */
const SHARE = 0.1;
/** Applied together, so that they share their commits. */
const BURST = 16;
/** A store that is slow for another reason must not lie idle long; and a flood that ends is noticed after a rest. */
const REST_MAX_MS = 500;
/** So long a flood is believed; then one window at full speed tells whether it still is one. */
const BELIEVED_MS = 5000;

/**
 * Lets receiving go before applying in a flood: while more comes in than can be applied and senders still wait with the next, messages
 * that nobody waits for are applied in a part of the time only, so that what senders hold is on disk and acknowledged sooner. Else they
 * are applied at full speed, and so is what a flood leaves behind. Safety notes, and messages whose sender waits for the outcome, are
 * not asked here. Rule: DESIGN 3 "ACK"; H23. Times in milliseconds.
 */
export class Pace {
  readonly #now: () => number;
  #window: { readonly since: number; arrived: number; done: number; receivingMs: number };
  #receiving = 0;
  #receivingSince = 0;
  /** 0: none. */
  #floodUntil = 0;
  /** Applied per ms, at full speed. */
  #capacity = 0;
  #left = BURST;
  #running = 0;
  #burstSince = 0;
  #restUntil = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#window = { since: now(), arrived: 0, done: 0, receivingMs: 0 };
  }

  /** A message is on its way to the disk, until `received`. */
  arrived(): void {
    this.#look();
    this.#window.arrived += 1;
    if (this.#receiving === 0) this.#receivingSince = this.#now();
    this.#receiving += 1;
  }

  received(): void {
    this.#receiving -= 1;
    if (this.#receiving === 0) this.#window.receivingMs += this.#now() - this.#receivingSince;
  }

  /** How long the next one waits: 0 it may start, Infinity until those that run are done. */
  waitMs(): number {
    this.#look();
    if (this.#floodUntil === 0) return 0;
    const restMs = this.#restUntil - this.#now();
    return restMs > 0 ? restMs : this.#left > 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  started(): void {
    if (this.#left === BURST) this.#burstSince = this.#now();
    this.#left -= 1;
    this.#running += 1;
  }

  finished(): void {
    this.#running -= 1;
    this.#window.done += 1;
    if (this.#running > 0 || this.#left > 0) return;
    const now = this.#now();
    this.#restUntil = now + Math.min((now - this.#burstSince) * (1 / SHARE - 1), REST_MAX_MS);
    this.#left = BURST;
  }

  #look(): void {
    const now = this.#now();
    const elapsed = now - this.#window.since;
    if (elapsed < WINDOW_MS) return;
    if (this.#receiving > 0) {
      this.#window.receivingMs += now - this.#receivingSince;
      this.#receivingSince = now;
    }
    const { arrived, done, receivingMs } = this.#window;
    this.#window = { since: now, arrived: 0, done: 0, receivingMs: 0 };
    const flooded = this.#floodUntil > 0;
    if (!flooded) this.#capacity = done / elapsed;
    const floods = arrived / elapsed > FLOOD * this.#capacity && receivingMs / elapsed > RECEIVING;
    if (!floods || (flooded && now >= this.#floodUntil)) this.#floodUntil = 0;
    else if (!flooded) this.#flood(now);
  }

  #flood(now: number): void {
    this.#floodUntil = now + BELIEVED_MS;
    this.#left = BURST;
    this.#restUntil = 0;
  }
}
