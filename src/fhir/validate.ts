import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import type { Definitions } from './definitions.ts';
import { type Check, DEPTH_MAX, isObject, isTooDeep, report } from './validation/check.ts';
import { checkProfiles } from './validation/profiles.ts';
import { checkResource, type Required, requiredOf } from './validation/structure.ts';

export interface ValidateOptions {
  /** Profiles to check besides those that `meta.profile` claims. */
  readonly profiles?: readonly string[];
}

/**
 * All faults of a resource against R4: structure, cardinality, types, required bindings, reference targets, invariants,
 * contained resources, narrative, and the profiles it claims. None of error severity means valid; it does not mean that
 * references exist or that codes of external systems do. Each issue has a FHIRPath location and a code
 * `validate.*` and never repeats a value; at most ISSUES_MAX are given. Never throws on JSON of any shape.
 */
export function validate(
  definitions: Definitions,
  resource: unknown,
  options?: ValidateOptions,
): OperationOutcomeIssue[] {
  const type = isObject(resource) && typeof resource.resourceType === 'string' ? resource.resourceType : 'Resource';
  const check: Check = {
    definitions,
    trail: [definitions.isResourceType(type) ? type : 'Resource'],
    issues: [],
    resource: resource as Resource,
    root: resource as Resource,
    bundle: undefined,
    bundleTypes: undefined,
  };
  if (isTooDeep(resource)) {
    report(check, 'too-costly', 'depth', `is nested deeper than ${DEPTH_MAX} levels`);
    return check.issues;
  }
  checkResource(resource, check);
  if (isObject(resource)) checkProfiles(resource, check, options?.profiles ?? []);
  return check.issues;
}

const TIMELESS = new Set<unknown>(['proposed', 'cancelled', 'waitlist', undefined]);

const required = new WeakMap<Definitions, Map<string, readonly Required[]>>();

/**
 * The mandatory top-level elements a resource lacks, as `Task.status`; empty when none. Cheap: no value is looked at.
 * Empty does not mean valid.
 */
export function missingRequired(definitions: Definitions, resource: Resource): string[] {
  const { resourceType } = resource;
  let byType = required.get(definitions);
  if (byType === undefined) {
    byType = new Map();
    required.set(definitions, byType);
  }
  let elements = byType.get(resourceType);
  if (elements === undefined) {
    const type = definitions.type(resourceType);
    elements = type === undefined ? [] : requiredOf(type);
    byType.set(resourceType, elements);
  }
  const holder = resource as unknown as Record<string, unknown>;
  const missing: string[] = [];
  for (const { name, keys } of elements) {
    if (!keys.some((key) => isThere(holder[key]))) missing.push(`${resourceType}.${name}`);
  }
  // An invariant that makes an element mandatory, and that pieces of several messages must fulfil together. Rule: FHIR R4 app-3.
  if (
    resourceType === 'Appointment' &&
    !TIMELESS.has(holder.status) &&
    !(isThere(holder.start) && isThere(holder.end))
  ) {
    missing.push('Appointment.start');
  }
  return missing;
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}
