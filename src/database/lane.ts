import type { SqlValue, Tx } from './command.ts';
import { inPieces, tuples } from './row-list.ts';

/**
 * Order per lane, so that a claim costs the same with one row waiting and with ten thousand.
 * An item takes a place in every lane it belongs to; the item's `blockers` column counts the lanes it does not head.
 * It may run at 0. Places are numbered under the lane row's lock, so number order is commit order.
 * Only heads ever reach `blockers = 0`, therefore workers that lock such items lock lanes. Rule: DESIGN 3 "Lanes".
 */
export interface LaneTables {
  /** Tables `<name>_lane` and `<name>_place`; `item` is the table with id and blockers. */
  readonly name: string;
  readonly item: string;
}

const sqlOf = ({ name, item }: LaneTables) => ({
  enter: `INSERT INTO ${name}_lane AS l (lane, numbered, depth) VALUES $ROWS
    ON CONFLICT (lane) DO UPDATE SET numbered = l.numbered + excluded.numbered, depth = l.depth + excluded.depth
    RETURNING lane, numbered, depth`,
  place: `INSERT INTO ${name}_place (lane, number, item) VALUES $ROWS`,
  block: `UPDATE ${item} SET blockers = ? WHERE id = ?`,
  leave: `DELETE FROM ${name}_place WHERE item = ? RETURNING lane, number`,
  shrink: `UPDATE ${name}_lane SET depth = depth - ? WHERE lane = ? RETURNING depth`,
  remove: `DELETE FROM ${name}_lane WHERE lane = ? AND depth = 0`,
  unblockNext: `UPDATE ${item} SET blockers = blockers - 1 WHERE id = (SELECT item FROM ${name}_place
    WHERE lane = ? AND number = (SELECT MIN(number) FROM ${name}_place WHERE lane = ?) AND number > ?)`,
  next: `SELECT number, item FROM ${name}_place WHERE lane = ? ORDER BY number LIMIT 1`,
  unblock: `UPDATE ${item} SET blockers = blockers - ? WHERE id = ?`,
});
type Statements = Readonly<Record<keyof ReturnType<typeof sqlOf>, string>>;

const prepared = new Map<string, Statements>();

function statements(tables: LaneTables): Statements {
  let found = prepared.get(tables.name);
  if (!found) {
    found = sqlOf(tables);
    prepared.set(tables.name, found);
  }
  return found;
}

/** The statements of one set of tables, for the test that asks the planner about each. */
export function laneStatements(tables: LaneTables): Statements {
  const sql = statements(tables);
  return { ...sql, enter: withRows(sql.enter, 3, 1), place: withRows(sql.place, 3, 1) };
}

const withRows = (sql: string, columns: number, rows: number): string => sql.replace('$ROWS', tuples(columns, rows));

export function laneMigration({ name }: LaneTables, dialect: Tx['dialect']): readonly string[] {
  // One tree instead of two for each: fewer pages to a commit.
  const keyed = dialect === 'sqlite' ? ' WITHOUT ROWID' : '';
  return [
    `CREATE TABLE ${name}_lane (lane TEXT PRIMARY KEY, numbered BIGINT NOT NULL, depth BIGINT NOT NULL)${keyed}`,
    `CREATE TABLE ${name}_place (lane TEXT NOT NULL, number BIGINT NOT NULL, item BIGINT NOT NULL, PRIMARY KEY (lane, number))${keyed}`,
    `CREATE INDEX ${name}_place_item ON ${name}_place (item)`,
  ];
}

/** An item that is new, and the lanes it belongs to. */
export interface Entry {
  readonly item: number;
  readonly lanes: readonly string[];
}

/** Gives each item the next place in each of its lanes, in the order of the entries, and the items that have others before them: in how many lanes. */
export async function enterLanes(
  tx: Tx,
  tables: LaneTables,
  entries: readonly Entry[],
): Promise<ReadonlyMap<number, number>> {
  const sql = statements(tables);
  const queues = new Map<string, number[]>();
  for (const { item, lanes } of entries) {
    for (const lane of new Set(lanes)) queues.set(lane, [...(queues.get(lane) ?? []), item]);
  }
  const rows = [...queues].map(([lane, { length }]) => [lane, length, length] as const).sort(byLane);
  const entered = await Promise.all(
    inPieces(rows).map((piece) => tx.query<Lane>(withRows(sql.enter, 3, piece.length), piece.flat())),
  );
  const places: (readonly SqlValue[])[] = [];
  const blockers = new Map<number, number>();
  for (const { lane, numbered, depth } of entered.flat()) {
    const items = queues.get(lane)!;
    for (const [at, item] of items.entries()) {
      places.push([lane, numbered - items.length + 1 + at, item]);
      if (depth - items.length + at > 0) blockers.set(item, (blockers.get(item) ?? 0) + 1);
    }
  }
  for (const piece of inPieces(places)) tx.send(withRows(sql.place, 3, piece.length), piece.flat());
  return blockers;
}

/** As `enterLanes`, for items whose rows say that nothing is before them: says in the rows what is. */
export async function queueInLanes(tx: Tx, tables: LaneTables, entries: readonly Entry[]): Promise<void> {
  const { block } = statements(tables);
  for (const [item, blockers] of await enterLanes(tx, tables, entries)) tx.send(block, [blockers, item]);
}

interface Lane {
  readonly lane: string;
  readonly numbered: number;
  readonly depth: number;
}

/** Lanes are locked in one order by all: two transactions that took them in their own would wait for each other. */
const byLane = (a: readonly [string, ...unknown[]], b: readonly [string, ...unknown[]]): number =>
  a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;

/**
 * Holds all lanes in that order before `enter` makes the items that are to enter them, where making them may wait for another
 * transaction that makes the same. SQLite has one writer.
 */
export async function enterInOrder<T>(
  tx: Tx,
  { name }: LaneTables,
  lanesOfItems: readonly (readonly string[])[],
  enter: () => Promise<T>,
): Promise<T> {
  const lanes = [...new Set(lanesOfItems.flat())].sort();
  if (tx.dialect === 'sqlite' || lanesOfItems.length < 2 || lanes.length < 2) return enter();
  const list = lanes as unknown as SqlValue;
  tx.send(
    `INSERT INTO ${name}_lane AS l (lane, numbered, depth) SELECT lane, 0, 0 FROM unnest(?::text[]) WITH ORDINALITY AS t(lane, n) ORDER BY n
     ON CONFLICT (lane) DO UPDATE SET depth = l.depth`,
    [list],
  );
  const result = await enter();
  // An item that was there already entered nothing.
  tx.send(`DELETE FROM ${name}_lane WHERE lane = ANY(?::text[]) AND depth = 0`, [list]);
  return result;
}

/**
 * Holds the lanes of items that are about to leave them, then the rows that this changes: theirs, and those of the items that come
 * forward. Lanes in the same order, rows by id. Those of a single item its leaving takes in these orders anyway.
 */
function holdLanesOf(tx: Tx, { name, item }: LaneTables, items: readonly number[]): void {
  if (tx.dialect === 'sqlite' || items.length < 2) return;
  const list = [...items] as unknown as SqlValue;
  tx.send(
    `SELECT 1 FROM ${name}_lane WHERE lane IN (SELECT lane FROM ${name}_place WHERE item = ANY(?::bigint[])) ORDER BY lane COLLATE "C" FOR UPDATE`,
    [list],
  );
  tx.send(
    `SELECT 1 FROM ${item} WHERE id IN (SELECT unnest(?::bigint[]) UNION ALL
       SELECT (SELECT p.item FROM ${name}_place p WHERE p.lane = own.lane AND p.number > own.number ORDER BY p.number LIMIT 1)
       FROM ${name}_place own WHERE own.item = ANY(?::bigint[])) ORDER BY id FOR UPDATE`,
    [list, list],
  );
}

/**
 * Gives up every place of the items and lets the next of each lane they headed come forward. Gives how many lanes have a new head.
 * What is changed by several must be held (`holdLanesOf`).
 */
export async function leaveLanes(tx: Tx, tables: LaneTables, items: readonly number[]): Promise<number> {
  const sql = statements(tables);
  const places = await Promise.all(items.map((item) => tx.query<Place>(sql.leave, [item])));
  const left = new Map<string, { count: number; first: number }>();
  for (const { lane, number } of places.flat()) {
    const known = left.get(lane);
    left.set(lane, { count: (known?.count ?? 0) + 1, first: Math.min(known?.first ?? number, number) });
  }
  const lanes = [...left].sort(byLane);
  const rows = await Promise.all(
    lanes.map(([lane, { count }]) => tx.query<Pick<Lane, 'depth'>>(sql.shrink, [count, lane])),
  );
  const going = lanes.flatMap(([lane, { first }], at) => {
    const depth = rows[at]![0]?.depth ?? 0;
    // Only lanes with somebody in them are kept: the tables stay as small as the backlog. An append that waits for this row's
    // lock makes it anew.
    if (depth === 0) tx.send(sql.remove, [lane]);
    return depth === 0 ? [] : [{ lane, first }];
  });
  if (items.length > 1 || going.length === 1) {
    const moved = await Promise.all(going.map(({ lane, first }) => tx.run(sql.unblockNext, [lane, lane, first])));
    return moved.reduce((sum, count) => sum + count, 0);
  }
  const heads = await Promise.all(
    going.map(({ lane }) => tx.query<Place & { readonly item: number }>(sql.next, [lane])),
  );
  // Where one who stood before them still stands there, nobody became head.
  const next = heads.flatMap(([head], at) => (head && head.number > going[at]!.first ? [head.item] : []));
  const moved = Map.groupBy(next, (item) => item);
  for (const [item, { length }] of [...moved].sort(([a], [b]) => a - b)) tx.send(sql.unblock, [length, item]);
  return next.length;
}

interface Place {
  readonly lane: string;
  readonly number: number;
}

/** What becomes of an item that was worked on. `lost`: it was no longer this worker's, and nothing was changed. */
export type Fate = 'leaves' | 'stays' | 'lost';

/**
 * Ends the work on several items: `settle` changes the row of each, and those that leave let the next of their lanes come forward.
 * `kept`: all but the lost ones, by id. `freed`: lanes with a new head.
 */
export async function settleInLanes<T extends { readonly id: number }>(
  tx: Tx,
  tables: LaneTables,
  items: readonly T[],
  settle: (item: T) => Promise<Fate>,
): Promise<{ readonly lost: readonly number[]; readonly kept: readonly T[]; readonly freed: number }> {
  const sorted = items.toSorted((a, b) => a.id - b.id);
  const idsOf = (some: readonly T[]): number[] => some.map(({ id }) => id);
  holdLanesOf(tx, tables, idsOf(sorted));
  const fates = await Promise.all(sorted.map(settle));
  const leaving = sorted.filter((_, n) => fates[n] === 'leaves');
  const lost = sorted.filter((_, n) => fates[n] === 'lost');
  const kept = sorted.filter((_, n) => fates[n] !== 'lost');
  return { lost: idsOf(lost), kept, freed: await leaveLanes(tx, tables, idsOf(leaving)) };
}
