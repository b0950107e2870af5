import type { Subscription } from '@medplum/fhirtypes';
import type { CommandTable, Tx } from '../../database/command.ts';
import { bodyKeysOf } from '../../database/envelope.ts';
import { HUB } from '../../model/actor.ts';
import { type AuditRecord, storeAudit } from '../audit.ts';
import { contextOf } from '../context.ts';
import type { Engine, FhirResource } from '../engine.ts';
import { loadRow, parseRow } from '../rows.ts';
import { writeAll } from '../write.ts';
import { loadSubscribed, queueJob, type SubscriptionState, watch } from './subscription-state.ts';
import { type SubscriptionWork, type WorkArgs, workOf } from './subscription-work.ts';

export interface SettleArgs {
  readonly id: string;
  readonly kind: SubscriptionWork['kind'];
  /** Version of the Subscription the work was made for. */
  readonly version: number;
  /** Number of the last event told. */
  readonly last?: number;
  /** Absent: it was taken. */
  readonly failure?: { readonly code: string; readonly final: boolean };
  readonly audit: readonly AuditRecord[];
  /** More is to be told and this job will not do it. */
  readonly handOn: boolean;
  readonly now: number;
}

/** Events are kept this long, sent or not; `$events` gives them. */
const EVENTS_KEEP_MS = 30 * 86_400_000;

async function settle(tx: Tx, engine: Engine, args: SettleArgs): Promise<void> {
  const { id, kind, version, last, failure, audit, now } = args;
  storeAudit(tx, audit);
  const row = await loadRow(tx, 'Subscription', id);
  const subscribed = await loadSubscribed(tx, id);
  // It was written anew meanwhile: the job of that write goes on.
  if (!row || row.deleted === 1 || row.version !== version || !subscribed) return;
  if (failure) {
    if (!failure.final) return;
    tx.send('UPDATE subscription SET reason_code = ? WHERE id = ?', [failure.code, id]);
    return setStatus(tx, engine, id, 'error', now, `notifications do not arrive: ${failure.code}`);
  }
  if (kind === 'handshake') {
    tx.send('UPDATE subscription SET started = 1, told_at = ?, reason_code = NULL WHERE id = ?', [now, id]);
    await watch(tx, id, subscribed.spec);
    await setStatus(tx, engine, id, 'active', now, undefined);
  } else {
    tx.send('UPDATE subscription SET told_at = ?, sent = CASE WHEN sent < ? THEN ? ELSE sent END WHERE id = ?', [
      now,
      last ?? 0,
      last ?? 0,
      id,
    ]);
  }
  const pending = kind === 'handshake' && subscribed.events > subscribed.sent;
  if (pending || args.handOn) await queueJob(tx, id, `resume-${version}-${last ?? 0}`, subscribed.spec.lane, now);
}

/** The hub writes the status into the resource itself, so that whoever reads it sees it. */
async function setStatus(
  tx: Tx,
  engine: Engine,
  id: string,
  status: SubscriptionState,
  at: number,
  error: string | undefined,
): Promise<void> {
  const row = await loadRow(tx, 'Subscription', id);
  if (!row || row.deleted === 1) return;
  const { error: _before, ...stored } = parseRow(row, bodyKeysOf(tx.env)) as unknown as Subscription;
  const resource = { ...stored, status, ...(error === undefined ? {} : { error }) } as unknown as FhirResource;
  const context = contextOf(tx, engine, { actor: HUB, at, base: '' });
  await writeAll(context, [{ action: 'update', type: 'Subscription', id, resource }]);
}

/** Ends what has an end, queues the heartbeats that are due, forgets old events. Gives how many jobs were queued. */
async function tick(tx: Tx, engine: Engine, now: number): Promise<number> {
  const ended = await tx.query<{ id: string }>(
    "SELECT id FROM subscription WHERE ends_at <= ? AND state <> 'off' ORDER BY id LIMIT 200",
    [now],
  );
  for (const { id } of ended) await setStatus(tx, engine, id, 'off', now, undefined);
  const due = await tx.query<{ id: string; told_at: number }>(
    "SELECT id, told_at FROM subscription WHERE state = 'active' AND heartbeat_ms IS NOT NULL AND told_at + heartbeat_ms <= ? ORDER BY id LIMIT 500",
    [now],
  );
  for (const { id, told_at } of due) {
    const subscribed = await loadSubscribed(tx, id);
    if (subscribed) await queueJob(tx, id, `heartbeat-${told_at}`, subscribed.spec.lane, now);
  }
  tx.send('DELETE FROM subscription_event WHERE at < ?', [now - EVENTS_KEEP_MS]);
  return due.length;
}

export function subscriptionCommands(engine: Engine): CommandTable {
  return {
    'subscription.work': (tx, args: WorkArgs): Promise<SubscriptionWork | undefined> => workOf(tx, engine, args),
    'subscription.settle': (tx, args: SettleArgs) => settle(tx, engine, args),
    'subscription.tick': (tx, { now }: { now: number }): Promise<number> => tick(tx, engine, now),
  };
}
