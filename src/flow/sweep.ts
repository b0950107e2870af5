import cron, { type ScheduledTask } from 'node-cron';
import type { Database } from '../model/database.ts';
import type { ConfirmDelivery, FlowLog, RaiseParked, ReturnToSender } from '../model/flow.ts';
import type { BacklogGate } from './backlog.ts';
import { Idle } from './idle.ts';
import type { Journal } from './journal.ts';
import type { OutboxRow } from './outbox-queries.ts';
import { codeOf } from './translate.ts';

export interface SweepDeps {
  readonly journal: Journal;
  /** The store database. */
  readonly db: Database;
  readonly gate: BacklogGate;
  readonly raiseParked: RaiseParked;
  readonly returnToSender: ReturnToSender;
  readonly confirmDelivery: ConfirmDelivery;
  /** Free bytes of the journal's volume; absent: not known. */
  readonly freeBytes?: () => Promise<number>;
  /** Several processes share the database: what a dead one had claimed comes free when its lock does, at the latest with its lease. */
  readonly shared: boolean;
  readonly wakeAll: () => void;
  readonly crons: readonly CronEntry[];
  readonly now: () => number;
  readonly log: FlowLog;
}

/** Something that is done by the clock; what is due is in the database, and a lost tick loses nothing but time. */
export interface CronEntry {
  readonly name: string;
  /** node-cron expression, with or without seconds. */
  readonly schedule: string;
  readonly run: () => Promise<void>;
}

const LOOK_MS = 1000;
const DAY_MS = 86_400_000;
const JOBS_KEPT_MS = 7 * DAY_MS;
const PURGE_MAX = 1000;
const TOLD_MAX = 100;

/** Everything that happens by time: looks at the backlog, ended leases, obligations not yet raised, retention, cron bots. */
export class Sweep {
  readonly #deps: SweepDeps;
  readonly #tasks: ScheduledTask[] = [];
  #look: NodeJS.Timeout | undefined;
  #telling: Promise<void> | undefined;
  #tellAgain = false;
  #stopped = false;
  #running = 0;
  readonly #idle = new Idle();

  constructor(deps: SweepDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { journal, db, shared, crons, now } = this.#deps;
    await journal.preparePartitions();
    // One process per SQLite home: whatever is claimed was claimed by a process that is gone.
    const before = shared ? now() : Number.MAX_SAFE_INTEGER;
    await journal.reclaim(!shared);
    await db.write('job.reclaim', { before });
    await db.write('outbox.reclaim', { before });
    await this.look();
    this.#look = setInterval(() => void this.#guard('look', () => this.look()), LOOK_MS);
    this.#every('*/10 * * * * *', 'due', () => this.#due());
    this.#every('30 * * * * *', 'retention', () => this.#retention());
    for (const { name, schedule, run } of crons) this.#every(schedule, name, run);
    void this.tell();
  }

  /**
   * Begins no turn any more and waits for those that run, as far as `drainMs` allows: they ask the databases, which close next. What is
   * not yet told stays untold in the database, and is told after the next start.
   */
  async stop(drainMs: number): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#look);
    for (const task of this.#tasks) await task.stop();
    if (this.#running > 0) await this.#idle.wait(drainMs);
  }

  async look(): Promise<void> {
    const { journal, gate, freeBytes, db, shared, wakeAll } = this.#deps;
    if (shared && (await db.write<number>('holder.look', {})) > 0) wakeAll();
    gate.looked(await journal.backlog(), await freeBytes?.());
  }

  /** Raises what is not yet raised: parked messages somebody must know of, and rows that did not go. One run at a time. */
  async tell(): Promise<void> {
    this.#tellAgain = true;
    if (this.#telling) return;
    this.#telling = this.#tellAll();
    await this.#telling;
    this.#telling = undefined;
  }

  async #tellAll(): Promise<void> {
    while (this.#tellAgain && !this.#stopped) {
      this.#tellAgain = false;
      await this.#guard('tell-messages', () => this.#tellMessages());
      await this.#guard('tell-rows', () => this.#tellRows());
    }
  }

  async #tellMessages(): Promise<void> {
    const { journal, raiseParked } = this.#deps;
    for (const message of await journal.untold()) {
      if (this.#stopped) return;
      await this.#guard('raise-parked', async () => {
        await raiseParked(message);
        await journal.told(message.journalId);
      });
    }
  }

  async #tellRows(): Promise<void> {
    const { db, returnToSender, confirmDelivery } = this.#deps;
    const rows = await db.read<OutboxRow[]>('outbox.untold', { limit: TOLD_MAX });
    let told = 0;
    for (const row of rows) {
      await this.#guard(row.state === 'sent' ? 'confirm-delivery' : 'return-to-sender', async () => {
        const { code = 'hub.internal', text = '' } = row.waiting ?? {};
        if (row.state === 'sent') await confirmDelivery(row.event, row.settledAt ?? this.#deps.now());
        else await returnToSender(row.event, { code, text, rowId: row.id });
        await db.write('outbox.told', { id: row.id });
        told += 1;
      });
    }
    if (rows.length === TOLD_MAX && told > 0) this.#tellAgain = true;
  }

  async #due(): Promise<void> {
    const { journal, db, shared, wakeAll, now } = this.#deps;
    if (shared) {
      await journal.reclaim(false);
      await db.write('job.reclaim', { before: now() });
      await db.write('outbox.reclaim', { before: now() });
    }
    wakeAll();
    await this.tell();
  }

  async #retention(): Promise<void> {
    const { journal, db, now } = this.#deps;
    await journal.preparePartitions();
    await journal.purge(PURGE_MAX);
    await db.write('job.purge', { before: now() - JOBS_KEPT_MS, limit: PURGE_MAX });
  }

  #every(schedule: string, name: string, run: () => Promise<void>): void {
    this.#tasks.push(
      cron.schedule(schedule, () => this.#guard(name, run), { name, noOverlap: true, logger: this.#cronLog(name) }),
    );
  }

  /** node-cron would write to the console that a turn was missed or the one before is not done. Either is one line of ours. */
  #cronLog(sweep: string) {
    const late = (): void => this.#deps.log('hub.late', { sweep });
    return { info: () => {}, debug: () => {}, warn: late, error: late };
  }

  /** A failing sweep is logged and comes again; it never ends the hub. Once stopped nothing begins. */
  async #guard(name: string, run: () => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    this.#running += 1;
    try {
      await run();
    } catch (error) {
      this.#deps.log(codeOf(error), { sweep: name });
    }
    this.#running -= 1;
    if (this.#running === 0) this.#idle.reached();
  }
}
