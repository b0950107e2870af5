import type { Database } from '../model/database.ts';
import { failureOf } from '../model/failure.ts';
import type { FlowLog, RouteJob, RunBot } from '../model/flow.ts';
import { Alarm } from './alarm.ts';
import { backOffMs } from './back-off.ts';
import { Idle } from './idle.ts';
import type { ClaimedJob, JobOutcome, SettledJob } from './job-commands.ts';
import { codeOf } from './translate.ts';
import type { Urgent } from './urgent.ts';

export interface ReactDeps {
  readonly db: Database;
  readonly runBot: RunBot;
  readonly route: RouteJob;
  /** Outbox rows were written for these recipients. */
  readonly onQueued: (recipients: readonly string[]) => void;
  readonly urgent: Urgent;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: FlowLog;
  readonly limits: ReactLimits;
}

export interface ReactLimits {
  readonly inFlightMax: number;
  readonly leaseMs: number;
  /** Failures before a job parks. */
  readonly triesMax: number;
  readonly backOff: { readonly firstMs: number; readonly maxMs: number };
}

/** The router's name among the handlers of triggers. */
export const ROUTE = 'route';
/** The handler that queues changes for the mirrors: its events too are written with the settling of its job. */
export const MIRROR = 'mirror';

interface SettleResult {
  readonly lost: readonly number[];
  readonly queued: number;
  readonly freed: number;
  readonly recipients: readonly string[];
  readonly claimed: readonly ClaimedJob[];
}

/**
 * The react loop: jobs that a committed change caused, in order per person and handler, at least once. A bot is idempotent by
 * conditional writes; the router's events are written in the transaction that settles its job.
 */
export class React {
  readonly #deps: ReactDeps;
  readonly #alarm: Alarm;
  #settled: SettledJob[] = [];
  #normal = 0;
  #safety = 0;
  #settling = false;
  #behind = false;
  #stopping = false;
  readonly #idle = new Idle();

  constructor(deps: ReactDeps) {
    this.#deps = deps;
    this.#alarm = new Alarm(deps.now, () => this.wake());
  }

  /** A commit may have caused jobs, or one is due. */
  wake(): void {
    this.#behind = true;
    void this.#settle();
  }

  /** Takes no more jobs, finishes those it runs, as far as it can in `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping = true;
    this.#alarm.clear();
    if (!this.#busy) return;
    await this.#idle.wait(drainMs);
  }

  get #busy(): boolean {
    return this.#normal + this.#safety > 0 || this.#settling || this.#settled.length > 0;
  }

  async #run(job: ClaimedJob): Promise<void> {
    const safety = job.lane === 'safety';
    if (safety) this.#safety += 1;
    else this.#normal += 1;
    if (safety) this.#deps.urgent.moved();
    let outcome: JobOutcome;
    try {
      if (job.handler === ROUTE || job.handler === MIRROR)
        outcome = { kind: 'done', events: await this.#deps.route(job) };
      else {
        await this.#deps.runBot(job);
        outcome = { kind: 'done', events: [] };
      }
    } catch (error) {
      outcome = this.#failed(job, error);
    }
    if (safety) this.#safety -= 1;
    else this.#normal -= 1;
    if (safety) this.#deps.urgent.moved();
    this.#settled.push({ id: job.id, lease: job.lease, outcome });
    void this.#settle();
  }

  #failed(job: ClaimedJob, error: unknown): JobOutcome {
    const { limits, now, random, log } = this.#deps;
    const thrown = codeOf(error);
    const code = thrown === 'hub.internal' ? 'job.failed' : thrown;
    const failure = failureOf(code);
    log(code, { job: job.id, handler: job.handler, tries: job.tries });
    // The words of an unlisted error may hold values of a resource: only its name is kept.
    const name = error instanceof Error ? error.name : typeof error;
    const text = `${failure.text} (${name})`;
    if (failure.class === 'permanent') return { kind: 'parked', code, text };
    const down = code === 'database.unavailable' || code === 'database.full' || code === 'database.busy';
    // A subscriber may be away for hours: its handler says when that is enough.
    const isAway = code === 'subscription.away';
    if (!down && !isAway && job.tries >= limits.triesMax)
      return { kind: 'parked', code: 'job.poison', text: `${text}: ${code}` };
    return { kind: 'again', at: now() + backOffMs(limits.backOff, job.tries, random), counted: !down, code, text };
  }

  async #settle(): Promise<void> {
    if (this.#settling) return;
    this.#settling = true;
    let failures = 0;
    while (this.#settled.length > 0 || (this.#behind && this.#room.limit > 0)) {
      const batch = this.#settled.splice(0, 128);
      const room = this.#room;
      if (room.limit > 0) this.#behind = false;
      try {
        const { db, now, limits } = this.#deps;
        const args = { settled: batch, ...room, leaseMs: limits.leaseMs, now: now() };
        this.#started(await db.write<SettleResult>('job.settle', args), room.limit, batch);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#behind = true;
        this.#settled.unshift(...batch);
        this.#deps.log(codeOf(error), { settlingJobs: batch.length });
        await new Promise((resolve) => setTimeout(resolve, backOffMs(SETTLE_BACK_OFF, failures, this.#deps.random)));
        // Not settled: runs again after the start, and a bot that ran twice writes once.
        if (this.#stopping && failures > 3) this.#settled = [];
      }
    }
    this.#settling = false;
    if (!this.#busy) this.#idle.reached();
  }

  #started(result: SettleResult, room: number, batch: readonly SettledJob[]): void {
    if (room > 0 ? result.claimed.length >= room : result.freed > 0) this.#behind = true;
    for (const { outcome } of batch) if (outcome.kind === 'again') this.#alarm.set(outcome.at);
    if (result.queued > 0) this.#deps.onQueued(result.recipients);
    for (const id of result.lost) this.#deps.log('job.lease-lost', { job: id });
    for (const job of result.claimed) void this.#run(job);
  }

  /** Safety jobs have as many slots of their own as all others together: slow bots never hold them up. */
  get #room(): { readonly limit: number; readonly safetyOnly: boolean } {
    const { limits, urgent } = this.#deps;
    const { inFlightMax } = limits;
    if (this.#stopping) return { limit: 0, safetyOnly: false };
    const free = urgent.slots(inFlightMax) - this.#normal;
    return free > 0 ? { limit: free, safetyOnly: false } : { limit: inFlightMax - this.#safety, safetyOnly: true };
  }
}

const SETTLE_BACK_OFF = { firstMs: 50, maxMs: 5000 };
