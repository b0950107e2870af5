import type { MessageOutcome, MessageRow } from '../model/journal.ts';

/** What translate made of a message, as far as the sender's answer depends on it. */
export type Outcome = Exclude<MessageOutcome, { readonly kind: 'again' }> & {
  /** When it was settled: the time its ACK bears. */
  readonly at: number;
};

type Listener = (outcome: Outcome | undefined) => void;

const RECENT_MAX = 4096;

/**
 * Tells those who wait for a message's outcome, in this process. An outcome that came before anybody asked is kept for a while,
 * because the answer of the append and that of the settle can arrive in one turn.
 */
export class Outcomes {
  readonly #waiting = new Map<number, Set<Listener>>();
  readonly #recent = new Map<number, Outcome>();

  /** Resolves with the outcome, or undefined after `waitMs`. */
  wait(id: number, waitMs: number): Promise<Outcome | undefined> {
    const known = this.#recent.get(id);
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => {
      const listeners = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, listeners);
      const listener: Listener = (outcome) => {
        clearTimeout(timer);
        listeners.delete(listener);
        if (listeners.size === 0 && this.#waiting.get(id) === listeners) this.#waiting.delete(id);
        resolve(outcome);
      };
      const timer = setTimeout(() => listener(undefined), waitMs);
      listeners.add(listener);
    });
  }

  /** The message runs again: what it came to before no longer answers anybody. */
  forget(id: number): void {
    this.#recent.delete(id);
  }

  settled(id: number, outcome: Outcome): void {
    this.#recent.set(id, outcome);
    if (this.#recent.size > RECENT_MAX) {
      const oldest = this.#recent.keys().next().value;
      if (oldest !== undefined) this.#recent.delete(oldest);
    }
    const listeners = this.#waiting.get(id);
    if (!listeners) return;
    this.#waiting.delete(id);
    for (const listener of [...listeners]) listener(outcome);
  }

  /** Ends every wait: the hub stops. */
  release(): void {
    for (const listeners of [...this.#waiting.values()]) for (const listener of [...listeners]) listener(undefined);
    this.#waiting.clear();
  }
}

/** What a settled row says to a sender; undefined: it is not settled. */
export function outcomeOf({
  state,
  settledAt,
  ackCode,
  reason,
  parts,
  mappingVersion = '',
}: MessageRow): Outcome | undefined {
  if (settledAt === undefined) return undefined;
  if (state === 'applied' || state === 'listed') {
    return {
      kind: state,
      ackCode: 'AA',
      mappingVersion,
      changed: 0,
      parts,
      at: settledAt,
      ...(reason ? { reason } : {}),
    };
  }
  if (state !== 'parked' || !reason) return undefined;
  return {
    kind: state,
    ackCode: ackCode ?? 'AE',
    mappingVersion,
    reason,
    holdLanes: false,
    tell: false,
    at: settledAt,
  };
}
