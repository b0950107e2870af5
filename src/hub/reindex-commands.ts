import { createHash } from 'node:crypto';
import type { CommandTable, Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import type { Definitions } from '../fhir/definitions.ts';
import type { ReindexScope, ReindexStep } from '../model/reindex.ts';
import type { Engine, FhirResource } from '../server/engine.ts';
import { INDEX_RULES, IndexWriter, indexRows } from '../server/index-rows.ts';
import { parseRow } from '../server/rows.ts';
import { lockNames } from '../server/statements.ts';
import { checkNext, NO_TYPE, type Owners, ownersOf } from './reindex-check.ts';

/** Rows of one step: some tens of milliseconds of the writer, between which messages go on. */
const STEP_ROWS = 100;
const SETTING = 'index-rules';

/**
 * Which rows of the store were indexed by older rules, by type: those up to a row id, from an id of the type on. Every write indexes
 * by the rules of its hub, so only what stood there when the rules changed is listed, and a type that is done is listed no more.
 * Under no type are listed the index rows of parameters that there are no more.
 */
export function reindexCommands(engine: Engine): CommandTable {
  let rules: string | undefined;
  let owners: Owners | undefined;
  const rulesNow = (): string => {
    rules ??= rulesOf(engine.definitions);
    return rules;
  };
  const ownersNow = (): Owners => {
    owners ??= ownersOf(engine.definitions);
    return owners;
  };
  return {
    /** Notes what the rules of this hub did not index. At every start, before anything is written. */
    'hub.index-mark': (tx) => mark(tx, engine, rulesNow()),
    'hub.index-left': (tx, { type }: Pick<ReindexScope, 'type'>) => left(tx, type),
    'hub.reindex-begin': (tx, { type, all }: ReindexScope) => begin(tx, engine, type, all === true),
    'hub.reindex': async (tx, { type }: Pick<ReindexScope, 'type'>) =>
      (await addNext(tx, engine, type)) ?? (await removeNext(tx, engine, type, rulesNow(), ownersNow())),
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
  if ((await keptRules(tx)) === rules) return;
  await listStanding(tx, allTypes(engine));
  tx.send(
    'INSERT INTO hub_setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [SETTING, rules],
  );
}

async function keptRules(tx: Tx): Promise<string | undefined> {
  return (await tx.query<{ value: string }>('SELECT value FROM hub_setting WHERE name = ?', [SETTING]))[0]?.value;
}

const allTypes = ({ definitions }: Engine): readonly string[] => [...definitions.resourceTypes, NO_TYPE];

/** Lists these types anew, up to the last row there is. */
async function listStanding(tx: Tx, types: readonly string[]): Promise<void> {
  const [last] = await tx.query<{ rid: number | null }>('SELECT MAX(rid) AS rid FROM resource');
  if (!last?.rid) return;
  for (const type of types) {
    const [one] = await tx.query('SELECT 1 AS one FROM resource WHERE type = ? LIMIT 1', [type]);
    if (!one && type !== NO_TYPE) continue;
    tx.send(
      `INSERT INTO reindex (type, after_id, last_rid) VALUES (?, '', ?)
       ON CONFLICT (type) DO UPDATE SET after_id = '', last_rid = excluded.last_rid, checked = NULL`,
      [type, last.rid],
    );
  }
}

interface Listed {
  readonly type: string;
  readonly after_id: string;
  readonly last_rid: number;
  readonly checked: string | null;
}

/** All listed types, or the one; in this state only. */
function listed(tx: Tx, type: string | undefined, state: 'NULL' | 'NOT NULL', more = ''): Promise<Listed[]> {
  const which = type === undefined ? '' : 'AND type = ?';
  return tx.query<Listed>(
    `SELECT type, after_id, last_rid, checked FROM reindex WHERE checked IS ${state} ${which} ORDER BY type ${more}`,
    type === undefined ? [] : [type],
  );
}

async function left(tx: Tx, type: string | undefined): Promise<{ left: number }> {
  let sum = 0;
  for (const each of await listed(tx, type, 'NULL')) {
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
    await listStanding(tx, type === undefined ? allTypes(engine) : [type]);
  }
  return left(tx, type);
}

const lockOf = ({ dialect }: Tx): string => (dialect === 'postgres' ? 'FOR UPDATE' : '');

/**
 * Adds what the rules of this hub give and the index lacks. The rows are held until the commit, so that a write of the same resource
 * comes before it and is read, or after it and changes what stands there. Undefined: nothing is left to add.
 */
async function addNext(tx: Tx, engine: Engine, type: string | undefined): Promise<ReindexStep | undefined> {
  const lock = lockOf(tx);
  for (;;) {
    const [of] = await listed(tx, type, 'NULL', `LIMIT 1 ${lock}`);
    if (!of) return undefined;
    const rows = await tx.query<{ rid: number; id: string; deleted: number; json: string }>(
      `SELECT rid, id, deleted, json FROM resource WHERE type = ? AND id > ? AND rid <= ? ORDER BY id LIMIT ${STEP_ROWS} ${lock}`,
      [of.type, of.after_id, of.last_rid],
    );
    const last = rows.at(-1);
    if (last === undefined) {
      tx.send("UPDATE reindex SET checked = '' WHERE type = ?", [of.type]);
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
    const counted = await writer.flushCounted(tx);
    tx.send('UPDATE reindex SET after_id = ? WHERE type = ?', [last.id, of.type]);
    return { done: false, rebuilt: rows.length, ...counted };
  }
}

const DONE: ReindexStep = { done: true, rebuilt: 0, added: 0, removed: 0 };

/** Removes what the rules of this hub do not give. A hub of an older release beside a newer one takes nothing away. */
async function removeNext(
  tx: Tx,
  engine: Engine,
  type: string | undefined,
  rules: string,
  owners: Owners,
): Promise<ReindexStep> {
  const [of] = await listed(tx, type, 'NOT NULL', `LIMIT 1 ${lockOf(tx)}`);
  if (!of || (await keptRules(tx)) !== rules) return DONE;
  const { checked, removed } = await checkNext(tx, engine, owners, {
    type: of.type,
    lastRid: of.last_rid,
    from: of.checked ?? '',
  });
  if (checked === undefined) tx.send('DELETE FROM reindex WHERE type = ?', [of.type]);
  else tx.send('UPDATE reindex SET checked = ? WHERE type = ?', [checked, of.type]);
  return { done: false, rebuilt: 0, added: 0, removed };
}
