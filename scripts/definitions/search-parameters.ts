import type { CompartmentDefinition, SearchParameter as FhirSearchParameter } from '@medplum/fhirtypes';
import type { SearchParameter } from '../../src/fhir/definitions.ts';

/** Parameters of extensions, of the genetics profiles and of the specification's own examples: not of base R4. */
const NOT_BASE = /-extensions-|-genetic-|^example|^filter$/;

/** Of two published types for one meaning the server follows search.html. */
const EXPRESSION_ERRATA: Readonly<Record<string, string>> = {};

/** Base search parameters of R4. */
export function compileSearchParameters(published: readonly FhirSearchParameter[]): SearchParameter[] {
  return published
    .filter((parameter) => !NOT_BASE.test(parameter.id ?? ''))
    .map((parameter) => {
      const expression = EXPRESSION_ERRATA[parameter.id ?? ''] ?? parameter.expression;
      return {
        url: parameter.url,
        code: parameter.code,
        type: parameter.type,
        base: [...parameter.base],
        ...(expression ? { expression } : {}),
        ...(parameter.target ? { target: [...parameter.target] } : {}),
        ...(parameter.component
          ? { component: parameter.component.map(({ definition, expression }) => ({ definition, expression })) }
          : {}),
      } as SearchParameter;
    })
    .sort((a, b) => (a.url < b.url ? -1 : 1));
}

/** Compartment → type → parameter codes. */
export function compileCompartments(
  published: readonly CompartmentDefinition[],
): Record<string, Record<string, string[]>> {
  const result: Record<string, Record<string, string[]>> = {};
  for (const definition of published) {
    if (definition.id === 'example') continue;
    const members: Record<string, string[]> = {};
    for (const { code, param } of definition.resource ?? []) if (param && param.length > 0) members[code] = [...param];
    result[definition.code] = members;
  }
  return result;
}
