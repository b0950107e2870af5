/** So many at a time, usually one; urgent ones before the others that wait, first come first served among each. */
export class Turn {
  readonly #waitingMax: number;
  readonly #urgent: (() => void)[] = [];
  readonly #others: (() => void)[] = [];
  #free: number;

  constructor(waitingMax: number, atOnce = 1) {
    this.#waitingMax = waitingMax;
    this.#free = atOnce;
  }

  get waiting(): number {
    return this.#urgent.length + this.#others.length;
  }

  /** Resolves true when it is this one's turn, false at once if too many wait; an urgent one may always wait. */
  async take(urgent: boolean): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    if (!urgent && this.waiting >= this.#waitingMax) return false;
    await new Promise<void>((resolve) => (urgent ? this.#urgent : this.#others).push(resolve));
    return true;
  }

  give(): void {
    const next = this.#urgent.shift() ?? this.#others.shift();
    if (next) next();
    else this.#free += 1;
  }
}
