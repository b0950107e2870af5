import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hubId } from '../../../src/fhir/ids.ts';

const KEY = Buffer.from('0123456789abcdef0123456789abcdef');

describe('hubId', () => {
  it('gives the same UUID for the same name, from bytes or from a key object, cached or not', () => {
    const first = hubId(KEY, 'Patient', 'org-a', 'urn:oid:1.2.3', 'MRN1');
    expect(hubId(KEY, 'Patient', 'org-a', 'urn:oid:1.2.3', 'MRN1')).toBe(first);
    expect(hubId(createSecretKey(KEY), 'Patient', 'org-a', 'urn:oid:1.2.3', 'MRN1')).toBe(first);
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('never mixes up two names, wherever the separators stand', () => {
    const name = fc.tuple(fc.string(), fc.string(), fc.string(), fc.string());
    fc.assert(
      fc.property(name, name, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(hubId(KEY, ...a) === hubId(KEY, ...b)).toBe(same);
      }),
    );
    expect(hubId(KEY, 'Patient', 'a|b', 'c', 'd')).not.toBe(hubId(KEY, 'Patient', 'a', 'b|c', 'd'));
  });

  it('normalises nothing: a leading zero or a case is another identity', () => {
    expect(hubId(KEY, 'Patient', 'o', 'a', '007')).not.toBe(hubId(KEY, 'Patient', 'o', 'a', '7'));
    expect(hubId(KEY, 'Patient', 'o', 'a', 'x')).not.toBe(hubId(KEY, 'Patient', 'o', 'a', 'X'));
  });

  it('another key gives other ids', () => {
    expect(hubId(Buffer.from('other key'), 'Patient', 'o', 'a', '7')).not.toBe(hubId(KEY, 'Patient', 'o', 'a', '7'));
  });
});
