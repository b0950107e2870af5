import { parseSearchDate } from '../fhir/search-ranges.ts';
import type { Context } from './context.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from './exchange.ts';
import { etagOf, textsOf } from './present.ts';
import { refuse } from './refusal.ts';
import { ROW_COLUMNS, type Row } from './rows.ts';
import { readable } from './search-sql.ts';
import { joinSql, type Sql, sql } from './visibility-sql.ts';

const NOW = ROW_COLUMNS.split(', ')
  .filter((name) => !['version', 'last_updated', 'deleted', 'json'].includes(name))
  .map((name) => `r.${name}`);

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
  const { tx, base, limits } = context;
  const types = type !== undefined ? [type] : context.engine.definitions.resourceTypes;
  if (type !== undefined) context.scopes.require(type, 'r');
  const query = new Map(request.query);
  const count = countOf(query.get('_count'), limits.pageDefault, limits.pageMax);
  const where: Sql[] = [await readable(context, 'r', types, 'r')];
  if (type !== undefined) where.push(sql('r.type = ?', type));
  if (id !== undefined) where.push(sql('r.id = ?', id));
  const since = instantParameter(query.get('_since'), '_since');
  if (since) where.push(sql('h.last_updated >= ?', since.lo));
  const at = instantParameter(query.get('_at'), '_at');
  if (at) where.push(sql('h.last_updated <= ?', at.hi));
  const all = joinSql(where, ' AND ');
  const cursor = readCursor(query.get('_cursor'));
  const past = cursor
    ? sql(
        'AND (h.last_updated < ? OR (h.last_updated = ? AND (h.rid < ? OR (h.rid = ? AND h.version < ?))))',
        cursor[0],
        cursor[0],
        cursor[1],
        cursor[1],
        cursor[2],
      )
    : sql('');
  const versions = `(SELECT rid, version, last_updated, deleted, json FROM history UNION ALL SELECT rid, version, last_updated, deleted, json FROM resource) AS h`;
  const rows = await tx.query<Row>(
    `SELECT ${NOW.join(', ')}, h.version, h.last_updated, h.deleted, h.json FROM resource r JOIN ${versions} ON h.rid = r.rid
     WHERE ${all.text} ${past.text} ORDER BY h.last_updated DESC, h.rid DESC, h.version DESC LIMIT ?`,
    [...all.params, ...past.params, count + 1],
  );
  if (id !== undefined && rows.length === 0 && !cursor && !since) throw refuse(404, 'not-found', `no such ${type}`);
  const [{ n = 0 } = {}] =
    id === undefined
      ? []
      : await tx.query<{ n: number }>(
          `SELECT COUNT(*) AS n FROM resource r JOIN ${versions} ON h.rid = r.rid WHERE ${all.text}`,
          all.params,
        );
  const page = rows.slice(0, count);
  const entries: string[] = [];
  for (const row of page) entries.push(await entryText(context, row));
  const path = [type, id, '_history'].filter((part) => part !== undefined).join('/');
  const kept = request.query.filter(([name]) => name !== '_cursor');
  const link = (extra: readonly (readonly [string, string])[]) =>
    `${base}/${path}?${new URLSearchParams([...kept, ...extra].map(([k, v]) => [k, v]))}`;
  const links = [{ relation: 'self', url: link([]).replace(/\?$/, '') }];
  const last = page.at(-1);
  if (rows.length > count && last) {
    const next = Buffer.from(JSON.stringify([last.last_updated, last.rid, last.version])).toString('base64url');
    links.push({ relation: 'next', url: link([['_cursor', next]]) });
  }
  const total = id === undefined ? '' : `"total":${Number(n)},`;
  const body = `{"resourceType":"Bundle","type":"history",${total}"link":${JSON.stringify(links)}${entries.length > 0 ? `,"entry":[${entries.join(',')}]` : ''}}`;
  const { actor } = context;
  const record = {
    at: context.at,
    actor,
    action: 'R' as const,
    outcome: 200,
    ...(type ? { type } : {}),
    ...(id ? { target: `${type}/${id}` } : {}),
    query: '_history',
  };
  return { ...jsonResponse(200, body), audit: actor.kind === 'hub' ? [] : [record] };
}

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
