import { type AuditRecord, aboutOf } from './audit.ts';
import type { Context } from './context.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from './exchange.ts';
import { textsOf, versionHeaders } from './present.ts';
import { refuse } from './refusal.ts';
import { ROW_COLUMNS, type Row } from './rows.ts';
import { coveredVersions } from './scope-check.ts';
import { parseSearch } from './search-request.ts';
import { readable } from './search-sql.ts';
import { subsetOf } from './subset.ts';

const COLUMNS = ROW_COLUMNS.split(', ')
  .map((name) => `r.${name}`)
  .join(', ');

/** The current row, if the reader may see it; a deleted one is given too. */
export async function visibleRow(context: Context, type: string, id: string): Promise<Row | undefined> {
  const seen = await readable(context, 'r', [type], 'r');
  const [row] = await context.tx.query<Row>(
    `SELECT ${COLUMNS} FROM resource r WHERE r.type = ? AND r.id = ? AND ${seen.text}`,
    [type, id, ...seen.params],
  );
  return row;
}

const missing = (type: string) => refuse(404, 'not-found', `no such ${type}`);

/** GET [type]/[id]. 404 for what is not there and for what the reader may not see alike; 410 when it was deleted. */
export async function read(context: Context, request: FhirRequest, type: string, id: string): Promise<FhirResponse> {
  context.scopes.require(type, 'r');
  const row = await visibleRow(context, type, id);
  if (!row) throw missing(type);
  if (row.deleted === 1) throw refuse(410, 'deleted', `this ${type} was deleted`);
  return respondWith(context, request, row);
}

/** GET [type]/[id]/_history/[version]. */
export async function vread(
  context: Context,
  request: FhirRequest,
  type: string,
  id: string,
  version: string,
): Promise<FhirResponse> {
  context.scopes.require(type, 'r');
  const row = await visibleRow(context, type, id);
  if (!row || !/^\d{1,9}$/.test(version)) throw missing(type);
  if (Number(version) === row.version) {
    if (row.deleted === 1) throw refuse(410, 'deleted', 'this version is the deletion');
    return respondWith(context, request, row, 'vread');
  }
  const [old] = await context.tx.query<Pick<Row, 'version' | 'last_updated' | 'deleted' | 'json'>>(
    'SELECT version, last_updated, deleted, json FROM history WHERE rid = ? AND version = ?',
    [row.rid, Number(version)],
  );
  if (!old) throw missing(type);
  if (old.deleted === 1) throw refuse(410, 'deleted', 'this version is the deletion');
  // An older version may point elsewhere than the current one: it is always looked through.
  const [covered] = await coveredVersions(context, [{ ...row, ...old, foreign_refs: 1 }], 'r');
  if (!covered) throw missing(type);
  return respondWith(context, request, covered, 'vread');
}

async function respondWith(
  context: Context,
  request: FhirRequest,
  row: Row,
  interaction?: 'vread',
): Promise<FhirResponse> {
  const headers = versionHeaders(row);
  const noneMatch = request.headers['if-none-match'];
  const since = request.headers['if-modified-since'];
  const same = noneMatch?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${row.version}"`);
  const audit = auditRead(context, row, interaction);
  if (same) return { status: 304, headers, audit };
  if (
    noneMatch === undefined &&
    since !== undefined &&
    Math.floor(row.last_updated / 1000) * 1000 <= Date.parse(since)
  ) {
    return { status: 304, headers, audit };
  }
  const { definitions } = context.engine;
  const results = request.query.filter(([name]) => name === '_elements' || name === '_summary');
  const subset =
    results.length > 0 ? subsetOf(definitions, parseSearch(definitions, row.type, results, false)) : undefined;
  const text = (await textsOf(context, [row], subset)).get(row.rid)!;
  return { ...jsonResponse(200, text, headers), audit };
}

function auditRead({ actor, at }: Context, row: Row, interaction?: 'vread'): AuditRecord[] {
  if (actor.kind === 'hub') return [];
  return [
    {
      at,
      actor,
      action: 'R',
      outcome: 200,
      type: row.type,
      target: `${row.type}/${row.id}`,
      version: row.version,
      owner: row.owner_org,
      ...aboutOf(row),
      ...(interaction ? { interaction } : {}),
    },
  ];
}
