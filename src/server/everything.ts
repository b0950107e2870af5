import { parseSearchDate } from '../fhir/search-ranges.ts';
import { bundleText, pageLinks, searchEntry } from './bundle-text.ts';
import { membersOf } from './compartment.ts';
import type { Context } from './context.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from './exchange.ts';
import { parameterKey } from './index-rows.ts';
import { showRows } from './mask.ts';
import { disclosed } from './operations/operation.ts';
import { askedOf } from './operations/parameters.ts';
import { withKnown } from './operations/unknown-parameters.ts';
import { personsOf, samePerson } from './persons.ts';
import { textsOf } from './present.ts';
import { visibleRow } from './read-interactions.ts';
import { refuse } from './refusal.ts';
import { ROW_COLUMNS, type Row } from './rows.ts';
import { readable } from './search-sql.ts';
import { queryKeys } from './statements.ts';
import { joinSql, type Sql, sql } from './visibility-sql.ts';

const COLUMNS = ROW_COLUMNS.split(', ')
  .map((name) => `r.${name}`)
  .join(', ');

const PARAMETERS = ['_since', '_type', 'start', 'end', '_count', '_cursor'];

/**
 * GET or POST Patient/[id]/$everything: all the reader may see of the person, every source's records, then the directory entries they
 * name. `_since`, `_type`, `start`/`end` (care dates), `_count` with next links. Rule: FHIR R4 operation-patient-everything.
 */
export function everything(context: Context, request: FhirRequest, id: string): Promise<FhirResponse> {
  return withKnown(request, PARAMETERS, () => everythingOf(context, request, id));
}

async function everythingOf(context: Context, request: FhirRequest, id: string): Promise<FhirResponse> {
  const { tx, base, limits, actor, at } = context;
  context.scopes.require('Patient', 'r');
  const patient = await visibleRow(context, 'Patient', id);
  if (!patient || patient.deleted === 1) throw refuse(404, 'not-found', 'no such Patient');
  const asked = askedOf(context, request);
  const known = asked.names().filter((name) => PARAMETERS.includes(name));
  const query = new Map(known.map((name) => [name, asked.texts(name).join(',')]));
  const types = typesOf(context, query.get('_type'));
  const person = (await personsOf(tx, [id])).get(id)!;
  const members = membersOf(context.engine.definitions, 'Patient', types, await samePerson(tx, id));
  const about = joinSql(
    [sql('SELECT rid FROM resource WHERE person = ?', person), ...(members ? [members] : [])],
    ' UNION ',
  );
  const whole = sql(`r.rid IN (${about.text})`, ...about.params);
  const where = joinSql([whole, ...(await narrowed(context, query, types))], ' AND ');
  const wanted = (asked.count('_count') ?? limits.pageMax) || limits.pageDefault;
  const count = Math.max(1, Math.min(wanted, limits.pageMax));
  const rows = await tx.query<Row>(`SELECT ${COLUMNS} FROM resource r WHERE ${where.text} ORDER BY r.rid LIMIT ?`, [
    ...where.params,
    count + 1,
  ]);
  const page = rows.slice(0, count);
  const named = await directoryOf(context, page, types);
  const texts = await textsOf(context, [...page, ...named]);
  const entry = (row: Row, mode: 'match' | 'include'): string =>
    searchEntry(`${base}/${row.type}/${row.id}`, texts.get(row.rid)!, mode);
  const entries = [...page.map((row) => entry(row, 'match')), ...named.map((row) => entry(row, 'include'))];
  const next = rows.length > count ? String(page.at(-1)!.rid) : undefined;
  const links = pageLinks(base, `Patient/${id}/$everything`, [...query], next);
  const record = { at, actor, action: 'R' as const, outcome: 200, type: 'Patient', target: `Patient/${id}`, person };
  return {
    ...jsonResponse(200, bundleText('searchset', entries, links)),
    audit:
      actor.kind === 'hub'
        ? []
        : [
            { ...record, patient: id, owner: patient.owner_org, query: '$everything' },
            ...disclosed(context, page, 'everything'),
          ],
  };
}

function typesOf({ engine }: Context, asked: string | undefined): readonly string[] {
  if (asked === undefined) return engine.definitions.resourceTypes;
  const types = asked.split(',');
  if (types.every((type) => engine.definitions.isResourceType(type))) return types;
  throw refuse(400, 'value', '_type names an unknown resource type');
}

async function narrowed(
  context: Context,
  query: ReadonlyMap<string, string>,
  types: readonly string[],
): Promise<Sql[]> {
  const where: Sql[] = [sql('r.deleted = 0'), await readable(context, 'r', types, 's')];
  // Without _type the person alone leads: a list of all types would mislead the engine.
  if (query.has('_type')) where.push(sql(`r.type IN (${types.map(() => '?').join(', ')})`, ...types));
  const since = dateOf(query.get('_since'), '_since');
  if (since) where.push(sql('r.last_updated >= ?', since.lo));
  const start = dateOf(query.get('start'), 'start');
  if (start) where.push(careDate('i.hi >= ?', start.lo, context));
  const end = dateOf(query.get('end'), 'end');
  if (end) where.push(careDate('i.lo <= ?', end.hi, context));
  const after = query.get('_cursor');
  if (after === undefined) return where;
  if (!/^\d{1,15}$/.test(after)) throw refuse(400, 'value', '_cursor is not a page of this operation');
  return [...where, sql('r.rid > ?', Number(after))];
}

function dateOf(text: string | undefined, name: string): { lo: number; hi: number } | undefined {
  if (text === undefined) return undefined;
  const parsed = parseSearchDate(text);
  if (!parsed) throw refuse(400, 'value', `${name} is not a date`);
  return parsed;
}

/** Rows of a type without a care date stay in. */
function careDate(comparison: string, value: number, { engine }: Context): Sql {
  const keys = engine.definitions.resourceTypes.flatMap((type) =>
    ['date', 'period', 'onset-date', 'authored', 'effective']
      .filter((code) => engine.definitions.searchParameter(type, code)?.type === 'date')
      .map((code) => parameterKey(type, code)),
  );
  const of = `SELECT 1 FROM idx_date i WHERE i.rid = r.rid AND i.p IN (${keys.join(', ')})`;
  return sql(`(NOT EXISTS (${of}) OR EXISTS (${of} AND ${comparison}))`, value);
}

async function directoryOf(context: Context, rows: readonly Row[], types: readonly string[]): Promise<Row[]> {
  if (rows.length === 0) return [];
  const rids = rows.map(({ rid }) => rid);
  const seen = await readable(context, 'r', types, 's');
  const wanted = new Map<string, { type: string; id: string }>();
  for (const { resource, text } of (await showRows(context, rows)).values()) {
    for (const match of (resource ? JSON.stringify(resource) : text).matchAll(
      /"reference":"([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})/g,
    )) {
      wanted.set(`${match[1]}/${match[2]}`, { type: match[1]!, id: match[2]! });
    }
  }
  const found = await queryKeys<Row>(
    context.tx,
    `SELECT ${COLUMNS} FROM resource r WHERE (r.type, r.id) IN $KEYS AND r.deleted = 0 AND r.shared = 1 AND ${seen.text}`,
    [...wanted.values()].filter(({ type }) => types.includes(type)).map(({ type, id }) => [type, id]),
    [],
    seen.params,
  );
  return found.filter(({ rid }) => !rids.includes(rid));
}
