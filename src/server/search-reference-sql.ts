import { parseReference } from '../fhir/references.ts';
import type { Context } from './context.ts';
import { INDEX_TEXT_MAX } from './index-rows.ts';
import { samePerson } from './persons.ts';
import { refuse } from './refusal.ts';
import { type Compiled, onIndex } from './search-compiled.ts';
import { type Condition, unescapeValue } from './search-request.ts';
import { tokenCondition } from './search-value-sql.ts';
import { type Sql, sql, visibleRows } from './visibility-sql.ts';

/** A reference is found only through a target the reader may see; a Patient stands for all records of its person. */
export async function compileReference(
  context: Context,
  types: readonly string[],
  condition: Condition,
): Promise<Compiled> {
  const { parameter, modifier, values } = condition;
  if (modifier === 'identifier') {
    const compiled = onIndex('token', types, `${parameter.code}:identifier`, values.map(tokenCondition), 30);
    if (context.visibility.kind === 'everything') return compiled;
    if (context.visibility.kind === 'patient') return { ...compiled, select: sql('SELECT 0 AS rid WHERE 1 = 0') };
    const own = `AND EXISTS (SELECT 1 FROM resource o WHERE o.rid = i.rid AND (o.owner_org = ? OR o.foreign_refs = 0))`;
    return {
      ...compiled,
      select: sql(`${compiled.select.text} ${own}`, ...compiled.select.params, context.visibility.organization),
    };
  }
  const targets: Sql[] = [];
  for (const value of values)
    targets.push(...(await referenceTargets(context, unescapeValue(value), modifier, parameter.target ?? [])));
  if (targets.length > TARGETS_MAX)
    throw refuse(400, 'too-costly', 'a reference parameter may mean too much: name the type of the target');
  const alternatives = targets.length > 0 ? targets : [sql('1 = 0')];
  return { ...onIndex('reference', types, parameter.code, alternatives, 10), pointwise: alternatives.length < 20 };
}

/** What the values of one parameter may point at, each in every type it may be of. */
const TARGETS_MAX = 10_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function referenceTargets(
  context: Context,
  value: string,
  modifier: string | undefined,
  allowed: readonly string[],
): Promise<Sql[]> {
  const parsed = parseReference(value, context.base);
  if (parsed.kind === 'absolute' || parsed.kind === 'urn')
    return [sql("i.tid = ? AND i.ttype = ''", value.slice(0, INDEX_TEXT_MAX))];
  const local = parsed.kind === 'local';
  const id = local ? parsed.id : value;
  if (!/^[A-Za-z0-9\-.]{1,64}$/.test(id)) throw refuse(400, 'value', 'a reference parameter is not a reference');
  const types = local ? [parsed.type] : modifier !== undefined ? [modifier] : allowed;
  const found: Sql[] = [];
  for (const { type, ids } of await seenTargets(context, types, id, local)) {
    found.push(
      sql(
        ids.length === 1 ? 'i.tid = ? AND i.ttype = ?' : `i.tid IN (${ids.map(() => '?').join(', ')}) AND i.ttype = ?`,
        ...ids,
        type,
      ),
    );
  }
  // A reference that is no address of ours is kept as it was written; ids the hub gives are never such.
  if (!local && !UUID.test(id)) found.push(sql("i.tid = ? AND i.ttype = ''", id));
  return found;
}

/** Targets under an id, of those types, that the reader may see; for the hub also what is not stored yet. */
async function seenTargets(
  context: Context,
  types: readonly string[],
  id: string,
  local: boolean,
): Promise<{ type: string; ids: string[] }[]> {
  const { tx, visibility } = context;
  const all = visibility.kind === 'everything';
  let seen = [...types];
  if (!all || !local) {
    const visible = visibleRows(visibility, 'r');
    const rows = await tx.query<{ type: string }>(
      `SELECT r.type FROM resource r WHERE r.id = ? AND r.type IN (${types.map(() => '?').join(', ')}) AND ${visible.text}`,
      [id, ...types, ...visible.params],
    );
    if (!all || rows.length > 0) seen = rows.map((row) => row.type);
  }
  return Promise.all(seen.map(async (type) => ({ type, ids: type === 'Patient' ? await samePerson(tx, id) : [id] })));
}
