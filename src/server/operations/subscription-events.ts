import type { Tx } from '../../database/command.ts';
import type { NewJob } from '../../database/job-table.ts';
import { contextOf } from '../context.ts';
import type { Engine } from '../engine.ts';
import type { Row } from '../rows.ts';
import { meetsAll } from '../search-match.ts';
import { type AnyCondition, parseSearch } from '../search-request.ts';
import { readable } from '../search-sql.ts';
import { queryKeys } from '../statements.ts';
import type { ChangeEvent } from '../triggers.ts';
import type { Spec } from './subscription-spec.ts';
import { STATE_COLUMNS, type Subscribed, subscriptionJob, toSubscribed } from './subscription-state.ts';

/** A committed change with the row it left. */
export interface RowChange {
  readonly event: ChangeEvent;
  readonly row: Pick<Row, 'rid'>;
}

/** Subscriptions that watch one of these types, by id. */
export async function watchersOf(tx: Tx, types: readonly string[]): Promise<ReadonlyMap<string, Subscribed>> {
  const rows = await queryKeys<{ readonly id: string }>(
    tx,
    `SELECT DISTINCT ${STATE_COLUMNS} FROM subscription_watch w JOIN subscription s ON s.id = w.subscription WHERE w.type IN $KEYS`,
    [...new Set(types)].map((type) => [type]),
  );
  return new Map(rows.map((row) => [row.id, toSubscribed(row)]));
}

/**
 * Numbers the changes each subscription is to be told of, in the transaction that makes them, and gives the jobs of the telling. What
 * the subscriber may not see at this moment is no event: not even its number shows. A subscription in error counts and is told nothing.
 */
export async function recordEvents(
  tx: Tx,
  engine: Engine,
  watching: ReadonlyMap<string, Subscribed>,
  changes: readonly RowChange[],
  at: number,
): Promise<NewJob[]> {
  const jobs: NewJob[] = [];
  if (changes.length === 0) return jobs;
  // One order for all writers: two that wait for each other's counters would never end.
  for (const id of [...watching.keys()].toSorted()) {
    jobs.push(...(await recordFor(tx, engine, watching.get(id)!, changes, at)));
  }
  return jobs;
}

async function recordFor(
  tx: Tx,
  engine: Engine,
  subscribed: Subscribed,
  changes: readonly RowChange[],
  at: number,
): Promise<NewJob[]> {
  const { id, actor, spec } = subscribed;
  const jobs: NewJob[] = [];
  if (spec.endsAt !== undefined && spec.endsAt <= at) return jobs;
  const met = changes.filter(({ event }) => concerns(engine, spec, event));
  if (met.length === 0) return jobs;
  const context = contextOf(tx, engine, { actor, at, base: '' });
  for (const { event, row } of met) {
    const { resourceType, resourceId, versionId, interaction } = event;
    if (context.scopes.permission(resourceType, 'r') === 'none') continue;
    const seen = await readable(context, 'r', [resourceType], 'r');
    const [visible] = await tx.query(`SELECT r.rid FROM resource r WHERE r.rid = ? AND ${seen.text}`, [
      row.rid,
      ...seen.params,
    ]);
    if (!visible) continue;
    const [counted] = await tx.query<{ events: number; state: string }>(
      'UPDATE subscription SET events = events + 1 WHERE id = ? RETURNING events, state',
      [id],
    );
    if (!counted) return jobs;
    tx.send(
      'INSERT INTO subscription_event (subscription, number, at, type, id, version, interaction) VALUES (?, ?, ?, ?, ?, ?, ?)',
      [id, counted.events, at, resourceType, resourceId, Number(versionId), interaction],
    );
    if (counted.state === 'active') jobs.push(subscriptionJob(id, `event-${counted.events}`, spec.lane));
  }
  return jobs;
}

function concerns(engine: Engine, { triggers, filters }: Spec, event: ChangeEvent): boolean {
  const { resourceType, resourceId, interaction, index } = event;
  const meets = (query: string): boolean =>
    meetsAll(conditionsOf(engine, resourceType, query), resourceType, resourceId, index);
  return (
    triggers.some(
      ({ resourceType: type, on, query }) =>
        type === resourceType && on.includes(interaction) && (query === undefined || meets(query)),
    ) && filters.every(({ resourceType: type, query }) => (type !== undefined && type !== resourceType) || meets(query))
  );
}

const CONDITIONS_MAX = 2000;
const parsed = new WeakMap<Engine, Map<string, readonly AnyCondition[]>>();

function conditionsOf(engine: Engine, type: string, query: string): readonly AnyCondition[] {
  let known = parsed.get(engine);
  if (!known || known.size > CONDITIONS_MAX) {
    known = new Map();
    parsed.set(engine, known);
  }
  const key = `${type}?${query}`;
  let conditions = known.get(key);
  if (!conditions) {
    conditions = parseSearch(engine.definitions, type, [...new URLSearchParams(query)], true).conditions;
    known.set(key, conditions);
  }
  return conditions;
}
