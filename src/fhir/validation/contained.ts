import type { Resource } from '@medplum/fhirtypes';
import { forEachReference } from '../references.ts';
import { type Check, isObject, report } from './check.ts';

/** dom-2, dom-4, dom-5: what a contained resource may not have. */
export function checkInsideContainer(value: unknown, check: Check): void {
  if (!isObject(value)) return;
  if (value.contained !== undefined) {
    report(check, 'invariant', 'dom-2', 'must not contain resources itself (dom-2)', 'contained');
  }
  const meta = value.meta;
  if (!isObject(meta)) return;
  if (meta.versionId !== undefined || meta.lastUpdated !== undefined) {
    report(check, 'invariant', 'dom-4', 'must not have a version or a time of update (dom-4)', 'meta');
  }
  if (meta.security !== undefined)
    report(check, 'invariant', 'dom-5', 'must not have a security label (dom-5)', 'meta');
}

/**
 * dom-3: each contained resource is referred to from the resource around it, or refers to that.
 * dom-6 (should have a narrative) is advice and not checked: the hub's resources are for machines.
 */
export function checkDomainResource(value: Record<string, unknown>, check: Check): void {
  const contained = value.contained;
  if (!Array.isArray(contained) || contained.length === 0) return;
  const used = usedFragments(value as unknown as Resource);
  contained.forEach((inner: unknown, index) => {
    if (!isObject(inner)) return;
    if ((typeof inner.id === 'string' && used.has(`#${inner.id}`)) || refersToContainer(inner)) return;
    check.trail.push('contained', index);
    report(check, 'invariant', 'dom-3', 'must be referred to from the resource around it (dom-3)');
    check.trail.length -= 2;
  });
}

function refersToContainer(inner: Record<string, unknown>): boolean {
  let found = false;
  forEachReference(inner as unknown as Resource, ({ reference }) => {
    if (reference === '#') found = true;
  });
  return found;
}

/** Every string `#…` outside the narrative: references, canonicals, uris and urls. */
function usedFragments(resource: Resource): Set<string> {
  const used = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      if (value.startsWith('#')) used.add(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const child of Array.isArray(value) ? value : Object.values(value)) walk(child);
    }
  };
  walk(resource);
  return used;
}
