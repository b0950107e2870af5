import type { Resource } from '@medplum/fhirtypes';
import type { SqlValue } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import type { Definitions } from '../fhir/definitions.ts';
import { extractOne } from '../fhir/search-values.ts';
import type { Context } from './context.ts';
import { isDirectoryType } from './directory-types.ts';
import { parameterKey } from './index-rows.ts';
import { refuse } from './refusal.ts';
import { parseRow, ROW_COLUMNS, type Row, rowKey } from './rows.ts';
import type { Limit } from './scopes.ts';
import { asPredicate, type Compiled } from './search-compiled.ts';
import type { Include, SearchRequest } from './search-request.ts';
import { compile, personOf, readable } from './search-sql.ts';
import { withCodes } from './search-terminology.ts';
import { queryKeys } from './statements.ts';
import { joinSql, type Sql, sql, visibleRows } from './visibility-sql.ts';

export interface SearchPage {
  readonly matches: readonly Row[];
  readonly included: readonly Row[];
  readonly total: number | undefined;
  /** Where the next page begins; absent on the last. */
  readonly cursor: string | undefined;
}

const COLUMNS = ROW_COLUMNS.split(', ')
  .map((name) => `r.${name}`)
  .join(', ');
/** A condition that narrows less than this does not drive a query. */
const DRIVER_COST_MAX = 80;

/**
 * One page of a search. Visibility and scopes are part of the query, of its includes and of its count, and are asked again at
 * each page: a link kept from before a revocation yields nothing. Order is total, so pages neither repeat nor skip rows that
 * stay as they are.
 */
export async function runSearch(context: Context, request: SearchRequest, within?: Sql): Promise<SearchPage> {
  const { limits } = context;
  const types = request.types.filter((type) => context.scopes.permission(type, 's') !== 'none');
  if (types.length === 0) throw refuse(403, 'forbidden', 'the token has no scope for this search');
  const plan = await planOf(context, types, request, within);
  const wanted = request.summary === 'count' ? 0 : Math.min(request.count ?? limits.pageDefault, limits.pageMax);
  const order = orderOf(context, types, request, plan);
  const rows = wanted === 0 ? [] : await fetchPage(context, plan, order, request.cursor, wanted);
  const more = rows.length > wanted;
  const matches = dedupe(rows.slice(0, wanted));
  const last = rows[wanted - 1];
  const total = await totalOf(context, request, plan, { wanted, more, found: matches.length });
  return {
    matches,
    included: await includedOf(context, request.includes, matches),
    total,
    cursor: more && last ? cursorOf(last, order) : undefined,
  };
}

const dedupe = (page: readonly Row[]): Row[] => page.filter((row, at) => row.rid !== page[at - 1]?.rid);

/** Matches over all pages. Not asked for, it is told only where it costs nothing: when the first page is the whole. */
async function totalOf(
  { tx }: Context,
  { total, summary, cursor }: SearchRequest,
  { from, where }: Plan,
  page: { readonly wanted: number; readonly more: boolean; readonly found: number },
): Promise<number | undefined> {
  if (page.wanted > 0 && !page.more && cursor === undefined) return total === 'none' ? undefined : page.found;
  if (page.wanted > 0 && summary !== 'count' && (total === undefined || total === 'none')) return undefined;
  const [row] = await tx.query<{ n: number }>(
    `SELECT COUNT(DISTINCT r.rid) AS n FROM ${from.text} WHERE ${where.text}`,
    [...from.params, ...where.params],
  );
  return Number(row?.n ?? 0);
}

interface Plan {
  readonly from: Sql;
  readonly where: Sql;
  /** The driver gives rids in order. */
  readonly streams: boolean;
  readonly driven: boolean;
}

/** Values of one statement, with room for those of order and page: SQLite takes 32,766, PostgreSQL twice as many. */
const STATEMENT_VALUES_MAX = 30_000;

async function planOf(
  context: Context,
  types: readonly string[],
  request: SearchRequest,
  within: Sql | undefined,
): Promise<Plan> {
  const plan = await drivenPlan(context, types, request, within);
  if (plan.from.params.length + plan.where.params.length > STATEMENT_VALUES_MAX)
    throw refuse(400, 'too-costly', 'the search has too many values');
  return plan;
}

async function drivenPlan(
  context: Context,
  types: readonly string[],
  request: SearchRequest,
  within: Sql | undefined,
): Promise<Plan> {
  const compiled: Compiled[] = [];
  for (const condition of await withCodes(context, request.conditions)) {
    compiled.push(await compile(context, types, condition));
  }
  const candidates = compiled.filter(({ negated, cost }) => !negated && cost < DRIVER_COST_MAX);
  const driver = candidates.reduce<Compiled | undefined>(
    (best, each) => (!best || each.cost < best.cost ? each : best),
    undefined,
  );
  const allTypes = types.length === context.engine.definitions.resourceTypes.length;
  const predicates = [
    ...(allTypes ? [] : [sql(`r.type IN (${types.map(() => '?').join(', ')})`, ...types)]),
    sql('r.deleted = 0'),
    ...(within ? [within] : []),
    await readable(context, 'r', types, 's'),
    ...compiled.filter((each) => each !== driver).map((each) => asPredicate(each, 'r')),
  ];
  if (!driver) {
    const own = within ? undefined : await reachable(context, types);
    const from = own ? sql(`(${own.text}) AS d CROSS JOIN resource r`, ...own.params) : sql('resource r');
    const where = joinSql(own ? [sql('r.rid = d.rid'), ...predicates] : predicates, ' AND ');
    return { from, where, streams: false, driven: false };
  }
  const single =
    /^SELECT i\.rid FROM (idx_token|idx_reference) i WHERE i\.p = \d+ AND \(\(i\.(code|tid) = \?[^()]*\)\)$/.test(
      driver.select.text,
    );
  if (single) {
    const at = driver.select.text.indexOf(' WHERE ');
    const table = driver.select.text.slice('SELECT i.rid FROM '.length, at);
    const own = sql(driver.select.text.slice(at + ' WHERE '.length), ...driver.select.params);
    return {
      from: sql(`${table} CROSS JOIN resource r`),
      where: joinSql([own, sql('r.rid = i.rid'), ...predicates], ' AND '),
      streams: true,
      driven: true,
    };
  }
  return {
    from: sql(
      `(SELECT DISTINCT rid FROM (${driver.select.text}) AS u) AS d CROSS JOIN resource r`,
      ...driver.select.params,
    ),
    where: joinSql([sql('r.rid = d.rid'), ...predicates], ' AND '),
    streams: false,
    driven: true,
  };
}

/** Of so many own rows of a type a page is soon found by walking them in order. */
const DENSE_MIN = 2000;

/**
 * Rows of a type that could at all be visible to an organization, where that is far less than all of them: a practice that sees a few
 * records must not wait for a walk over everybody's. Undefined: walk. Visibility itself is asked of each row all the same.
 */
async function reachable({ tx, visibility, scopes }: Context, types: readonly string[]): Promise<Sql | undefined> {
  const [type, ...more] = types;
  if (visibility.kind === 'everything' || type === undefined || more.length > 0 || isDirectoryType(type))
    return undefined;
  const limits = scopes.permission(type, 's');
  const about = (patient: string): Sql => {
    const person = personOf(patient);
    return sql(`SELECT rid FROM resource WHERE person = ${person.text} AND type = ?`, ...person.params, type);
  };
  if (visibility.kind === 'patient') return about(visibility.patient);
  const patient = Array.isArray(limits) ? (limits as readonly Limit[])[0]?.patient : undefined;
  // One token knows one patient: where every scope is about it, so is every row.
  if (patient !== undefined && (limits as readonly Limit[]).every((each) => each.patient !== undefined))
    return about(patient);
  const { organization } = visibility;
  const [own] = await tx.query<{ n: number }>(
    'SELECT COUNT(*) AS n FROM (SELECT 1 FROM resource WHERE owner_org = ? AND type = ? LIMIT ?) AS a',
    [organization, type, DENSE_MIN],
  );
  if (Number(own?.n ?? 0) >= DENSE_MIN) return undefined;
  return sql(
    `SELECT rid FROM resource WHERE owner_org = ? AND type = ?
     UNION SELECT rid FROM resource_party WHERE org = ?
     UNION SELECT x.rid FROM access_grant g CROSS JOIN resource x WHERE g.recipient = ? AND x.person = g.person AND x.type = ?`,
    organization,
    type,
    organization,
    organization,
    type,
  );
}

/** One key of the order: its expression, direction, and what stands for rows that have no value (they come last). */
interface Key {
  readonly text: string;
  readonly join: Sql;
  readonly descending: boolean;
  readonly absent: string;
}

const NO_JOIN = sql('');

function orderOf(context: Context, types: readonly string[], { sort }: SearchRequest, plan: Plan): Key[] {
  const keys = sort.map(({ parameter, descending }, at) =>
    parameter.type === 'reference'
      ? referenceKey(context, types, parameter.code, descending, at)
      : sortKey(types, parameter.code, parameter.type, descending, at),
  );
  if (keys.length === 0 && !plan.driven && types.length === 1)
    return [{ text: 'r.id', join: NO_JOIN, descending: false, absent: '' }];
  // The last key goes the way of the one before it, so that one index can serve both.
  const descending = keys.at(-1)?.descending ?? false;
  return [
    ...keys,
    { text: plan.streams && keys.length === 0 ? 'i.rid' : 'r.rid', join: NO_JOIN, descending, absent: '' },
  ];
}

const SORT_COLUMNS: Readonly<Record<string, readonly [table: string, first: string, last: string, text: boolean]>> = {
  string: ['idx_string', 'value', 'value', true],
  token: ['idx_token', 'code', 'code', true],
  uri: ['idx_uri', 'value', 'value', true],
  number: ['idx_number', 'lo', 'hi', false],
  quantity: ['idx_quantity', 'lo', 'hi', false],
  date: ['idx_date', 'lo', 'hi', false],
};

function sortKey(types: readonly string[], code: string, type: string, descending: boolean, at: number): Key {
  if (code === '_id') return { text: 'r.id', join: NO_JOIN, descending, absent: '' };
  if (code === '_lastUpdated') return { text: 'r.last_updated', join: NO_JOIN, descending, absent: '' };
  const [table, first, last, isText] = SORT_COLUMNS[type]!;
  const value = descending ? `MAX(s.${last})` : `MIN(s.${first})`;
  const p = `s.p IN (${types.map((each) => parameterKey(each, code)).join(', ')})`;
  const absent = isText ? (descending ? "''" : `'\u{10FFFF}'`) : descending ? '-1.7e308' : '1.7e308';
  if (type === 'date') {
    return {
      text: `COALESCE((SELECT ${value} FROM idx_date s WHERE ${p} AND s.rid = r.rid), ${descending ? '-9000000000000000' : '9000000000000000'})`,
      join: NO_JOIN,
      descending,
      absent,
    };
  }
  return {
    text: `COALESCE(s${at}.v, ${absent})`,
    join: sql(
      ` LEFT JOIN (SELECT s.rid, ${value} AS v FROM ${table} s WHERE ${p} GROUP BY s.rid) AS s${at} ON s${at}.rid = r.rid`,
    ),
    descending,
    absent,
  };
}

/**
 * By the literal reference. One that the reader gets masked has no place in the order, which would tell what it hides, and so would
 * the cursor of the next page. Rule: H4, H5.
 */
function referenceKey(
  { visibility }: Context,
  types: readonly string[],
  code: string,
  descending: boolean,
  at: number,
): Key {
  const absent = descending ? "''" : `'\u{10FFFF}'`;
  const value = `${descending ? 'MAX' : 'MIN'}(CASE WHEN s.ttype = '' THEN s.tid ELSE s.ttype || '/' || s.tid END)`;
  const seen = visibleRows(visibility, 't');
  return {
    text: `COALESCE(s${at}.v, ${absent})`,
    join: sql(
      ` LEFT JOIN (SELECT s.rid, ${value} AS v FROM idx_reference s LEFT JOIN resource t ON t.type = s.ttype AND t.id = s.tid
         WHERE s.p IN (${types.map((each) => parameterKey(each, code)).join(', ')})
         AND (s.ttype = '' OR (t.rid IS NOT NULL AND ${seen.text})) GROUP BY s.rid) AS s${at} ON s${at}.rid = r.rid`,
      ...seen.params,
    ),
    descending,
    absent,
  };
}

async function fetchPage(
  { tx }: Context,
  { from, where }: Plan,
  order: readonly Key[],
  cursor: string | undefined,
  wanted: number,
): Promise<(Row & Record<string, SqlValue>)[]> {
  const after = cursor === undefined ? undefined : readCursor(cursor, order.length);
  const past = after ? keyset(order, after) : sql('1 = 1');
  const joins = joinSql(
    order.map(({ join }) => join),
    '',
  );
  const keys = order.map(({ text }, at) => `${text} AS k${at}`).join(', ');
  const by = order.map(({ text, descending }) => `${text}${descending ? ' DESC' : ''}`).join(', ');
  return tx.query(
    `SELECT ${COLUMNS}, ${keys} FROM ${from.text}${joins.text} WHERE ${where.text} AND ${past.text} ORDER BY ${by} LIMIT ?`,
    [...from.params, ...joins.params, ...where.params, ...past.params, wanted + 1],
  );
}

function keyset(order: readonly Key[], after: readonly SqlValue[]): Sql {
  const alternatives = order.map(({ text, descending }, at) => {
    const equal = order.slice(0, at).map((key, n) => sql(`${key.text} = ?`, after[n]!));
    return joinSql([...equal, sql(`${text} ${descending ? '<' : '>'} ?`, after[at]!)], ' AND ');
  });
  const any = joinSql(
    alternatives.map((each) => sql(`(${each.text})`, ...each.params)),
    ' OR ',
  );
  return sql(`(${any.text})`, ...any.params);
}

const cursorOf = (row: Row, order: readonly Key[]): string =>
  Buffer.from(JSON.stringify(order.map((_, at) => (row as unknown as Record<string, SqlValue>)[`k${at}`]))).toString(
    'base64url',
  );

function readCursor(cursor: string, length: number): SqlValue[] {
  try {
    const values = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown;
    if (
      Array.isArray(values) &&
      values.length === length &&
      values.every((each) => typeof each === 'string' || typeof each === 'number')
    ) {
      return values as SqlValue[];
    }
  } catch {
    // Not JSON: refused below like any other cursor that is not ours.
  }
  throw refuse(400, 'value', '_cursor is not a page of this search');
}

/** What the matches point at and what points at them, as far as the reader may see it. Matches themselves are not repeated. */
async function includedOf(context: Context, includes: readonly Include[], matches: readonly Row[]): Promise<Row[]> {
  if (includes.length === 0 || matches.length === 0) return [];
  const seen = new Set(matches.map((row) => row.rid));
  const found: Row[] = [];
  let front: readonly Row[] = matches;
  for (let first = true; front.length > 0; first = false) {
    const next: Row[] = [];
    for (const include of includes) {
      if (!first && !include.iterate) continue;
      const rows = include.reverse
        ? await pointingAt(context, include, front)
        : await pointedAt(context, include, front);
      for (const row of rows) {
        if (seen.has(row.rid)) continue;
        seen.add(row.rid);
        next.push(row);
      }
    }
    found.push(...next);
    if (found.length > context.limits.includedMax)
      throw refuse(400, 'too-costly', 'the search includes too many resources');
    front = next;
  }
  return found;
}

/** The parameter named, or with `*` all of the type that are references. */
const referenceCodes = (definitions: Definitions, type: string, code: string): string[] =>
  code === '*'
    ? definitions.searchParameters(type).flatMap((each) => (each.type === 'reference' ? each.code : []))
    : [code];

async function pointedAt(context: Context, { source, code, target }: Include, rows: readonly Row[]): Promise<Row[]> {
  const { definitions } = context.engine;
  const wanted = new Map<string, { type: string; id: string }>();
  for (const row of rows) {
    if (source !== '*' && row.type !== source) continue;
    const resource = parseRow(row, bodyKeysOf(context.tx.env)) as unknown as Resource;
    for (const each of referenceCodes(definitions, row.type, code)) {
      for (const value of extractOne(definitions, resource, each)) {
        if (value.kind !== 'reference' || value.type === undefined || value.id === undefined) continue;
        if (target === undefined || value.type === target)
          wanted.set(rowKey(value.type, value.id), { type: value.type, id: value.id });
      }
    }
  }
  return visibleByKey(context, [...wanted.values()]);
}

/** Rows by type and id, deleted and invisible ones left out. */
export async function visibleByKey(context: Context, keys: readonly { type: string; id: string }[]): Promise<Row[]> {
  if (keys.length === 0) return [];
  const seen = await readable(context, 'r', [...new Set(keys.map(({ type }) => type))], 's');
  return queryKeys<Row>(
    context.tx,
    `SELECT ${COLUMNS} FROM resource r WHERE (r.type, r.id) IN $KEYS AND r.deleted = 0 AND ${seen.text} ORDER BY r.rid`,
    keys.map(({ type, id }) => [type, id]),
    [],
    seen.params,
  );
}

async function pointingAt(context: Context, { source, code, target }: Include, rows: readonly Row[]): Promise<Row[]> {
  const pointed = rows.filter(({ type }) => target === undefined || type === target);
  if (pointed.length === 0 || context.scopes.permission(source, 's') === 'none') return [];
  const seen = await readable(context, 'r', [source], 's');
  const keys = referenceCodes(context.engine.definitions, source, code).map((each) => parameterKey(source, each));
  return queryKeys<Row>(
    context.tx,
    `SELECT DISTINCT ${COLUMNS} FROM idx_reference x CROSS JOIN resource r
     WHERE x.p IN (${keys.join(', ')}) AND (x.tid, x.ttype) IN $KEYS AND r.rid = x.rid AND r.deleted = 0 AND ${seen.text} ORDER BY r.rid`,
    pointed.map(({ type, id }) => [id, type]),
    [],
    seen.params,
  );
}
