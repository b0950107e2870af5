import type { Definitions } from '../fhir/definitions.ts';
import type { FhirResource } from './engine.ts';
import type { SearchRequest } from './search-request.ts';

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

/** How a resource is shortened on its way out; undefined: not at all. */
export type Subset = ((resource: FhirResource) => FhirResource) | undefined;

/**
 * `_elements` and `_summary` as a function. Mandatory elements and `meta` always stay, and a shortened resource is marked
 * SUBSETTED, so that nobody writes it back as whole. Rule: FHIR R4 search.html#summary.
 */
export function subsetOf(
  definitions: Definitions,
  { elements, summary }: Pick<SearchRequest, 'elements' | 'summary'>,
): Subset {
  if (elements.length > 0) {
    const asked = new Set(elements.map((each) => each.replace(/^[A-Z][A-Za-z]*\./, '').split('.')[0]!));
    return (resource) =>
      keep(resource, (name) => asked.has(name) || isMandatory(definitions, resource.resourceType, name));
  }
  switch (summary) {
    case 'true':
      return (resource) => {
        const names = new Set(definitions.summaryElements(resource.resourceType));
        return keep(resource, (name) => names.has(name) || names.has(name.replace(/[A-Z].*$/, '')));
      };
    case 'text':
      return (resource) =>
        keep(resource, (name) => name === 'text' || isMandatory(definitions, resource.resourceType, name));
    case 'data':
      return (resource) => keep(resource, (name) => name !== 'text');
    default:
      return undefined;
  }
}

function isMandatory(definitions: Definitions, type: string, name: string): boolean {
  const element =
    definitions.element(type, name.replace(/^_/, '')) ?? definitions.element(type, name.replace(/[A-Z].*$/, ''));
  return element !== undefined && element.min > 0;
}

function keep(resource: FhirResource, wanted: (name: string) => boolean): FhirResource {
  const { resourceType, id, meta, ...rest } = resource;
  const kept = Object.fromEntries(Object.entries(rest).filter(([name]) => wanted(name.replace(/^_/, ''))));
  const tag = [...((meta?.tag as object[] | undefined) ?? []), SUBSETTED];
  return { resourceType, ...(id !== undefined ? { id } : {}), meta: { ...meta, tag }, ...kept };
}
