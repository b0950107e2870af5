import { describe, expect, it } from 'vitest';
import { dateRange, foldText, parseSearchDate, parseSearchNumber } from '../../../src/fhir/search-ranges.ts';

const iso = (range: { lo: number; hi: number } | undefined) =>
  range && [new Date(range.lo).toISOString(), new Date(range.hi).toISOString()];

describe('dates', () => {
  it.each([
    ['2026', '2026-01-01T00:00:00.000Z', '2026-12-31T23:59:59.999Z'],
    ['2026-02', '2026-02-01T00:00:00.000Z', '2026-02-28T23:59:59.999Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z', '2024-02-29T23:59:59.999Z'],
    ['2026-03-08T02:30-05:00', '2026-03-08T07:30:00.000Z', '2026-03-08T07:30:59.999Z'],
    ['2026-03-08T02:30:15Z', '2026-03-08T02:30:15.000Z', '2026-03-08T02:30:15.999Z'],
    ['2026-03-08T02:30:15.1Z', '2026-03-08T02:30:15.100Z', '2026-03-08T02:30:15.199Z'],
    ['2026-03-08T02:30:15.123456Z', '2026-03-08T02:30:15.123Z', '2026-03-08T02:30:15.123Z'],
    ['0090-05-01', '0090-05-01T00:00:00.000Z', '0090-05-01T23:59:59.999Z'],
  ])('%s means everything its precision leaves open', (text, lo, hi) => {
    expect(iso(dateRange(text))).toEqual([lo, hi]);
  });

  it.each(['2026-13', '2026-02-29', '2026-1', '2026-01-01T25:00Z', 'today', '', '2026-01-01T10'])(
    '%s is not a date',
    (text) => {
      expect(dateRange(text)).toBeUndefined();
    },
  );

  it('reads the prefix', () => {
    expect(parseSearchDate('ge2026')?.prefix).toBe('ge');
    expect(parseSearchDate('2026')?.prefix).toBe('eq');
    expect(parseSearchDate('xx2026')).toBeUndefined();
  });
});

describe('numbers', () => {
  it.each([
    ['100', 99.5, 100.5],
    ['100.00', 99.995, 100.005],
    ['1e2', 50, 150],
    ['-1.5', -1.55, -1.45],
  ])('%s is as wide as it is written', (text, lo, hi) => {
    const parsed = parseSearchNumber(text);
    expect(parsed?.lo).toBeCloseTo(lo, 9);
    expect(parsed?.hi).toBeCloseTo(hi, 9);
  });

  it('refuses what is no number', () => {
    for (const text of ['', 'ge', '1,5', '0x10', 'NaN']) expect(parseSearchNumber(text)).toBeUndefined();
  });
});

describe('folding', () => {
  it.each([
    ['MÜLLER', 'muller'],
    ['  Ana\tMaría ', 'ana maria'],
    ["O'Brien", "o'brien"],
  ])('%s folds to %s', (text, folded) => {
    expect(foldText(text)).toBe(folded);
  });
});
