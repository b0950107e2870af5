import { parseSearchNumber } from '../fhir/search-ranges.ts';
import { canonicalQuantity } from '../fhir/ucum.ts';
import type { Context } from './context.ts';
import { refuse } from './refusal.ts';
import { type Compiled, keyList, onKeys } from './search-compiled.ts';
import { type Condition, isServedComposite, splitEscaped, unescapeValue } from './search-request.ts';
import { compositeSecond, exactNumber, tokenCondition } from './search-value-sql.ts';
import { anyOf, joinSql, type Sql, sql } from './visibility-sql.ts';

/** A wanted quantity as it is stored: in the unit it was written in and, where that is a unit of UCUM, in the base units. */
interface QuantityCondition {
  readonly own: Sql;
  readonly canonical: Sql | undefined;
}

const UCUM = 'http://unitsofmeasure.org';

type Wanted = NonNullable<ReturnType<typeof parseSearchNumber>>;

/** `[prefix]number|system|code` on these columns; `unit` where the words for the unit are kept. Rule: FHIR R4 search.html#quantity. */
function quantityCondition(value: string, code: string, system: string, unit?: string): QuantityCondition {
  const [number = '', ofSystem = '', ofCode = ''] = splitEscaped(value, '|').map(unescapeValue);
  const wanted = parseSearchNumber(number);
  if (!wanted) throw refuse(400, 'value', 'a quantity parameter is not a number');
  return {
    own: joinSql(
      [inUnit(ofSystem, ofCode, code, system, unit), exactNumber(wanted.prefix, wanted, 'i.lo', 'i.hi')],
      ' AND ',
    ),
    canonical: ofSystem === UCUM && ofCode !== '' ? inBaseUnits(wanted, ofCode, code) : undefined,
  };
}

function inUnit(ofSystem: string, ofCode: string, code: string, system: string, unit: string | undefined): Sql {
  if (ofCode === '') return sql('1 = 1');
  if (ofSystem !== '') return sql(`${code} = ? AND ${system} = ?`, ofCode, ofSystem);
  return unit === undefined ? sql(`${code} = ?`, ofCode) : sql(`(${code} = ? OR ${unit} = ?)`, ofCode, ofCode);
}

function inBaseUnits(wanted: Wanted, ofCode: string, code: string): Sql | undefined {
  const range = canonicalQuantity(wanted.lo, wanted.hi, UCUM, ofCode);
  const exact = canonicalQuantity(wanted.value, wanted.value, UCUM, ofCode);
  if (!range || !exact) return undefined;
  const { lo, hi } = range;
  return joinSql(
    [sql(`${code} = ?`, range.code), exactNumber(wanted.prefix, { value: exact.lo, lo, hi }, 'i.lo', 'i.hi')],
    ' AND ',
  );
}

export function compileQuantity(types: readonly string[], { parameter, values }: Condition): Compiled {
  const own = `i.p IN (${keyList(types, parameter.code)})`;
  const base = `i.p IN (${keyList(types, `${parameter.code}:canonical`)})`;
  const parts = values.map((value) => {
    const wanted = quantityCondition(value, 'i.code', 'i.system', 'i.unit');
    return wanted.canonical
      ? joinSql([sql(base), wanted.canonical], ' AND ')
      : joinSql([sql(own), wanted.own], ' AND ');
  });
  const any = anyOf(parts);
  return {
    select: sql(`SELECT i.rid FROM idx_quantity i WHERE ${any.text}`, ...any.params),
    negated: false,
    pointwise: false,
    cost: 45,
  };
}

/** Both components in one occurrence, a quantity by its unit as the plain parameter does. Rule: FHIR R4 search.html#composite. */
export function compileComposite(
  context: Context,
  types: readonly string[],
  { parameter, values }: Condition,
): Compiled {
  const { definitions } = context.engine;
  const second = definitions.searchParameterByUrl(parameter.component?.[1]?.definition ?? '');
  if (!second || !isServedComposite(definitions, parameter)) {
    throw refuse(400, 'not-supported', `${parameter.code} is not supported`);
  }
  const key = (code: string): Sql => sql(onKeys(types, code));
  const parts = values.map((value) => {
    const [head = '', tail] = splitEscaped(value, '$');
    if (tail === undefined) throw refuse(400, 'value', `${parameter.code} wants two values joined by $`);
    const token = tokenCondition(head);
    const under = (code: string, other: Sql): Sql => joinSql([key(code), token, other], ' AND ');
    if (second.type !== 'quantity') return under(parameter.code, compositeSecond(context, second.type, tail));
    const { own, canonical } = quantityCondition(tail, 'i.code2', 'i.system2');
    // Resources written before composites had base units are found by their own unit.
    return canonical
      ? anyOf([under(parameter.code, own), under(`${parameter.code}:canonical`, canonical)])
      : under(parameter.code, own);
  });
  const any = anyOf(parts);
  return {
    select: sql(`SELECT i.rid FROM idx_composite i WHERE ${any.text}`, ...any.params),
    negated: false,
    pointwise: false,
    cost: 12,
  };
}
