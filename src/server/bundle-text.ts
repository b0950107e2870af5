/** Query pairs of an address, in order. */
export type Pairs = readonly (readonly [string, string])[];

/** An address under the base with its query. */
export function address(base: string, path: string, pairs: Pairs): string {
  const query = new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString();
  return `${base}/${path}${query ? `?${query}` : ''}`;
}

/** `self`, and with a cursor `next`. A cursor in the pairs is that of the page itself. */
export function pageLinks(
  base: string,
  path: string,
  pairs: Pairs,
  next: string | undefined,
): { relation: string; url: string }[] {
  const kept = pairs.filter(([name]) => name !== '_cursor');
  const links = [{ relation: 'self', url: address(base, path, pairs) }];
  if (next !== undefined) links.push({ relation: 'next', url: address(base, path, [...kept, ['_cursor', next]]) });
  return links;
}

/** A Bundle as text around entries that are text already: stored JSON goes out without being parsed. */
export function bundleText(
  type: string,
  entries: readonly string[],
  links: readonly { readonly relation: string; readonly url: string }[],
  total?: number,
): string {
  const told = total === undefined ? '' : `,"total":${total}`;
  const listed = entries.length > 0 ? `,"entry":[${entries.join(',')}]` : '';
  return `{"resourceType":"Bundle","type":"${type}"${told},"link":${JSON.stringify(links)}${listed}}`;
}

/** The text of a searchset with one more entry, which is the last of its properties; any other text as it is. */
export function searchsetWith(text: string, entry: string): string {
  if (!text.startsWith('{"resourceType":"Bundle","type":"searchset"')) return text;
  const whole = text.includes('"entry":[') ? `${text.slice(0, -2)},` : `${text.slice(0, -1)},"entry":[`;
  return `${whole}${entry}]}`;
}

/** An entry of a searchset. */
export const searchEntry = (fullUrl: string, resource: string, mode: 'match' | 'include'): string =>
  `{"fullUrl":${JSON.stringify(fullUrl)},"resource":${resource},"search":{"mode":"${mode}"}}`;
