import type { Resource } from '@medplum/fhirtypes';
import type { Definitions } from './definitions.ts';
import { extractOne } from './search-values.ts';

const compiled = new WeakMap<Definitions, Map<string, readonly string[]>>();

/**
 * Ids of the resources of a compartment's type that this resource belongs to, each once: the resource itself when it is
 * of that type, then what its compartment parameters point at, `patient` and `subject` before the others.
 * A Patient belongs to its own compartment only; its links are membership of a person, which the store keeps elsewhere.
 * Rule: FHIR R4 compartmentdefinition.html.
 */
export function compartmentIds(definitions: Definitions, compartment: string, resource: Resource): string[] {
  if (resource.resourceType === compartment) return resource.id === undefined ? [] : [resource.id];
  const ids = new Set<string>();
  for (const code of parametersOf(definitions, compartment, resource.resourceType)) {
    for (const value of extractOne(definitions, resource, code)) {
      if (value.kind === 'reference' && value.type === compartment && value.id !== undefined) ids.add(value.id);
    }
  }
  return [...ids];
}

/** Ids of the patients a resource is about; empty for directory resources and for those that name none. */
export function patientReferences(definitions: Definitions, resource: Resource): string[] {
  return compartmentIds(definitions, 'Patient', resource);
}

function parametersOf(definitions: Definitions, compartment: string, resourceType: string): readonly string[] {
  let known = compiled.get(definitions);
  if (known === undefined) {
    known = new Map();
    compiled.set(definitions, known);
  }
  const key = `${compartment}/${resourceType}`;
  let codes = known.get(key);
  if (codes === undefined) {
    const rank = (code: string) => ['patient', 'subject'].indexOf(code);
    codes = definitions
      .compartment(compartment, resourceType)
      .filter((code) => definitions.searchParameter(resourceType, code) !== undefined)
      .toSorted((a, b) => rank(b) - rank(a));
    known.set(key, codes);
  }
  return codes;
}
