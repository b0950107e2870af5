import type { Coding, Resource } from '@medplum/fhirtypes';
import type { Found } from '../../src/mapping/outbound/event.ts';
import type { Entry } from '../../src/mapping/outbound/scene.ts';

/**
 * The first coding of one hub code system anywhere in a resource, with its place. Where a bot puts the class or the request of
 * a note is its own choice; the system says what the code means.
 */
export function codingOf(entry: Entry | undefined, system: string): Found | undefined {
  return entry === undefined ? undefined : search(entry.value, entry.path, system);
}

function search(value: unknown, path: string, system: string): Found | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = search(item, `${path}[${index}]`, system);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if ((value as Coding).system === system && (value as Coding).code !== undefined) return { value, path };
  for (const [name, member] of Object.entries(value as Resource)) {
    const found = search(member, `${path}.${name}`, system);
    if (found !== undefined) return found;
  }
  return undefined;
}
