import type { Bundle, BundleEntry, BundleEntryRequest, BundleLink, Resource } from '@medplum/fhirtypes';

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

/** POST, conditional when `ifNoneExist` (a search query without the type) is given. */
export function postEntry(resource: Resource, fullUrl?: string, ifNoneExist?: string): BundleEntry {
  const request: BundleEntryRequest = { method: 'POST', url: resource.resourceType };
  if (ifNoneExist !== undefined) request.ifNoneExist = ifNoneExist;
  return fullUrl === undefined ? { resource, request } : { fullUrl, resource, request };
}

export interface SearchsetPart {
  readonly resource: Resource;
  readonly mode: 'match' | 'include' | 'outcome';
}

/** A search page. `total` counts matches over all pages and is left out when it was not asked for. */
export function searchset(
  base: string,
  parts: readonly SearchsetPart[],
  links: readonly BundleLink[],
  total?: number,
): Bundle {
  const bundle: Bundle = { resourceType: 'Bundle', type: 'searchset' };
  if (total !== undefined) bundle.total = total;
  if (links.length > 0) bundle.link = [...links];
  if (parts.length > 0) {
    bundle.entry = parts.map(({ resource, mode }) => {
      const entry: BundleEntry = { resource, search: { mode } };
      if (resource.id !== undefined) entry.fullUrl = `${base}/${resource.resourceType}/${resource.id}`;
      return entry;
    });
  }
  return bundle;
}

/** A Bundle that only gathers: no order, no request, no promise of completeness. */
export function collection(resources: readonly Resource[], base?: string): Bundle {
  return {
    resourceType: 'Bundle',
    type: 'collection',
    entry: resources.map((resource) =>
      base !== undefined && resource.id !== undefined
        ? { fullUrl: `${base}/${resource.resourceType}/${resource.id}`, resource }
        : { resource },
    ),
  };
}

/** The resources of a Bundle, in order. */
export function resourcesOf(bundle: Bundle): Resource[] {
  return (bundle.entry ?? []).flatMap((entry) => (entry.resource === undefined ? [] : [entry.resource]));
}
