import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';

/** A transaction Bundle (all or nothing) of the given entries. */
export function transaction(entries: readonly BundleEntry[]): Bundle {
  return { resourceType: 'Bundle', type: 'transaction', entry: [...entries] };
}

/** PUT to a known id: creates or replaces. `fullUrl` lets other entries point at it before it exists. */
export function putEntry(resource: Resource & { id: string }): BundleEntry {
  return {
    fullUrl: `urn:uuid:${resource.id}`,
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  };
}
