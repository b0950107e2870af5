import type { Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import type { FoldState } from './fold.ts';
import { foldFromText, foldToText } from './fold-text.ts';
import { type Row, rowKey } from './rows.ts';
import { openText, sealText } from './sealed-text.ts';
import { insertRows, queryKeys } from './statements.ts';

interface Key {
  readonly type: string;
  readonly id: string;
}

export interface KnownFold {
  readonly state: FoldState;
  /** It lies under the resource's name. */
  readonly ahead: boolean;
}

/**
 * What messages have said of resources, by `Type/id`. It lies beside the resource's row, under the row's number, so that a new one is
 * written at the table's end; what was said of a resource that is not stored yet lies under its name.
 */
export async function loadFolds(
  tx: Tx,
  keys: readonly Key[],
  rows: ReadonlyMap<string, Row>,
): Promise<Map<string, KnownFold>> {
  const body = bodyKeysOf(tx.env);
  const found = new Map<string, KnownFold>();
  const byRow = new Map([...rows].map(([key, { rid }]) => [rid, key]));
  const stored = await queryKeys<{ rid: number; state: string }>(
    tx,
    'SELECT rid, state FROM fold WHERE rid IN $KEYS',
    [...byRow.keys()].map((rid) => [rid]),
  );
  const parse = (state: string): FoldState => foldFromText(openText(state, body));
  for (const { rid, state } of stored) found.set(byRow.get(Number(rid))!, { state: parse(state), ahead: false });
  const ahead = await queryKeys<Key & { state: string }>(
    tx,
    'SELECT type, id, state FROM fold_ahead WHERE (id, type) IN $KEYS',
    keys.filter(({ type, id }) => !found.has(rowKey(type, id))).map(({ type, id }) => [id, type]),
  );
  for (const { type, id, state } of ahead) found.set(rowKey(type, id), { state: parse(state), ahead: true });
  return found;
}

export interface FoldWrite extends Key, KnownFold {
  /** Absent: the resource is not stored yet. */
  readonly rid: number | undefined;
}

export async function storeFolds(tx: Tx, folds: readonly FoldWrite[]): Promise<void> {
  const keys = bodyKeysOf(tx.env);
  const text = (state: FoldState): string => sealText(foldToText(state), keys);
  const stored = folds.filter(({ rid }) => rid !== undefined);
  const ahead = folds.filter(({ rid }) => rid === undefined);
  insertRows(
    tx,
    'INSERT INTO fold (rid, state) VALUES',
    stored.map(({ rid, state }) => [rid!, text(state)]),
    'ON CONFLICT (rid) DO UPDATE SET state = excluded.state',
  );
  insertRows(
    tx,
    'INSERT INTO fold_ahead (id, type, state) VALUES',
    ahead.map(({ type, id, state }) => [id, type, text(state)]),
    'ON CONFLICT (id, type) DO UPDATE SET state = excluded.state',
  );
  for (const { type, id, ahead: wasAhead } of stored) {
    if (wasAhead) tx.send('DELETE FROM fold_ahead WHERE id = ? AND type = ?', [id, type]);
  }
}
