import type { Reference, Resource } from '@medplum/fhirtypes';
import { carryExact } from './exact-json.ts';

/** What a reference string points at. `local` is relative, or absolute under the given own base. */
export type ParsedReference =
  | { readonly kind: 'local'; readonly type: string; readonly id: string; readonly version?: string }
  | {
      readonly kind: 'absolute';
      readonly url: string;
      readonly type?: string;
      readonly id?: string;
      readonly version?: string;
    }
  | { readonly kind: 'urn'; readonly urn: string }
  | { readonly kind: 'contained'; readonly id: string }
  | { readonly kind: 'conditional'; readonly type: string; readonly query: string }
  | { readonly kind: 'invalid' };

const LOCAL = /^([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;
const ABSOLUTE_TAIL = /\/([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;
const CONDITIONAL = /^([A-Z][A-Za-z]{1,63})\?(.+)$/s;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Reads a Reference.reference string; never throws. `local` does not mean that the target exists.
 * A version-specific reference keeps its version. Rule: FHIR R4 references.html#literal.
 */
export function parseReference(reference: string, ownBase?: string): ParsedReference {
  if (reference.startsWith('#')) return { kind: 'contained', id: reference.slice(1) };
  const local = LOCAL.exec(reference);
  if (local) return identified('local', local);
  if (reference.startsWith('urn:')) return { kind: 'urn', urn: reference };
  if (SCHEME.test(reference)) return parseAbsolute(reference, ownBase);
  const conditional = CONDITIONAL.exec(reference);
  if (conditional) return { kind: 'conditional', type: conditional[1]!, query: conditional[2]! };
  return { kind: 'invalid' };
}

function parseAbsolute(url: string, ownBase: string | undefined): ParsedReference {
  if (ownBase !== undefined) {
    const prefix = ownBase.endsWith('/') ? ownBase : `${ownBase}/`;
    if (url.startsWith(prefix)) {
      const inner = LOCAL.exec(url.slice(prefix.length));
      if (inner) return identified('local', inner);
    }
  }
  const tail = ABSOLUTE_TAIL.exec(url);
  if (!tail) return { kind: 'absolute', url };
  const { type, id, version } = identified('local', tail);
  return version === undefined ? { kind: 'absolute', url, type, id } : { kind: 'absolute', url, type, id, version };
}

function identified(kind: 'local', match: RegExpExecArray) {
  const [, type, id, version] = match;
  return version === undefined ? { kind, type: type!, id: id! } : { kind, type: type!, id: id!, version };
}

/** The string form of a parsed reference: `parseReference(formatReference(p))` gives `p` again. */
export function formatReference(parsed: Exclude<ParsedReference, { kind: 'invalid' }>): string {
  switch (parsed.kind) {
    case 'local':
      return parsed.version === undefined
        ? `${parsed.type}/${parsed.id}`
        : `${parsed.type}/${parsed.id}/_history/${parsed.version}`;
    case 'absolute':
      return parsed.url;
    case 'urn':
      return parsed.urn;
    case 'contained':
      return `#${parsed.id}`;
    case 'conditional':
      return `${parsed.type}?${parsed.query}`;
  }
}

/** True when both strings name the same resource here, whatever the version and whether relative or under the own base. */
export function sameReference(a: string | undefined, b: string | undefined, ownBase?: string): boolean {
  if (a === undefined || b === undefined) return false;
  if (a === b) return true;
  const left = parseReference(a, ownBase);
  const right = parseReference(b, ownBase);
  return left.kind === 'local' && right.kind === 'local' && left.type === right.type && left.id === right.id;
}

/** The target's resource type as far as the reference itself tells (`Reference.type`, or the literal). */
export function referencedType(reference: Reference, ownBase?: string): string | undefined {
  if (typeof reference.reference === 'string') {
    const parsed = parseReference(reference.reference, ownBase);
    if (parsed.kind === 'local' || parsed.kind === 'conditional') return parsed.type;
    if (parsed.kind === 'absolute' && parsed.type !== undefined) return parsed.type;
  }
  return reference.type;
}

/** Called with each object that carries a literal `reference`; `path()` renders its place by JSON names on demand. */
export type ReferenceVisitor = (reference: Reference & { reference: string }, path: () => string) => void;

/** Visits every literal reference of a resource, contained resources and extensions included. Order: document order. */
export function forEachReference(resource: Resource, visit: ReferenceVisitor): void {
  const trail: (string | number)[] = [resource.resourceType];
  const path = () => trail.reduce<string>((text, step) => joinStep(text, step), '');

  const walk = (value: object): void => {
    if (typeof (value as Reference).reference === 'string') visit(value as Reference & { reference: string }, path);
    for (const key in value) {
      const child = (value as Record<string, unknown>)[key];
      if (typeof child !== 'object' || child === null) continue;
      trail.push(key);
      if (Array.isArray(child)) {
        for (let index = 0; index < child.length; index++) {
          const item: unknown = child[index];
          if (typeof item !== 'object' || item === null) continue;
          trail.push(index);
          walk(item);
          trail.pop();
        }
      } else {
        walk(child);
      }
      trail.pop();
    }
  };
  walk(resource);
}

function joinStep(text: string, step: string | number): string {
  if (typeof step === 'number') return `${text}[${step}]`;
  return text === '' ? step : `${text}.${step}`;
}

/** The base of an address like `http://example.org/fhir/Patient/1`; undefined for what is no such address. */
export function baseOf(url: string): string | undefined {
  const parsed = parseReference(url);
  return parsed.kind === 'absolute' && parsed.type !== undefined
    ? url.slice(0, url.lastIndexOf(`/${parsed.type}/${parsed.id}`))
    : undefined;
}

/** A copy in which each literal reference is what `rewrite` returns; `undefined` keeps it. The input is not changed. */
export function rewriteReferences<T extends Resource>(
  resource: T,
  rewrite: (reference: string) => string | undefined,
): T {
  return copy(resource, (key, text) => (key === 'reference' ? rewrite(text) : undefined)) as T;
}

function copy(value: unknown, rewrite: (key: string, text: string) => string | undefined, key = ''): unknown {
  if (typeof value === 'string') return rewrite(key, value) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => copy(item, rewrite, key));
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(value)) result[name] = copy((value as Record<string, unknown>)[name], rewrite, name);
  return carryExact(value, result);
}
