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
