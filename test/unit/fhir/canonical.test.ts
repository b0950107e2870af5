import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, contentHash, sameContent } from '../../../src/fhir/canonical.ts';

describe('canonical JSON', () => {
  it('does not depend on the order of members and round-trips', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('the order of a list counts', () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });
});

describe('content hash', () => {
  it('does not see what the server writes, and sees all else', () => {
    const bare = { resourceType: 'Patient', id: '1' };
    const stored = { ...bare, meta: { versionId: '3', lastUpdated: '2026-01-01T00:00:00Z' } };
    expect(contentHash(stored)).toBe(contentHash(bare));
    expect(sameContent(stored, bare)).toBe(true);
    const labelled = { ...bare, meta: { versionId: '3', security: [{ code: 'R' }] } };
    expect(contentHash(labelled)).not.toBe(contentHash(bare));
    expect(sameContent(labelled, bare)).toBe(false);
  });
});
