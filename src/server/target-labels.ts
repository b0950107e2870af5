import type { Coding, Resource } from '@medplum/fhirtypes';
import { mergeLabels } from '../fhir/labels.ts';
import { forEachReference, parseReference } from '../fhir/references.ts';
import { isDirectoryType } from './directory-types.ts';
import type { FhirResource } from './engine.ts';
import { rowKey } from './rows.ts';
import type { Target } from './write-targets.ts';

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
export function inheritedLabels(
  resources: ReadonlyMap<string, FhirResource>,
  targets: ReadonlyMap<string, Pick<Target, 'labels'>>,
): Map<string, Coding[]> {
  const labels = new Map([...targets].map(([key, target]) => [key, [...target.labels]]));
  for (const [key, resource] of resources) labels.set(key, securityOf(resource));
  spread(labels, new Map([...resources].map(([key, resource]) => [key, targetsOf(resource)])));
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
