import type { Database } from '../model/database.ts';
import type { FlowLog } from '../model/flow.ts';
import type { Alarm } from './alarm.ts';
import { type BackOff, backOffMs } from './back-off.ts';
import type { LinkState } from './outbox-commands.ts';
import { codeOf } from './translate.ts';

export interface LinkDeps {
  readonly db: Database;
  /** Told once when the partner goes down and once when it is back. */
  readonly onLink: (link: LinkState) => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: FlowLog;
}

/** Whether one partner can be reached, and when to try again while it cannot. Kept in the database too, so that waiting rows can say why. */
export class PartnerLink {
  readonly #recipient: string;
  readonly #deps: LinkDeps;
  readonly #alarm: Alarm;
  #failures = 0;
  #downUntil = 0;

  constructor(recipient: string, deps: LinkDeps, alarm: Alarm) {
    this.#recipient = recipient;
    this.#deps = deps;
    this.#alarm = alarm;
  }

  get isDown(): boolean {
    return this.#failures > 0;
  }

  get mayTry(): boolean {
    return this.#deps.now() >= this.#downUntil;
  }

  /** Gives when to try again. Failures after the first only lengthen the pause. */
  down(code: string, pauses: BackOff, atLeastMs: number): number {
    const { now, random } = this.#deps;
    const wasUp = !this.isDown;
    // Attempts that were under way together fail together: they count once.
    if (this.mayTry) {
      this.#failures += 1;
      this.#downUntil = now() + Math.max(atLeastMs, backOffMs(pauses, this.#failures, random));
    }
    this.#alarm.set(this.#downUntil);
    this.#tell({ state: 'down', code }, wasUp);
    return this.#downUntil;
  }

  /** True when it was down. */
  up(): boolean {
    if (!this.isDown) return false;
    this.#failures = 0;
    this.#downUntil = 0;
    this.#tell({ state: 'up' }, true);
    return true;
  }

  #tell(change: { readonly state: 'up' | 'down'; readonly code?: string }, changed: boolean): void {
    const { db, now, log, onLink } = this.#deps;
    const link: LinkState = {
      recipient: this.#recipient,
      since: now(),
      failures: this.#failures,
      nextAt: this.#downUntil,
      ...change,
    };
    db.write('outbox.link', link).catch((error: unknown) => log(codeOf(error), { recipient: this.#recipient }));
    if (changed) onLink(link);
  }
}
