import type { Definitions } from '../fhir/definitions.ts';
import { searchAuditEvents } from './audit-search.ts';
import type { Context } from './context.ts';
import type { FhirRequest, FhirResponse } from './exchange.ts';
import { parameterKey } from './index-rows.ts';
import { samePerson } from './persons.ts';
import { visibleRow } from './read-interactions.ts';
import { refuse } from './refusal.ts';
import { search } from './search-interaction.ts';
import { type Sql, sql } from './visibility-sql.ts';

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
  const members = membersOf(definitions, compartment, types, ids);
  if (!members) throw refuse(404, 'not-found', `${type} is not in the ${compartment} compartment`);
  const within = sql(`r.rid IN (${members.text})`, ...members.params);
  const path = `${compartment}/${id}/${type}`;
  if (type !== 'AuditEvent') return search(context, request, type === '*' ? undefined : type, path, within);
  return searchAuditEvents(context, request, {
    path,
    members: within,
    ...(compartment === 'Patient' ? { accesses: ['patient', id] } : {}),
  });
}

/**
 * `rid`s of the resources of these types that name one of these ids in a parameter of the compartment, by the index alone: what is about
 * several persons, as a group's session, belongs to each of them. Undefined: none of the types is in the compartment.
 */
export function membersOf(
  definitions: Definitions,
  compartment: string,
  types: readonly string[],
  ids: readonly string[],
): Sql | undefined {
  const keys = types.flatMap((type) =>
    definitions
      .compartment(compartment, type)
      .filter((code) => definitions.searchParameter(type, code)?.type === 'reference')
      .map((code) => parameterKey(type, code)),
  );
  if (keys.length === 0) return undefined;
  return sql(
    `SELECT i.rid FROM idx_reference i WHERE i.p IN (${keys.join(', ')}) AND i.tid IN (${ids.map(() => '?').join(', ')}) AND i.ttype = ?`,
    ...ids,
    compartment,
  );
}
