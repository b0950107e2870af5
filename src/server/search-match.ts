import type { SqlValue } from '../database/command.ts';
import { foldText, parseSearchDate, parseSearchNumber } from '../fhir/search-ranges.ts';
import { type IndexRows, type IndexTable, parameterKey } from './index-rows.ts';
import type { AnyCondition, Condition } from './search-request.ts';
import { splitEscaped, unescapeValue } from './search-request.ts';

/** Whether `meetsAll` can decide a condition at all; one it cannot is never met. */
export function isDecidable(condition: AnyCondition): boolean {
  if (condition.kind !== 'value') return false;
  const { modifier, parameter } = condition;
  if (parameter.type === 'composite' || parameter.type === 'quantity' || parameter.code === '_lastUpdated')
    return false;
  if (modifier === undefined || modifier === 'missing' || modifier === 'not') return true;
  return parameter.type === 'reference' && modifier !== 'identifier';
}

/**
 * Whether one resource, by what it is found by, meets conditions. For triggers, subscriptions and scopes: no store is asked,
 * so a condition that needs one (chains, `_has`, value sets) is not met.
 */
export function meetsAll(conditions: readonly AnyCondition[], type: string, id: string, index: IndexRows): boolean {
  return conditions.every((condition) => condition.kind === 'value' && meets(condition, type, id, index));
}

function meets(condition: Condition, type: string, id: string, index: IndexRows): boolean {
  const { parameter, modifier, values } = condition;
  if (parameter.code === '_id') {
    if (modifier === 'missing') return values[0] === 'false';
    return values.includes(id) !== (modifier === 'not');
  }
  const p = parameterKey(type, parameter.code);
  const of = (table: IndexTable): (readonly SqlValue[])[] =>
    [...(index.get(table)?.values() ?? [])].filter((row) => row[0] === p);
  if (modifier === 'missing') {
    const table = parameter.type as IndexTable;
    return (of(table).length === 0) === (values[0] === 'true');
  }
  if (modifier !== undefined && modifier !== 'not' && !(parameter.type === 'reference')) return false;
  const met = values.some((value) => meetsValue(condition, value, of));
  return modifier === 'not' ? !met : met;
}

function meetsValue(
  { parameter, modifier }: Condition,
  value: string,
  of: (table: IndexTable) => readonly (readonly SqlValue[])[],
): boolean {
  switch (parameter.type) {
    case 'token': {
      const [first, second] = splitEscaped(value, '|').map(unescapeValue);
      return of('token').some(([, code, system]) =>
        second === undefined ? code === first : (second === '' || code === second) && system === first,
      );
    }
    case 'reference': {
      const target = unescapeValue(value).replace(/^.*\/(?=[A-Z][A-Za-z]+\/[^/]+$)/, '');
      const [ttype, tid] = target.includes('/') ? target.split('/') : [modifier, target];
      return of('reference').some((row) => row[1] === tid && (ttype === undefined || row[2] === ttype));
    }
    case 'string': {
      const folded = foldText(unescapeValue(value));
      return of('string').some((row) => String(row[1]).startsWith(folded));
    }
    case 'uri':
      return of('uri').some((row) => row[1] === unescapeValue(value));
    case 'date': {
      const wanted = parseSearchDate(value);
      return (
        wanted !== undefined && of('date').some((row) => inRange(wanted.prefix, Number(row[1]), Number(row[2]), wanted))
      );
    }
    case 'number': {
      const wanted = parseSearchNumber(value);
      return (
        wanted !== undefined &&
        of('number').some((row) => inRange(wanted.prefix, Number(row[1]), Number(row[2]), wanted))
      );
    }
    default:
      return false;
  }
}

function inRange(
  prefix: string,
  lo: number,
  hi: number,
  wanted: { readonly lo: number; readonly hi: number },
): boolean {
  const inside = lo >= wanted.lo && hi <= wanted.hi;
  switch (prefix) {
    case 'ne':
      return !inside;
    case 'gt':
      return hi > wanted.hi;
    case 'lt':
      return lo < wanted.lo;
    case 'ge':
      return inside || hi > wanted.hi;
    case 'le':
      return inside || lo < wanted.lo;
    case 'sa':
      return lo > wanted.hi;
    case 'eb':
      return hi < wanted.lo;
    default:
      return inside;
  }
}
