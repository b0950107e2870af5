import { parseSearchDate } from '../fhir/search-ranges.ts';
import { recordsAbout } from './audit.ts';
import { bundleText, pageLinks } from './bundle-text.ts';
import type { Context } from './context.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from './exchange.ts';
import { etagOf, textsOf } from './present.ts';
import { refuse } from './refusal.ts';
import type { Row } from './rows.ts';
import { coveredVersions } from './scope-check.ts';
import { readable } from './search-sql.ts';
import { queryKeys } from './statements.ts';
import { joinSql, type Sql, sql } from './visibility-sql.ts';

const HEAD = 'rid, type, id, hash, owner_org, program, person'.split(', ').map((name) => `r.${name}`);
const TAIL = 'patient, labels, shared, foreign_refs, folded'.split(', ').map((name) => `r.${name}`);

/** Versions from one of the two tables: `r` the current ones, `h` those before. Column 8 is the version, 9 its instant. */
function versions(from: string, where: readonly Sql[]): Sql {
  const own = ['version', 'last_updated', 'deleted', 'json'].map((name) => `${from}.${name}`);
  const table = from === 'r' ? 'resource r' : 'resource r JOIN history h ON h.rid = r.rid';
  const all = joinSql(
    where.map(({ text, params }) => sql(text.replaceAll('$V', from), ...params)),
    ' AND ',
  );
  return sql(`SELECT ${[...HEAD, ...own, ...TAIL].join(', ')} FROM ${table} WHERE ${all.text}`, ...all.params);
}

async function countVersions({ tx }: Context, where: readonly Sql[]): Promise<number> {
  const arms = ['r', 'h'].map((from) => versions(from, where));
  const union = joinSql(arms, ' UNION ALL ');
  const [row] = await tx.query<{ n: number }>(`SELECT COUNT(*) AS n FROM (${union.text}) AS a`, union.params);
  return Number(row?.n ?? 0);
}

const olderThan = ([at, rid, version]: readonly [number, number, number]): Sql =>
  sql(
    '($V.last_updated < ? OR ($V.last_updated = ? AND (r.rid < ? OR (r.rid = ? AND $V.version < ?))))',
    at,
    at,
    rid,
    rid,
    version,
  );

/**
 * The versions of a resource, a type or the whole store, latest first. A version is seen by whom may see the resource as it
 * stands now: labels only ever rise, and a revoked consent closes the past too.
 */
export async function history(
  context: Context,
  request: FhirRequest,
  type?: string,
  id?: string,
): Promise<FhirResponse> {
  const { base, limits, actor } = context;
  if (type !== undefined) context.scopes.require(type, 'r');
  const query = new Map(request.query);
  const count = countOf(query.get('_count'), limits.pageDefault, limits.pageMax);
  const where = await conditionsOf(context, query, type, id);
  const cursor = readCursor(query.get('_cursor'));
  const rows = await latest(context, cursor ? [...where, olderThan(cursor)] : where, count + 1);
  if (id !== undefined && rows.length === 0 && !cursor && !query.has('_since')) {
    throw refuse(404, 'not-found', `no such ${type}`);
  }
  const types = type !== undefined ? [type] : context.engine.definitions.resourceTypes;
  const whole = types.every((each) => !Array.isArray(context.scopes.permission(each, 'r')));
  const total = id === undefined || !whole ? undefined : await countVersions(context, where);
  const page = rows.slice(0, count);
  const entries: string[] = [];
  for (const row of whole ? page : await coveredOf(context, page)) entries.push(await entryText(context, row));
  const path = [type, id, '_history'].filter((part) => part !== undefined).join('/');
  const links = pageLinks(base, path, request.query, rows.length > count ? cursorOf(page.at(-1)!) : undefined);
  const record = {
    at: context.at,
    actor,
    action: 'R' as const,
    outcome: 200,
    ...(type ? { type } : {}),
    ...(id ? { target: `${type}/${id}`, owner: page[0]?.owner_org ?? '' } : {}),
    query: '_history',
    interaction: id ? ('history-instance' as const) : type ? ('history-type' as const) : ('history-system' as const),
  };
  return {
    ...jsonResponse(200, bundleText('history', entries, links, total)),
    audit: actor.kind === 'hub' ? [] : recordsAbout(record, page),
  };
}

async function conditionsOf(
  context: Context,
  query: ReadonlyMap<string, string>,
  type: string | undefined,
  id: string | undefined,
): Promise<Sql[]> {
  const types = type !== undefined ? [type] : context.engine.definitions.resourceTypes;
  const where: Sql[] = [await readable(context, 'r', types, 'r')];
  if (type !== undefined) where.push(sql('r.type = ?', type));
  if (id !== undefined) where.push(sql('r.id = ?', id));
  const since = instantParameter(query.get('_since'), '_since');
  if (since) where.push(sql('$V.last_updated >= ?', since.lo));
  const at = instantParameter(query.get('_at'), '_at');
  if (at) {
    // Current at some point of that time: written by its end, and not replaced by its beginning. Rule: FHIR R4 http.html#history.
    const replaced = 'SELECT 1 FROM history n WHERE n.rid = r.rid AND n.version > $V.version AND n.last_updated <= ?';
    where.push(
      sql('$V.last_updated <= ?', at.hi),
      sql(`NOT EXISTS (${replaced})`, at.lo),
      sql('($V.version = r.version OR r.last_updated > ?)', at.lo),
    );
  }
  return where;
}

/** The latest versions of both tables: each gives its own latest, so that neither is read whole. */
function latest({ tx }: Context, where: readonly Sql[], count: number): Promise<Row[]> {
  const limit = `ORDER BY 9 DESC, 1 DESC, 8 DESC LIMIT ${count}`;
  const arms = ['r', 'h'].map((from) => {
    const { text, params } = versions(from, where);
    return sql(`SELECT * FROM (${text} ${limit}) AS a`, ...params);
  });
  const union = joinSql(arms, ' UNION ALL ');
  return tx.query<Row>(`${union.text} ${limit}`, union.params);
}

/** Without former versions that the scopes do not cover; the current ones met them in the query. */
async function coveredOf(context: Context, page: readonly Row[]): Promise<Row[]> {
  const current = new Map(
    (
      await queryKeys<Pick<Row, 'rid' | 'version'>>(
        context.tx,
        'SELECT rid, version FROM resource WHERE rid IN $KEYS',
        page.map(({ rid }) => [rid]),
      )
    ).map(({ rid, version }) => [rid, version]),
  );
  const former = page.filter(({ rid, version }) => current.get(rid) !== version);
  const covered = new Set(await coveredVersions(context, former, 'r'));
  return page.filter((row) => !former.includes(row) || covered.has(row));
}

const cursorOf = (row: Row): string =>
  Buffer.from(JSON.stringify([row.last_updated, row.rid, row.version])).toString('base64url');

async function entryText(context: Context, row: Row): Promise<string> {
  const address = `${row.type}/${row.id}`;
  const method = row.deleted === 1 ? 'DELETE' : row.version === 1 ? 'POST' : 'PUT';
  const status = row.deleted === 1 ? '204' : row.version === 1 ? '201' : '200';
  const request = { method, url: method === 'POST' ? row.type : address };
  const response = { status, etag: etagOf(row.version), lastModified: new Date(row.last_updated).toISOString() };
  const text = row.deleted === 1 ? undefined : (await textsOf(context, [{ ...row, foreign_refs: 1 }])).get(row.rid);
  const resource = text === undefined ? '' : `"resource":${text},`;
  return `{"fullUrl":${JSON.stringify(`${context.base}/${address}`)},${resource}"request":${JSON.stringify(request)},"response":${JSON.stringify(response)}}`;
}

function countOf(text: string | undefined, normal: number, max: number): number {
  if (text === undefined) return normal;
  if (!/^\d{1,9}$/.test(text)) throw refuse(400, 'value', '_count must be a whole number');
  return Math.max(1, Math.min(Number(text), max));
}

function instantParameter(text: string | undefined, name: string): { lo: number; hi: number } | undefined {
  if (text === undefined) return undefined;
  const parsed = parseSearchDate(text);
  if (!parsed) throw refuse(400, 'value', `${name} is not an instant`);
  return parsed;
}

function readCursor(text: string | undefined): readonly [number, number, number] | undefined {
  if (text === undefined) return undefined;
  try {
    const values = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[];
    if (values.length === 3 && values.every((each) => typeof each === 'number'))
      return values as [number, number, number];
  } catch {
    // Not ours: refused below.
  }
  throw refuse(400, 'value', '_cursor is not a page of this history');
}
