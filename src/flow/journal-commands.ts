import { type CommandTable, type Tx, unsynced } from '../database/command.ts';
import { bodyKeysOf, seal } from '../database/envelope.ts';
import { classNumber } from '../database/job-table.ts';
import { enterInOrder, enterLanes, leaveLanes } from '../database/lane.ts';
import { placeholders } from '../database/row-list.ts';
import { probeCommand } from '../database/write-probe.ts';
import type { Appended, MessageState, NewMessage, UntoldMessage } from '../model/journal.ts';
import { journalReadCommands } from './journal-queries.ts';
import { JOURNAL_SQL } from './journal-sql.ts';
import { bodyPartition, JOURNAL_LANES, JOURNAL_PROBE, monthOf } from './journal-tables.ts';
import { claim, settle } from './journal-work.ts';

const DAY_MS = 86_400_000;

interface AppendArgs {
  readonly messages: readonly NewMessage[];
  /** Take a message that heads its lanes at once, under a lease of this length. 0: leave it to `claim`. */
  readonly leaseMs: number;
  readonly now: number;
}

/** Appends many messages in one transaction. Success means "on disk once this commits", nothing more. */
function append(tx: Tx, args: AppendArgs): Promise<Appended[]> {
  const lanes = args.messages.map((message) => message.lanes);
  return enterInOrder(tx, JOURNAL_LANES, lanes, () => appendAll(tx, args));
}

async function appendAll(tx: Tx, { messages, leaseMs, now }: AppendArgs): Promise<Appended[]> {
  // A flood of one message in one batch is one row's update, not one each.
  const groups = new Map<string, { readonly message: NewMessage; readonly at: number; repeats: number }>();
  const keys = messages.map((message, at) => {
    const key = `${message.controlId}\u001f${message.partner}\u001f${message.sender}\u001f${message.hash}`;
    const before = groups.get(key);
    if (before) before.repeats += 1;
    else groups.set(key, { message, at, repeats: 0 });
    return key;
  });
  const distinct = [...groups.values()].map(({ message }) => message);
  const made = await Promise.all(distinct.map((message) => insertOne(tx, message, leaseMs, now)));
  const stored = distinct.flatMap((message, n) => (made[n] ? [{ item: made[n].id, lanes: message.lanes }] : []));
  const blocked = await enterLanes(tx, JOURNAL_LANES, stored);
  const expected = expectedBlockers(leaseMs);
  for (const { item } of stored) {
    const blockers = blocked.get(item) ?? 0;
    if (blockers !== expected) tx.send(JOURNAL_SQL.block, [blockers, item]);
  }
  const lease = leaseMs > 0 ? 1 : 0;
  const firsts = await Promise.all(
    distinct.map(async (message, n): Promise<Appended> => {
      const row = made[n];
      if (!row) return repeated(tx, message);
      const { id, flagged } = row;
      return { outcome: 'stored', id, lease: blocked.has(id) ? 0 : lease, flagged, ackAt: now };
    }),
  );
  const appended = new Map([...groups.keys()].map((key, n) => [key, firsts[n]!]));
  for (const [key, { repeats }] of groups) {
    if (repeats > 0) tx.send(JOURNAL_SQL.repeats, [repeats, appended.get(key)!.id]);
  }
  return keys.map((key, at) => {
    const first = appended.get(key)!;
    return groups.get(key)!.at === at ? first : asRepeat(first);
  });
}

/** What a repeat right behind its first message sees. */
function asRepeat(first: Appended): Appended {
  if (first.outcome === 'repeat') return { ...first, retried: false };
  const { id, ackAt } = first;
  return { outcome: 'repeat', id, state: first.lease > 0 ? 'claimed' : 'received', retried: false, ackAt };
}

/** What is taken at once most often heads its lanes; what is left to `claim` comes behind others: then few rows are written twice. */
const expectedBlockers = (leaseMs: number): number => (leaseMs > 0 ? 0 : 1);

/** Undefined: it is there already. */
async function insertOne(tx: Tx, message: NewMessage, leaseMs: number, now: number): Promise<Inserted | undefined> {
  const { partner, sender, controlId, hash } = message;
  const month = monthOf(message.receivedAt);
  const lease = leaseMs > 0 ? 1 : 0;
  const known = tx.query(JOURNAL_SQL.known, [controlId, partner, sender]);
  const inserted = tx.insert(JOURNAL_SQL.insert, [
    message.feed,
    partner,
    sender,
    controlId,
    hash,
    message.receivedAt,
    message.peer,
    message.trigger,
    message.version,
    classNumber(message.lane),
    message.passOnPark ? 1 : 0,
    message.applicationAck ?? null,
    message.configVersion,
    month,
    lease ? 'claimed' : 'received',
    expectedBlockers(leaseMs),
    lease,
    lease,
    lease ? now + leaseMs : 0,
    tx.holder,
    message.ackOnCommit ?? null,
    message.ackOnCommit ? now : null,
  ]);
  const [seen, id] = await Promise.all([known, inserted]);
  if (id === undefined) return undefined;
  const flagged = seen.length > 0;
  if (flagged) tx.send(JOURNAL_SQL.flag, [id]);
  keepBody(tx, message, id, month);
  return { id, flagged };
}

interface Inserted {
  readonly id: number;
  readonly flagged: boolean;
}

function keepBody(tx: Tx, message: NewMessage, id: number, month: number): void {
  const body = seal(message.bytes, bodyKeysOf(tx.env));
  const purgeAt = message.receivedAt + message.retentionDays * DAY_MS;
  tx.send(JOURNAL_SQL.body, [id, month, message.hash, body.keyId, body.bytes, purgeAt]);
}

/** A repeat of a parked message runs again; its body comes back if retention took it. */
async function repeated(tx: Tx, message: NewMessage): Promise<Appended> {
  const { controlId, partner, sender, hash } = message;
  const [row] = await tx.query<RepeatRow>(JOURNAL_SQL.repeat, [controlId, partner, sender, hash]);
  if (!row) throw new Error('a repeat without its first message');
  const retried = row.state === 'parked' && (await retry(tx, { ids: [row.id] })) === 1;
  if (retried) keepBody(tx, message, row.id, row.body_month);
  const first = { outcome: 'repeat', id: row.id, state: retried ? 'received' : row.state, retried } as const;
  if (retried || row.ack_code === null || row.ack_at === null) return first;
  const { reason_code: code, reason_location: location, reason_text: text } = row;
  const reason =
    code === null ? {} : { reason: { code, text: text ?? '', ...(location === null ? {} : { location }) } };
  return { ...first, ackCode: row.ack_code, ackAt: row.ack_at, ...reason };
}

interface RepeatRow {
  readonly id: number;
  readonly state: MessageState;
  readonly body_month: number;
  readonly ack_code: string | null;
  readonly ack_at: number | null;
  readonly reason_code: string | null;
  readonly reason_location: string | null;
  readonly reason_text: string | null;
}

/** Lets parked messages run again. Gives how many were parked. */
async function retry(tx: Tx, { ids }: { readonly ids: readonly number[] }): Promise<number> {
  let retried = 0;
  for (const id of ids) retried += await tx.run(JOURNAL_SQL.retry, [id]);
  return retried;
}

/** The sender was answered "stored, not yet applied". */
async function late(tx: Tx, { ids, now }: { readonly ids: readonly number[]; readonly now: number }): Promise<number> {
  let marked = 0;
  for (const id of ids) marked += await tx.run(JOURNAL_SQL.late, [now, id]);
  return marked;
}

/** Second axis: whether the answer was handed to the sender's socket. */
async function answered(tx: Tx, args: { readonly written: readonly number[]; readonly unwritten: readonly number[] }) {
  await markAnswered(tx, 1, args.written);
  await markAnswered(tx, 2, args.unwritten);
}

const IDS_MAX = 100;

async function markAnswered(tx: Tx, value: number, ids: readonly number[]): Promise<void> {
  const sorted = ids.toSorted((a, b) => a - b);
  for (let from = 0; from < sorted.length; from += IDS_MAX) {
    const some = sorted.slice(from, from + IDS_MAX);
    const these = `SELECT id FROM message WHERE id IN (${placeholders(some.length)})`;
    // In one order for all that take several: see `lane.ts`.
    const rows = tx.dialect === 'postgres' ? `${these} ORDER BY id FOR UPDATE` : these;
    tx.send(`UPDATE message SET answered = ? WHERE id IN (${rows})`, [value, ...some]);
  }
}

/** Gives back what a dead worker held. `before`: leases that ended by then; at the start of a single-process hub, all. */
async function reclaim(tx: Tx, { before }: { readonly before: number }): Promise<number> {
  return tx.run(JOURNAL_SQL.reclaim, [before]);
}

/** Makes settled messages run again from their stored bodies; a replay writes under a run number of its own. */
async function replay(tx: Tx, { ids }: { readonly ids: readonly number[] }): Promise<number[]> {
  const begun: number[] = [];
  for (const id of ids) {
    const settled = await tx.run(
      `UPDATE message SET state = 'received', replays = replays + 1, tries = 0, next_at = 0, settled_at = NULL
        WHERE id = ? AND state IN ('applied', 'listed')`,
      [id],
    );
    if (settled === 1 || (await retry(tx, { ids: [id] })) === 1) begun.push(id);
  }
  return begun;
}

/** Ends a parked message without applying it: a person decided so. Its lanes go on. */
async function dismiss(
  tx: Tx,
  { id, text, now }: { readonly id: number; readonly text: string; readonly now: number },
) {
  const done = await tx.run(
    `UPDATE message SET state = 'listed', reason_text = ?, settled_at = ? WHERE id = ? AND state = 'parked'`,
    [text, now, id],
  );
  if (done === 1) await leaveLanes(tx, JOURNAL_LANES, [id]);
  return done === 1;
}

/** Parked messages somebody must be told of and was not yet. */
async function untold(tx: Tx): Promise<UntoldMessage[]> {
  const rows = await tx.query<{ id: number; partner: string; event: string; reason_code: string }>(
    'SELECT id, partner, event, reason_code FROM message WHERE untold = 1 ORDER BY id LIMIT 100',
  );
  return rows.map((row) => ({ journalId: row.id, partner: row.partner, trigger: row.event, code: row.reason_code }));
}

async function told(tx: Tx, { id }: { readonly id: number }): Promise<number> {
  return tx.run('UPDATE message SET untold = 0 WHERE id = ?', [id]);
}

/** A message that is not applied, answered for or dismissed yet: its body stays, however old it is. */
const UNDECIDED = "state IN ('received', 'claimed', 'parked')";

/** Takes bodies whose retention is over, some at a time. Gives how many rows; hash, ids and ACK stay in the message row. */
async function purge(tx: Tx, { now, limit }: { readonly now: number; readonly limit: number }): Promise<number> {
  if (tx.dialect === 'postgres') await dropPartitions(tx, now);
  return tx.run(
    `DELETE FROM body WHERE (month, message) IN (SELECT b.month, b.message FROM body b WHERE b.purge_at <= ?
     AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = b.message AND m.${UNDECIDED}) ORDER BY b.purge_at LIMIT ?)`,
    [now, limit],
  );
}

/** Months that are over and of which every body may go: the whole table goes, which costs nothing and leaves nothing to vacuum. */
async function dropPartitions(tx: Tx, now: number): Promise<void> {
  const found = await tx.query<{ month: number }>(
    `SELECT substring(c.relname FROM '^body_([0-9]{6})$')::int AS month FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'body'::regclass AND c.relname ~ '^body_[0-9]{6}$'`,
  );
  // A clock that runs a little behind may still write into the month that has just ended.
  const ended = found.map(({ month }) => month).filter((month) => month < monthOf(now - DAY_MS));
  for (const month of ended) {
    const kept = await tx.query(
      `SELECT 1 WHERE EXISTS (SELECT 1 FROM body_${month} WHERE purge_at > ?) OR EXISTS (SELECT 1 FROM message WHERE body_month = ? AND ${UNDECIDED})`,
      [now, month],
    );
    if (kept.length === 0) tx.send(`DROP TABLE IF EXISTS body_${month}`);
  }
}

/** PostgreSQL only: the body partitions of this month and the next. */
async function partitions(tx: Tx, { now }: { readonly now: number }): Promise<void> {
  if (tx.dialect !== 'postgres') return;
  const date = new Date(now);
  const next = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
  for (const at of [now, next]) tx.send(bodyPartition(monthOf(at)));
}

export const journalCommands: CommandTable = {
  'journal.append': append,
  'journal.claim': unsynced(claim),
  'journal.settle': settle,
  // That these are applied is durable in the store.
  'journal.settle-applied': unsynced(settle),
  'journal.late': unsynced(late),
  'journal.answered': unsynced(answered),
  'journal.reclaim': unsynced(reclaim),
  'journal.retry': retry,
  'journal.replay': replay,
  'journal.dismiss': dismiss,
  'journal.untold': untold,
  'journal.told': told,
  'journal.purge': purge,
  'journal.partitions': partitions,
  'journal.probe': probeCommand(JOURNAL_PROBE),
  ...journalReadCommands,
};
