import { type BodyKeys, open, seal } from '../database/envelope.ts';

/** A sealed text begins with this; JSON of a resource begins with `{`. */
const MARK = '~';

/** Text as it lies in a column: itself without a key, else `~key~base64` of an AES-256-GCM envelope. */
export function sealText(text: string, keys: BodyKeys | undefined): string {
  if (!keys) return text;
  const { keyId, bytes } = seal(Buffer.from(text, 'utf8'), keys);
  return `${MARK}${keyId}${MARK}${Buffer.from(bytes).toString('base64')}`;
}

/** Opens what `sealText` made. Throws `body.key-unknown` and `database.corrupt` as the envelope does. */
export function openText(stored: string, keys: BodyKeys | undefined): string {
  if (!stored.startsWith(MARK)) return stored;
  const end = stored.indexOf(MARK, 1);
  const bytes = Buffer.from(stored.slice(end + 1), 'base64');
  return Buffer.from(open({ keyId: stored.slice(1, end), bytes }, keys)).toString('utf8');
}
