/** First in, first out, safety before normal. Taking from the front costs the same however long it is. */
export class WorkQueue<T> {
  readonly #classes: readonly [Fifo<T>, Fifo<T>] = [new Fifo(), new Fifo()];

  get size(): number {
    return this.#classes[0].size + this.#classes[1].size;
  }

  push(item: T, lane: 'safety' | 'normal'): void {
    this.#classes[lane === 'safety' ? 0 : 1].push(item);
  }

  shift(): T | undefined {
    return this.#classes[0].size > 0 ? this.#classes[0].shift() : this.#classes[1].shift();
  }

  get hasSafety(): boolean {
    return this.#classes[0].size > 0;
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
