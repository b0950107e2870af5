/** What a table says of a text from outside. A name every object has (`toString`) is no entry of it. */
export function ownEntry<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
