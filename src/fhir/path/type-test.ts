import type { Definitions } from '../definitions.ts';
import { plainOf } from './nodes.ts';

/** Whether a node whose type is not known beforehand is of a type: resources by their name, primitives by their JSON. */
export function isOfType(node: unknown, type: string, definitions: Definitions): boolean {
  const value = plainOf(node);
  if (typeof value === 'object' && value !== null) {
    const own = (value as { resourceType?: unknown }).resourceType;
    if (typeof own !== 'string') return false;
    return own === type || type === 'Resource' || (type === 'DomainResource' && definitions.type(own)?.base === type);
  }
  switch (type.toLowerCase()) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'decimal':
      return typeof value === 'number';
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    case 'string':
      return typeof value === 'string';
    default:
      return false;
  }
}

/** Whether a FHIR type is another or descends from it (`canonical` is a `uri`, `Age` a `Quantity`). */
export function isSubtype(type: string, ancestor: string, definitions: Definitions): boolean {
  for (let name: string | undefined = type; name !== undefined; name = definitions.type(name)?.base) {
    if (sameTypeName(name, ancestor)) return true;
  }
  return false;
}

/** `DateTime` stands for `dateTime` in some published expressions; System types begin with a capital as well. */
function sameTypeName(a: string, b: string): boolean {
  return a === b || (a.slice(1) === b.slice(1) && a[0]!.toLowerCase() === b[0]!.toLowerCase());
}
