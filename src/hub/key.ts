import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The hub's own secret and what is derived from it. Resource ids depend on it: losing it is losing the identity of every resource. */
export interface HubKey {
  /** 32 bytes; ids are HMACs under it. */
  readonly ids: Buffer;
  /** 32 bytes; access tokens are signed with it. */
  readonly tokens: Buffer;
  /** Bearer token by which the command line of this machine speaks to `/ops`. */
  readonly operatorToken: string;
  /** Names the key without giving it away; kept in the database so that a hub with another key is refused. */
  readonly fingerprint: string;
}

/** Reads the key file, or makes it (mode 600) at the first start. Throws when the file is there but is not 32 bytes of hex. */
export function loadHubKey(file: string): HubKey {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(file), { recursive: true });
    text = randomBytes(32).toString('hex');
    try {
      writeFileSync(file, `${text}\n`, { mode: 0o600, flag: 'wx' });
    } catch (raced) {
      if ((raced as NodeJS.ErrnoException).code !== 'EEXIST') throw raced;
      text = readFileSync(file, 'utf8').trim();
    }
  }
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error(`${file}: is not a hub key (64 hex digits)`);
  const key = Buffer.from(text, 'hex');
  const derive = (purpose: string): Buffer => createHmac('sha256', key).update(purpose).digest();
  return {
    ids: derive('ids v1'),
    tokens: derive('tokens v1'),
    operatorToken: derive('operator token v1').toString('hex'),
    fingerprint: derive('fingerprint v1').toString('hex').slice(0, 16),
  };
}
