import type {
  CodeSystem,
  CodeSystemConcept,
  ConceptMap,
  Resource,
  ValueSet,
  ValueSetComposeInclude,
} from '@medplum/fhirtypes';
import { bodyKeysOf } from '../../database/envelope.ts';
import { loincCheckDigitFits } from '../../fhir/code-check.ts';
import type { CodeSystemTable, ComposePart, TerminologySource, ValueSetTable } from '../../fhir/expand.ts';
import * as codes from '../../model/codes.ts';
import type { Context } from '../context.ts';
import { parameterKey } from '../index-rows.ts';
import { parseRow, type Row } from '../rows.ts';
import { readable } from '../search-sql.ts';

export const LOINC = 'http://loinc.org';
/** Versions under which what the hub brings along is known. */
const OWN_VERSION = '4.0.1';
const LOADED_MAX = 100;

/** `url|version` taken apart. */
export function canonicalParts(canonical: string): { url: string; version: string | undefined } {
  const bar = canonical.indexOf('|');
  return bar < 0
    ? { url: canonical, version: undefined }
    : { url: canonical.slice(0, bar), version: canonical.slice(bar + 1) };
}

/** The stored resource of a canonical URL that the reader may see: of the version named, else the one written last. */
export async function storedByCanonical<T extends Resource>(
  context: Context,
  type: T['resourceType'],
  canonical: string,
): Promise<T | undefined> {
  const { url, version } = canonicalParts(canonical);
  if (context.scopes.permission(type, 'r') === 'none') return undefined;
  const seen = await readable(context, 'r', [type], 'r');
  const rows = await context.tx.query<Row>(
    `SELECT r.* FROM idx_uri i CROSS JOIN resource r WHERE i.p = ? AND i.value = ? AND r.rid = i.rid AND r.deleted = 0
     AND ${seen.text} ORDER BY r.last_updated DESC, r.rid DESC`,
    [parameterKey(type, 'url'), url, ...seen.params],
  );
  for (const row of rows) {
    const resource = parseRow(row, bodyKeysOf(context.tx.env)) as unknown as T & { url?: string; version?: string };
    if (resource.url === url && (version === undefined || resource.version === version)) return resource;
  }
  return undefined;
}

/** The hub's own code systems, and the value set of all codes of each. */
const HUB = new Map<string, CodeSystemTable>(
  Object.values(codes).flatMap((each) => {
    if (typeof each !== 'object' || !('system' in each) || typeof each.codes !== 'object') return [];
    const table: CodeSystemTable = {
      url: each.system,
      name: each.system.slice(each.system.lastIndexOf('/') + 1),
      caseSensitive: true,
      content: 'complete',
      valueSet: each.system.replace('/CodeSystem/', '/ValueSet/'),
      concepts: Object.entries(each.codes).map(([code, display]) => [code, display, -1] as const),
    };
    return [[table.url, table]];
  }),
);
const HUB_SETS = new Map<string, ValueSetTable>(
  [...HUB.values()].map(({ url, name, valueSet }) => [valueSet!, { url: valueSet!, name, include: [{ system: url }] }]),
);

/**
 * Code systems and value sets as one reader sees them: what the hub brings along first, so that nobody redefines HL7's for
 * others, then what is stored. Everything the roots import is loaded before, because expanding is pure.
 */
export class ReaderTerminology implements TerminologySource {
  readonly #context: Context;
  readonly #systems = new Map<string, CodeSystemTable>();
  readonly #valueSets = new Map<string, ValueSetTable>();
  readonly #looked = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  system(canonical: string): CodeSystemTable | undefined {
    const { url, version } = canonicalParts(canonical);
    const own = HUB.get(url) ?? this.#context.engine.terminology().system(url);
    return (
      (own && (version === undefined || version === OWN_VERSION) ? own : undefined) ?? this.#systems.get(canonical)
    );
  }

  valueSet(canonical: string): ValueSetTable | undefined {
    const { url, version } = canonicalParts(canonical);
    const own = HUB_SETS.get(url) ?? this.#context.engine.terminology().valueSet(url);
    return (
      (own && (version === undefined || version === OWN_VERSION) ? own : undefined) ?? this.#valueSets.get(canonical)
    );
  }

  async loadSystem(canonical: string): Promise<CodeSystemTable | undefined> {
    if (this.system(canonical) || !this.#first(`system ${canonical}`)) return this.system(canonical);
    const stored = await storedByCanonical<CodeSystem>(this.#context, 'CodeSystem', canonical);
    if (stored) this.#systems.set(canonical, codeSystemTable(stored));
    return this.#systems.get(canonical);
  }

  async loadValueSet(canonical: string): Promise<ValueSetTable | undefined> {
    let table = this.valueSet(canonical);
    if (!this.#first(`set ${canonical}`)) return table;
    if (!table) {
      const stored = await storedByCanonical<ValueSet>(this.#context, 'ValueSet', canonical);
      if (!stored) return undefined;
      table = await this.adopt(stored);
      this.#valueSets.set(canonical, table);
      return table;
    }
    await this.#loadParts(table);
    return table;
  }

  /** A value set from a request or the store, with all it imports. */
  async adopt(valueSet: ValueSet): Promise<ValueSetTable> {
    const table = valueSetTable(valueSet);
    await this.#loadParts(table);
    return table;
  }

  async #loadParts({ include, exclude = [] }: ValueSetTable): Promise<void> {
    for (const part of [...include, ...exclude]) {
      if (part.system !== undefined && part.concept === undefined) await this.loadSystem(part.system);
      for (const imported of part.valueSet ?? []) await this.loadValueSet(imported);
    }
  }

  #first(key: string): boolean {
    if (this.#looked.has(key) || this.#looked.size >= LOADED_MAX) return false;
    this.#looked.add(key);
    return true;
  }
}

/** Concepts flattened, parents first. */
export function codeSystemTable(resource: CodeSystem): CodeSystemTable {
  const concepts: (readonly [string, string, number])[] = [];
  const walk = (list: readonly CodeSystemConcept[] | undefined, parent: number): void => {
    for (const each of list ?? []) {
      concepts.push([each.code, each.display ?? '', parent]);
      walk(each.concept, concepts.length - 1);
    }
  };
  walk(resource.concept, -1);
  return {
    url: resource.url ?? '',
    name: resource.name ?? '',
    caseSensitive: resource.caseSensitive !== false,
    content: resource.content,
    ...(resource.valueSet === undefined ? {} : { valueSet: resource.valueSet }),
    concepts,
  };
}

export function valueSetTable(resource: ValueSet): ValueSetTable {
  const part = (each: ValueSetComposeInclude): ComposePart => ({
    ...(each.system === undefined
      ? {}
      : { system: each.version && !each.concept ? `${each.system}|${each.version}` : each.system }),
    ...(each.concept ? { concept: each.concept.map(({ code, display }) => [code, display ?? ''] as const) } : {}),
    // A pattern somebody stored runs in no regular expression of ours: such a part stays undecided.
    ...(each.filter
      ? {
          filter: each.filter.map((f) => ({
            property: f.property,
            op: f.op === 'regex' ? 'stored' : f.op,
            value: f.value,
          })),
        }
      : {}),
    ...(each.valueSet ? { valueSet: each.valueSet } : {}),
  });
  const { compose, expansion } = resource;
  const include = compose?.include?.map(part) ?? expandedParts(expansion?.contains ?? []);
  return {
    url: resource.url ?? '',
    name: resource.name ?? '',
    include,
    ...(compose?.exclude ? { exclude: compose.exclude.map(part) } : {}),
  };
}

type Contains = NonNullable<NonNullable<ValueSet['expansion']>['contains']>;

function expandedParts(contains: Contains): ComposePart[] {
  return contains.flatMap((each): ComposePart[] => [
    ...(each.system && each.code && !each.abstract
      ? [{ system: each.system, concept: [[each.code, each.display ?? ''] as const] }]
      : []),
    ...expandedParts(each.contains ?? []),
  ]);
}

export type Verdict =
  | { readonly result: 'member'; readonly system: string; readonly display: string }
  | { readonly result: 'not-a-member'; readonly why: string }
  | { readonly result: 'unknown'; readonly systems: readonly string[] };

/** Whether a code is in a code system; `unknown` where nothing offline can tell. */
export function inSystem(source: TerminologySource, system: string, code: string): Verdict {
  const { url } = canonicalParts(system);
  if (url === LOINC && loincCheckDigitFits(code) === false)
    return { result: 'not-a-member', why: 'the check digit of the LOINC code is wrong' };
  const table = source.system(system);
  const same = (candidate: string): boolean =>
    candidate === code || (!table!.caseSensitive && candidate.toLowerCase() === code.toLowerCase());
  const found = table?.concepts.find(([candidate]) => same(candidate));
  if (found) return { result: 'member', system: table!.url, display: found[1] };
  if (table?.content === 'complete') return { result: 'not-a-member', why: 'the code is not in the code system' };
  return { result: 'unknown', systems: [url] };
}

/** ConceptMaps that the reader sees: the hub's own, and all that are stored. */
export async function conceptMaps(context: Context): Promise<ConceptMap[]> {
  const own = await context.engine.conceptMaps();
  if (context.scopes.permission('ConceptMap', 'r') === 'none') return [...own];
  const seen = await readable(context, 'r', ['ConceptMap'], 'r');
  const rows = await context.tx.query<Row>(
    `SELECT r.* FROM resource r WHERE r.type = 'ConceptMap' AND r.deleted = 0 AND ${seen.text} ORDER BY r.rid LIMIT 1000`,
    seen.params,
  );
  return [...own, ...rows.map((row) => parseRow(row, bodyKeysOf(context.tx.env)) as unknown as ConceptMap)];
}
