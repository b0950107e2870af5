import { describe, expect, it } from 'vitest';
import { range } from '../../../mappings/datatypes/quantity.ts';

describe('range', () => {
  it('has one bound or two', () => {
    expect(range(56, 84, { unit: 'mg' })).toEqual({ low: { value: 56, unit: 'mg' }, high: { value: 84, unit: 'mg' } });
    expect(range(undefined, 84, {})).toEqual({ high: { value: 84 } });
  });

  it('is nothing when its bounds are the wrong way round', () => {
    expect(range(84, 56, { unit: 'mg' })).toBeUndefined();
    expect(range(undefined, undefined, {})).toBeUndefined();
  });
});
