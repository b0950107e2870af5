import { foldText } from '../fhir/search-ranges.ts';
import type { Context } from './context.ts';
import { isDirectoryType } from './directory-types.ts';
import { INDEX_TEXT_MAX, parameterKey } from './index-rows.ts';
import { refuse } from './refusal.ts';
import type { Operation } from './scopes.ts';
import { asPredicate, type Compiled, onIndex, onKeys } from './search-compiled.ts';
import { compileComposite, compileQuantity } from './search-quantity-sql.ts';
import { compileReference } from './search-reference-sql.ts';
import {
  type AnyCondition,
  type Chain,
  type Condition,
  type Reverse,
  splitEscaped,
  unescapeValue,
} from './search-request.ts';
import {
  dateCondition,
  numberCondition,
  startsWith,
  tokenCondition,
  tokenList,
  uriCondition,
} from './search-value-sql.ts';
import { anyOf, joinSql, type Sql, sql, visibleRows } from './visibility-sql.ts';

/** Rows of alias `r` the context may see and its scopes open, for rows known to be of these types. */
export async function readable(
  context: Context,
  r: string,
  types: readonly string[],
  operation: Operation,
): Promise<Sql> {
  const visible = visibleRows(context.visibility, r);
  const closed: string[] = [];
  const limited: Sql[] = [];
  // One predicate for all types that a patient's scope opens whole: a list of all types would be long.
  const whole = new Map<string, string[]>();
  for (const type of types) {
    const permission = context.scopes.permission(type, operation);
    if (permission === 'all') continue;
    closed.push(type);
    if (permission === 'none') continue;
    for (const { patient, conditions } of permission) {
      if (patient !== undefined && conditions.length === 0) whole.set(patient, [...(whole.get(patient) ?? []), type]);
      else limited.push(await limitSql(context, r, type, patient, conditions));
    }
  }
  if (closed.length === 0) return visible;
  for (const [patient, of] of whole)
    limited.push(allOf([typeIn(r, of), aboutPatient(r, patient, of.some(isDirectoryType))]));
  const open = types.filter((type) => !closed.includes(type));
  const any = [...(open.length > 0 ? [sql(`NOT (${typeIn(r, closed).text})`, ...closed)] : []), ...limited];
  return joinSql([visible, sql('AND ('), any.length === 0 ? sql('1 = 0') : joinSql(any, ' OR '), sql(')')], ' ');
}

async function limitSql(
  context: Context,
  r: string,
  type: string,
  patient: string | undefined,
  conditions: readonly AnyCondition[],
): Promise<Sql> {
  const parts = [
    typeIn(r, [type]),
    ...(patient === undefined ? [] : [aboutPatient(r, patient, isDirectoryType(type))]),
  ];
  for (const condition of conditions) parts.push(asPredicate(await compile(context, [type], condition), r));
  return allOf(parts);
}

const typeIn = (r: string, types: readonly string[]): Sql =>
  sql(`${r}.type IN (${types.map(() => '?').join(', ')})`, ...types);

function allOf(parts: readonly Sql[]): Sql {
  const { text, params } = joinSql(parts, ' AND ');
  return sql(`(${text})`, ...params);
}

/** The person of a patient at this moment, as an expression. */
export const personOf = (patient: string): Sql =>
  sql('COALESCE((SELECT m.person FROM person_member m WHERE m.patient = ? AND m.until IS NULL), ?)', patient, patient);

/** About the patient's person as membership stands now, and about nobody else; with the directory also what is everybody's. */
export function aboutPatient(r: string, patient: string, withDirectory: boolean): Sql {
  const { text, params } = personOf(patient);
  const person = sql(`${r}.person = ${text}`, ...params);
  return withDirectory ? sql(`(${r}.shared = 1 OR ${person.text})`, ...person.params) : person;
}

export async function compile(context: Context, types: readonly string[], condition: AnyCondition): Promise<Compiled> {
  switch (condition.kind) {
    case 'value':
      return compileValue(context, types, condition);
    case 'chain':
      return compileChain(context, types, condition);
    case 'reverse':
      return compileReverse(context, condition);
  }
}

async function compileValue(context: Context, types: readonly string[], condition: Condition): Promise<Compiled> {
  const { parameter, modifier, values } = condition;
  const isColumn = parameter.code === '_id' || parameter.code === '_lastUpdated';
  if (isColumn && modifier === 'missing') return always(isMissing(values) ? '1 = 0' : '1 = 1');
  if (parameter.code === '_id') return { ...compileId(types, values), negated: modifier === 'not' };
  if (parameter.code === '_lastUpdated') return compileUpdated(context, values);
  if (modifier === 'missing') return compileMissing(types, condition);
  switch (parameter.type) {
    case 'token':
      return compileToken(types, condition);
    case 'string':
      return compileString(context, types, condition);
    case 'date':
      return {
        ...onIndex(
          'date',
          types,
          parameter.code,
          values.map((value) => dateCondition(context, value)),
          40,
        ),
        pointwise: true,
      };
    case 'number':
      return onIndex(
        'number',
        types,
        parameter.code,
        values.map((value) => numberCondition(value, 'i.lo', 'i.hi')),
        45,
      );
    case 'quantity':
      return compileQuantity(types, condition);
    case 'uri':
      return onIndex(
        'uri',
        types,
        parameter.code,
        values.map((value) => uriCondition(value, modifier)),
        15,
      );
    case 'reference':
      return compileReference(context, types, condition);
    case 'composite':
      return compileComposite(context, types, condition);
    default:
      throw refuse(400, 'not-supported', `${parameter.code} is not supported`);
  }
}

/** On the rows themselves: `i` is the resource table then. */
function compileId(types: readonly string[], values: readonly string[]): Compiled {
  const ids = values.map((value) => unescapeValue(value).replace(/^.*\//, ''));
  const inTypes = types.length > 50 ? sql('1 = 1') : sql(`i.type IN (${types.map(() => '?').join(', ')})`, ...types);
  return {
    select: sql(
      `SELECT i.rid FROM resource i WHERE ${inTypes.text} AND i.id IN (${ids.map(() => '?').join(', ')})`,
      ...inTypes.params,
      ...ids,
    ),
    negated: false,
    pointwise: false,
    cost: 0,
  };
}

/** What holds of all rows or of none. */
const always = (text: string): Compiled => ({
  select: sql(`SELECT i.rid FROM resource i WHERE ${text}`),
  direct: sql(text),
  negated: false,
  pointwise: false,
  cost: 99,
});

function compileUpdated(context: Context, values: readonly string[]): Compiled {
  const direct = anyOf(values.map((value) => dateCondition(context, value, '$R.last_updated', '$R.last_updated')));
  const select = sql(`SELECT i.rid FROM resource i WHERE ${direct.text.replaceAll('$R', 'i')}`, ...direct.params);
  return { select, direct, negated: false, pointwise: false, cost: 90 };
}

function isMissing([value]: readonly string[]): boolean {
  if (value !== 'true' && value !== 'false') throw refuse(400, 'value', ':missing is either true or false');
  return value === 'true';
}

function compileMissing(types: readonly string[], { parameter, values }: Condition): Compiled {
  const negated = isMissing(values);
  const codes =
    parameter.type === 'reference'
      ? [
          ['reference', parameter.code],
          ['token', `${parameter.code}:identifier`],
        ]
      : [[parameter.type, parameter.code]];
  if (parameter.type === 'token') codes.push(['string', `${parameter.code}:text`]);
  const text = codes
    .map(([table, code]) => `SELECT i.rid FROM idx_${table} i WHERE ${onKeys(types, code!)}`)
    .join(' UNION ALL ');
  return { select: sql(text), negated, pointwise: false, cost: 95 };
}

/** From so many alternatives on they are one list. */
const LISTED_MIN = 50;

function compileToken(types: readonly string[], condition: Condition): Compiled {
  const { parameter, modifier, values } = condition;
  if (modifier === 'text') {
    const like = values.map((value) => startsWith('i.value', foldText(unescapeValue(value))));
    return onIndex('string', types, `${parameter.code}:text`, like, 50);
  }
  if (modifier === 'of-type') {
    const parts = values.map((value) => {
      const [system, code, of] = splitEscaped(value, '|').map(unescapeValue);
      if (of === undefined) throw refuse(400, 'value', ':of-type wants system|code|value');
      return sql('i.code = ? AND i.system = ?', `${code}|${of}`, system ?? '');
    });
    return { ...onIndex('token', types, `${parameter.code}:of-type`, parts, 8), pointwise: true };
  }
  if (modifier !== undefined && modifier !== 'not')
    throw refuse(400, 'not-supported', `the modifier ${modifier} cannot be used here`);
  const alternatives =
    values.length === 0
      ? [sql('1 = 0')]
      : values.length > LISTED_MIN && values.every((value) => /[^|]\|[^|]/.test(value))
        ? [tokenList(values)]
        : values.map(tokenCondition);
  const compiled = onIndex('token', types, parameter.code, alternatives, parameter.code === 'identifier' ? 5 : 30);
  return { ...compiled, negated: modifier === 'not', pointwise: values.length < 20 };
}

function compileString(
  context: Context,
  types: readonly string[],
  { parameter, modifier, values }: Condition,
): Compiled {
  const alternatives = values.map((value) => {
    const text = unescapeValue(value);
    const folded = foldText(text).slice(0, INDEX_TEXT_MAX);
    if (modifier === 'exact') return sql('i.value = ? AND i.exact = ?', folded, text.slice(0, INDEX_TEXT_MAX));
    if (modifier === 'contains') {
      return sql(context.tx.dialect === 'sqlite' ? 'instr(i.value, ?) > 0' : 'strpos(i.value, ?) > 0', folded);
    }
    return startsWith('i.value', folded);
  });
  return onIndex('string', types, parameter.code, alternatives, modifier === 'contains' ? 70 : 20);
}

async function compileChain(
  context: Context,
  types: readonly string[],
  { parameter, targets }: Chain,
): Promise<Compiled> {
  const parts: Sql[] = [];
  for (const { type, condition } of targets) {
    const inner = asPredicate(rename(await compile(context, [type], condition)), 't');
    const seen = await readable(context, 't', [type], 's');
    // A Patient that meets the condition stands for every record of its person.
    const join =
      type === 'Patient'
        ? "JOIN resource m ON m.type = 'Patient' AND m.person = t.person JOIN idx_reference i ON i.tid = m.id AND i.ttype = m.type"
        : 'JOIN idx_reference i ON i.tid = t.id AND i.ttype = t.type';
    parts.push(
      sql(
        `SELECT i.rid FROM resource t ${join} WHERE ${onKeys(types, parameter.code)} AND t.type = ? AND t.deleted = 0 AND ${seen.text} AND ${inner.text}`,
        type,
        ...seen.params,
        ...inner.params,
      ),
    );
  }
  return { select: joinSql(parts, ' UNION '), negated: false, pointwise: false, cost: 35 };
}

async function compileReverse(context: Context, { type, parameter, condition }: Reverse): Promise<Compiled> {
  const inner = asPredicate(rename(await compile(context, [type], condition)), 't');
  const seen = await readable(context, 't', [type], 's');
  return {
    select: sql(
      `SELECT i.rid FROM resource t JOIN idx_reference x ON x.rid = t.rid JOIN resource i ON i.id = x.tid AND i.type = x.ttype
       WHERE x.p = ${parameterKey(type, parameter.code)} AND t.type = ? AND t.deleted = 0 AND ${seen.text} AND ${inner.text}`,
      type,
      ...seen.params,
      ...inner.params,
    ),
    negated: false,
    pointwise: false,
    cost: 60,
  };
}

/** A nested condition is always a set, so that its alias cannot meet the outer one. */
const rename = (compiled: Compiled): Compiled => ({ ...compiled, pointwise: false });
