import type { FhirResponse } from './exchange.ts';
import { refuse } from './refusal.ts';

/** Characters of all answers together. */
const ANSWERS_MAX = 32 * 1024 * 1024;
const READING_MS = 8_000;
/** While a Bundle that also writes reads, nobody else writes: no message is stored, no note arrives. */
const WRITER_MS = 1_000;

/** What the reads of one Bundle may cost together; the read after the one that passes it is refused (413). */
export class ReadBudget {
  #leftMs: number;
  #left = ANSWERS_MAX;

  constructor(writes: boolean) {
    this.#leftMs = writes ? WRITER_MS : READING_MS;
  }

  async spend(read: () => Promise<FhirResponse>): Promise<FhirResponse> {
    if (this.#left < 0 || this.#leftMs < 0)
      throw refuse(413, 'too-costly', 'the reads of the Bundle cost too much together: ask for less, or in several');
    const began = performance.now();
    try {
      const response = await read();
      this.#left -= response.body?.length ?? 0;
      return response;
    } finally {
      this.#leftMs -= performance.now() - began;
    }
  }
}
