import type { Coding, Resource } from '@medplum/fhirtypes';
import { bodyKeysOf } from '../database/envelope.ts';
import { forEachReference, parseReference } from '../fhir/references.ts';
import type { Context } from './context.ts';
import { isDirectoryType } from './directory-types.ts';
import type { FhirResource } from './engine.ts';
import { parseRow, rowKey } from './rows.ts';
import { queryKeys } from './statements.ts';
import { visibleRows } from './visibility-sql.ts';

/** The labels of what a resource points at, so that it carries them too. Directory entries pass none on. */
export async function labelsOfTargets(
  { tx, visibility }: Pick<Context, 'tx' | 'visibility'>,
  resource: FhirResource,
  known: ReadonlyMap<string, readonly Coding[]>,
): Promise<Coding[]> {
  const targets = new Map<string, { type: string; id: string }>();
  const found: Coding[] = [];
  forEachReference(resource as unknown as Resource, ({ reference }) => {
    const parsed = parseReference(reference);
    if (parsed.kind !== 'local' || isDirectoryType(parsed.type)) return;
    const key = rowKey(parsed.type, parsed.id);
    const here = known.get(key);
    if (here) found.push(...here);
    else targets.set(key, parsed);
  });
  // What the writer cannot see it cannot have copied, and its labels are not told by ours.
  const visible = visibleRows(visibility, 'r');
  const rows = await queryKeys<{ json: string }>(
    tx,
    `SELECT r.json FROM resource r WHERE (r.type, r.id) IN $KEYS AND r.labels <> 0 AND r.deleted = 0 AND ${visible.text}`,
    [...targets.values()].map(({ type, id }) => [type, id]),
    [],
    visible.params,
  );
  for (const row of rows) {
    found.push(...((parseRow(row, bodyKeysOf(tx.env)).meta as { security?: Coding[] }).security ?? []));
  }
  return found;
}
