import { type CommandTable, type Tx, unsynced } from '../database/command.ts';
import { insertOutbox, JOB_LANES } from '../database/job-table.ts';
import { type Fate, settleInLanes } from '../database/lane.ts';
import type { Job, RoutedEvent } from '../model/flow.ts';

/** A job under a lease. */
export interface ClaimedJob extends Job {
  readonly lease: number;
}

export type JobOutcome =
  | { readonly kind: 'done'; readonly events: readonly RoutedEvent[] }
  | {
      readonly kind: 'again';
      readonly at: number;
      readonly counted: boolean;
      readonly code: string;
      readonly text: string;
    }
  | { readonly kind: 'parked'; readonly code: string; readonly text: string };

export interface SettledJob {
  readonly id: number;
  readonly lease: number;
  readonly outcome: JobOutcome;
}

export interface JobRow extends Job {
  readonly state: 'queued' | 'claimed' | 'done' | 'parked';
  readonly blockers: number;
  readonly createdAt: number;
  readonly nextAt: number;
  readonly reason?: { readonly code: string; readonly text: string };
}

const claimSql = (
  lock: string,
): string => `UPDATE job SET state = 'claimed', lease = lease + 1, lease_until = ?, holder = ?, tries = tries + 1 WHERE id IN (
    SELECT id FROM job WHERE state = 'queued' AND blockers = 0 AND class <= ? AND next_at <= ? ORDER BY class, id LIMIT ? ${lock})
  RETURNING id, handler, resource_type, resource_id, version_id, interaction, person, class, tries, lease`;

export const JOB_SQL = {
  claim: claimSql(''),
  done: `UPDATE job SET state = 'done', settled_at = ?, lease_until = 0, reason_code = NULL, reason_text = NULL
    WHERE id = ? AND lease = ? AND state = 'claimed'`,
  again: `UPDATE job SET state = 'queued', next_at = ?, tries = tries - ?, reason_code = ?, reason_text = ?, lease_until = 0
    WHERE id = ? AND lease = ? AND state = 'claimed'`,
  park: `UPDATE job SET state = 'parked', settled_at = ?, reason_code = ?, reason_text = ?, lease_until = 0
    WHERE id = ? AND lease = ? AND state = 'claimed'`,
  reclaim: `UPDATE job SET state = 'queued', lease_until = 0 WHERE state <> 'done' AND state = 'claimed' AND lease_until <= ?`,
  due: `SELECT MIN(next_at) AS due FROM job WHERE state = 'queued' AND blockers = 0`,
} as const;
const CLAIM_POSTGRES = claimSql('FOR UPDATE SKIP LOCKED');

interface ClaimArgs {
  readonly limit: number;
  /** Take safety jobs only: every slot for others is in use. */
  readonly safetyOnly: boolean;
  readonly leaseMs: number;
  readonly now: number;
}

async function claim(tx: Tx, { limit, safetyOnly, leaseMs, now }: ClaimArgs): Promise<ClaimedJob[]> {
  if (limit <= 0) return [];
  const sql = tx.dialect === 'sqlite' ? JOB_SQL.claim : CLAIM_POSTGRES;
  const rows = await tx.query<ClaimRow>(sql, [now + leaseMs, tx.holder, safetyOnly ? 0 : 1, now, limit]);
  return rows.sort((a, b) => a.class - b.class || a.id - b.id).map((row) => ({ ...toJob(row), lease: row.lease }));
}

interface ClaimRow {
  readonly id: number;
  readonly handler: string;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly version_id: string;
  readonly interaction: Job['interaction'];
  readonly person: string | null;
  readonly class: number;
  readonly tries: number;
  readonly lease: number;
}

function toJob(row: ClaimRow): Job {
  return {
    id: row.id,
    handler: row.handler,
    resourceType: row.resource_type,
    resourceId: row.resource_id,
    versionId: row.version_id,
    interaction: row.interaction,
    lane: row.class === 0 ? 'safety' : 'normal',
    tries: row.tries,
    ...(row.person === null ? {} : { person: row.person }),
  };
}

interface SettleArgs extends ClaimArgs {
  readonly settled: readonly SettledJob[];
}

/**
 * Settles jobs, writes the events their routing gave in the same transaction, and claims the next. `queued`: outbox rows that are new.
 * `freed`: jobs that came forward. `due`: when the next waiting one may run, if nothing else wakes the loop.
 */
async function settle(tx: Tx, args: SettleArgs) {
  const { settled, now } = args;
  const { lost, kept, freed } = await settleInLanes(tx, JOB_LANES, settled, (each) => settleOne(tx, each, now));
  const events = kept.flatMap(({ outcome }) => (outcome.kind === 'done' ? outcome.events : []));
  const queued = events.length === 0 ? 0 : await insertOutbox(tx, events, now);
  const recipients = [...new Set(events.map(({ recipient }) => recipient))];
  return { lost, queued, freed, recipients, claimed: await claim(tx, args) };
}

/** A bot that cannot work on one change of a person must not keep the later ones from that person's safety: its lane goes on. */
async function settleOne(tx: Tx, { id, lease, outcome }: SettledJob, now: number): Promise<Fate> {
  const { kind } = outcome;
  const changed =
    kind === 'done'
      ? tx.run(JOB_SQL.done, [now, id, lease])
      : kind === 'parked'
        ? tx.run(JOB_SQL.park, [now, outcome.code, outcome.text, id, lease])
        : tx.run(JOB_SQL.again, [outcome.at, outcome.counted ? 0 : 1, outcome.code, outcome.text, id, lease]);
  if ((await changed) === 0) return 'lost';
  return kind === 'again' ? 'stays' : 'leaves';
}

async function reclaim(tx: Tx, { before }: { readonly before: number }): Promise<number> {
  return tx.run(JOB_SQL.reclaim, [before]);
}

/** When the earliest waiting job may run; undefined: none waits. */
async function due(tx: Tx): Promise<number | undefined> {
  const [row] = await tx.query<{ due: number | null }>(JOB_SQL.due);
  return row?.due ?? undefined;
}

async function retry(tx: Tx, { ids }: { readonly ids: readonly number[] }): Promise<number> {
  let retried = 0;
  for (const id of ids) {
    retried += await tx.run(
      `UPDATE job SET state = 'queued', tries = 0, next_at = 0, settled_at = NULL WHERE id = ? AND state = 'parked'`,
      [id],
    );
  }
  return retried;
}

async function list(tx: Tx, args: { readonly state?: JobRow['state']; readonly limit?: number }): Promise<JobRow[]> {
  const rows = await tx.query<ListRow>(
    `SELECT id, handler, resource_type, resource_id, version_id, interaction, person, class, tries, lease, state, blockers, created_at,
      next_at, reason_code, reason_text FROM job WHERE state = ? ORDER BY id DESC LIMIT ?`,
    [args.state ?? 'parked', Math.min(args.limit ?? 100, 500)],
  );
  return rows.map((row) => ({
    ...toJob(row),
    state: row.state,
    blockers: row.blockers,
    createdAt: row.created_at,
    nextAt: row.next_at,
    ...(row.reason_code === null ? {} : { reason: { code: row.reason_code, text: row.reason_text ?? '' } }),
  }));
}

interface ListRow extends ClaimRow {
  readonly state: JobRow['state'];
  readonly blockers: number;
  readonly created_at: number;
  readonly next_at: number;
  readonly reason_code: string | null;
  readonly reason_text: string | null;
}

/** Rows by state, for `/metrics`; done jobs are not counted, they are purged. */
async function counts(tx: Tx): Promise<Readonly<Record<string, number>>> {
  const rows = await tx.query<{ state: string; n: number }>(
    "SELECT state, COUNT(*) AS n FROM job WHERE state <> 'done' GROUP BY state",
  );
  return Object.fromEntries(rows.map((row) => [row.state, Number(row.n)]));
}

async function purge(tx: Tx, { before, limit }: { readonly before: number; readonly limit: number }): Promise<number> {
  return tx.run("DELETE FROM job WHERE id IN (SELECT id FROM job WHERE state = 'done' AND settled_at <= ? LIMIT ?)", [
    before,
    limit,
  ]);
}

export const jobCommands: CommandTable = {
  'job.claim': unsynced(claim),
  'job.settle': settle,
  'job.reclaim': unsynced(reclaim),
  'job.due': due,
  'job.retry': retry,
  'job.list': list,
  'job.counts': counts,
  'job.purge': purge,
};
