/** Parameters of a request, each at most once. */
export interface Form {
  get(name: string): string | undefined;
  has(name: string): boolean;
  /** Names that came more than once. */
  readonly repeated: readonly string[];
}

const VALUE_MAX = 8000;

/** Empty values count as absent; one that is too long counts as repeated, and so is refused. Rule: RFC 6749 §3.1. */
export function readForm(pairs: Iterable<readonly [string, string]>): Form {
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [name, value] of pairs) {
    if (value === '') continue;
    if (values.has(name) || value.length > VALUE_MAX) repeated.add(name);
    values.set(name, value);
  }
  return { get: (name) => values.get(name), has: (name) => values.has(name), repeated: [...repeated] };
}

/** The form a POST carries as text. */
export const formOf = (body: unknown): Form => readForm(new URLSearchParams(typeof body === 'string' ? body : ''));
