/** JSON in which a decimal keeps its digits: 1.10 is measured more closely than 1.1. Rule: FHIR R4 datatypes.html#decimal, json.html#primitive. */

/** Object → property → the number as it was written, where `String` would write it otherwise. */
const written = new WeakMap<object, Map<string, string>>();

/** A member whose number may be written otherwise than JavaScript writes it: an ending 0, an exponent, more than 15 digits, -0. */
const DOUBTFUL = /":\s*-?(?:\d[\d.]{15}|\d+\.\d*0(?!\d)|\d[\d.]*[eE]|(?<=-)0)/;

type Reviver = (this: object, key: string, value: unknown, context: { readonly source?: string }) => unknown;

const note: Reviver = function (key, value, { source }) {
  if (typeof value !== 'number' || source === undefined || source === String(value)) return value;
  let of = written.get(this);
  if (of === undefined) {
    of = new Map();
    written.set(this, of);
  }
  of.set(key, source);
  return value;
};

/** As `JSON.parse`; numbers are plain numbers, and how they were written is remembered beside the object that holds them. */
export function parseExact(text: string): unknown {
  return DOUBTFUL.test(text) ? JSON.parse(text, note as (key: string, value: unknown) => unknown) : JSON.parse(text);
}

/** As `JSON.stringify`, but a number that is still the one that was read is written as it was. */
export function stringifyExact(value: unknown): string {
  // Asking of every member costs more than writing them all: most resources hold no such number.
  return holdsExact(value) ? JSON.stringify(value, exactly) : JSON.stringify(value);
}

function holdsExact(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (written.has(value)) return true;
  if (Array.isArray(value)) return value.some(holdsExact);
  for (const name in value) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof member === 'object' && member !== null && holdsExact(member)) return true;
  }
  return false;
}

/** A copy of an object remembers what the object did. Gives the copy. */
export function carryExact<T extends object>(from: object, copy: T): T {
  const of = written.get(from);
  if (of !== undefined) written.set(copy, of);
  return copy;
}

/** A deep copy of JSON that remembers what the original did. */
export function cloneExact<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return carryExact(value, value.map(cloneExact)) as T;
  const entries = Object.entries(value).map(([name, member]) => [name, cloneExact(member)]);
  return carryExact(value, Object.fromEntries(entries)) as T;
}

function exactly(this: object, key: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  const source = written.get(this)?.get(key);
  return source !== undefined && Number(source) === value ? rawJson(source) : value;
}

/** Not yet among the compiler's types. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown };
