import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openSealedStore } from './support/sealed-store.ts';

const homes: string[] = [];
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

describe('a store with a key', () => {
  it('keeps no JSON of a resource or of its fold in the clear, and reads it back', async () => {
    const home = mkdtempSync(join(tmpdir(), 'handoff-sealed-'));
    homes.push(home);
    const keys = { current: 'k1', keys: { k1: randomBytes(32).toString('hex') } };
    const store = await openSealedStore(home, keys);
    await store.put({
      resourceType: 'Patient',
      id: 'p',
      text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Findable</div>' },
    });
    expect(await store.read('Patient', 'p')).toMatchObject({ id: 'p' });
    await store.close();
    expect(readFileSync(join(home, 'store.db')).includes('Findable')).toBe(false);
    const retired = { current: 'k2', keys: { ...keys.keys, k2: randomBytes(32).toString('hex') } };
    const again = await openSealedStore(home, retired);
    expect(await again.read('Patient', 'p')).toMatchObject({ text: { status: 'generated' } });
    await again.close();
  });
});
