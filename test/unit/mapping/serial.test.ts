import { describe, expect, it } from 'vitest';
import { serialOf } from '../../../src/mapping/map-message.ts';

describe('the number of a message', () => {
  it.each([
    ['9', '10'],
    ['MSG00009', 'MSG00010'],
    ['A-9-1', 'A-10-0'],
    ['20260105101500.9', '20260105101500.10'],
    ['7', '0008'],
  ])('%s comes before %s', (earlier, later) => {
    expect(serialOf(earlier)! < serialOf(later)!).toBe(true);
  });

  it.each([undefined, '', '  ', 'ABC', '1'.repeat(51)])('%j has none', (controlId) => {
    expect(serialOf(controlId)).toBeUndefined();
  });
});
