import type { SqlValue } from './command.ts';

/** Largest number of rows in one statement; with at most 21 columns far below every engine's limit of parameters. */
export const ROWS_MAX = 256;

/** `(?, ?), (?, ?)`; kept, because the same few shapes come back. */
const shapes = new Map<string, string>();
export function tuples(columns: number, rows: number): string {
  const key = `${columns}x${rows}`;
  let found = shapes.get(key);
  if (found === undefined) {
    const one = `(${Array.from({ length: columns }, () => '?').join(', ')})`;
    found = Array.from({ length: rows }, () => one).join(', ');
    shapes.set(key, found);
  }
  return found;
}

/** Rows cut into pieces of powers of two: few distinct statements, each prepared once. */
export function inPieces<T extends readonly SqlValue[]>(rows: readonly T[]): T[][] {
  const pieces: T[][] = [];
  for (let at = 0; at < rows.length; ) {
    const left = rows.length - at;
    const size = left >= ROWS_MAX ? ROWS_MAX : 2 ** Math.floor(Math.log2(left));
    pieces.push(rows.slice(at, at + size));
    at += size;
  }
  return pieces;
}

/** `?, ?, ?` for an `IN`. */
export const placeholders = (count: number): string => Array.from({ length: count }, () => '?').join(', ');
