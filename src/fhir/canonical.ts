import { createHash } from 'node:crypto';
import { carryExact, stringifyExact } from './exact-json.ts';

/**
 * One text for one JSON value: members in one order (as RFC 8785 has it, but names that are numbers come first), no white space,
 * `undefined` members left out. Two values have the same text exactly when they are the same JSON value; the order of arrays counts.
 */
export function canonicalJson(value: unknown): string {
  return stringifyExact(sorted(value)) ?? 'null';
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const from = value as Readonly<Record<string, unknown>>;
  const to: Record<string, unknown> = {};
  for (const name of Object.keys(from).sort()) {
    // Set like any other it would become the prototype.
    if (name === '__proto__') Object.defineProperty(to, name, { value: sorted(from[name]), enumerable: true });
    else to[name] = sorted(from[name]);
  }
  return carryExact(value, to);
}

/**
 * Where two JSON values first differ, keys by code unit: `entry[2].resource.status`; empty: the values themselves. Undefined when
 * they are the same JSON value. Names a place, never what stands there.
 */
export function firstDifference(a: unknown, b: unknown, path = ''): string | undefined {
  const isTree = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isTree(a) || !isTree(b) || Array.isArray(a) !== Array.isArray(b))
    return canonicalJson(a) === canonicalJson(b) ? undefined : path;
  for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(byPlace)) {
    const at = Array.isArray(a) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    if ((a[key] === undefined) !== (b[key] === undefined)) return at;
    const found = firstDifference(a[key], b[key], at);
    if (found !== undefined) return found;
  }
  return undefined;
}

const byPlace = (a: string, b: string): number => Number(a) - Number(b) || (a < b ? -1 : a > b ? 1 : 0);

/** SHA-256 of the canonical text, hex. */
export function jsonHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/**
 * What a resource says, without what the server writes about it: `meta.versionId` and `meta.lastUpdated` do not count,
 * all else does. Equal hashes mean that storing the second would change nothing.
 */
export function contentHash(resource: object): string {
  return jsonHash(withoutServerMeta(resource));
}

/** True when both resources say the same; see `contentHash`. */
export function sameContent(a: object, b: object): boolean {
  return canonicalJson(withoutServerMeta(a)) === canonicalJson(withoutServerMeta(b));
}

function withoutServerMeta(resource: object): object {
  const { meta, ...rest } = resource as { meta?: Record<string, unknown> };
  if (meta === undefined) return resource;
  const { versionId: _versionId, lastUpdated: _lastUpdated, ...kept } = meta;
  return Object.keys(kept).length > 0 ? { ...rest, meta: kept } : rest;
}
