import type { SqlValue, Tx } from '../database/command.ts';
import { inPieces, tuples } from '../database/row-list.ts';
import { type Row, rowKey } from './rows.ts';
import { insertRows } from './statements.ts';

export const INSERT_COLUMNS =
  'type, id, version, last_updated, deleted, json, hash, owner_org, program, person, patient, labels, shared, foreign_refs, folded';

/**
 * Numbers for rows to come, so that what hangs on them need not wait for their insert. None on SQLite, which gives them with the
 * insert and has no round trips to save.
 */
export async function nextRids(tx: Tx, count: number): Promise<number[]> {
  if (tx.dialect === 'sqlite' || count === 0) return [];
  const rows = await tx.query<{ rid: number }>(
    "SELECT nextval('resource_rid_seq') AS rid FROM generate_series(1, ?::int)",
    [count],
  );
  return rows.map(({ rid }) => rid);
}

/** Inserts rows, numbered by `nextRids` where it gives numbers. Gives them with their numbers. */
export async function insertResources(tx: Tx, rows: readonly Row[]): Promise<Row[]> {
  if (tx.dialect === 'postgres') {
    const numbered = rows.map((row): SqlValue[] => [row.rid, ...valuesOf(row)]);
    insertRows(tx, `INSERT INTO resource (rid, ${INSERT_COLUMNS}) OVERRIDING SYSTEM VALUE VALUES`, numbered);
    return [...rows];
  }
  const inserted = await Promise.all(
    inPieces(rows.map(valuesOf)).map((piece) =>
      tx.query<{ rid: number; type: string; id: string }>(
        `INSERT INTO resource (${INSERT_COLUMNS}) VALUES ${tuples(15, piece.length)} RETURNING rid, type, id`,
        piece.flat(),
      ),
    ),
  );
  const rids = new Map(inserted.flat().map(({ rid, type, id }) => [rowKey(type, id), rid]));
  return rows.map((row) => ({ ...row, rid: rids.get(rowKey(row.type, row.id))! }));
}

const valuesOf = (row: Row): SqlValue[] => [
  row.type,
  row.id,
  row.version,
  row.last_updated,
  row.deleted,
  row.json,
  row.hash,
  row.owner_org,
  row.program,
  row.person,
  row.patient,
  row.labels,
  row.shared,
  row.foreign_refs,
  row.folded,
];

export function updateRow(tx: Tx, row: Row): void {
  tx.send(
    `INSERT INTO history (rid, version, last_updated, deleted, json)
     SELECT rid, version, last_updated, deleted, CASE WHEN deleted = 1 THEN '' ELSE json END FROM resource WHERE rid = ?`,
    [row.rid],
  );
  tx.send(
    `UPDATE resource SET version = ?, last_updated = ?, deleted = ?, json = ?, hash = ?, program = ?, person = ?, patient = ?,
     labels = ?, shared = ?, foreign_refs = ?, folded = ? WHERE rid = ?`,
    [
      row.version,
      row.last_updated,
      row.deleted,
      row.json,
      row.hash,
      row.program,
      row.person,
      row.patient,
      row.labels,
      row.shared,
      row.foreign_refs,
      row.folded,
      row.rid,
    ],
  );
}
