import type { Source } from './source.ts';

/**
 * What an element says. `absent`: the segment ends before it. `empty`: its place is there, with nothing in it; both make no
 * statement. `delete`: the two characters `""`, "the value is to be removed". Rule: HL7 v2.9 section 2.5.3.
 */
export type State = 'absent' | 'empty' | 'delete' | 'value';

const QUOTE = 0x22;

// The result of the last `narrow`: two numbers without an object for each of the millions of elements read a minute.
export let lo = 0;
export let hi = 0;

/** Narrows [from, to) to its n-th part (from 1) between `separator`s; false when there are fewer parts. */
export function narrow(image: string, from: number, to: number, separator: string, n: number): boolean {
  let start = from;
  const code = separator === '' ? -1 : separator.charCodeAt(0);
  for (let left = n - 1; left > 0; left -= 1) {
    while (start < to && image.charCodeAt(start) !== code) start += 1;
    if (start >= to) return false;
    start += 1;
  }
  let end = start;
  while (end < to && image.charCodeAt(end) !== code) end += 1;
  lo = start;
  hi = end;
  return true;
}

/** Leaves a span in lo/hi, as `narrow` does, for the next `narrow` to start from. */
export function widen(from: number, to: number): void {
  lo = from;
  hi = to;
}

/** Whether a span is a delete. */
export function isQuotes(image: string, from: number, to: number): boolean {
  return to - from === 2 && image.charCodeAt(from) === QUOTE && image.charCodeAt(from + 1) === QUOTE;
}

/** State of a span that exists. */
export function stateOf(source: Source, from: number, to: number): State {
  const { image, delimiters } = source;
  if (isQuotes(image, from, to)) return 'delete';
  for (let i = from; i < to; i += 1) {
    const char = image[i];
    if (char !== delimiters.component && char !== delimiters.repetition && char !== delimiters.subcomponent)
      return 'value';
  }
  return 'empty';
}
