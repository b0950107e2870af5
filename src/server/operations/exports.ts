import type { Clock } from '../../model/clock.ts';
import type { Database } from '../../model/database.ts';
import type { PlanArgs, SaveArgs } from './export-commands.ts';
import type { ExportJob } from './export-job.ts';
import type { Planned } from './export-rows.ts';

export interface ExportsDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** How often it looks for an export that was asked for. Milliseconds. */
  readonly pollMs?: number;
  readonly log?: (code: string, facts: Readonly<Record<string, string | number>>) => void;
}

export interface Exports {
  /** Plans everything that waits now; for tests and for a hub that stops. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

const LEASE_MS = 60_000;
const PURGE_MS = 600_000;
/** Trouble of the engine passes; planning goes on where it was when the lease is over. */
const PASSING = new Set(['database.busy', 'database.unavailable', 'database.full']);

/**
 * The loop that plans exports: page by page, each page in a read of its own, so neither memory nor another reader's wait grows
 * with the store. Its state is in the database: another hub, or this one after a crash, goes on.
 */
export function startExports({ database, clock, pollMs = 500, log = () => {} }: ExportsDeps): Exports {
  let stopping = false;
  let running: Promise<void> | undefined;
  let purgeAt = 0;
  const round = async (): Promise<void> => {
    try {
      if (clock.now() >= purgeAt) {
        purgeAt = clock.now() + PURGE_MS;
        await database.write('export.purge', { now: clock.now() });
      }
      while (!stopping && (await database.read<boolean>('export.waiting', { now: clock.now() }))) {
        const job = await database.write<ExportJob | undefined>('export.claim', {
          now: clock.now(),
          leaseMs: LEASE_MS,
        });
        if (job) await plan(database, clock, job, () => stopping, log);
      }
    } catch (error) {
      log(codeOf(error), { loop: 'exports', error: error instanceof Error ? error.name : typeof error });
    }
  };
  const once = (): Promise<void> => {
    running ??= round().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(() => void once(), pollMs);
  timer.unref();
  return {
    drain: async () => {
      await running;
      await once();
    },
    stop: async () => {
      stopping = true;
      clearInterval(timer);
      await running;
    },
  };
}

async function plan(
  database: Database,
  clock: Clock,
  claimed: ExportJob,
  stopping: () => boolean,
  log: NonNullable<ExportsDeps['log']>,
): Promise<void> {
  let job = claimed;
  try {
    while (!stopping()) {
      const { parts, next } = await database.read<Planned>('export.plan', { job, at: clock.now() } satisfies PlanArgs);
      const args: SaveArgs = { id: job.id, lease: job.lease, parts, next, now: clock.now(), leaseMs: LEASE_MS };
      if (!(await database.write<boolean>('export.save', args)) || !next) return;
      job = { ...job, ...next };
    }
  } catch (error) {
    const code = codeOf(error);
    log(code, { export: job.id });
    if (PASSING.has(code)) return;
    await database.write('export.fail', { id: job.id, lease: job.lease, code, now: clock.now() });
  }
}

const codeOf = (error: unknown): string => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code.includes('.') ? code : 'hub.internal';
};
