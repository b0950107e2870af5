import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, contentHash, firstDifference, sameContent } from '../../../src/fhir/canonical.ts';

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

describe('the first difference', () => {
  it('is there exactly when two values are not the same JSON value', () => {
    const pair = fc.tuple(fc.jsonValue(), fc.jsonValue()).map((two) => JSON.parse(JSON.stringify(two)));
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(firstDifference(a, b) === undefined).toBe(canonicalJson(a) === canonicalJson(b));
        expect(firstDifference(a, structuredClone(a))).toBeUndefined();
      }),
    );
  });

  it('is named by its path, what is missing by where it would stand', () => {
    const a = { entry: [{ id: 'x', name: [{ family: 'A' }] }] };
    expect(firstDifference(a, { entry: [{ id: 'x', name: [{ family: 'B' }] }] })).toBe('entry[0].name[0].family');
    expect(firstDifference(a, { entry: [{ id: 'x' }] })).toBe('entry[0].name');
    expect(firstDifference(a, { entry: [...a.entry, {}] })).toBe('entry[1]');
    expect(firstDifference(a, [])).toBe('');
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
