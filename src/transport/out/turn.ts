/** One at a time; urgent ones before the others that wait, first come first served among each. */
export class Turn {
  readonly #waitingMax: number;
  readonly #urgent: (() => void)[] = [];
  readonly #others: (() => void)[] = [];
  #taken = false;

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  get waiting(): number {
    return this.#urgent.length + this.#others.length;
  }

  /** Resolves true when it is this one's turn, false at once if too many wait; an urgent one may always wait. */
  async take(urgent: boolean): Promise<boolean> {
    if (!this.#taken) {
      this.#taken = true;
      return true;
    }
    if (!urgent && this.waiting >= this.#waitingMax) return false;
    await new Promise<void>((resolve) => (urgent ? this.#urgent : this.#others).push(resolve));
    return true;
  }

  give(): void {
    const next = this.#urgent.shift() ?? this.#others.shift();
    if (next) next();
    else this.#taken = false;
  }
}
