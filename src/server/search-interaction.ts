import { issue, outcome } from '../fhir/outcome.ts';
import { address, bundleText, type Pairs, pageLinks, searchEntry } from './bundle-text.ts';
import type { Context } from './context.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from './exchange.ts';
import { textsOf } from './present.ts';
import { refuse } from './refusal.ts';
import type { Row } from './rows.ts';
import { searchRecords } from './search-audit.ts';
import { nameOnly, parseSearch, type SearchRequest } from './search-request.ts';
import { runSearch, type SearchPage } from './search-run.ts';
import { subsetOf } from './subset.ts';
import type { Sql } from './visibility-sql.ts';

/** Whether `Prefer: handling=strict` stands: then what is unknown is refused. */
export const isStrict = (request: Pick<FhirRequest, 'headers'>): boolean =>
  /handling=strict/.test(request.headers.prefer ?? '');

/** Query pairs of a search: of the address, and of the form a POST carries. */
export function searchPairs(request: FhirRequest): (readonly [string, string])[] {
  if (request.method !== 'POST') return [...request.query];
  const type = request.headers['content-type'] ?? '';
  if (request.body && !type.startsWith('application/x-www-form-urlencoded')) {
    throw refuse(415, 'not-supported', 'a search by POST is a form');
  }
  return [...request.query, ...new URLSearchParams(request.body ?? '')];
}

/** GET [type]?…, POST [type]/_search, and system level. `within` narrows to a compartment, `path` is what page links repeat. */
export async function search(
  context: Context,
  request: FhirRequest,
  type: string | undefined,
  path: string,
  within?: Sql,
): Promise<FhirResponse> {
  if (type !== undefined) context.scopes.require(type, 's');
  const parsed = parseSearch(context.engine.definitions, type, searchPairs(request), isStrict(request));
  const page = await runSearch(context, parsed, within);
  const body = await searchsetText(context, parsed, page, path);
  const audit = context.actor.kind === 'hub' ? [] : await searchRecords(context, request, type, path, parsed, page);
  return { ...jsonResponse(200, body), audit };
}

/** What tells in a searchset which parameters were not understood. Rule: FHIR R4 search.html#lenient. */
export function ignoredEntry(names: readonly string[]): string {
  const issues = names.map((name) =>
    issue({ severity: 'warning', code: 'not-supported', text: `parameter ${nameOnly(name)} was ignored` }),
  );
  return `{"resource":${JSON.stringify(outcome(...issues))},"search":{"mode":"outcome"}}`;
}

/** A searchset Bundle as text: stored JSON goes in as it is, without being parsed. */
async function searchsetText(context: Context, parsed: SearchRequest, page: SearchPage, path: string): Promise<string> {
  const { base } = context;
  const matched = await textsOf(context, page.matches, subsetOf(context.engine.definitions, parsed));
  const included = await textsOf(context, page.included);
  const entry = (row: Row, text: string, mode: 'match' | 'include'): string =>
    searchEntry(`${base}/${row.type}/${row.id}`, text, mode);
  const entries = [
    ...page.matches.map((row) => entry(row, matched.get(row.rid)!, 'match')),
    ...page.included.map((row) => entry(row, included.get(row.rid)!, 'include')),
  ];
  if (parsed.ignored.length > 0) entries.push(ignoredEntry(parsed.ignored));
  const applied = parsed.kept.filter(([name]) => !parsed.ignored.includes(name));
  const here: Pairs = parsed.cursor === undefined ? applied : [...applied, ['_cursor', parsed.cursor]];
  const links = pageLinks(base, path, here, page.cursor);
  if (page.cursor !== undefined) links.splice(1, 0, { relation: 'first', url: address(base, path, applied) });
  return bundleText('searchset', entries, links, page.total);
}
