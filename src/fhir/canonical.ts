import { createHash } from 'node:crypto';

/**
 * One text for one JSON value: keys sorted by code unit, no white space, `undefined` members left out. Two values have
 * the same text exactly when they are the same JSON value; the order of arrays counts. The rules of RFC 8785.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

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
