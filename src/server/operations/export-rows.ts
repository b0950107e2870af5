import type { Context } from '../context.ts';
import { parameterKey } from '../index-rows.ts';
import { textsOf } from '../present.ts';
import { ROW_COLUMNS, type Row, SEVERAL_PERSONS } from '../rows.ts';
import { coveredVersions } from '../scope-check.ts';
import { asPredicate } from '../search-compiled.ts';
import { parseSearch } from '../search-request.ts';
import { compile, readable } from '../search-sql.ts';
import { queryKeys } from '../statements.ts';
import { joinSql, type Sql, sql } from '../visibility-sql.ts';
import type { ExportJob, ExportLimits, ExportPart } from './export-job.ts';

const COLUMNS = ROW_COLUMNS.split(', ')
  .map((name) => `r.${name}`)
  .join(', ');

/**
 * The rows of one type that an export covers, for the reader of this context at this moment: the same predicate decides when
 * the files are planned and again when each is fetched.
 */
async function covered(context: Context, job: ExportJob, kind: ExportPart['kind'], type: string): Promise<Sql> {
  const parts = [
    sql('r.type = ?', type),
    await readable(context, 'r', [type], 'r'),
    ...(job.since === undefined ? [] : [sql('r.last_updated >= ?', job.since)]),
  ];
  if (job.level !== 'system') parts.push(ofPatients(context, job, type));
  if (kind === 'deleted') {
    parts.push(sql('r.deleted = 1'), sql('r.last_updated <= ?', job.until));
    return joinSql(parts, ' AND ');
  }
  parts.push(
    sql('r.deleted = 0'),
    // What was changed after the transaction time is given as it stood then.
    sql(
      '(r.last_updated <= ? OR EXISTS (SELECT 1 FROM history h WHERE h.rid = r.rid AND h.last_updated <= ?))',
      job.until,
      job.until,
    ),
  );
  const filters = job.filters.filter(([of]) => of === type);
  if (filters.length > 0) parts.push(await anyFilter(context, type, filters));
  return joinSql(parts, ' AND ');
}

/** Resources about a person; for a group, or patients named, about one of those persons, whatever source recorded them. */
function ofPatients({ engine }: Context, { id, level }: ExportJob, type: string): Sql {
  if (level === 'patient') return sql("r.person <> ''");
  const keys = engine.definitions
    .compartment('Patient', type)
    .filter((code) => engine.definitions.searchParameter(type, code)?.type === 'reference')
    .map((code) => parameterKey(type, code));
  const several =
    keys.length === 0
      ? sql('')
      : sql(
          ` OR (r.person = '${SEVERAL_PERSONS}' AND EXISTS (SELECT 1 FROM idx_reference i JOIN export_patient e ON e.patient = i.tid
            WHERE e.job = ? AND i.p IN (${keys.join(', ')}) AND i.ttype = 'Patient' AND i.rid = r.rid))`,
          id,
        );
  return sql(
    `(r.person IN (SELECT COALESCE(m.person, e.patient) FROM export_patient e
      LEFT JOIN person_member m ON m.patient = e.patient AND m.until IS NULL WHERE e.job = ?)${several.text})`,
    id,
    ...several.params,
  );
}

async function anyFilter(
  context: Context,
  type: string,
  filters: readonly (readonly [string, string])[],
): Promise<Sql> {
  const alternatives: Sql[] = [];
  for (const [, query] of filters) {
    const { conditions } = parseSearch(context.engine.definitions, type, [...new URLSearchParams(query)], true);
    const all: Sql[] = [];
    for (const condition of conditions) all.push(asPredicate(await compile(context, [type], condition), 'r'));
    if (all.length > 0) alternatives.push(joinSql(all, ' AND '));
  }
  const any = joinSql(
    alternatives.map((each) => sql(`(${each.text})`, ...each.params)),
    ' OR ',
  );
  return sql(`(${any.text})`, ...any.params);
}

export const EXPORT_SQL = {
  edge: 'SELECT rid FROM resource WHERE type = ? AND rid > ? ORDER BY rid LIMIT 1 OFFSET ?',
} as const;

export interface Planned {
  readonly parts: readonly ExportPart[];
  /** Where to go on; undefined: all is planned. */
  readonly next: { readonly typeAt: number; readonly afterRid: number } | undefined;
}

/** Windows looked at in one read, and the rows of one window: a reader of little in a large store holds nobody up. */
const WINDOWS_PER_READ = 8;
const WINDOW_ROWS = 50_000;

/** Cuts the next types into files: ranges of rows with how much they hold. Reads row heads only. */
export async function planParts(context: Context, job: ExportJob, limits: ExportLimits): Promise<Planned> {
  const steps = stepsOf(job);
  const parts: ExportPart[] = [];
  let { typeAt, afterRid } = job;
  for (let looked = 0; typeAt < steps.length; looked++) {
    if (looked >= WINDOWS_PER_READ) return { parts, next: { typeAt, afterRid } };
    const { kind, type } = steps[typeAt]!;
    const { part, goOn } = await planWindow(context, job, kind, type, afterRid, limits);
    if (part) parts.push(part);
    if (goOn === undefined) typeAt += 1;
    afterRid = goOn ?? 0;
  }
  return { parts, next: undefined };
}

/** Output of every type, then the deletions of every type where only changes were asked for. */
function stepsOf({ types, since }: ExportJob): { readonly kind: ExportPart['kind']; readonly type: string }[] {
  return [
    ...types.map((type) => ({ kind: 'output' as const, type })),
    ...(since === undefined ? [] : types.map((type) => ({ kind: 'deleted' as const, type }))),
  ];
}

interface Window {
  readonly part?: ExportPart;
  /** Row after which the type goes on; undefined: it is done. */
  readonly goOn: number | undefined;
}

async function planWindow(
  context: Context,
  job: ExportJob,
  kind: ExportPart['kind'],
  type: string,
  afterRid: number,
  { partResourcesMax, partBytesMax }: ExportLimits,
): Promise<Window> {
  if (context.scopes.permission(type, 'r') === 'none') return { goOn: undefined };
  const [edge] = await context.tx.query<{ rid: number }>(EXPORT_SQL.edge, [type, afterRid, WINDOW_ROWS]);
  const where = await covered(context, job, kind, type);
  const rows = await context.tx.query<{ rid: number; bytes: number }>(
    `SELECT r.rid, OCTET_LENGTH(r.json) AS bytes FROM resource r WHERE ${where.text} AND r.rid > ? AND r.rid <= ?
     ORDER BY r.rid LIMIT ?`,
    [...where.params, afterRid, edge?.rid ?? Number.MAX_SAFE_INTEGER, partResourcesMax + 1],
  );
  let bytes = 0;
  let taken = 0;
  while (taken < rows.length && taken < partResourcesMax && (taken === 0 || bytes + rows[taken]!.bytes <= partBytesMax))
    bytes += rows[taken++]!.bytes;
  const last = rows[taken - 1];
  if (!last) return { goOn: edge?.rid };
  const part = { kind, type, fromRid: afterRid, toRid: last.rid, resources: taken };
  return { part, goOn: taken < rows.length ? last.rid : edge?.rid };
}

/** One file as NDJSON: what of its rows the reader may have now, as it stood at the transaction time. */
export async function readPart(
  context: Context,
  job: ExportJob,
  part: ExportPart,
): Promise<{ readonly text: string; readonly rows: readonly Row[] }> {
  const where = await covered(context, job, part.kind, part.type);
  const rows = await context.tx.query<Row>(
    `SELECT ${COLUMNS} FROM resource r WHERE ${where.text} AND r.rid > ? AND r.rid <= ? ORDER BY r.rid`,
    [...where.params, part.fromRid, part.toRid],
  );
  if (part.kind === 'deleted') return { text: deletions(rows), rows };
  const versions = await asOf(context, job, rows);
  const texts = await textsOf(context, versions);
  return { text: versions.map(({ rid }) => `${texts.get(rid)}\n`).join(''), rows: versions };
}

async function asOf(context: Context, { since, until }: ExportJob, rows: readonly Row[]): Promise<Row[]> {
  const changed = rows.filter((row) => row.last_updated > until);
  if (changed.length === 0) return [...rows];
  type Old = Pick<Row, 'rid' | 'version' | 'last_updated' | 'deleted' | 'json'>;
  const found = await queryKeys<Old>(
    context.tx,
    'SELECT rid, version, last_updated, deleted, json FROM history WHERE rid IN $KEYS AND last_updated <= ? ORDER BY version',
    changed.map(({ rid }) => [rid]),
    [],
    [until],
  );
  const latest = new Map(found.map((old) => [old.rid, old]));
  const former = changed.flatMap((row) => {
    const old = latest.get(row.rid);
    if (!old || old.deleted === 1 || (since !== undefined && old.last_updated < since)) return [];
    // An older version may point elsewhere than the current one: it is always looked through.
    return [{ ...row, ...old, foreign_refs: 1 }];
  });
  const covered = new Map((await coveredVersions(context, former, 'r')).map((row) => [row.rid, row]));
  return rows.flatMap((row) => (row.last_updated <= until ? [row] : (covered.get(row.rid) ?? [])));
}

/** Rule: Bulk Data 2.0.0, "deleted": a transaction Bundle of DELETE requests. */
function deletions(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const entry = rows.map(({ type, id }) => ({ request: { method: 'DELETE', url: `${type}/${id}` } }));
  return `${JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })}\n`;
}
