import type { Definitions, SearchParameter } from '../fhir/definitions.ts';
import { refuse } from './refusal.ts';

/** One `name=value` of a search. Values are alternatives; several conditions must all hold. */
export interface Condition {
  readonly kind: 'value';
  readonly parameter: SearchParameter;
  readonly modifier?: string;
  /** Still escaped: `\,` `\|` `\$` `\\` are undone where a value is taken apart. */
  readonly values: readonly string[];
}

/** `subject:Patient.name=…`: the reference's target meets another condition. */
export interface Chain {
  readonly kind: 'chain';
  readonly parameter: SearchParameter;
  readonly targets: readonly { readonly type: string; readonly condition: AnyCondition }[];
}

/** `_has:Observation:patient:code=…`: something that points here meets a condition. */
export interface Reverse {
  readonly kind: 'reverse';
  readonly type: string;
  readonly parameter: SearchParameter;
  readonly condition: AnyCondition;
}

export type AnyCondition = Condition | Chain | Reverse;

export interface Include {
  readonly reverse: boolean;
  readonly iterate: boolean;
  /** Type that holds the reference; `*` any. */
  readonly source: string;
  /** Parameter code; `*` all references. */
  readonly code: string;
  readonly target?: string;
}

export interface SearchRequest {
  /** Types searched; one, except at system level. */
  readonly types: readonly string[];
  readonly conditions: readonly AnyCondition[];
  readonly sort: readonly { readonly parameter: SearchParameter; readonly descending: boolean }[];
  readonly count: number | undefined;
  readonly includes: readonly Include[];
  readonly elements: readonly string[];
  readonly summary: 'true' | 'false' | 'text' | 'data' | 'count';
  readonly total: 'none' | 'estimate' | 'accurate' | undefined;
  readonly cursor: string | undefined;
  readonly contained: boolean;
  /** Parameters that are not understood: reported under lenient handling. */
  readonly ignored: readonly string[];
  /** The pairs that the next page repeats. */
  readonly kept: readonly (readonly [string, string])[];
}

export interface SearchLimits {
  readonly conditionsMax: number;
  readonly valuesMax: number;
  readonly chainMax: number;
}

export const SEARCH_LIMITS: SearchLimits = { conditionsMax: 64, valuesMax: 500, chainMax: 6 };

const RESULT_PARAMETERS = new Set(['_format', '_pretty', '_contained', '_containedType', '_score']);
const SUMMARIES = new Set(['true', 'false', 'text', 'data', 'count']);
const TOTALS = new Set(['none', 'estimate', 'accurate']);

/**
 * Reads a search. `type` absent: all types (or `_type`). Throws a 400 refusal for what is wrong; what is merely unknown is
 * refused under strict handling and otherwise listed in `ignored`. Rule: FHIR R4 search.html#errors.
 */
export function parseSearch(
  definitions: Definitions,
  type: string | undefined,
  pairs: readonly (readonly [string, string])[],
  strict: boolean,
): SearchRequest {
  if (pairs.length > SEARCH_LIMITS.conditionsMax) throw refuse(400, 'too-costly', 'the search has too many parameters');
  const types = type !== undefined ? [type] : systemTypes(definitions, pairs);
  const ignored: string[] = [];
  const conditions: AnyCondition[] = [];
  const includes: Include[] = [];
  const sort: { parameter: SearchParameter; descending: boolean }[] = [];
  const kept: (readonly [string, string])[] = [];
  const result = { count: undefined, summary: 'false', total: undefined, cursor: undefined } as {
    count: number | undefined;
    summary: SearchRequest['summary'];
    total: SearchRequest['total'];
    cursor: string | undefined;
  };
  let elements: string[] = [];
  for (const [name, value] of pairs) {
    if (name !== '_cursor') kept.push([name, value]);
    if (value === '' || RESULT_PARAMETERS.has(name) || (name === '_type' && type === undefined)) continue;
    switch (name) {
      case '_cursor':
        result.cursor = value;
        continue;
      case '_count':
        if (!/^\d{1,9}$/.test(value)) throw refuse(400, 'value', '_count must be a whole number');
        result.count = Number(value);
        continue;
      case '_summary':
        if (!SUMMARIES.has(value)) throw refuse(400, 'value', '_summary is not one of true, false, text, data, count');
        result.summary = value as SearchRequest['summary'];
        continue;
      case '_total':
        if (!TOTALS.has(value)) throw refuse(400, 'value', '_total is not one of none, estimate, accurate');
        result.total = value as SearchRequest['total'];
        continue;
      case '_elements':
        elements = [...elements, ...value.split(',').map((each) => each.trim())];
        continue;
      case '_sort':
        sort.push(...parseSort(definitions, types, value, strict, ignored));
        continue;
    }
    if (/^_(rev)?include(:iterate|:recurse)?$/.test(name)) {
      includes.push(parseInclude(definitions, name, value));
      continue;
    }
    const condition = parseCondition(definitions, types, name, value, 0);
    if (condition) conditions.push(condition);
    else ignored.push(name);
  }
  if (strict && ignored.length > 0) {
    throw refuse(400, 'not-supported', `unknown search parameter: ${ignored.map(nameOnly).join(', ')}`);
  }
  const contained = pairs.some(([name, value]) => name === '_contained' && value !== 'false');
  if (contained) throw refuse(400, 'not-supported', '_contained is not supported');
  return { types, conditions, includes, sort, elements, contained, ignored, kept, ...result };
}

/** A parameter name as it may be repeated to its sender: nothing that could be a value. */
export const nameOnly = (name: string): string => name.replace(/[^A-Za-z0-9_:.-]/g, '?').slice(0, 80);

function systemTypes(definitions: Definitions, pairs: readonly (readonly [string, string])[]): string[] {
  const named = pairs.filter(([name]) => name === '_type').flatMap(([, value]) => value.split(','));
  for (const each of named) {
    if (!definitions.isResourceType(each)) throw refuse(400, 'not-supported', '_type names an unknown resource type');
  }
  return named.length > 0 ? named : [...definitions.resourceTypes];
}

const SORTABLE: ReadonlySet<string> = new Set(['string', 'token', 'date', 'number', 'quantity', 'uri', 'reference']);

function parseSort(
  definitions: Definitions,
  types: readonly string[],
  value: string,
  strict: boolean,
  ignored: string[],
): { parameter: SearchParameter; descending: boolean }[] {
  return value.split(',').flatMap((each) => {
    const descending = each.startsWith('-');
    const code = descending ? each.slice(1) : each;
    const parameter = parameterOf(definitions, types, code);
    if (parameter && SORTABLE.has(parameter.type) && isServed(parameter)) return [{ parameter, descending }];
    if (strict) throw refuse(400, 'not-supported', '_sort names an unknown parameter');
    ignored.push('_sort');
    return [];
  });
}

/**
 * `Type:parameter[:Target]`; `*` for all reference parameters of a type, in `_include` also of all types. `_revinclude=*` would look
 * through the whole store and is refused. Rule: FHIR R4 search.html#include.
 */
function parseInclude(definitions: Definitions, name: string, value: string): Include {
  const [source = '', code = '*', target, ...more] = value.split(':');
  const reverse = name.startsWith('_rev');
  const known = source === '*' || definitions.isResourceType(source);
  if (!known || more.length > 0 || (code !== '*' && definitions.searchParameter(source, code)?.type !== 'reference')) {
    throw refuse(400, 'not-supported', `${reverse ? '_revinclude' : '_include'} names no reference parameter`);
  }
  if (target && !definitions.isResourceType(target))
    throw refuse(400, 'not-supported', `the target of ${reverse ? '_revinclude' : '_include'} is no resource type`);
  if (reverse && source === '*')
    throw refuse(400, 'too-costly', '_revinclude must name a type: Type:* is taken, * is not');
  return { reverse, iterate: /:(iterate|recurse)$/.test(name), source, code, ...(target ? { target } : {}) };
}

/** A parameter that all these types have. */
function parameterOf(definitions: Definitions, types: readonly string[], code: string): SearchParameter | undefined {
  const parameter = definitions.searchParameter(types[0]!, code);
  return parameter && types.every((type) => definitions.searchParameter(type, code)) ? parameter : undefined;
}

/** One condition, or undefined for an unknown parameter. */
export function parseCondition(
  definitions: Definitions,
  types: readonly string[],
  name: string,
  value: string,
  depth: number,
): AnyCondition | undefined {
  if (depth > SEARCH_LIMITS.chainMax) throw refuse(400, 'too-costly', 'the chain is too long');
  if (name.startsWith('_has:')) return parseReverse(definitions, name, value, depth);
  const dot = name.indexOf('.');
  if (dot > 0) return parseChain(definitions, types, name.slice(0, dot), name.slice(dot + 1), value, depth);
  const [code = '', modifier, ...more] = name.split(':');
  const parameter = parameterOf(definitions, types, code);
  if (code === '_list' && modifier === undefined) return parseList(definitions, types, value);
  if (!parameter || !isServed(parameter) || more.length > 0) return undefined;
  const values = splitEscaped(value, ',');
  if (values.length > SEARCH_LIMITS.valuesMax) throw refuse(400, 'too-costly', 'a parameter has too many values');
  if (modifier !== undefined) checkModifier(definitions, parameter, modifier);
  return { kind: 'value', parameter, values, ...(modifier !== undefined ? { modifier } : {}) };
}

/** Whether a parameter is indexed: `near`, `_text`, `_content` and `_query` are not, and a search by them is not understood. */
export const isServed = ({ type, expression }: SearchParameter): boolean =>
  type !== 'special' && expression !== undefined;

/** Composites are indexed as a token and one more value; others are refused. */
export function isServedComposite(definitions: Definitions, { component }: SearchParameter): boolean {
  const types = (component ?? []).map(({ definition }) => definitions.searchParameterByUrl(definition)?.type);
  return types.length === 2 && types[0] === 'token' && types[1] !== undefined;
}

/** `_list=id`: what the items of a List point at, said as a reverse chain. */
function parseList(definitions: Definitions, types: readonly string[], value: string): Reverse | undefined {
  const parameter = definitions.searchParameter('List', 'item');
  const condition = parseCondition(definitions, ['List'], '_id', value, 0);
  // The current-* lists of the specification are functional and not kept here.
  if (!parameter || !condition || types.length !== 1 || value.startsWith('$')) return undefined;
  return { kind: 'reverse', type: 'List', parameter, condition };
}

const MODIFIERS: Readonly<Record<string, readonly string[]>> = {
  token: ['missing', 'not', 'text', 'in', 'not-in', 'of-type', 'above', 'below'],
  string: ['missing', 'exact', 'contains'],
  reference: ['missing', 'identifier'],
  uri: ['missing', 'above', 'below'],
};

function checkModifier(definitions: Definitions, parameter: SearchParameter, modifier: string): void {
  const allowed = parameter.code === '_id' ? ['missing', 'not'] : (MODIFIERS[parameter.type] ?? ['missing']);
  if (allowed.includes(modifier)) return;
  if (parameter.type === 'reference' && definitions.isResourceType(modifier)) return;
  throw refuse(400, 'not-supported', `the modifier is not supported on ${parameter.code}`);
}

function parseChain(
  definitions: Definitions,
  types: readonly string[],
  head: string,
  rest: string,
  value: string,
  depth: number,
): Chain | undefined {
  const [code = '', only] = head.split(':');
  const parameter = parameterOf(definitions, types, code);
  if (parameter?.type !== 'reference') return undefined;
  const candidates =
    only !== undefined ? [only] : (parameter.target ?? []).filter((t) => definitions.isResourceType(t));
  const targets = candidates.flatMap((type) => {
    const condition = definitions.isResourceType(type)
      ? parseCondition(definitions, [type], rest, value, depth + 1)
      : undefined;
    return condition ? [{ type, condition }] : [];
  });
  return targets.length > 0 ? { kind: 'chain', parameter, targets } : undefined;
}

function parseReverse(definitions: Definitions, name: string, value: string, depth: number): Reverse | undefined {
  const [, type = '', code = '', ...rest] = name.split(':');
  const parameter = definitions.isResourceType(type) ? definitions.searchParameter(type, code) : undefined;
  if (parameter?.type !== 'reference' || rest.length === 0) return undefined;
  const condition = parseCondition(definitions, [type], rest.join(':'), value, depth + 1);
  return condition ? { kind: 'reverse', type, parameter, condition } : undefined;
}

/** Parts between unescaped separators, still escaped. */
export function splitEscaped(text: string, separator: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\\' && at + 1 < text.length) part += char + text[++at]!;
    else if (char === separator) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  parts.push(part);
  return parts;
}

/** A text as a search value that means itself. Rule: FHIR R4 search.html#escaping. */
export const escapeValue = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');

export const unescapeValue = (text: string): string => text.replace(/\\([\\,|$])/g, '$1');
