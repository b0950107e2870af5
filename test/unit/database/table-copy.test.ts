import { describe, expect, it } from 'vitest';
import { type Cell, cellOf, TableDigest } from '../../../src/database/table-copy.ts';

const TABLE = { name: 'message', columns: [] };
const cell = (type: string, value: unknown): Cell => cellOf(value, TABLE, { name: 'x', type });
const digest = (...rows: readonly (readonly Cell[])[]): string => {
  const made = new TableDigest();
  for (const row of rows) made.add(row);
  return `${made.rows} ${made.hash}`;
};

describe('a cell on its way to PostgreSQL', () => {
  it.each([
    ['bigint', 9007199254740993n, '9007199254740993'],
    ['integer', -1n, '-1'],
    ['double precision', 0.1, '0.1'],
    ['double precision', -0, '-0'],
    ['double precision', 5e-324, '5e-324'],
    ['text', '', ''],
    ['text', 'NULL', 'NULL'],
    ['bytea', new Uint8Array([0, 255]), new Uint8Array([0, 255])],
    ['text', null, null],
  ])('%s %s keeps its value', (type, value, expected) => {
    expect(cell(type, value)).toEqual(expected);
  });

  it.each([
    ['bigint', 1.5],
    ['integer', '1'],
    ['double precision', 1n],
    ['text', 'a\u0000b'],
    ['text', new Uint8Array(1)],
    ['bytea', 'text'],
    ['jsonb', '{}'],
  ])('%s that cannot hold %s is refused by table and column, without the value', (type, value) => {
    expect(() => cell(type, value)).toThrow(
      expect.objectContaining({ code: 'database.copy-unfit', message: expect.stringMatching(/^message\.x holds /) }),
    );
    expect(() => cell(type, value)).not.toThrow(/a\u0000b/);
  });
});

describe('the digest of a table', () => {
  it('is the same in any order and differs by number, value, kind, place and border of cells', () => {
    expect(digest(['a', 'b'], ['c', null])).toBe(digest(['c', null], ['a', 'b']));
    const all = [
      digest(),
      digest(['a', 'b']),
      digest(['a', 'b'], ['a', 'b']),
      digest(['b', 'a']),
      digest(['ab', '']),
      digest(['a', null]),
      digest(['a', '']),
      digest(['a', new Uint8Array([98])]),
      digest(['a', 'n']),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
