import type { Context } from './context.ts';
import type { FhirRequest, FhirResponse } from './exchange.ts';
import { parameterKey } from './index-rows.ts';
import { personsOf, samePerson } from './persons.ts';
import { visibleRow } from './read-interactions.ts';
import { refuse } from './refusal.ts';
import { search } from './search-interaction.ts';
import { joinSql, type Sql, sql } from './visibility-sql.ts';

/** GET [compartment]/[id]/[type]?… A Patient's compartment is that of its person: every source's record counts. */
export async function compartmentSearch(
  context: Context,
  request: FhirRequest,
  compartment: string,
  id: string,
  type: string,
): Promise<FhirResponse> {
  const { definitions } = context.engine;
  if (!definitions.compartmentNames.includes(compartment))
    throw refuse(404, 'not-found', `${compartment} has no compartment`);
  const row = await visibleRow(context, compartment, id);
  if (!row || row.deleted === 1) throw refuse(404, 'not-found', `no such ${compartment}`);
  const types =
    type === '*'
      ? definitions.resourceTypes.filter((each) => definitions.compartment(compartment, each).length > 0)
      : [type];
  const ids = compartment === 'Patient' ? await samePerson(context.tx, id) : [id];
  const alternatives: Sql[] = types.flatMap((each) =>
    definitions
      .compartment(compartment, each)
      .filter((code) => definitions.searchParameter(each, code)?.type === 'reference')
      .map((code) =>
        sql(
          `EXISTS (SELECT 1 FROM idx_reference i WHERE i.p = ${parameterKey(each, code)} AND i.tid IN (${ids.map(() => '?').join(', ')}) AND i.ttype = ? AND i.rid = r.rid)`,
          ...ids,
          compartment,
        ),
      ),
  );
  if (alternatives.length === 0) throw refuse(404, 'not-found', `${type} is not in the ${compartment} compartment`);
  const any = joinSql(alternatives, ' OR ');
  // The person column narrows first: one index instead of a probe per row of the type.
  const person =
    compartment === 'Patient' ? sql('r.person = ? AND ', (await personsOf(context.tx, [id])).get(id)!) : sql('');
  const within = sql(`${person.text}(${any.text})`, ...person.params, ...any.params);
  return search(context, request, type === '*' ? undefined : type, `${compartment}/${id}/${type}`, within);
}
