import { describe, expect, it } from 'vitest';
import type { ResourceAssertions } from '../../../src/model/assertion.ts';
import { emptyFold, foldAssertions, materialise } from '../../../src/server/fold.ts';
import { foldFromText, foldToText } from '../../../src/server/fold-text.ts';

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

describe('two messages of one second', () => {
  const stamp = (serial: string | undefined, hash: string) => ({
    at: '2026-03-02T00:00:00.000Z',
    ...(serial === undefined ? {} : { serial }),
    hash,
  });
  const status = (value: string) => said({ elements: [{ element: 'status', op: 'set', value }] });
  const standing = (...messages: readonly (readonly [string, ReturnType<typeof stamp>])[]) =>
    materialise(
      'Coverage',
      'c1',
      messages.reduce((state, [value, each]) => foldAssertions(state, status(value), each, 's'), emptyFold('o')),
    ).status;

  it.each([
    ['the later number counts, whatever the hashes are', stamp('A09', 'f'), stamp('A10', '0'), 'second'],
    ['without numbers the hash decides', stamp(undefined, 'f'), stamp(undefined, '0'), 'first'],
  ])('%s, in either order of arrival', (_, first, second, counts) => {
    expect(standing(['first', first], ['second', second])).toBe(counts);
    expect(standing(['second', second], ['first', first])).toBe(counts);
  });

  it('are told apart after the fold was kept', () => {
    const state = foldAssertions(emptyFold('o'), status('second'), stamp('A10', '0'), 's');
    const kept = foldFromText(foldToText(state));
    expect(kept).toEqual(state);
    expect(foldAssertions(kept, status('first'), stamp('A09', 'f'), 's').elements).toEqual(state.elements);
  });
});
