import { type CommandTable, type SqlValue, type Tx, unsynced } from '../database/command.ts';
import { bodyKeysOf, open, seal } from '../database/envelope.ts';
import { type ApplicationAck, insertOutbox, OUTBOX_LANES } from '../database/job-table.ts';
import { type Fate, leaveLanes, settleInLanes } from '../database/lane.ts';
import type { RoutedEvent } from '../model/flow.ts';
import type { EventKind, OutboxEvent } from '../model/outbox.ts';
import type { Purpose } from '../model/visibility.ts';
import { eventOf, outboxReadCommands } from './outbox-queries.ts';

/** A row under a lease, with the bytes of an earlier attempt if there was one. */
export interface ClaimedRow {
  readonly id: number;
  readonly lease: number;
  readonly tries: number;
  readonly event: OutboxEvent;
  readonly createdAt: number;
  readonly controlId?: string;
  readonly digest?: string;
  readonly payload?: Uint8Array;
}

/**
 * How an attempt ends. sent: the partner has it (its machine answered; no person did). refused: the partner, or consent, said no.
 * unknown: it may have arrived. parked: it cannot go. again: later, with the reason shown.
 */
export type RowOutcome =
  | { readonly kind: 'sent'; readonly ackCode: string; readonly ack: Uint8Array }
  | {
      readonly kind: 'refused' | 'unknown' | 'parked';
      readonly code: string;
      readonly text: string;
      readonly ack?: Uint8Array;
      readonly holdLane: boolean;
    }
  | {
      readonly kind: 'again';
      readonly at: number;
      readonly counted: boolean;
      readonly code: string;
      readonly text: string;
    };

export interface SettledRow {
  readonly id: number;
  readonly lease: number;
  readonly outcome: RowOutcome;
  /** Absent where nothing reached the partner. */
  readonly told?: Told;
}

/** What a partner was told of, as `Type/id`, the subject first, and the host that heard it. */
export interface Told {
  readonly address: string;
  readonly resources: readonly string[];
}

/** Whether a partner can be reached, as the rows that wait for it show. */
export interface LinkState {
  readonly recipient: string;
  readonly state: 'up' | 'down';
  readonly since: number;
  readonly code?: string;
  readonly failures: number;
  readonly nextAt: number;
}

const claimSql = (
  lock: string,
): string => `UPDATE outbox SET state = 'sending', lease = lease + 1, lease_until = ?, holder = ?, tries = tries + 1 WHERE id IN (
    SELECT id FROM outbox WHERE recipient = ? AND state = 'queued' AND blockers = 0 AND class <= ? AND next_at <= ?
    ORDER BY class, id LIMIT ? ${lock})
  RETURNING id, lease, tries, recipient, organization, event_key, kind, class, person, purpose, resources, sender, created_at,
    control_id, digest, key_id, payload`;

/** Kinds whose arrival changes nothing in the store: what became of a referral its own messages say. A mirror's trouble is its operator's. */
const UNCONFIRMED =
  "'mirror', 'appointment', 'application-ack', 'referral', 'referral-modify', 'referral-cancel', 'referral-status', 'referral-answer', 'relay'";

export const OUTBOX_SQL = {
  claim: claimSql(''),
  prepare: `UPDATE outbox SET control_id = ?, endpoint = ?, digest = ?, key_id = ?, payload = ? WHERE id = ? AND lease = ? AND state = 'sending'`,
  sent: `UPDATE outbox SET state = 'sent', ack_code = ?, ack = ?, settled_at = ?, lease_until = 0, reason_code = NULL, reason_text = NULL,
      reason_since = NULL, told = CASE WHEN kind IN (${UNCONFIRMED}) THEN 1 ELSE 0 END,
      payload = CASE WHEN kind = 'mirror' THEN NULL ELSE payload END WHERE id = ? AND lease = ? AND state = 'sending'`,
  stuck: `UPDATE outbox SET state = ?, reason_code = ?, reason_text = ?, reason_since = ?, ack = ?, settled_at = ?,
      told = CASE WHEN kind = 'mirror' THEN 1 ELSE 0 END, lease_until = 0 WHERE id = ? AND lease = ? AND state = 'sending'`,
  again: `UPDATE outbox SET state = 'queued', next_at = ?, tries = tries - ?,
      reason_since = CASE WHEN reason_code = ? AND reason_since IS NOT NULL THEN reason_since ELSE ? END, reason_code = ?, reason_text = ?, lease_until = 0
    WHERE id = ? AND lease = ? AND state = 'sending'`,
  reclaim: `UPDATE outbox SET state = 'queued', lease_until = 0 WHERE state <> 'sent' AND state = 'sending' AND lease_until <= ?`,
  due: `SELECT recipient, MIN(next_at) AS due FROM outbox WHERE state = 'queued' AND blockers = 0 GROUP BY recipient`,
  link: `INSERT INTO partner_link AS l (recipient, state, since, reason_code, failures, next_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (recipient) DO UPDATE SET since = CASE WHEN l.state = excluded.state THEN l.since ELSE excluded.since END,
      state = excluded.state, reason_code = excluded.reason_code, failures = excluded.failures, next_at = excluded.next_at`,
} as const;
const CLAIM_POSTGRES = claimSql('FOR UPDATE SKIP LOCKED');

interface ClaimArgs {
  readonly recipient: string;
  readonly limit: number;
  /** Take safety rows only: every slot for others is in use. */
  readonly safetyOnly: boolean;
  readonly leaseMs: number;
  readonly now: number;
}

async function claim(tx: Tx, { recipient, limit, safetyOnly, leaseMs, now }: ClaimArgs): Promise<ClaimedRow[]> {
  if (limit <= 0) return [];
  const sql = tx.dialect === 'sqlite' ? OUTBOX_SQL.claim : CLAIM_POSTGRES;
  const rows = await tx.query<Row>(sql, [now + leaseMs, tx.holder, recipient, safetyOnly ? 0 : 1, now, limit]);
  return rows.sort((a, b) => a.class - b.class || a.id - b.id).map((row) => toClaimed(tx, row));
}

interface Row {
  readonly id: number;
  readonly lease: number;
  readonly tries: number;
  readonly recipient: string;
  readonly organization: string;
  readonly event_key: string;
  readonly kind: EventKind;
  readonly class: number;
  readonly person: string | null;
  readonly purpose: Purpose;
  readonly resources: string;
  readonly sender: string | null;
  readonly created_at: number;
  readonly control_id: string | null;
  readonly digest: string | null;
  readonly key_id: string | null;
  readonly payload: Uint8Array | null;
}

function toClaimed(tx: Tx, row: Row): ClaimedRow {
  const { payload, key_id: keyId } = row;
  return {
    id: row.id,
    lease: row.lease,
    tries: row.tries,
    createdAt: row.created_at,
    event: eventOf(row),
    ...(row.control_id === null ? {} : { controlId: row.control_id }),
    ...(row.digest === null ? {} : { digest: row.digest }),
    ...(payload === null ? {} : { payload: open({ keyId: keyId ?? '', bytes: payload }, bodyKeysOf(tx.env)) }),
  };
}

interface PrepareArgs {
  readonly id: number;
  readonly lease: number;
  readonly controlId: string;
  readonly endpoint: string;
  readonly digest: string;
  readonly payload: Uint8Array;
}

/** Stores the exact bytes before they are sent. False: the lease passed to somebody else, and nothing may be sent. */
async function prepare(tx: Tx, args: PrepareArgs): Promise<boolean> {
  const { keyId, bytes } = seal(args.payload, bodyKeysOf(tx.env));
  const values: SqlValue[] = [args.controlId, args.endpoint, args.digest, keyId, bytes, args.id, args.lease];
  return (await tx.run(OUTBOX_SQL.prepare, values)) === 1;
}

export interface SettleArgs {
  readonly settled: readonly SettledRow[];
  readonly now: number;
}

/** `lost`: rows that were no longer this hub's. */
export interface Settled {
  readonly lost: readonly number[];
  readonly freed: number;
  readonly ended: number;
}

/** Records what became of attempts. `freed`: rows that came forward in their lanes. `ended`: arrived or stuck, the store is to hear of it. */
async function settle(tx: Tx, { settled, now }: SettleArgs): Promise<Settled> {
  const { lost, kept, freed } = await settleInLanes(tx, OUTBOX_LANES, settled, (each) => settleOne(tx, each, now));
  return { lost, freed, ended: kept.filter(({ outcome }) => outcome.kind !== 'again').length };
}

async function settleOne(tx: Tx, { id, lease, outcome }: SettledRow, now: number): Promise<Fate> {
  if (outcome.kind === 'sent') {
    const sent = await tx.run(OUTBOX_SQL.sent, [outcome.ackCode, outcome.ack, now, id, lease]);
    return sent === 1 ? 'leaves' : 'lost';
  }
  const { code, text } = outcome;
  if (outcome.kind === 'again') {
    const values: SqlValue[] = [outcome.at, outcome.counted ? 0 : 1, code, now, code, text, id, lease];
    return (await tx.run(OUTBOX_SQL.again, values)) === 1 ? 'stays' : 'lost';
  }
  const values: SqlValue[] = [outcome.kind, code, text, now, outcome.ack ?? null, now, id, lease];
  if ((await tx.run(OUTBOX_SQL.stuck, values)) === 0) return 'lost';
  return outcome.holdLane ? 'stays' : 'leaves';
}

async function insert(
  tx: Tx,
  {
    events,
    now,
  }: { readonly events: readonly (RoutedEvent & { readonly application?: ApplicationAck })[]; readonly now: number },
): Promise<number> {
  return insertOutbox(tx, events, now);
}

async function reclaim(tx: Tx, { before }: { readonly before: number }): Promise<number> {
  return tx.run(OUTBOX_SQL.reclaim, [before]);
}

/** When the earliest ready row of each recipient may go. */
async function due(tx: Tx): Promise<{ recipient: string; due: number }[]> {
  return tx.query(OUTBOX_SQL.due);
}

/** A person lets a stuck row go again: the same event key, so whoever has it recognises it. */
async function retry(tx: Tx, { ids }: { readonly ids: readonly number[] }): Promise<number> {
  let retried = 0;
  for (const id of ids) {
    retried += await tx.run(
      `UPDATE outbox SET state = 'queued', tries = 0, next_at = 0, settled_at = NULL, told = 0
        WHERE id = ? AND state IN ('parked', 'refused', 'unknown')`,
      [id],
    );
  }
  return retried;
}

/** A person settles a row by hand (told by telephone; the partner confirmed that it has it). Its lane goes on. */
async function dismiss(
  tx: Tx,
  { id, text, now }: { readonly id: number; readonly text: string; readonly now: number },
) {
  const done = await tx.run(
    `UPDATE outbox SET state = 'refused', reason_text = ?, told = 1, settled_at = ? WHERE id = ? AND state IN ('parked', 'refused', 'unknown')`,
    [text, now, id],
  );
  if (done === 1) await leaveLanes(tx, OUTBOX_LANES, [id]);
  return done === 1;
}

async function told(tx: Tx, { id }: { readonly id: number }): Promise<number> {
  return tx.run('UPDATE outbox SET told = 1 WHERE id = ?', [id]);
}

async function link(tx: Tx, { recipient, state, since, code, failures, nextAt }: LinkState): Promise<void> {
  tx.send(OUTBOX_SQL.link, [recipient, state, since, code ?? null, failures, nextAt]);
}

export const outboxCommands: CommandTable = {
  'outbox.claim': unsynced(claim),
  'outbox.prepare': prepare,
  'outbox.settle': settle,
  'outbox.insert': insert,
  'outbox.reclaim': unsynced(reclaim),
  'outbox.due': due,
  'outbox.retry': retry,
  'outbox.dismiss': dismiss,
  'outbox.told': told,
  'outbox.link': link,
  ...outboxReadCommands,
};
