import { describe, expect, it } from 'vitest';
import type { ResourceAssertions } from '../../../src/model/assertion.ts';
import { emptyFold, foldAssertions, materialise } from '../../../src/server/fold.ts';

const said = (more: Partial<ResourceAssertions>): ResourceAssertions => ({
  type: 'Coverage',
  id: 'c1',
  key: { type: 'Coverage', owner: 'o', authority: 'a', value: 'c1' },
  owner: 'o',
  labels: [],
  elements: [],
  ...more,
});

const at = (day: string) => ({ at: `2026-03-${day}T00:00:00.000Z`, hash: day });

describe('defaults of required elements', () => {
  const byDefault = said({ defaults: [{ element: 'status', value: 'active' }] });
  const stated = said({ elements: [{ element: 'status', op: 'set', value: 'cancelled' }] });

  it('a default stands for as long as no source has stated the element', () => {
    const state = foldAssertions(emptyFold('o'), byDefault, at('02'), 'source');
    expect(materialise('Coverage', 'c1', state)).toMatchObject({ status: 'active' });
  });

  it('any statement, older or newer, replaces a default', () => {
    for (const [first, second] of [
      [byDefault, stated],
      [stated, byDefault],
    ] as const) {
      const state = foldAssertions(foldAssertions(emptyFold('o'), first, at('03'), 's'), second, at('02'), 's');
      expect(materialise('Coverage', 'c1', state)).toMatchObject({ status: 'cancelled' });
    }
  });

  it('the same message again changes nothing', () => {
    const state = foldAssertions(emptyFold('o'), byDefault, at('02'), 'source');
    expect(foldAssertions(state, byDefault, at('02'), 'source')).toBe(state);
  });

  it('two different defaults end the same in either order', () => {
    const other = said({ defaults: [{ element: 'status', value: 'draft' }] });
    const fold = (a: ResourceAssertions, b: ResourceAssertions) =>
      materialise('Coverage', 'c1', foldAssertions(foldAssertions(emptyFold('o'), a, at('02'), 's'), b, at('03'), 's'));
    expect(fold(byDefault, other)).toEqual(fold(other, byDefault));
  });
});
