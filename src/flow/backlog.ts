import type { FailureCode } from '../model/failure.ts';
import type { Backlog } from '../model/journal.ts';
import type { Feed } from '../model/partner.ts';

/** open: take messages. paused: leave them in the sender's hands. refuse: read and refuse them, coded. */
export type GateState = 'open' | 'paused' | 'refuse';

export interface DiskLimits {
  /** Below it feeds stop reading. Bytes. */
  readonly pauseBelowBytes: number;
  /** Below it feeds refuse. */
  readonly refuseBelowBytes: number;
}

/**
 * How much of each feed waits, counted here between two looks at the table: messages appended since then are added, settled ones
 * are seen at the next look. So a burst is stopped at once, and several hubs on one database see each other's rows.
 */
export class BacklogGate {
  readonly #now: () => number;
  readonly #disk: DiskLimits;
  #seen = new Map<string, Backlog>();
  #added = new Map<string, number>();
  #freeBytes = Number.POSITIVE_INFINITY;

  constructor(now: () => number, disk: DiskLimits) {
    this.#now = now;
    this.#disk = disk;
  }

  added(feed: string): void {
    this.#added.set(feed, (this.#added.get(feed) ?? 0) + 1);
  }

  /** A look at the table. `freeBytes`: of the volume the journal lies on, where it can be known. */
  looked(rows: readonly Backlog[], freeBytes: number | undefined): void {
    this.#seen = new Map(rows.map((row) => [row.feed, row]));
    this.#added = new Map();
    if (freeBytes !== undefined) this.#freeBytes = freeBytes;
  }

  rows(feed: string): number {
    return (this.#seen.get(feed)?.rows ?? 0) + (this.#added.get(feed) ?? 0);
  }

  oldestAgeMs(feed: string): number {
    const oldest = this.#seen.get(feed)?.oldestReceivedAt;
    return oldest === undefined ? 0 : Math.max(0, this.#now() - oldest);
  }

  state(feed: Feed): GateState {
    const rows = this.rows(feed.id);
    if (this.refusal(feed) !== undefined) return 'refuse';
    const paused = rows >= feed.backlogMax.rows || this.oldestAgeMs(feed.id) > feed.backlogMax.ageMs;
    return paused || this.#freeBytes < this.#disk.pauseBelowBytes ? 'paused' : 'open';
  }

  /** Why the feed refuses, so that the sender's operator and ours look at the right thing; undefined: it does not. */
  refusal(feed: Feed): FailureCode | undefined {
    return this.refusalOfAll() ?? (this.rows(feed.id) >= feed.backlogHard.rows ? 'hub.backlog' : undefined);
  }

  /** Why every feed refuses; undefined: it is the matter of each. */
  refusalOfAll(): FailureCode | undefined {
    return this.#freeBytes < this.#disk.refuseBelowBytes ? 'database.full' : undefined;
  }
}
