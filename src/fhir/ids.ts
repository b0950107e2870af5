import { createHmac, type KeyObject } from 'node:crypto';

const CACHE_MAX = 20_000;

/** Two generations: when the young one is full the old one is dropped, so memory is bounded without bookkeeping per hit. */
interface IdCache {
  young: Map<string, string>;
  old: Map<string, string>;
}

const caches = new WeakMap<Buffer | KeyObject, IdCache>();

/**
 * The resource id of a thing that a source names: the same five inputs always give the same UUID, in every process
 * that has the key. It says nothing about whether such a resource exists.
 *
 * Nothing is normalised: case, blanks and leading zeros distinguish, so the caller normalises what its authority
 * declares equal. Without the key an id cannot be traced back to a medical record number. UUID version 8 (RFC 9562).
 * Rule: DESIGN §5 Ids.
 */
export function hubId(key: Buffer | KeyObject, type: string, owner: string, authority: string, value: string): string {
  // JSON quotes its strings, so no two different tuples can share one text.
  const name = JSON.stringify([type, owner, authority, value]);
  let cache = caches.get(key);
  if (cache === undefined) {
    cache = { young: new Map(), old: new Map() };
    caches.set(key, cache);
  }
  const known = cache.young.get(name) ?? cache.old.get(name);
  if (known !== undefined) return known;

  const id = uuidOf(createHmac('sha256', key).update(name).digest());
  if (cache.young.size >= CACHE_MAX) {
    cache.old = cache.young;
    cache.young = new Map();
  }
  cache.young.set(name, id);
  return id;
}

function uuidOf(digest: Buffer): string {
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
