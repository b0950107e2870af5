/** Waits for the end of the work a loop holds. */
export class Idle {
  #waiting: (() => void)[] = [];

  /** Resolves when `reached` is called, or after `drainMs`. */
  async wait(drainMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** The loop holds nothing any more. */
  reached(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
