/** safety: goes first. waited: its sender waits for what becomes of it. normal: acknowledged already. */
export type Urgency = 'safety' | 'waited' | 'normal';

/** Of so many turns that waited ones could have, one is a normal one's. */
const NORMAL_EVERY = 4;

/** First in, first out in each urgency. Taking from the front costs the same however long it is. */
export class WorkQueue<T> {
  readonly #of: Readonly<Record<Urgency, Fifo<T>>> = { safety: new Fifo(), waited: new Fifo(), normal: new Fifo() };
  #turn = 0;

  get size(): number {
    return this.#of.safety.size + this.#of.waited.size + this.#of.normal.size;
  }

  sizeOf(urgency: Urgency): number {
    return this.#of[urgency].size;
  }

  push(item: T, urgency: Urgency): void {
    this.#of[urgency].push(item);
  }

  /** Whose turn it is; `normal` only where those may go now. */
  next(normalToo: boolean): Urgency | undefined {
    if (this.#of.safety.size > 0) return 'safety';
    const normal = normalToo && this.#of.normal.size > 0;
    if (this.#of.waited.size === 0) return normal ? 'normal' : undefined;
    return normal && this.#turn % NORMAL_EVERY === NORMAL_EVERY - 1 ? 'normal' : 'waited';
  }

  shift(urgency: Urgency): T | undefined {
    if (urgency !== 'safety') this.#turn += 1;
    return this.#of[urgency].shift();
  }
}

const COMPACT_AT = 1024;

class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
