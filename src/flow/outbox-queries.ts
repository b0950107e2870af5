import type { CommandTable, SqlValue, Tx } from '../database/command.ts';
import { failureOf } from '../model/failure.ts';
import type { EventKind, OutboxEvent, Waiting } from '../model/outbox.ts';
import type { Purpose } from '../model/visibility.ts';

const ROWS_MAX = 500;

export type RowState = 'queued' | 'sending' | 'sent' | 'refused' | 'unknown' | 'parked';

/** A row as `/ops/outbox`, the CLI and the console show it. A row that is not sent always says why. */
export interface OutboxRow {
  readonly id: number;
  readonly event: OutboxEvent;
  readonly state: RowState;
  readonly tries: number;
  readonly createdAt: number;
  readonly settledAt?: number;
  readonly controlId?: string;
  readonly endpoint?: string;
  readonly ackCode?: string;
  readonly waiting?: Waiting & { readonly text: string };
}

export interface OutboxQuery {
  readonly state?: RowState;
  readonly recipient?: string;
  readonly before?: number;
  readonly limit?: number;
}

const COLUMNS = `o.id, o.recipient, o.organization, o.event_key, o.kind, o.class, o.person, o.purpose, o.resources, o.sender, o.state, o.blockers,
  o.tries, o.next_at, o.control_id, o.endpoint, o.ack_code, o.reason_code, o.reason_text, o.reason_since, o.created_at, o.settled_at,
  l.state AS link_state, l.since AS link_since, l.reason_code AS link_code, l.next_at AS link_next`;

/** Digest of a row that took a resource away from a mirror. */
export const MIRROR_REMOVED = 'removed';

/** What a mirror holds of some resources, by what was sent to it. `last`: digest of the last word on the first, if it arrived. */
export interface Mirrored {
  readonly held: readonly string[];
  readonly last?: string;
}

/** How far each mirror is behind, and what it will not get. */
export interface MirrorState {
  readonly recipient: string;
  readonly waiting: number;
  /** When the oldest row that waits was queued, ms. */
  readonly oldest?: number;
  /** Rows that consent kept back. */
  readonly withheld: number;
  /** Rows the mirror refused, or that cannot go. */
  readonly failed: number;
}

export const OUTBOX_QUERIES = {
  mirrored: `SELECT state, digest FROM outbox WHERE kind = 'mirror' AND recipient = ? AND resources = ? AND digest IS NOT NULL AND id <> ?
    ORDER BY COALESCE(settled_at, created_at) DESC, id DESC`,
  // LIKE keeps SQLite from the index of all mirror rows, which grows with what was ever sent.
  mirrors: `SELECT recipient, state, COALESCE(reason_code, '') AS code, COUNT(*) AS n, MIN(created_at) AS oldest FROM outbox
    WHERE state <> 'sent' AND kind LIKE 'mirror' GROUP BY recipient, state, COALESCE(reason_code, '')`,
  untold: `SELECT ${COLUMNS} FROM outbox o LEFT JOIN partner_link l ON l.recipient = o.recipient
    WHERE o.told = 0 AND o.state IN ('parked', 'refused', 'sent', 'unknown') ORDER BY o.id LIMIT ?`,
} as const;

/** Newest first. */
async function list(tx: Tx, query: OutboxQuery): Promise<OutboxRow[]> {
  const where: string[] = [];
  const params: SqlValue[] = [];
  const add = (condition: string, value: SqlValue): void => {
    where.push(condition);
    params.push(value);
  };
  if (query.state) add('o.state = ?', query.state);
  if (query.recipient) add('o.recipient = ?', query.recipient);
  if (query.before) add('o.id < ?', query.before);
  params.push(Math.min(query.limit ?? 50, ROWS_MAX));
  const filter = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM outbox o LEFT JOIN partner_link l ON l.recipient = o.recipient ${filter} ORDER BY o.id DESC LIMIT ?`,
    params,
  );
  return rows.map(toRow);
}

/** Stuck rows somebody must be told of and was not yet. */
async function untold(tx: Tx, { limit }: { readonly limit: number }): Promise<OutboxRow[]> {
  return (await tx.query<Row>(OUTBOX_QUERIES.untold, [limit])).map(toRow);
}

/** Rows by recipient and state, for `/metrics` and alerts; sent rows are not counted. */
async function counts(tx: Tx): Promise<{ recipient: string; state: string; rows: number; oldest: number }[]> {
  const rows = await tx.query<{ recipient: string; state: string; n: number; oldest: number }>(
    "SELECT recipient, state, COUNT(*) AS n, MIN(created_at) AS oldest FROM outbox WHERE state <> 'sent' GROUP BY recipient, state",
  );
  return rows.map(({ recipient, state, n, oldest }) => ({ recipient, state, rows: Number(n), oldest }));
}

async function mirrored(
  tx: Tx,
  {
    recipient,
    row,
    references,
  }: { readonly recipient: string; readonly row: number; readonly references: readonly string[] },
): Promise<Mirrored> {
  const held: string[] = [];
  let last: string | undefined;
  for (const [i, reference] of references.entries()) {
    const told = await tx.query<{ state: RowState; digest: string }>(OUTBOX_QUERIES.mirrored, [
      recipient,
      JSON.stringify([reference]),
      row,
    ]);
    const arrived = told.find(({ state }) => state === 'sent');
    if (arrived && arrived.digest !== MIRROR_REMOVED) held.push(reference);
    // An attempt that did not arrive for certain may have: what was told before it is no longer what stands there.
    if (i === 0 && told[0]?.state === 'sent') last = told[0].digest;
  }
  return { held, ...(last === undefined ? {} : { last }) };
}

async function mirrors(tx: Tx): Promise<MirrorState[]> {
  const rows = await tx.query<{ recipient: string; state: RowState; code: string; n: number; oldest: number }>(
    OUTBOX_QUERIES.mirrors,
  );
  return [...Map.groupBy(rows, ({ recipient }) => recipient)].map(([recipient, all]) => {
    const count = (some: typeof all): number => some.reduce((sum, { n }) => sum + Number(n), 0);
    const waiting = all.filter(({ state }) => state === 'queued' || state === 'sending');
    const ended = all.filter((each) => !waiting.includes(each));
    const withheld = count(ended.filter(({ code }) => code === 'consent.denied'));
    const oldest = waiting.length > 0 ? { oldest: Math.min(...waiting.map((each) => each.oldest)) } : {};
    return { recipient, waiting: count(waiting), ...oldest, withheld, failed: count(ended) - withheld };
  });
}

async function links(
  tx: Tx,
): Promise<
  { recipient: string; state: string; since: number; code: string | null; failures: number; nextAt: number }[]
> {
  const rows = await tx.query<{
    recipient: string;
    state: string;
    since: number;
    reason_code: string | null;
    failures: number;
    next_at: number;
  }>('SELECT recipient, state, since, reason_code, failures, next_at FROM partner_link ORDER BY recipient');
  return rows.map(({ reason_code: code, next_at: nextAt, ...row }) => ({ ...row, code, nextAt }));
}

interface Row {
  readonly id: number;
  readonly recipient: string;
  readonly organization: string;
  readonly event_key: string;
  readonly kind: EventKind;
  readonly class: number;
  readonly person: string | null;
  readonly purpose: Purpose;
  readonly resources: string;
  readonly sender: string | null;
  readonly state: RowState;
  readonly blockers: number;
  readonly tries: number;
  readonly next_at: number;
  readonly control_id: string | null;
  readonly endpoint: string | null;
  readonly ack_code: string | null;
  readonly reason_code: string | null;
  readonly reason_text: string | null;
  readonly reason_since: number | null;
  readonly created_at: number;
  readonly settled_at: number | null;
  readonly link_state: string | null;
  readonly link_since: number | null;
  readonly link_code: string | null;
  readonly link_next: number | null;
}

type EventColumns = Pick<
  Row,
  'recipient' | 'organization' | 'event_key' | 'kind' | 'class' | 'person' | 'purpose' | 'resources' | 'sender'
>;

export function eventOf(row: EventColumns): OutboxEvent {
  return {
    recipient: row.recipient,
    organization: row.organization,
    eventKey: row.event_key,
    kind: row.kind,
    lane: row.class === 0 ? 'safety' : 'normal',
    purpose: row.purpose,
    resources: JSON.parse(row.resources) as readonly string[],
    ...(row.person === null ? {} : { person: row.person }),
    ...(row.sender === null ? {} : { sender: row.sender }),
  };
}

function toRow(row: Row): OutboxRow {
  const waiting = waitingOf(row);
  return {
    id: row.id,
    event: eventOf(row),
    state: row.state,
    tries: row.tries,
    createdAt: row.created_at,
    ...(row.settled_at === null ? {} : { settledAt: row.settled_at }),
    ...(row.control_id === null ? {} : { controlId: row.control_id }),
    ...(row.endpoint === null ? {} : { endpoint: row.endpoint }),
    ...(row.ack_code === null ? {} : { ackCode: row.ack_code }),
    ...(waiting ? { waiting } : {}),
  };
}

function waitingOf(row: Row): OutboxRow['waiting'] {
  if (row.state === 'sent') return undefined;
  const iso = (ms: number): string => new Date(ms).toISOString();
  if (row.state === 'queued' && row.blockers > 0) {
    const text = 'an earlier row of this patient goes first';
    return { code: 'deliver.waits-for-lane', text, since: iso(row.created_at) };
  }
  if (row.state === 'queued' && row.link_state === 'down') {
    const next = row.link_next ? { nextAttemptAt: iso(row.link_next) } : {};
    const why = row.link_code ? `: ${failureOf(row.link_code).text} (${row.link_code})` : '';
    const text = `the partner is down${why}`;
    return { code: 'deliver.partner-down', text, since: iso(row.link_since ?? row.created_at), ...next };
  }
  const next = row.state === 'queued' && row.next_at > 0 ? { nextAttemptAt: iso(row.next_at) } : {};
  return {
    code: row.reason_code ?? 'deliver.queued',
    text: row.reason_text ?? 'next in turn',
    since: iso(row.reason_since ?? row.created_at),
    ...next,
  };
}

export const outboxReadCommands: CommandTable = {
  'outbox.list': list,
  'outbox.untold': untold,
  'outbox.counts': counts,
  'outbox.links': links,
  'outbox.mirrored': mirrored,
  'outbox.mirrors': mirrors,
};
