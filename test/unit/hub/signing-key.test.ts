import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signingKey } from '../../../src/hub/signing-key.ts';
import { ENGINES, openTestStore, type TestStore } from '../server/support/test-store.ts';

describe.each(ENGINES)('the key of id tokens on %s', (engine) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await openTestStore(engine);
  });
  afterAll(() => store?.close());
  const key = Buffer.alloc(32, 1);

  it('is the same for every hub of one database, also when two start at once', async () => {
    const [one, other] = await Promise.all([signingKey(store.database, key), signingKey(store.database, key)]);
    expect(other).toBe(one);
    expect(await signingKey(store.database, key)).toBe(one);
    expect(createPrivateKey(one).asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  it('lies sealed: not readable in the database, and not with another hub key', async () => {
    const kept = await store.database.read<string>('hub.setting', 'id-token-key');
    expect(Buffer.from(kept, 'base64').toString('latin1')).not.toContain('PRIVATE KEY');
    await expect(signingKey(store.database, Buffer.alloc(32, 2))).rejects.toThrow('sealed');
  });
});
