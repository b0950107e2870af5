import type { SqlValue, Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import type { Definitions } from '../fhir/definitions.ts';
import type { Engine, FhirResource } from '../server/engine.ts';
import {
  INDEX_COLUMNS,
  type IndexTable,
  IndexWriter,
  indexRows,
  KEY_SUFFIXES,
  parameterKey,
} from '../server/index-rows.ts';
import { parseRow } from '../server/rows.ts';
import { queryKeys } from '../server/statements.ts';

/** Index rows of one step: some tens of milliseconds of the writer. */
const STEP_ROWS = 500;

/** The rest of each table's primary key behind `p`: the order in which its rows are walked. */
const ORDER: Readonly<Record<IndexTable, readonly string[]>> = {
  token: ['code', 'rid', 'system'],
  string: ['value', 'rid', 'exact'],
  date: ['rid', 'lo', 'hi'],
  number: ['lo', 'hi', 'rid'],
  quantity: ['code', 'lo', 'hi', 'rid', 'system', 'unit'],
  reference: ['tid', 'ttype', 'rid'],
  uri: ['value', 'rid'],
  composite: ['code', 'code2', 'lo', 'hi', 'system', 'system2', 'rid'],
};
const TABLES = Object.keys(ORDER) as IndexTable[];

/** Stands for the type of rows whose parameter no type has any more. */
export const NO_TYPE = '';

/** Number of a parameter → the type that has it. */
export type Owners = ReadonlyMap<number, string>;

export function ownersOf({ resourceTypes, searchParameters }: Definitions): Owners {
  const owners = new Map<number, string>();
  for (const type of resourceTypes)
    for (const { code } of searchParameters(type))
      for (const suffix of KEY_SUFFIXES) owners.set(parameterKey(type, `${code}${suffix}`), type);
  return owners;
}

/** Where a walk through the index rows of a type is. `checked`: behind its last step; undefined: at the end. */
interface Walked {
  readonly checked: string | undefined;
  readonly removed: number;
}

type IndexRow = Readonly<Record<string, SqlValue>> & { readonly rid: number };

/**
 * Takes the next index rows of a type, by table, parameter and key, and removes those that the rules of this hub do not give for the
 * resource as it stands. The index has no way from a resource to its rows, which every write would pay for. `lastRid`: later
 * resources were indexed by these rules. `from`: what the step before gave; empty at the start.
 */
export async function checkNext(
  tx: Tx,
  engine: Engine,
  owners: Owners,
  { type, lastRid, from }: { readonly type: string; readonly lastRid: number; readonly from: string },
): Promise<Walked> {
  const start = placeIn(from);
  let room = STEP_ROWS;
  let removed = 0;
  for (const [at, table] of TABLES.entries()) {
    if (at < start.table) continue;
    for (const p of await parametersIn(tx, table)) {
      if ((owners.get(p) ?? NO_TYPE) !== type || (at === start.table && p < start.p)) continue;
      const after = at === start.table && p === start.p ? start.after : [];
      const rows = await pageOf(tx, table, p, after, room);
      removed += await removeStale(
        tx,
        engine,
        table,
        rows.filter(({ rid }) => rid <= lastRid),
      );
      room -= rows.length;
      const last = rows.at(-1);
      if (room <= 0 && last)
        return {
          checked: placeText(
            at,
            p,
            ORDER[table].map((column) => last[column]!),
          ),
          removed,
        };
    }
  }
  return { checked: undefined, removed };
}

interface Place {
  readonly table: number;
  readonly p: number;
  readonly after: readonly SqlValue[];
}

/** JSON has no infinite numbers, which open ranges have. */
const placeText = (table: number, p: number, after: readonly SqlValue[]): string =>
  JSON.stringify([table, p, ...after.map((value) => (typeof value === 'number' ? `n${value}` : `t${value}`))]);

function placeIn(text: string): Place {
  if (text === '') return { table: 0, p: -1, after: [] };
  const [table, p, ...after] = JSON.parse(text) as [number, number, ...string[]];
  return { table, p, after: after.map((each) => (each[0] === 'n' ? Number(each.slice(1)) : each.slice(1))) };
}

/** The parameters that have rows in a table: one seek for each. */
async function parametersIn(tx: Tx, table: IndexTable): Promise<number[]> {
  const rows = await tx.query<{ p: number }>(
    `WITH RECURSIVE known (p) AS (SELECT MIN(p) FROM idx_${table}
       UNION ALL SELECT (SELECT MIN(i.p) FROM idx_${table} i WHERE i.p > known.p) FROM known WHERE known.p IS NOT NULL)
     SELECT p FROM known WHERE p IS NOT NULL ORDER BY p`,
  );
  return rows.map(({ p }) => p);
}

function pageOf(
  tx: Tx,
  table: IndexTable,
  p: number,
  after: readonly SqlValue[],
  limit: number,
): Promise<readonly IndexRow[]> {
  const order = ORDER[table].join(', ');
  const behind = after.length === 0 ? '' : `AND (${order}) > (${after.map(() => '?').join(', ')})`;
  return tx.query<IndexRow>(
    `SELECT ${INDEX_COLUMNS[table].join(', ')}, rid FROM idx_${table} WHERE p = ? ${behind} ORDER BY ${order} LIMIT ?`,
    [p, ...after, limit],
  );
}

/** Decides on the resources as they stand, then once more on those held, so that a write comes before it or after it. */
async function removeStale(tx: Tx, engine: Engine, table: IndexTable, rows: readonly IndexRow[]): Promise<number> {
  let stale = await staleAmong(tx, engine, table, rows, '');
  if (tx.dialect === 'postgres') stale = await staleAmong(tx, engine, table, stale, 'ORDER BY rid FOR UPDATE');
  const writer = new IndexWriter();
  for (const row of stale)
    writer.change(row.rid, new Map([[table, new Map([[textOf(table, row), valuesOf(table, row)]])]]), undefined);
  return (await writer.flushCounted(tx)).removed;
}

async function staleAmong(
  tx: Tx,
  engine: Engine,
  table: IndexTable,
  rows: readonly IndexRow[],
  lock: string,
): Promise<readonly IndexRow[]> {
  const rids = [...new Set(rows.map(({ rid }) => rid))].sort((a, b) => a - b);
  const resources = await queryKeys<{ rid: number; deleted: number; json: string }>(
    tx,
    `SELECT rid, deleted, json FROM resource WHERE rid IN $KEYS ${lock}`,
    rids.map((rid) => [rid]),
  );
  const keys = bodyKeysOf(tx.env);
  const given = new Map<number, ReadonlySet<string>>();
  for (const row of resources) {
    if (row.deleted === 1) continue;
    const found = indexRows(engine.definitions, parseRow(row, keys) as unknown as FhirResource)
      .get(table)
      ?.keys();
    // As a database keeps it: a text may have been cut within a character.
    given.set(row.rid, new Set([...(found ?? [])].map((text) => text.toWellFormed())));
  }
  return rows.filter((row) => !given.get(row.rid)?.has(textOf(table, row)));
}

const valuesOf = (table: IndexTable, row: IndexRow): SqlValue[] =>
  INDEX_COLUMNS[table].map((column) => row[column] as SqlValue);

/** As `indexRows` names it. */
const textOf = (table: IndexTable, row: IndexRow): string => valuesOf(table, row).join('\u0000');
