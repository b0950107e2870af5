import { issue, outcome } from '../fhir/outcome.ts';
import {
  type Accesses,
  accessesOf,
  asksAccessesOnly,
  isAccessParameter,
  type KeptAccess,
  type Place,
  requireWhole,
} from './access-log.ts';
import { address, bundleText, type Pairs, pageLinks, searchEntry } from './bundle-text.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from './exchange.ts';
import { textsOf } from './present.ts';
import { refuse } from './refusal.ts';
import type { Row } from './rows.ts';
import { searchRecords } from './search-audit.ts';
import { ignoredEntry, isStrict, searchPairs } from './search-interaction.ts';
import { parseSearch, type SearchRequest } from './search-request.ts';
import { runSearch, type SearchPage } from './search-run.ts';
import { subsetOf } from './subset.ts';
import type { Sql } from './visibility-sql.ts';

/** How far a reader of the pages has come in each of the two; null: to its end. */
interface Position {
  readonly stored?: string | null;
  readonly access?: Place | null;
}

/** Says how the answer is given, and narrows nothing. */
const RESULT = new Set(['_total', '_sort', '_elements', '_include', '_revinclude', '_pretty']);
/** The orders that accesses have as well. */
const BY_TIME = new Set(['date', '_lastUpdated']);

/** A compartment that a search stays in. */
export interface Within {
  /** What page links repeat. */
  readonly path: string;
  readonly members: Sql;
  /** The same as a search of kept accesses; absent: they have no such thing. */
  readonly accesses?: readonly [string, string];
}

/**
 * A search of AuditEvents: those that were written as resources, and the accesses that the hub keeps; of the accesses' own source only
 * these, whatever a resource claims. With `_sort` by time in one order, otherwise the stored ones first and then the latest accesses.
 * Where a parameter, an order or a compartment leaves the accesses out the answer says so. Rule: DOMAIN §B9.
 */
export async function searchAuditEvents(
  context: Context,
  request: FhirRequest,
  within?: Within,
): Promise<FhirResponse> {
  context.scopes.require('AuditEvent', 's');
  const { engine, limits } = context;
  const pairs = searchPairs(request);
  const from = positionIn(pairs.find(([name]) => name === '_cursor')?.[1]);
  const asked = pairs.filter(([name]) => name !== '_cursor');
  const parsed = parseSearch(engine.definitions, 'AuditEvent', asked, isStrict(request));
  const accessesOnly = asksAccessesOnly(asked);
  if (accessesOnly) requireWhole(context, 's');
  const accesses = await keptAmong(context, asked, parsed, within);
  if (accessesOnly && !accesses)
    throw refuse(
      400,
      'not-supported',
      'the kept accesses are not searched, or not sorted, by a parameter of this search',
    );
  const wanted = parsed.summary === 'count' ? 0 : Math.min(parsed.count ?? limits.pageDefault, limits.pageMax);
  const stored: Stored = accessesOnly
    ? async () => EMPTY
    : (count, cursor) => runSearch(context, { ...parsed, count, cursor }, within?.members);
  const page = await mergedPage(parsed, stored, accesses, from, wanted);
  const path = within?.path ?? 'AuditEvent';
  const body = await pageText(context, path, parsed, page, from, accesses === undefined);
  const found = { matches: page.events.filter((each) => 'rid' in each), included: page.included };
  const audit =
    context.actor.kind === 'hub' ? [] : await searchRecords(context, request, 'AuditEvent', path, parsed, found);
  return { ...jsonResponse(200, body), audit };
}

/** Undefined: the search asks for something that accesses do not have. */
async function keptAmong(
  context: Context,
  asked: Pairs,
  { sort, ignored }: SearchRequest,
  within: Within | undefined,
): Promise<Accesses | undefined> {
  if (within && !within.accesses) return undefined;
  const known = asked.filter(([name, value]) => value !== '' && !ignored.includes(name));
  const narrowing = known.filter(([name]) => !RESULT.has(name.split(':')[0]!));
  const [first, ...others] = sort;
  const sorted = first === undefined || (others.length === 0 && BY_TIME.has(first.parameter.code));
  if (!sorted || !narrowing.every(([name]) => isAccessParameter(name))) return undefined;
  return (await accessesOf(context, within?.accesses ? [...narrowing, within.accesses] : narrowing)) ?? NOT_OPEN;
}

/** To a scope that opens some AuditEvents only there are no accesses. */
const NOT_OPEN: Accesses = { page: async () => [], total: async () => 0 };

interface Page {
  readonly events: readonly (Row | KeptAccess)[];
  readonly included: readonly Row[];
  readonly total: number | undefined;
  readonly next: Position | undefined;
}

const EMPTY: SearchPage = { matches: [], included: [], total: 0, cursor: undefined };

/** A page of the written ones. */
type Stored = (count: number, cursor?: string) => Promise<SearchPage>;

async function mergedPage(
  parsed: SearchRequest,
  storedOf: Stored,
  accesses: Accesses | undefined,
  from: Position,
  wanted: number,
): Promise<Page> {
  const cursor = from.stored ?? undefined;
  const isCounted = parsed.total === 'accurate' || parsed.total === 'estimate';
  const whole = from.stored === null ? (isCounted ? await storedOf(0) : EMPTY) : await storedOf(wanted, cursor);
  const oldestFirst = parsed.sort[0]?.descending === false;
  const kept =
    wanted === 0 || from.access === null ? [] : ((await accesses?.page(from.access, wanted + 1, oldestFirst)) ?? []);
  const events = merged(whole.matches, kept, parsed.sort[0]).slice(0, wanted);
  const rows = events.filter((each) => 'rid' in each).length;
  const shown = events.length - rows;
  const stored = rows === whole.matches.length ? whole : rows === 0 ? undefined : await storedOf(rows, cursor);
  const next: Position = {
    ...(stored ? { stored: stored.cursor ?? null } : from.stored === undefined ? {} : { stored: from.stored }),
    ...(kept.length > shown ? after(from, kept[shown - 1]) : { access: null }),
  };
  const isLast = wanted === 0 || (next.stored === null && next.access === null);
  const isWhole = isLast && wanted > 0 && Object.keys(from).length === 0;
  const counted = wanted === 0 || isCounted ? Number(whole.total ?? 0) + ((await accesses?.total()) ?? 0) : undefined;
  return {
    events,
    included: stored?.included ?? [],
    total: counted ?? (isWhole && parsed.total !== 'none' ? events.length : undefined),
    next: isLast ? undefined : next,
  };
}

const after = ({ access }: Position, last: KeptAccess | undefined): Position =>
  last ? { access: [last.at, last.id] } : access === undefined ? {} : { access };

/** By the time of each where that is the order, otherwise the stored ones first. */
function merged(
  stored: readonly Row[],
  kept: readonly KeptAccess[],
  order: SearchRequest['sort'][number] | undefined,
): (Row | KeptAccess)[] {
  if (!order) return [...stored, ...kept];
  const timeOf = (each: Row | KeptAccess): number =>
    'rid' in each ? Number((each as Row & { k0: unknown }).k0) : each.at;
  const way = order.descending ? -1 : 1;
  return [...stored, ...kept].sort((a, b) => way * (timeOf(a) - timeOf(b)));
}

async function pageText(
  context: Context,
  path: string,
  parsed: SearchRequest,
  { events, included, total, next }: Page,
  from: Position,
  isPart: boolean,
): Promise<string> {
  const { base, engine } = context;
  const subset = subsetOf(engine.definitions, parsed);
  const matched = await textsOf(
    context,
    events.filter((each) => 'rid' in each),
    subset,
  );
  const others = await textsOf(context, included);
  const textOf = (each: Row | KeptAccess): string => {
    if ('rid' in each) return matched.get(each.rid)!;
    const event = each.event as unknown as FhirResource;
    return JSON.stringify(subset ? subset(event) : event);
  };
  const idOf = (each: Row | KeptAccess): string => ('rid' in each ? each.id : `access-${each.id}`);
  const entries = [
    ...events.map((each) => searchEntry(`${base}/AuditEvent/${idOf(each)}`, textOf(each), 'match')),
    ...included.map((row) => searchEntry(`${base}/${row.type}/${row.id}`, others.get(row.rid)!, 'include')),
    ...(parsed.ignored.length > 0 ? [ignoredEntry(parsed.ignored)] : []),
    ...(isPart ? [PART] : []),
  ];
  const applied = parsed.kept.filter(([name]) => !parsed.ignored.includes(name));
  const here = Object.keys(from).length === 0 ? applied : [...applied, ['_cursor', cursorOf(from)] as const];
  const links = pageLinks(base, path, here, next && cursorOf(next));
  if (next) links.splice(1, 0, { relation: 'first', url: address(base, path, applied) });
  return bundleText('searchset', entries, links, total);
}

const PART = `{"resource":${JSON.stringify(
  outcome(
    issue({
      severity: 'warning',
      code: 'incomplete',
      text: 'the kept accesses are not searched, or not sorted, by a parameter of this search: they are not among these',
    }),
  ),
)},"search":{"mode":"outcome"}}`;

const cursorOf = (position: Position): string => Buffer.from(JSON.stringify(position)).toString('base64url');

function positionIn(cursor: string | undefined): Position {
  if (cursor === undefined) return {};
  try {
    const { stored, access } = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as Position;
    const isStored = stored === undefined || stored === null || typeof stored === 'string';
    const isPlace = Array.isArray(access) && access.length === 2 && access.every(Number.isSafeInteger);
    if (isStored && (access === undefined || access === null || isPlace))
      return { ...(stored === undefined ? {} : { stored }), ...(access === undefined ? {} : { access }) };
  } catch {
    // Not JSON: refused below like any other cursor that is not ours.
  }
  throw refuse(400, 'value', '_cursor is not a page of this search');
}
