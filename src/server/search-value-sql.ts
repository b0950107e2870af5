import { foldText, parseSearchDate, parseSearchNumber, type SearchPrefix } from '../fhir/search-ranges.ts';
import type { Context } from './context.ts';
import { INDEX_TEXT_MAX } from './index-rows.ts';
import { refuse } from './refusal.ts';
import { splitEscaped, unescapeValue } from './search-request.ts';
import { type Sql, sql } from './visibility-sql.ts';

export function tokenCondition(value: string): Sql {
  const [first = '', second] = splitEscaped(value, '|').map((part) => unescapeValue(part).slice(0, INDEX_TEXT_MAX));
  if (second === undefined) return sql('i.code = ?', first);
  if (second === '') return sql('i.system = ?', first);
  return sql('i.code = ? AND i.system = ?', second, first);
}

/** Many codes of named systems at once: an engine's limit of nested alternatives is soon reached. */
export function tokenList(values: readonly string[]): Sql {
  const pairs = values.map((value) => {
    const [system = '', code = ''] = splitEscaped(value, '|').map((part) =>
      unescapeValue(part).slice(0, INDEX_TEXT_MAX),
    );
    return [code, system];
  });
  return sql(`(i.code, i.system) IN (VALUES ${pairs.map(() => '(?, ?)').join(', ')})`, ...pairs.flat());
}

/** Everything that begins with a prefix, as a range an index can serve. */
export function startsWith(column: string, prefix: string): Sql {
  const from = prefix.slice(0, INDEX_TEXT_MAX);
  if (from === '') return sql('1 = 1');
  return sql(`${column} >= ? AND ${column} < ?`, from, `${from}\u{10FFFF}`);
}

/** `ap` is a tenth of the time between now and the wanted one. `at`: now, in milliseconds. */
export function dateCondition({ at }: Pick<Context, 'at'>, value: string, lo = 'i.lo', hi = 'i.hi'): Sql {
  const wanted = parseSearchDate(unescapeValue(value));
  if (!wanted) throw refuse(400, 'value', 'a date parameter is not a date');
  if (wanted.prefix !== 'ap') return rangeCondition(wanted.prefix, wanted.lo, wanted.hi, lo, hi);
  const slack = Math.abs(at - wanted.lo) / 10;
  return sql(`${lo} <= ? AND ${hi} >= ?`, Math.round(wanted.hi + slack), Math.round(wanted.lo - slack));
}

/** How a stored range compares with the wanted one. Rule: FHIR R4 search.html#prefix. */
function rangeCondition(prefix: SearchPrefix, from: number, to: number, lo: string, hi: string): Sql {
  switch (prefix) {
    case 'ne':
      return sql(`(${lo} < ? OR ${hi} > ?)`, from, to);
    case 'gt':
      return sql(`${hi} > ?`, to);
    case 'lt':
      return sql(`${lo} < ?`, from);
    case 'ge':
      return lo === hi ? sql(`${hi} >= ?`, from) : sql(`(${hi} > ? OR (${lo} >= ? AND ${hi} <= ?))`, to, from, to);
    case 'le':
      return lo === hi ? sql(`${lo} <= ?`, to) : sql(`(${lo} < ? OR (${lo} >= ? AND ${hi} <= ?))`, from, from, to);
    case 'sa':
      return sql(`${lo} > ?`, to);
    case 'eb':
      return sql(`${hi} < ?`, from);
    default:
      return sql(`${lo} >= ? AND ${lo} <= ? AND ${hi} <= ?`, from, to, to);
  }
}

export function numberCondition(text: string, lo: string, hi: string): Sql {
  const wanted = parseSearchNumber(unescapeValue(text));
  if (!wanted) throw refuse(400, 'value', 'a number parameter is not a number');
  return exactNumber(wanted.prefix, wanted, lo, hi);
}

export function exactNumber(
  prefix: SearchPrefix,
  { value, lo: from, hi: to }: { readonly value: number; readonly lo: number; readonly hi: number },
  lo: string,
  hi: string,
): Sql {
  switch (prefix) {
    case 'ne':
      return sql(`(${lo} < ? OR ${hi} >= ?)`, from, to);
    case 'gt':
      return sql(`${hi} > ?`, value);
    case 'lt':
      return sql(`${lo} < ?`, value);
    case 'ge':
      return sql(`${hi} >= ?`, value);
    case 'le':
      return sql(`${lo} <= ?`, value);
    case 'sa':
      return sql(`${lo} > ?`, value);
    case 'eb':
      return sql(`${hi} < ?`, value);
    case 'ap': {
      const slack = Math.abs(value) / 10;
      return sql(`${lo} <= ? AND ${hi} >= ?`, value + slack, value - slack);
    }
    default:
      // So many digits that the next value cannot be told apart: only itself.
      if (to <= value) return sql(`${lo} = ? AND ${hi} = ?`, value, value);
      return sql(`${lo} >= ? AND ${hi} < ?`, from, to);
  }
}

/** Parts of a uri that `:above` climbs. */
const STEMS_MAX = 50;

export function uriCondition(value: string, modifier: string | undefined): Sql {
  const uri = unescapeValue(value);
  if (modifier === 'below') {
    const stem = uri.replace(/\/$/, '');
    return sql('(i.value = ? OR (i.value >= ? AND i.value < ?))', uri, `${stem}/`, `${stem}0`);
  }
  if (modifier !== 'above') return sql('i.value = ?', uri);
  if (uri.split('/', STEMS_MAX + 1).length > STEMS_MAX)
    throw refuse(400, 'too-costly', 'a uri to look above has too many parts');
  const stems = [uri];
  for (let at = uri.lastIndexOf('/'); at > 8; at = uri.lastIndexOf('/', at - 1)) stems.push(uri.slice(0, at));
  return sql(`i.value IN (${stems.map(() => '?').join(', ')})`, ...stems);
}

export function compositeSecond(context: Pick<Context, 'at'>, type: string, value: string): Sql {
  switch (type) {
    case 'token': {
      const { text, params } = tokenCondition(value);
      return sql(text.replace('i.code', 'i.code2').replace('i.system', 'i.system2'), ...params);
    }
    case 'date':
      return dateCondition(context, value);
    case 'number':
      return numberCondition(value, 'i.lo', 'i.hi');
    case 'string':
      return startsWith('i.code2', foldText(unescapeValue(value)));
    default:
      return sql('i.code2 = ?', unescapeValue(value).replace(/^.*\//, ''));
  }
}
