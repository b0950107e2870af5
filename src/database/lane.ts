import { DatabaseError, type SqlValue, type Tx } from './command.ts';

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

interface Statements {
  readonly enter: string;
  readonly place: string;
  readonly leave: string;
  readonly shrink: string;
  readonly remove: string;
  readonly next: string;
  readonly unblock: string;
}

const prepared = new Map<string, Statements>();

function statements({ name, item }: LaneTables): Statements {
  let found = prepared.get(name);
  if (!found) {
    found = {
      enter: `INSERT INTO ${name}_lane AS l (lane, numbered, depth) VALUES (?, 1, 1)
        ON CONFLICT (lane) DO UPDATE SET numbered = l.numbered + 1, depth = l.depth + 1 RETURNING numbered, depth`,
      place: `INSERT INTO ${name}_place (lane, number, item) VALUES (?, ?, ?)`,
      leave: `DELETE FROM ${name}_place WHERE item = ? RETURNING lane, number`,
      shrink: `UPDATE ${name}_lane SET depth = depth - 1 WHERE lane = ? RETURNING depth`,
      remove: `DELETE FROM ${name}_lane WHERE lane = ? AND depth = 0`,
      next: `SELECT number, item FROM ${name}_place WHERE lane = ? ORDER BY number LIMIT 1`,
      unblock: `UPDATE ${item} SET blockers = blockers - 1 WHERE id = ?`,
    };
    prepared.set(name, found);
  }
  return found;
}

/** The statements of one set of tables, for the test that asks the planner about each. */
export function laneStatements(tables: LaneTables): Readonly<Record<string, string>> {
  return { ...statements(tables) };
}

export function laneMigration({ name }: LaneTables, dialect: Tx['dialect']): readonly string[] {
  // One tree instead of two for each: fewer pages to a commit.
  const keyed = dialect === 'sqlite' ? ' WITHOUT ROWID' : '';
  return [
    `CREATE TABLE ${name}_lane (lane TEXT PRIMARY KEY, numbered BIGINT NOT NULL, depth BIGINT NOT NULL)${keyed}`,
    `CREATE TABLE ${name}_place (lane TEXT NOT NULL, number BIGINT NOT NULL, item BIGINT NOT NULL, PRIMARY KEY (lane, number))${keyed}`,
    `CREATE INDEX ${name}_place_item ON ${name}_place (item)`,
  ];
}

/** Takes the next place in each lane and gives the number of lanes that have others before it. Lanes are locked in one order. */
export async function enterLanes(tx: Tx, tables: LaneTables, item: number, lanes: readonly string[]): Promise<number> {
  const sql = statements(tables);
  let blockers = 0;
  for (const lane of inOrder(lanes)) {
    const [entered] = await tx.query<{ numbered: number; depth: number }>(sql.enter, [lane]);
    if (!entered) throw new DatabaseError('database.failed', 'a lane gave no number');
    await tx.run(sql.place, [lane, entered.numbered, item]);
    if (entered.depth > 1) blockers += 1;
  }
  return blockers;
}

/**
 * Enters several items: all their lanes are held first, in the order that every transaction takes them. Two that took them as their
 * items came would wait for each other until the server ends one, a second later. SQLite has one writer.
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
  await tx.run(
    `INSERT INTO ${name}_lane AS l (lane, numbered, depth) SELECT lane, 0, 0 FROM unnest(?::text[]) WITH ORDINALITY AS t(lane, n) ORDER BY n
     ON CONFLICT (lane) DO UPDATE SET depth = l.depth`,
    [list],
  );
  const result = await enter();
  // An item that was there already entered nothing.
  await tx.run(`DELETE FROM ${name}_lane WHERE lane = ANY(?::text[]) AND depth = 0`, [list]);
  return result;
}

/**
 * Holds the lanes of items that are about to leave them, then the rows that this changes: theirs, and those of the items that come
 * forward. Lanes in the same order, rows by id. Those of a single item its leaving takes in these orders anyway.
 */
export async function holdLanesOf(tx: Tx, { name, item }: LaneTables, items: readonly number[]): Promise<void> {
  if (tx.dialect === 'sqlite' || items.length < 2) return;
  const list = [...items] as unknown as SqlValue;
  await tx.query(
    `SELECT 1 FROM ${name}_lane WHERE lane IN (SELECT lane FROM ${name}_place WHERE item = ANY(?::bigint[])) ORDER BY lane COLLATE "C" FOR UPDATE`,
    [list],
  );
  await tx.query(
    `SELECT 1 FROM ${item} WHERE id IN (SELECT unnest(?::bigint[]) UNION ALL
       SELECT (SELECT p.item FROM ${name}_place p WHERE p.lane = own.lane AND p.number > own.number ORDER BY p.number LIMIT 1)
       FROM ${name}_place own WHERE own.item = ANY(?::bigint[])) ORDER BY id FOR UPDATE`,
    [list, list],
  );
}

/** Gives up every place of the item and lets the next of each lane it headed come forward. Gives the number of items that lost a blocker. */
export async function leaveLanes(tx: Tx, tables: LaneTables, item: number): Promise<number> {
  const sql = statements(tables);
  const left = await tx.query<{ lane: string; number: number }>(sql.leave, [item]);
  if (left.length > 1) left.sort((a, b) => (a.lane < b.lane ? -1 : 1));
  const heads: number[] = [];
  for (const { lane, number } of left) {
    const [row] = await tx.query<{ depth: number }>(sql.shrink, [lane]);
    if (!row) continue;
    if (row.depth === 0) {
      // Only lanes with somebody in them are kept: the tables stay as small as the backlog. An append that waits for this row's
      // lock makes it anew.
      await tx.run(sql.remove, [lane]);
      continue;
    }
    const [head] = await tx.query<{ number: number; item: number }>(sql.next, [lane]);
    // Whoever stood before us still stands there: nobody became head.
    if (head && head.number > number) heads.push(head.item);
  }
  let moved = 0;
  for (const head of heads.toSorted((a, b) => a - b)) moved += await tx.run(sql.unblock, [head]);
  return moved;
}

function inOrder(lanes: readonly string[]): readonly string[] {
  return lanes.length < 2 ? lanes : [...new Set(lanes)].sort();
}

/** `?, ?, ?` for a list; statements with a list are few and their lengths are bounded by the callers. */
export const placeholders = (count: number): string => Array.from({ length: count }, () => '?').join(', ');
