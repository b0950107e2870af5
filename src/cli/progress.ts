const WIDTH = 30;
const EVERY_MS = 100;

/** A progress bar on standard error; silent where that is no terminal. */
export class Progress {
  readonly #what: string;
  readonly #total: number;
  #done = 0;
  #shownAt = 0;

  constructor(what: string, total: number) {
    this.#what = what;
    this.#total = total;
  }

  step(by = 1): void {
    this.#done += by;
    const now = Date.now();
    if (!process.stderr.isTTY || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.#show();
  }

  end(): void {
    if (!process.stderr.isTTY) return;
    this.#show();
    process.stderr.write('\n');
  }

  #show(): void {
    const part = this.#total === 0 ? 1 : this.#done / this.#total;
    const filled = Math.min(WIDTH, Math.round(part * WIDTH));
    process.stderr.write(
      `\r[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${this.#done}/${this.#total} ${this.#what}`,
    );
  }
}
