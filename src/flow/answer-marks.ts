import type { FlowLog } from '../model/flow.ts';
import type { Journal } from './journal.ts';
import { codeOf } from './translate.ts';

const MARKS_MS = 100;

/** Gathers what became of the answers; nothing waits for it, and after a crash the axis says `unknown`. */
export class AnswerMarks {
  readonly #journal: Journal;
  readonly #log: FlowLog;
  #written: number[] = [];
  #unwritten: number[] = [];
  #late: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(journal: Journal, log: FlowLog) {
    this.#journal = journal;
    this.#log = log;
  }

  forMessage(id: number): (written: boolean) => void {
    return (written) => {
      (written ? this.#written : this.#unwritten).push(id);
      this.#schedule();
    };
  }

  late(id: number): void {
    this.#late.push(id);
    this.#schedule();
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [written, unwritten, late] = [this.#written, this.#unwritten, this.#late];
    this.#written = [];
    this.#unwritten = [];
    this.#late = [];
    try {
      if (late.length > 0) await this.#journal.late(late);
      if (written.length + unwritten.length > 0) await this.#journal.answered(written, unwritten);
    } catch (error) {
      this.#log('message.answers-unmarked', { code: codeOf(error) });
    }
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.flush(), MARKS_MS);
  }
}
