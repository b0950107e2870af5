import { hash, type KeyObject } from 'node:crypto';

const CACHE_MAX = 20_000;

/** Two generations: when the young one is full the old one is dropped, so memory is bounded without bookkeeping per hit. */
interface IdCache {
  young: Map<string, string>;
  old: Map<string, string>;
  /** The key as HMAC pads it: one block for the inner hash, one for the outer. */
  readonly inner: Buffer;
  readonly outer: Buffer;
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
    cache = { young: new Map(), old: new Map(), ...padded(key) };
    caches.set(key, cache);
  }
  const known = cache.young.get(name) ?? cache.old.get(name);
  if (known !== undefined) return known;

  const id = uuidOf(hmac(cache, name));
  if (cache.young.size >= CACHE_MAX) {
    cache.old = cache.young;
    cache.young = new Map();
  }
  cache.young.set(name, id);
  return id;
}

const BLOCK_BYTES = 64;

function padded(key: Buffer | KeyObject): Pick<IdCache, 'inner' | 'outer'> {
  const given = Buffer.isBuffer(key) ? key : (key.export() as Buffer);
  const bytes = given.length > BLOCK_BYTES ? hash('sha256', given, 'buffer') : given;
  const inner = Buffer.alloc(BLOCK_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES, 0x5c);
  for (let i = 0; i < bytes.length; i += 1) {
    inner[i]! ^= bytes[i]!;
    outer[i]! ^= bytes[i]!;
  }
  return { inner, outer };
}

/** HMAC-SHA256 (RFC 2104) by one-shot hashes: `createHmac` spends most of its time on making a key object each time. */
function hmac({ inner, outer }: IdCache, text: string): Buffer {
  const first = hash('sha256', Buffer.concat([inner, Buffer.from(text, 'utf8')]), 'buffer');
  return hash('sha256', Buffer.concat([outer, first]), 'buffer');
}

function uuidOf(digest: Buffer): string {
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
