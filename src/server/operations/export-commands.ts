import type { CommandTable, Tx } from '../../database/command.ts';
import { contextOf } from '../context.ts';
import type { Engine } from '../engine.ts';
import { insertRows } from '../statements.ts';
import { EXPORT_LIMITS, type ExportJob, type ExportPart, JOB_COLUMNS, type JobRow, toJob } from './export-job.ts';
import { type Planned, planParts } from './export-rows.ts';

/** On PostgreSQL a write that began before the export may commit after it; planning waits this long for them. */
const SETTLE_MS = { sqlite: 0, postgres: 2000 } as const;

export interface PlanArgs {
  readonly job: ExportJob;
  readonly at: number;
}

export interface SaveArgs {
  readonly id: string;
  readonly lease: number;
  readonly parts: readonly ExportPart[];
  readonly next: Planned['next'];
  readonly now: number;
  readonly leaseMs: number;
}

const CLAIM = `UPDATE export_job SET lease = lease + 1, lease_until = ? WHERE id IN (
    SELECT id FROM export_job WHERE state = 'queued' AND lease_until <= ? AND until <= ? ORDER BY created_at, id LIMIT 1 LOCK)
  RETURNING ${JOB_COLUMNS}`;

/** The oldest export that nobody plans, under a lease. */
async function claim(tx: Tx, { now, leaseMs }: { now: number; leaseMs: number }): Promise<ExportJob | undefined> {
  const sql = CLAIM.replace(' LOCK', tx.dialect === 'sqlite' ? '' : ' FOR UPDATE SKIP LOCKED');
  const [row] = await tx.query<JobRow>(sql, [now + leaseMs, now, now - SETTLE_MS[tx.dialect]]);
  return row && toJob(row);
}

/** Writes planned files and how far planning came. False: the export was cancelled, or another hub has the lease. */
async function save(tx: Tx, { id, lease, parts, next, now, leaseMs }: SaveArgs): Promise<boolean> {
  const [held] = await tx.query<{ parts: number }>(
    `UPDATE export_job SET type_at = ?, after_rid = ?, parts = parts + ?, resources = resources + ?, lease_until = ?,
      state = ?, finished_at = ? WHERE id = ? AND lease = ? AND state = 'queued' RETURNING parts`,
    [
      next?.typeAt ?? 0,
      next?.afterRid ?? 0,
      parts.length,
      parts.reduce((sum, { resources }) => sum + resources, 0),
      next ? now + leaseMs : 0,
      next ? 'queued' : 'done',
      next ? null : now,
      id,
      lease,
    ],
  );
  if (!held) return false;
  const first = held.parts - parts.length;
  insertRows(
    tx,
    'INSERT INTO export_part (job, number, kind, type, from_rid, to_rid, resources) VALUES',
    parts.map(({ kind, type, fromRid, toRid, resources }, at) => [
      id,
      first + at,
      kind,
      type,
      fromRid,
      toRid,
      resources,
    ]),
  );
  return true;
}

async function fail(tx: Tx, { id, lease, code, now }: { id: string; lease: number; code: string; now: number }) {
  return tx.run(
    "UPDATE export_job SET state = 'failed', reason_code = ?, finished_at = ? WHERE id = ? AND lease = ? AND state = 'queued'",
    [code, now, id, lease],
  );
}

/** Forgets exports whose time is over. Gives their number. */
async function purge(tx: Tx, { now }: { now: number }): Promise<number> {
  const over = now - EXPORT_LIMITS.keepMs;
  const ended = "SELECT id FROM export_job WHERE state <> 'queued' AND finished_at <= ?";
  tx.send(`DELETE FROM export_part WHERE job IN (${ended})`, [over]);
  tx.send(`DELETE FROM export_patient WHERE job IN (${ended})`, [over]);
  return tx.run("DELETE FROM export_job WHERE state <> 'queued' AND finished_at <= ?", [over]);
}

export function exportCommands(engine: Engine): CommandTable {
  return {
    'export.waiting': async (tx, { now }: { now: number }): Promise<boolean> =>
      (
        await tx.query("SELECT id FROM export_job WHERE state = 'queued' AND lease_until <= ? AND until <= ? LIMIT 1", [
          now,
          now - SETTLE_MS[tx.dialect],
        ])
      ).length > 0,
    'export.claim': claim,
    'export.plan': (tx, { job, at }: PlanArgs): Promise<Planned> =>
      planParts(contextOf(tx, engine, { actor: job.actor, at, base: '' }), job, EXPORT_LIMITS),
    'export.save': save,
    'export.fail': fail,
    'export.purge': purge,
  };
}
