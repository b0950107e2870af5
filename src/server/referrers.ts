import type { Resource } from '@medplum/fhirtypes';
import type { Definitions } from '../fhir/definitions.ts';
import { forEachReference, parseReference } from '../fhir/references.ts';
import type { Context } from './context.ts';
import { parameterKey } from './index-rows.ts';
import { refuse } from './refusal.ts';
import { type Row, rowKey } from './rows.ts';
import { readable } from './search-sql.ts';
import type { Write } from './write-intent.ts';
import { isAsked, TELLS_OF_THE_PAST } from './write-targets.ts';

/** More are not counted. */
const COUNTED_MAX = 1000;

/**
 * Throws 409 with the number of living resources that refer to what is to be deleted, as their search parameters tell and as far as
 * the deleter may read them. What only others refer to can be deleted, or a refusal would say that there is such a record. A record of
 * the past may be about what is gone. Referrers that the same transaction deletes, or takes the reference out of, do not count.
 * Rule: FHIR R4 http.html#delete ("referential integrity"), D-024, H4.
 */
export async function requireUnreferred(
  context: Context,
  { type, id }: Pick<Write, 'type' | 'id'>,
  { rid }: Pick<Row, 'rid'>,
  writes: ReadonlyMap<string, Write>,
): Promise<void> {
  const { tx, engine } = context;
  if (!isAsked(context)) return;
  const seen = await readable(context, 'r', engine.definitions.resourceTypes, 'r');
  const rows = await tx.query<Pick<Row, 'type' | 'id'>>(
    `SELECT DISTINCT r.type, r.id FROM idx_reference i CROSS JOIN resource r
     WHERE i.p IN (${keysTo(engine.definitions, type)}) AND i.tid = ? AND i.ttype = ?
     AND r.rid = i.rid AND r.rid <> ? AND r.deleted = 0 AND ${seen.text} LIMIT ?`,
    [id, type, rid, ...seen.params, COUNTED_MAX + 1 + writes.size],
  );
  const count = rows.filter((row) => {
    const write = writes.get(rowKey(row.type, row.id));
    return !write || refersTo(write, type, id);
  }).length;
  if (count === 0) return;
  const many = count > COUNTED_MAX ? `more than ${COUNTED_MAX}` : `${count}`;
  throw refuse(409, 'conflict', count === 1 ? '1 resource refers to it' : `${many} resources refer to it`, type);
}

function refersTo({ resource }: Write, type: string, id: string): boolean {
  let found = false;
  if (resource)
    forEachReference(resource as unknown as Resource, ({ reference }) => {
      const parsed = parseReference(reference);
      found ||= parsed.kind === 'local' && parsed.type === type && parsed.id === id;
    });
  return found;
}

const keys = new WeakMap<Definitions, Map<string, string>>();

/** The parameters by which a resource of this type can be referred to, by their numbers, for a list in SQL. */
function keysTo(definitions: Definitions, type: string): string {
  let byType = keys.get(definitions);
  if (byType === undefined) {
    byType = new Map();
    keys.set(definitions, byType);
  }
  let found = byType.get(type);
  if (found === undefined) {
    const referring = definitions.resourceTypes.filter((each) => !TELLS_OF_THE_PAST.has(each));
    found = [...new Set(referring.flatMap((each) => keysFrom(definitions, each, type)))].join(', ');
    byType.set(type, found);
  }
  return found;
}

const keysFrom = (definitions: Definitions, from: string, to: string): number[] =>
  definitions
    .searchParameters(from)
    .filter(({ type, target }) => type === 'reference' && (!target || target.includes(to)))
    .map(({ code }) => parameterKey(from, code));
