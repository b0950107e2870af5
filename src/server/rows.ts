import type { Tx } from '../database/command.ts';
import type { BodyKeys } from '../database/envelope.ts';
import { parseExact } from '../fhir/exact-json.ts';
import type { Stored } from '../model/store.ts';
import { openText } from './sealed-text.ts';
import { queryKeys } from './statements.ts';

/** A row of `resource`. `json` as it lies there, perhaps sealed. */
export interface Row {
  readonly rid: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** Milliseconds. */
  readonly last_updated: number;
  readonly deleted: number;
  readonly json: string;
  readonly hash: string;
  readonly owner_org: string;
  readonly program: string | null;
  /** Person id; '' for a resource about nobody; `*` for one about several, which no grant opens. */
  readonly person: string;
  readonly patient: string | null;
  readonly labels: number;
  readonly shared: number;
  readonly foreign_refs: number;
  readonly folded: number;
}

/** The person of a resource that is about more than one: only its owner and the hub see it. Rule: H5. */
export const SEVERAL_PERSONS = '*';

export const ROW_COLUMNS =
  'rid, type, id, version, last_updated, deleted, json, hash, owner_org, program, person, patient, labels, shared, foreign_refs, folded';

export const rowKey = (type: string, id: string): string => `${type}/${id}`;

/** Current rows (deleted ones too) by `Type/id`. */
export async function loadRows(
  tx: Tx,
  keys: readonly { readonly type: string; readonly id: string }[],
): Promise<Map<string, Row>> {
  if (keys.length === 0) return new Map();
  const rows = await queryKeys<Row>(
    tx,
    `SELECT ${ROW_COLUMNS} FROM resource WHERE (type, id) IN $KEYS`,
    keys.map(({ type, id }) => [type, id]),
  );
  return new Map(rows.map((row) => [rowKey(row.type, row.id), row]));
}

export async function loadRow(tx: Tx, type: string, id: string): Promise<Row | undefined> {
  return (await tx.query<Row>(`SELECT ${ROW_COLUMNS} FROM resource WHERE type = ? AND id = ?`, [type, id]))[0];
}

/** The resource of a row. */
export function parseRow(row: { readonly json: string }, keys: BodyKeys | undefined): Stored {
  return parseExact(openText(row.json, keys)) as Stored;
}
