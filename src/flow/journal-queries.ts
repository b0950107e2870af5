import type { CommandTable, SqlValue, Tx } from '../database/command.ts';
import { bodyKeysOf, open } from '../database/envelope.ts';
import type { Answered, Backlog, MessageRow, MessageState, ParkedPartRow } from '../model/journal.ts';

const ROWS_MAX = 500;
const ANSWERED: readonly Answered[] = ['unknown', 'written', 'unwritten'];

const COLUMNS = `id, feed, partner, sender, control_id, hash, received_at, event, version, class, state, blockers, tries, repeats, flagged, late,
  answered, ack_code, reason_code, reason_location, reason_text, settled_at, config_version, mapping_version`;

export const JOURNAL_QUERIES = {
  backlog: `SELECT feed, COUNT(*) AS waiting, MIN(received_at) AS oldest FROM message WHERE state IN ('received', 'claimed') GROUP BY feed`,
  one: `SELECT ${COLUMNS} FROM message WHERE id = ?`,
  parts: 'SELECT part, code, location, reason_text FROM parked_part WHERE message = ? ORDER BY part',
  parked: `SELECT ${COLUMNS} FROM message WHERE state = 'parked' AND id > ? ORDER BY id LIMIT ?`,
  range: 'SELECT id FROM message WHERE id > ? ORDER BY id LIMIT ?',
} as const;

export interface MessageQuery {
  readonly state?: MessageState;
  readonly feed?: string;
  readonly flagged?: boolean;
  /** Rows with a part parked. */
  readonly parts?: boolean;
  /** Ids below this one: the next page. */
  readonly before?: number;
  readonly limit?: number;
}

/** Newest first. */
async function list(tx: Tx, query: MessageQuery): Promise<MessageRow[]> {
  const where: string[] = [];
  const params: SqlValue[] = [];
  const add = (condition: string, value: SqlValue): void => {
    where.push(condition);
    params.push(value);
  };
  if (query.state) add('state = ?', query.state);
  if (query.feed) add('feed = ?', query.feed);
  if (query.flagged) add('flagged = ?', 1);
  if (query.before) add('id < ?', query.before);
  if (query.parts) where.push('id IN (SELECT message FROM parked_part)');
  params.push(Math.min(query.limit ?? 50, ROWS_MAX));
  const filter = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
  const rows = await tx.query<Row>(`SELECT ${COLUMNS} FROM message ${filter} ORDER BY id DESC LIMIT ?`, params);
  const found: MessageRow[] = [];
  for (const row of rows) found.push(toRow(row, await partsOf(tx, row.id)));
  return found;
}

async function one(tx: Tx, { id }: { readonly id: number }): Promise<MessageRow | undefined> {
  const [row] = await tx.query<Row>(JOURNAL_QUERIES.one, [id]);
  return row ? toRow(row, await partsOf(tx, id)) : undefined;
}

/** The bytes as received; undefined once retention took them. For the hub's own replay: no client may be handed this. */
async function body(tx: Tx, { id }: { readonly id: number }): Promise<Uint8Array | undefined> {
  const [row] = await tx.query<{ key_id: string; bytes: Uint8Array }>(
    'SELECT b.key_id, b.bytes FROM message m JOIN body b ON b.month = m.body_month AND b.message = m.id WHERE m.id = ?',
    [id],
  );
  return row ? open({ keyId: row.key_id, bytes: row.bytes }, bodyKeysOf(tx.env)) : undefined;
}

async function range(tx: Tx, { after, limit }: { readonly after: number; readonly limit: number }): Promise<number[]> {
  return (await tx.query<{ id: number }>(JOURNAL_QUERIES.range, [after, limit])).map((row) => row.id);
}

async function backlog(tx: Tx): Promise<Backlog[]> {
  const rows = await tx.query<{ feed: string; waiting: number; oldest: number }>(JOURNAL_QUERIES.backlog);
  return rows.map((row) => ({ feed: row.feed, rows: Number(row.waiting), oldestReceivedAt: row.oldest }));
}

/** Rows by state, for `/metrics`. */
async function counts(tx: Tx): Promise<Readonly<Record<string, number>>> {
  const rows = await tx.query<{ state: string; n: number }>('SELECT state, COUNT(*) AS n FROM message GROUP BY state');
  return Object.fromEntries(rows.map((row) => [row.state, Number(row.n)]));
}

interface Row {
  readonly id: number;
  readonly feed: string;
  readonly partner: string;
  readonly sender: string;
  readonly control_id: string;
  readonly hash: string;
  readonly received_at: number;
  readonly event: string;
  readonly version: string;
  readonly class: number;
  readonly state: MessageState;
  readonly blockers: number;
  readonly tries: number;
  readonly repeats: number;
  readonly flagged: number;
  readonly late: number;
  readonly answered: number;
  readonly ack_code: string | null;
  readonly reason_code: string | null;
  readonly reason_location: string | null;
  readonly reason_text: string | null;
  readonly settled_at: number | null;
  readonly config_version: string;
  readonly mapping_version: string | null;
}

async function partsOf(tx: Tx, id: number): Promise<ParkedPartRow[]> {
  const rows = await tx.query<{ part: string; code: string; location: string | null; reason_text: string }>(
    JOURNAL_QUERIES.parts,
    [id],
  );
  return rows.map(({ part, code, location, reason_text }) => ({
    part,
    code,
    text: reason_text,
    ...(location === null ? {} : { location }),
  }));
}

function toRow(row: Row, parts: readonly ParkedPartRow[]): MessageRow {
  return {
    id: row.id,
    feed: row.feed,
    partner: row.partner,
    sender: row.sender,
    controlId: row.control_id,
    hash: row.hash,
    receivedAt: row.received_at,
    trigger: row.event,
    version: row.version,
    lane: row.class === 0 ? 'safety' : 'normal',
    state: row.state,
    blockers: row.blockers,
    tries: row.tries,
    repeats: row.repeats,
    flagged: row.flagged === 1,
    late: row.late === 1,
    answered: ANSWERED[row.answered] ?? 'unknown',
    configVersion: row.config_version,
    parts,
    ...(row.ack_code === null ? {} : { ackCode: row.ack_code }),
    ...(row.mapping_version === null ? {} : { mappingVersion: row.mapping_version }),
    ...(row.settled_at === null ? {} : { settledAt: row.settled_at }),
    ...(row.reason_code === null ? {} : { reason: reasonOf(row.reason_code, row) }),
  };
}

function reasonOf(code: string, row: Row): NonNullable<MessageRow['reason']> {
  return {
    code,
    text: row.reason_text ?? '',
    ...(row.reason_location === null ? {} : { location: row.reason_location }),
  };
}

export const journalReadCommands: CommandTable = {
  'journal.list': list,
  'journal.one': one,
  'journal.body': body,
  'journal.range': range,
  'journal.backlog': backlog,
  'journal.counts': counts,
};
