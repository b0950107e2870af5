import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DatabaseError } from './command.ts';

/** AES-256 keys by id, hex; `current` seals what is new. Handed to commands as `tx.env.bodyKeys`. */
export interface BodyKeys {
  readonly current: string;
  readonly keys: Readonly<Record<string, string>>;
}

/** Bytes as they lie on disk. `keyId` is empty when no key is configured: they are plain. */
export interface Sealed {
  readonly keyId: string;
  readonly bytes: Uint8Array;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

export function bodyKeysOf(env: unknown): BodyKeys | undefined {
  return (env as { readonly bodyKeys?: BodyKeys } | undefined)?.bodyKeys;
}

/** Seals bytes under the current key: IV, ciphertext, tag. Without keys gives them as they are. */
export function seal(bytes: Uint8Array, keys: BodyKeys | undefined): Sealed {
  if (!keys) return { keyId: '', bytes };
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(keys, keys.current), iv);
  return { keyId: keys.current, bytes: Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]) };
}

/** Opens what `seal` made. Throws `body.key-unknown` for a key that is not configured, `database.corrupt` for changed bytes. */
export function open({ keyId, bytes }: Sealed, keys: BodyKeys | undefined): Uint8Array {
  if (keyId === '') return bytes;
  if (!keys) throw new DatabaseError('body.key-unknown', `no key ${keyId} is configured`);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(keys, keyId), view.subarray(0, IV_BYTES));
  decipher.setAuthTag(view.subarray(view.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(view.subarray(IV_BYTES, view.length - TAG_BYTES)), decipher.final()]);
  } catch {
    throw new DatabaseError('database.corrupt', 'a sealed body does not open: its bytes were changed');
  }
}

function keyOf(keys: BodyKeys, id: string): Buffer {
  const hex = keys.keys[id];
  if (hex === undefined) throw new DatabaseError('body.key-unknown', `no key ${id} is configured`);
  return Buffer.from(hex, 'hex');
}
