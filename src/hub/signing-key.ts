import { createHmac, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { open, seal } from '../database/envelope.ts';
import type { Database } from '../model/database.ts';

const SETTING = 'id-token-key';
const KEY_BITS = 2048;
const generate = promisify(generateKeyPair);

/**
 * The RSA key (PEM, PKCS #8) that signs id tokens: made once and kept in the database, sealed under the hub's key, so that every hub of
 * this database signs with the same one. Throws when it was sealed under another hub key.
 */
export async function signingKey(database: Database, hubKey: Buffer): Promise<string> {
  const secret = createHmac('sha256', hubKey).update('id token key v1').digest('hex');
  const keys = { current: 'hub', keys: { hub: secret } };
  const known = await database.read<string | undefined>('hub.setting', SETTING);
  if (known !== undefined) return opened(known, keys);
  const { privateKey } = await generate('rsa', {
    modulusLength: KEY_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const { bytes } = seal(Buffer.from(privateKey), keys);
  const value = Buffer.from(bytes).toString('base64');
  // Another hub may have been first: then its key is everybody's.
  return opened(await database.write<string>('hub.keep-setting', { name: SETTING, value }), keys);
}

const opened = (value: string, keys: Parameters<typeof open>[1]): string =>
  Buffer.from(open({ keyId: 'hub', bytes: Buffer.from(value, 'base64') }, keys)).toString('utf8');
