import type { SqlValue, Tx } from '../database/command.ts';
import { type Row, rowKey } from './rows.ts';

export const INSERT_COLUMNS =
  'type, id, version, last_updated, deleted, json, hash, owner_org, program, person, patient, labels, shared, foreign_refs, folded';

export async function insertResources(tx: Tx, rows: readonly Row[]): Promise<Map<string, number>> {
  const values = rows.map((row): SqlValue[] => [
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
  ]);
  const tuple = `(${Array.from({ length: 15 }, () => '?').join(', ')})`;
  const made = await tx.query<{ rid: number; type: string; id: string }>(
    `INSERT INTO resource (${INSERT_COLUMNS}) VALUES ${rows.map(() => tuple).join(', ')} RETURNING rid, type, id`,
    values.flat(),
  );
  return new Map(made.map(({ rid, type, id }) => [rowKey(type, id), rid]));
}

export async function updateRow(tx: Tx, row: Row): Promise<void> {
  await tx.run(
    `INSERT INTO history (rid, version, last_updated, deleted, json)
     SELECT rid, version, last_updated, deleted, CASE WHEN deleted = 1 THEN '' ELSE json END FROM resource WHERE rid = ?`,
    [row.rid],
  );
  await tx.run(
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
