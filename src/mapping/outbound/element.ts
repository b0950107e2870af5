import type { Found, Subject } from './event.ts';

/**
 * The values at a path of element names below a member of the subject: `Patient.name.family`. Lists are flattened, each value
 * with the FHIRPath of its own place; the member's name alone gives the member. No value: an empty list.
 */
export function read(subject: Subject, path: string): readonly Found[] {
  const [name, ...steps] = path.split('.');
  const member = subject[name!];
  if (member === undefined) return [];
  let found: readonly Found[] = spread(member.value, member.path);
  for (const step of steps) {
    found = found.flatMap(({ value, path: at }) => {
      if (typeof value !== 'object' || value === null) return [];
      const next = (value as Record<string, unknown>)[step];
      return next === undefined ? [] : spread(next, `${at}.${step}`);
    });
  }
  return found;
}

function spread(value: unknown, path: string): readonly Found[] {
  if (!Array.isArray(value)) return [{ value, path }];
  return value.map((item, index) => ({ value: item as unknown, path: `${path}[${index}]` }));
}
