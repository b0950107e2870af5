import type { SqlValue, Tx } from '../database/command.ts';
import { bodyKeysOf, open } from '../database/envelope.ts';
import { classNumber } from '../database/job-table.ts';
import { type Fate, settleInLanes } from '../database/lane.ts';
import type { ClaimedMessage, SettledMessage } from '../model/journal.ts';
import { CLAIM_POSTGRES, CLAIM_SQLITE, JOURNAL_SQL } from './journal-sql.ts';
import { JOURNAL_LANES } from './journal-tables.ts';

interface ClaimArgs {
  readonly limit: number;
  readonly leaseMs: number;
  readonly now: number;
}

/** Takes heads of lanes under a lease, safety first. Only heads have no blockers, so locking these rows locks their lanes. */
export async function claim(tx: Tx, { limit, leaseMs, now }: ClaimArgs): Promise<ClaimedMessage[]> {
  if (limit <= 0) return [];
  const sql = tx.dialect === 'sqlite' ? CLAIM_SQLITE : CLAIM_POSTGRES;
  const rows = await tx.query<ClaimRow>(sql, [now + leaseMs, tx.holder, now, limit]);
  const claimed = await Promise.all(rows.map(async (row) => toClaimed(row, await bodyOf(tx, row.body_month, row.id))));
  return claimed.sort((a, b) => classNumber(a.lane) - classNumber(b.lane) || a.id - b.id);
}

interface ClaimRow {
  readonly id: number;
  readonly lease: number;
  readonly feed: string;
  readonly partner: string;
  readonly control_id: string;
  readonly hash: string;
  readonly received_at: number;
  readonly event: string;
  readonly class: number;
  readonly tries: number;
  readonly replays: number;
  readonly application_ack: string | null;
  readonly body_month: number;
}

/** A body that retention took is empty: the parser refuses it, and the message parks. */
async function bodyOf(tx: Tx, month: number, id: number): Promise<Uint8Array> {
  const [row] = await tx.query<{ key_id: string; bytes: Uint8Array }>(JOURNAL_SQL.readBody, [month, id]);
  return row ? open({ keyId: row.key_id, bytes: row.bytes }, bodyKeysOf(tx.env)) : new Uint8Array(0);
}

function toClaimed(row: ClaimRow, bytes: Uint8Array): ClaimedMessage {
  return {
    id: row.id,
    lease: row.lease,
    feed: row.feed,
    partner: row.partner,
    controlId: row.control_id,
    hash: row.hash,
    receivedAt: row.received_at,
    trigger: row.event,
    lane: row.class === 0 ? 'safety' : 'normal',
    tries: row.tries,
    replays: row.replays,
    ...(row.application_ack === null ? {} : { applicationAck: row.application_ack }),
    bytes,
  };
}

interface SettleArgs extends ClaimArgs {
  readonly settled: readonly SettledMessage[];
}

/** Settles many and claims what may run next in the same transaction. `lost`: ids whose lease had passed to somebody else. */
export async function settle(tx: Tx, args: SettleArgs): Promise<Settled> {
  const { lost, freed } = await settleInLanes(tx, JOURNAL_LANES, args.settled, (each) => settleOne(tx, each));
  return { lost, freed, claimed: await claim(tx, args) };
}

/** `freed`: messages that lost a blocker and may be ready now. */
interface Settled {
  readonly lost: readonly number[];
  readonly freed: number;
  readonly claimed: readonly ClaimedMessage[];
}

async function settleOne(tx: Tx, { id, lease, at, outcome }: SettledMessage): Promise<Fate> {
  if (outcome.kind === 'again') {
    const { code, text } = outcome.reason;
    const again = await tx.run(JOURNAL_SQL.again, [outcome.at, outcome.counted ? 0 : 1, code, text, id, lease]);
    return again === 1 ? 'stays' : 'lost';
  }
  const { reason } = outcome;
  const values: SqlValue[] = [outcome.kind, outcome.ackCode, at, outcome.mappingVersion];
  const untold = outcome.kind === 'parked' && outcome.tell ? 1 : 0;
  values.push(reason?.code ?? null, reason?.location ?? null, reason?.text ?? null, at, untold, id, lease);
  const [row] = await tx.query<{ pass: number; replays: number }>(JOURNAL_SQL.done, values);
  if (!row) return 'lost';
  if (outcome.kind === 'parked') return outcome.holdLanes || row.pass === 0 ? 'stays' : 'leaves';
  if (row.replays > 0) tx.send('DELETE FROM parked_part WHERE message = ?', [id]);
  for (const part of outcome.parts) {
    tx.send(
      'INSERT INTO parked_part (message, part, code, location, reason_text) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      [id, part.part, part.code, part.location ?? null, part.text],
    );
  }
  return 'leaves';
}
