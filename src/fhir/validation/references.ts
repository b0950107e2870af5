import type { Bundle, Reference, Resource } from '@medplum/fhirtypes';
import { parseReference } from '../references.ts';
import { type Check, report } from './check.ts';

/**
 * Literal form, target type and contained target of one Reference. Whether the target exists in the store is not told.
 * Rule: FHIR R4 references.html, ref-1.
 */
export function checkReference(value: Reference, targets: readonly string[] | undefined, check: Check): void {
  const literal = value.reference;
  if (literal === undefined || typeof literal !== 'string') {
    if (typeof value.type === 'string' && isWrongType(value.type, targets)) wrongTarget(check, targets);
    return;
  }
  const parsed = parseReference(literal);
  switch (parsed.kind) {
    case 'invalid':
      report(check, 'value', 'reference-form', 'is not a literal reference', 'reference');
      return;
    case 'contained':
      checkContained(parsed.id, targets, check);
      return;
    case 'urn':
      checkType(typeInBundle(check, literal), targets, check);
      return;
    case 'local':
    case 'conditional':
      if (!check.definitions.isResourceType(parsed.type)) {
        report(check, 'value', 'reference-form', 'names no resource type of R4', 'reference');
        return;
      }
      checkType(parsed.type, targets, check);
      if (typeof value.type === 'string' && value.type !== parsed.type) {
        report(check, 'invalid', 'reference-type', 'the type differs from the one of the reference', 'type');
      }
      return;
    case 'absolute':
      // Another server may use any path; only a name of an R4 type is taken for one.
      if (parsed.type !== undefined && check.definitions.isResourceType(parsed.type))
        checkType(parsed.type, targets, check);
  }
}

function checkContained(id: string, targets: readonly string[] | undefined, check: Check): void {
  if (id === '') {
    checkType(check.root.resourceType, targets, check);
    return;
  }
  const contained = (check.root as { contained?: Resource[] }).contained;
  const target = Array.isArray(contained) ? contained.find((resource) => resource?.id === id) : undefined;
  if (target === undefined) {
    report(check, 'not-found', 'ref-1', 'the contained resource is not there (ref-1)', 'reference');
  } else {
    checkType(target.resourceType, targets, check);
  }
}

function checkType(type: string | undefined, targets: readonly string[] | undefined, check: Check): void {
  if (type !== undefined && isWrongType(type, targets)) wrongTarget(check, targets);
}

function isWrongType(type: string, targets: readonly string[] | undefined): boolean {
  return targets !== undefined && !targets.includes(type);
}

function wrongTarget(check: Check, targets: readonly string[] | undefined): void {
  report(check, 'invalid', 'reference-target', `must refer to ${targets?.join(', ')}`);
}

function typeInBundle(check: Check, fullUrl: string): string | undefined {
  const { bundle } = check;
  if (bundle === undefined) return undefined;
  if (check.bundleTypes?.of !== bundle) check.bundleTypes = { of: bundle, byUrl: typesByUrl(bundle) };
  return check.bundleTypes?.byUrl.get(fullUrl);
}

function typesByUrl(bundle: Resource): Map<string, string> {
  const types = new Map<string, string>();
  const { entry } = bundle as Bundle;
  for (const item of Array.isArray(entry) ? entry : []) {
    const type: unknown = item?.resource?.resourceType;
    if (typeof item?.fullUrl === 'string' && typeof type === 'string') types.set(item.fullUrl, type);
  }
  return types;
}
