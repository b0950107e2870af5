import type { Database } from '../model/database.ts';
import type { FailureCode } from '../model/failure.ts';
import type { MessageRow } from '../model/journal.ts';
import type { Feed } from '../model/partner.ts';
import type { BacklogGate, GateState } from './backlog.ts';
import type { JobRow } from './job-commands.ts';
import type { Journal } from './journal.ts';
import type { MessageQuery } from './journal-queries.ts';
import type { MirrorState, OutboxQuery, OutboxRow } from './outbox-queries.ts';

/** What operators see and may do; `/ops`, the CLI and the console are made of it. No answer holds content of a message. */
export class FlowStatus {
  readonly #journal: Journal;
  readonly #db: Database;
  readonly #gate: BacklogGate;
  readonly #wakeAll: () => void;
  readonly #mirrors: () => readonly string[];

  constructor(parts: {
    readonly journal: Journal;
    readonly db: Database;
    readonly gate: BacklogGate;
    readonly wakeAll: () => void;
    /** Recipients of the configured mirrors. */
    readonly mirrors: () => readonly string[];
  }) {
    this.#journal = parts.journal;
    this.#db = parts.db;
    this.#gate = parts.gate;
    this.#wakeAll = parts.wakeAll;
    this.#mirrors = parts.mirrors;
  }

  messages(query: MessageQuery): Promise<MessageRow[]> {
    return this.#journal.list(query);
  }

  message(id: number): Promise<MessageRow | undefined> {
    return this.#journal.one(id);
  }

  outbox(query: OutboxQuery): Promise<OutboxRow[]> {
    return this.#db.read('outbox.list', query);
  }

  jobs(query: { readonly state?: JobRow['state']; readonly limit?: number }): Promise<JobRow[]> {
    return this.#db.read('job.list', query);
  }

  links(): Promise<
    readonly {
      recipient: string;
      state: string;
      since: number;
      code: string | null;
      failures: number;
      nextAt: number;
    }[]
  > {
    return this.#db.read('outbox.links', {});
  }

  /** Lag and failures of every mirror, also of one that has none. */
  async mirrors(): Promise<readonly MirrorState[]> {
    const behind = await this.#db.read<readonly MirrorState[]>('outbox.mirrors', {});
    const others = this.#mirrors().filter((name) => !behind.some(({ recipient }) => recipient === name));
    return [...behind, ...others.map((recipient) => ({ recipient, waiting: 0, withheld: 0, failed: 0 }))];
  }

  gate(feed: Feed): { readonly state: GateState; readonly rows: number; readonly oldestAgeMs: number } {
    return {
      state: this.#gate.state(feed),
      rows: this.#gate.rows(feed.id),
      oldestAgeMs: this.#gate.oldestAgeMs(feed.id),
    };
  }

  /** Why every feed refuses, or undefined. */
  refusal(): FailureCode | undefined {
    return this.#gate.refusalOfAll();
  }

  /** Numbers for `/metrics`. */
  async counts(): Promise<{
    readonly messages: Readonly<Record<string, number>>;
    readonly jobs: Readonly<Record<string, number>>;
    readonly outbox: readonly { recipient: string; state: string; rows: number; oldest: number }[];
  }> {
    const [messages, jobs, outbox] = await Promise.all([
      this.#journal.counts(),
      this.#db.read<Readonly<Record<string, number>>>('job.counts', {}),
      this.#db.read<{ recipient: string; state: string; rows: number; oldest: number }[]>('outbox.counts', {}),
    ]);
    return { messages, jobs, outbox };
  }

  /** Lets a parked message run again. False: it is not parked. */
  async retryMessage(id: number): Promise<boolean> {
    return this.#woken(await this.#journal.retry([id]));
  }

  /** Ends a parked message without applying it; its lane goes on. `reason`: coded words of the person who decided. */
  async dismissMessage(id: number, reason: string): Promise<boolean> {
    return this.#woken((await this.#journal.dismiss(id, reason)) ? 1 : 0);
  }

  /** Lets a stuck outbox row go again under its event key. */
  async retryRow(id: number): Promise<boolean> {
    return this.#woken(await this.#db.write<number>('outbox.retry', { ids: [id] }));
  }

  /** Settles a stuck outbox row by hand; its lane goes on. */
  async dismissRow(id: number, reason: string, now: number): Promise<boolean> {
    return this.#woken((await this.#db.write<boolean>('outbox.dismiss', { id, text: reason, now })) ? 1 : 0);
  }

  async retryJob(id: number): Promise<boolean> {
    return this.#woken(await this.#db.write<number>('job.retry', { ids: [id] }));
  }

  #woken(changed: number): boolean {
    if (changed > 0) this.#wakeAll();
    return changed > 0;
  }
}
