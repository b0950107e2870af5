import type { Coding, Resource } from '@medplum/fhirtypes';
import { bodyKeysOf } from '../database/envelope.ts';
import { mergeLabels } from '../fhir/labels.ts';
import { forEachReference, parseReference } from '../fhir/references.ts';
import type { Context } from './context.ts';
import { isDirectoryType } from './directory-types.ts';
import type { FhirResource } from './engine.ts';
import { parseRow, rowKey } from './rows.ts';
import { queryKeys } from './statements.ts';
import { visibleRows } from './visibility-sql.ts';

/** Labels as written; what is no list of objects has none, and is refused where the resource is validated. */
export function securityOf(resource: FhirResource | undefined): Coding[] {
  const security: unknown = resource?.meta?.security;
  return Array.isArray(security) ? security.filter((each) => typeof each === 'object' && each !== null) : [];
}

/**
 * The labels each resource of one write must carry: its own, and those of what it points at, in the store or in the same write,
 * however far that reaches. Directory entries pass none on. What the writer cannot see it cannot have copied, and its labels
 * are not told by ours. Rule: DOMAIN §B8 (3), high-water mark.
 */
export async function inheritedLabels(
  { tx, visibility }: Pick<Context, 'tx' | 'visibility'>,
  resources: ReadonlyMap<string, FhirResource>,
): Promise<Map<string, Coding[]>> {
  const targets = new Map([...resources].map(([key, resource]) => [key, targetsOf(resource)]));
  const outside = new Map([...targets.values()].flatMap((each) => [...each]).filter(([key]) => !resources.has(key)));
  const visible = visibleRows(visibility, 'r');
  const rows = await queryKeys<{ type: string; id: string; json: string }>(
    tx,
    `SELECT r.type, r.id, r.json FROM resource r
     WHERE (r.type, r.id) IN $KEYS AND r.labels <> 0 AND r.deleted = 0 AND ${visible.text}`,
    [...outside.values()].map(({ type, id }) => [type, id]),
    [],
    visible.params,
  );
  const labels = new Map([...resources].map(([key, resource]) => [key, securityOf(resource)]));
  for (const row of rows) labels.set(rowKey(row.type, row.id), securityOf(parseRow(row, bodyKeysOf(tx.env))));
  spread(labels, targets);
  return labels;
}

function targetsOf(resource: FhirResource): Map<string, { readonly type: string; readonly id: string }> {
  const targets = new Map<string, { readonly type: string; readonly id: string }>();
  forEachReference(resource as unknown as Resource, ({ reference }) => {
    const parsed = parseReference(reference);
    if (parsed.kind === 'local' && !isDirectoryType(parsed.type)) targets.set(rowKey(parsed.type, parsed.id), parsed);
  });
  return targets;
}

/** Hands labels back along references until nothing is added. Labels only grow, so it ends. */
function spread(labels: Map<string, Coding[]>, targets: ReadonlyMap<string, ReadonlyMap<string, unknown>>): void {
  for (let again = true; again; ) {
    again = false;
    for (const [key, to] of targets) {
      const own = labels.get(key) ?? [];
      const merged = [...to.keys()].reduce((all, target) => mergeLabels(all, labels.get(target)), own);
      if (merged.length === own.length && merged.every((label, at) => label.code === own[at]?.code)) continue;
      labels.set(key, merged);
      again = true;
    }
  }
}
