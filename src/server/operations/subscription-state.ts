import type { Subscription } from '@medplum/fhirtypes';
import type { Tx } from '../../database/command.ts';
import { insertJobs, type NewJob } from '../../database/job-table.ts';
import { type Actor, actorText } from '../../model/actor.ts';
import type { Context } from '../context.ts';
import type { FhirResource } from '../engine.ts';
import { refuse } from '../refusal.ts';
import type { Row } from '../rows.ts';
import { insertRows } from '../statements.ts';
import { type Spec, specOf } from './subscription-spec.ts';

/** Name of the job handler that delivers notifications. */
export const SUBSCRIPTION_HANDLER = 'subscription';

export type SubscriptionState = 'requested' | 'active' | 'error' | 'off';

/** A Subscription as the hub works with it. */
export interface Subscribed {
  readonly id: string;
  /** Who asked last: everything is matched, read and told as this one. */
  readonly actor: Actor;
  readonly spec: Spec;
  readonly state: SubscriptionState;
  /** It was active once: its events are counted. */
  readonly started: boolean;
  /** Events since it was first active. */
  readonly events: number;
  /** Number of the last one delivered. */
  readonly sent: number;
  readonly toldAt: number;
  readonly reasonCode: string | undefined;
}

interface StateRow {
  readonly id: string;
  readonly actor: string;
  readonly spec: string;
  readonly state: SubscriptionState;
  readonly started: number;
  readonly events: number;
  readonly sent: number;
  readonly told_at: number;
  readonly reason_code: string | null;
}

export const STATE_COLUMNS = 's.id, s.actor, s.spec, s.state, s.started, s.events, s.sent, s.told_at, s.reason_code';

const PARSED_MAX = 2000;
const texts = new Map<string, unknown>();

/** Every write of a watched type looks at the same few texts again. */
function parsed(text: string): unknown {
  let value = texts.get(text);
  if (value === undefined) {
    if (texts.size >= PARSED_MAX) texts.clear();
    value = JSON.parse(text);
    texts.set(text, value);
  }
  return value;
}

export const toSubscribed = (row: unknown): Subscribed => {
  const { id, actor, spec, state, started, events, sent, told_at, reason_code } = row as StateRow;
  return {
    id,
    actor: parsed(actor) as Actor,
    spec: parsed(spec) as Spec,
    state,
    started: started === 1,
    events,
    sent,
    toldAt: told_at,
    reasonCode: reason_code ?? undefined,
  };
};

export async function loadSubscribed(tx: Tx, id: string): Promise<Subscribed | undefined> {
  const [row] = await tx.query(`SELECT ${STATE_COLUMNS} FROM subscription s WHERE s.id = ?`, [id]);
  return row && toSubscribed(row);
}

/** A job of a subscription. `what` makes it one: `event-7`, `handshake-3`. */
export function subscriptionJob(id: string, what: string, lane: Spec['lane']): NewJob {
  const job = { handler: SUBSCRIPTION_HANDLER, resourceType: 'Subscription', resourceId: id, versionId: what, lane };
  return { ...job, interaction: 'update' };
}

/** Puts it on its lane. */
export async function queueJob(tx: Tx, id: string, what: string, lane: Spec['lane'], at: number): Promise<void> {
  await insertJobs(tx, [subscriptionJob(id, what, lane)], at);
}

/**
 * Keeps what a written Subscription asks for, in the transaction that writes it. One that is requested queues its handshake;
 * one that is off or deleted counts no more.
 */
export async function keepSubscription(context: Context, row: Row, resource: FhirResource | undefined): Promise<void> {
  const { tx, actor, at, engine } = context;
  const { id } = row;
  const subscription = row.deleted === 1 ? undefined : (resource as Subscription | undefined);
  if (!subscription || subscription.status === 'off') {
    tx.send('DELETE FROM subscription_watch WHERE subscription = ?', [id]);
    if (subscription) tx.send("UPDATE subscription SET state = 'off', started = 0 WHERE id = ?", [id]);
    else await forget(tx, id);
    return;
  }
  const state = subscription.status as SubscriptionState;
  if (actor.kind === 'hub') {
    tx.send('UPDATE subscription SET state = ? WHERE id = ?', [state, id]);
    return;
  }
  const spec = specOf(engine.definitions, subscription, engine.subscriptionEndpoints);
  if ('location' in spec) return;
  await refuseTooMany(tx, row);
  tx.send(
    `INSERT INTO subscription (id, actor, spec, state, started, events, sent, told_at, heartbeat_ms, ends_at)
     VALUES (?, ?, ?, ?, 0, 0, 0, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET actor = excluded.actor, spec = excluded.spec, state = excluded.state,
       heartbeat_ms = excluded.heartbeat_ms, ends_at = excluded.ends_at`,
    [id, actorText(actor), JSON.stringify(spec), state, at, spec.heartbeatMs ?? null, spec.endsAt ?? null],
  );
  const known = await loadSubscribed(tx, id);
  if (known?.started) await watch(tx, id, spec);
  if (state === 'requested') await queueJob(tx, id, `handshake-${row.version}`, spec.lane, at);
}

/** Every change of a watched type is held against each subscription to it: their number is bounded. */
const PER_ORGANIZATION_MAX = 500;

async function refuseTooMany(tx: Tx, { owner_org }: Row): Promise<void> {
  const [held] = await tx.query<{ n: number }>(
    "SELECT COUNT(*) AS n FROM resource WHERE type = 'Subscription' AND deleted = 0 AND owner_org = ?",
    [owner_org],
  );
  if (Number(held?.n ?? 0) > PER_ORGANIZATION_MAX)
    throw refuse(429, 'throttled', 'the organization has as many subscriptions as it may');
}

/** Which types' changes are looked at for it. */
export async function watch(tx: Tx, id: string, { triggers }: Spec): Promise<void> {
  tx.send('DELETE FROM subscription_watch WHERE subscription = ?', [id]);
  const types = new Set(triggers.map(({ resourceType }) => resourceType));
  insertRows(
    tx,
    'INSERT INTO subscription_watch (type, subscription) VALUES',
    [...types].map((type) => [type, id]),
  );
}

async function forget(tx: Tx, id: string): Promise<void> {
  tx.send('DELETE FROM subscription_event WHERE subscription = ?', [id]);
  tx.send('DELETE FROM subscription WHERE id = ?', [id]);
}
