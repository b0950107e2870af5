import { parameterKey } from './index-rows.ts';
import { anyOf, type Sql, sql } from './visibility-sql.ts';

/** A condition as SQL on index rows `i`: which `rid`s meet it. */
export interface Compiled {
  /** `SELECT i.rid FROM … WHERE …`. */
  readonly select: Sql;
  readonly negated: boolean;
  /** One row of the index tells for a given rid: cheap as EXISTS. */
  readonly pointwise: boolean;
  /** Lower narrows more: the driver of the query. */
  readonly cost: number;
  /** On the columns of the row itself, where that is all it takes; `$R` stands for the row's alias. */
  readonly direct?: Sql;
}

/** As a predicate on alias `r`. */
export function asPredicate({ select, negated, pointwise, direct }: Compiled, r: string): Sql {
  if (direct) return sql(direct.text.replaceAll('$R', r), ...direct.params);
  const not = negated ? 'NOT ' : '';
  if (pointwise) return sql(`${not}EXISTS (${select.text} AND i.rid = ${r}.rid)`, ...select.params);
  return sql(`${r}.rid ${not}IN (${select.text})`, ...select.params);
}

export const keyList = (types: readonly string[], code: string): string =>
  types.map((type) => parameterKey(type, code)).join(', ');

export const onKeys = (types: readonly string[], code: string): string =>
  types.length === 1 ? `i.p = ${keyList(types, code)}` : `i.p IN (${keyList(types, code)})`;

export function onIndex(
  table: string,
  types: readonly string[],
  code: string,
  alternatives: readonly Sql[],
  cost: number,
): Compiled {
  const any = anyOf(alternatives);
  return {
    select: sql(`SELECT i.rid FROM idx_${table} i WHERE ${onKeys(types, code)} AND (${any.text})`, ...any.params),
    negated: false,
    pointwise: false,
    cost: cost + (alternatives.length > 1 ? 1 : 0),
  };
}
