import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';

/** A transaction Bundle (all or nothing) of the given entries. Without any it has no `entry`: FHIR has no empty lists. */
export function transaction(entries: readonly BundleEntry[]): Bundle {
  const bundle: Bundle = { resourceType: 'Bundle', type: 'transaction' };
  return entries.length === 0 ? bundle : { ...bundle, entry: [...entries] };
}

/** PUT to a known id: creates or replaces. `fullUrl` lets other entries point at it before it exists. */
export function putEntry(resource: Resource & { id: string }): BundleEntry {
  return {
    fullUrl: `urn:uuid:${resource.id}`,
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  };
}
