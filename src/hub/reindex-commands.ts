import { createHash } from 'node:crypto';
import type { CommandTable, Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import type { Definitions } from '../fhir/definitions.ts';
import type { ReindexScope } from '../model/reindex.ts';
import type { Engine, FhirResource } from '../server/engine.ts';
import { INDEX_RULES, IndexWriter, indexRows } from '../server/index-rows.ts';
import { parseRow } from '../server/rows.ts';
import { lockNames } from '../server/statements.ts';

/** Rows of one step: some tens of milliseconds of the writer, between which messages go on. */
const STEP_ROWS = 100;
const SETTING = 'index-rules';

/**
 * Which rows of the store were indexed by older rules, by type: those up to a row id, from an id of the type on. Every write indexes
 * by the rules of its hub, so only what stood there when the rules changed is listed, and a type that is done is listed no more.
 */
export function reindexCommands(engine: Engine): CommandTable {
  let rules: string | undefined;
  const rulesNow = (): string => {
    rules ??= rulesOf(engine.definitions);
    return rules;
  };
  return {
    /** Notes what the rules of this hub did not index. At every start, before anything is written. */
    'hub.index-mark': (tx) => mark(tx, engine, rulesNow()),
    'hub.index-left': (tx, { type }: Pick<ReindexScope, 'type'>) => left(tx, type),
    'hub.reindex-begin': (tx, { type, all }: ReindexScope) => begin(tx, engine, type, all === true),
    'hub.reindex': (tx, { type }: Pick<ReindexScope, 'type'>) => step(tx, engine, type),
  };
}

/** The rules as one word: the number of the code and the definitions of all parameters. */
function rulesOf({ resourceTypes, searchParameters }: Definitions): string {
  const hash = createHash('sha256');
  for (const type of resourceTypes)
    for (const { code, type: kind, expression = '', component = [] } of searchParameters(type))
      hash.update(JSON.stringify([type, code, kind, expression, component]));
  return `${INDEX_RULES}-${hash.digest('hex').slice(0, 16)}`;
}

async function mark(tx: Tx, engine: Engine, rules: string): Promise<void> {
  lockNames(tx, [SETTING]);
  const [kept] = await tx.query<{ value: string }>('SELECT value FROM hub_setting WHERE name = ?', [SETTING]);
  if (kept?.value === rules) return;
  await listStanding(tx, engine.definitions.resourceTypes);
  tx.send(
    'INSERT INTO hub_setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [SETTING, rules],
  );
}

/** Lists these types anew, up to the last row there is. */
async function listStanding(tx: Tx, types: readonly string[]): Promise<void> {
  const [last] = await tx.query<{ rid: number | null }>('SELECT MAX(rid) AS rid FROM resource');
  if (!last?.rid) return;
  for (const type of types) {
    const [one] = await tx.query('SELECT 1 AS one FROM resource WHERE type = ? LIMIT 1', [type]);
    if (!one) continue;
    tx.send(
      `INSERT INTO reindex (type, after_id, last_rid) VALUES (?, '', ?)
       ON CONFLICT (type) DO UPDATE SET after_id = '', last_rid = excluded.last_rid`,
      [type, last.rid],
    );
  }
}

interface Listed {
  readonly type: string;
  readonly after_id: string;
  readonly last_rid: number;
}

/** All listed types, or the one. */
function listed(tx: Tx, type: string | undefined, more = ''): Promise<Listed[]> {
  const which = type === undefined ? '' : 'WHERE type = ?';
  return tx.query<Listed>(
    `SELECT type, after_id, last_rid FROM reindex ${which} ORDER BY type ${more}`,
    type === undefined ? [] : [type],
  );
}

async function left(tx: Tx, type: string | undefined): Promise<{ left: number }> {
  let sum = 0;
  for (const each of await listed(tx, type)) {
    const [count] = await tx.query<{ n: number }>(
      'SELECT COUNT(*) AS n FROM resource WHERE type = ? AND id > ? AND rid <= ?',
      [each.type, each.after_id, each.last_rid],
    );
    sum += Number(count?.n ?? 0);
  }
  return { left: sum };
}

async function begin(tx: Tx, engine: Engine, type: string | undefined, all: boolean): Promise<{ left: number }> {
  if (all) {
    lockNames(tx, [SETTING]);
    await listStanding(tx, type === undefined ? engine.definitions.resourceTypes : [type]);
  }
  return left(tx, type);
}

/**
 * Adds what the rules of this hub give and the index lacks. The rows are held until the commit, so that a write of the same resource
 * comes before it and is read, or after it and changes what stands there.
 */
async function step(tx: Tx, engine: Engine, type: string | undefined): Promise<{ rebuilt: number }> {
  const lock = tx.dialect === 'postgres' ? 'FOR UPDATE' : '';
  for (;;) {
    const [of] = await listed(tx, type, `LIMIT 1 ${lock}`);
    if (!of) return { rebuilt: 0 };
    const rows = await tx.query<{ rid: number; id: string; deleted: number; json: string }>(
      `SELECT rid, id, deleted, json FROM resource WHERE type = ? AND id > ? AND rid <= ? ORDER BY id LIMIT ${STEP_ROWS} ${lock}`,
      [of.type, of.after_id, of.last_rid],
    );
    const last = rows.at(-1);
    if (last === undefined) {
      tx.send('DELETE FROM reindex WHERE type = ?', [of.type]);
      continue;
    }
    const writer = new IndexWriter();
    const keys = bodyKeysOf(tx.env);
    for (const row of rows)
      if (row.deleted === 0)
        writer.change(
          row.rid,
          undefined,
          indexRows(engine.definitions, parseRow(row, keys) as unknown as FhirResource),
        );
    writer.flush(tx);
    tx.send('UPDATE reindex SET after_id = ? WHERE type = ?', [last.id, of.type]);
    return { rebuilt: rows.length };
  }
}
