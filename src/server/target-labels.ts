import type { Coding, Resource } from '@medplum/fhirtypes';
import type { Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import { forEachReference, parseReference } from '../fhir/references.ts';
import { isDirectoryType } from './directory-types.ts';
import type { FhirResource } from './engine.ts';
import { parseRow, rowKey } from './rows.ts';
import { queryKeys } from './statements.ts';

/** The labels of what a resource points at, so that it carries them too. Directory entries pass none on. */
export async function labelsOfTargets(
  tx: Tx,
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
  const rows = await queryKeys<{ json: string }>(
    tx,
    'SELECT json FROM resource WHERE (type, id) IN $KEYS AND labels <> 0 AND deleted = 0',
    [...targets.values()].map(({ type, id }) => [type, id]),
  );
  for (const row of rows) {
    found.push(...((parseRow(row, bodyKeysOf(tx.env)).meta as { security?: Coding[] }).security ?? []));
  }
  return found;
}
