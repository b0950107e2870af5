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
  const named = (type: string, name: string): string => elementOf(definitions, type, name);
  const isMandatory = (type: string, name: string): boolean =>
    (definitions.element(type, named(type, name))?.min ?? 0) > 0;
  if (elements.length > 0) {
    const asked = new Set(elements.map((each) => each.replace(/^[A-Z][A-Za-z]*\./, '').split('.')[0]!));
    return (resource) => {
      const type = resource.resourceType;
      return keep(resource, (name) => asked.has(name) || asked.has(named(type, name)) || isMandatory(type, name));
    };
  }
  switch (summary) {
    case 'true':
      return (resource) => {
        const names = new Set(definitions.summaryElements(resource.resourceType));
        return keep(resource, (name) => names.has(named(resource.resourceType, name)));
      };
    case 'text':
      return (resource) => keep(resource, (name) => name === 'text' || isMandatory(resource.resourceType, name));
    case 'data':
      return (resource) => keep(resource, (name) => name !== 'text');
    default:
      return undefined;
  }
}

/** The element a JSON property belongs to: `asNeeded` for `asNeededBoolean`. */
function elementOf(definitions: Definitions, type: string, name: string): string {
  if (definitions.element(type, name)) return name;
  for (let at = name.length - 1; at > 0; at--) {
    if (/[A-Z]/.test(name[at]!) && definitions.element(type, name.slice(0, at))?.choice) return name.slice(0, at);
  }
  return name;
}

function keep(resource: FhirResource, wanted: (name: string) => boolean): FhirResource {
  const { resourceType, id, meta, ...rest } = resource;
  const kept = Object.fromEntries(Object.entries(rest).filter(([name]) => wanted(name.replace(/^_/, ''))));
  const tag = [...((meta?.tag as object[] | undefined) ?? []), SUBSETTED];
  return { resourceType, ...(id !== undefined ? { id } : {}), meta: { ...meta, tag }, ...kept };
}
