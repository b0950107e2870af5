import type { Parameters } from '@medplum/fhirtypes';
import { bodyKeysOf } from '../database/envelope.ts';
import { outcome } from '../fhir/outcome.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { type FhirRequest, type FhirResponse, outcomeResponse } from './exchange.ts';
import { visibleRow } from './read-interactions.ts';
import { refuse } from './refusal.ts';
import { parseRow } from './rows.ts';
import { resourceIn } from './write-interactions.ts';

/**
 * $validate: the resource plain or in Parameters, at an instance without a body the one stored there; `profile` besides those it claims.
 * 200 whatever the verdict: the issues tell. Rule: FHIR R4 resource-operation-validate.html.
 */
export async function validateOperation(
  context: Context,
  request: FhirRequest,
  type: string | undefined,
  id?: string,
): Promise<FhirResponse> {
  const body =
    request.body || id === undefined || type === undefined ? resourceIn(request) : await stored(context, type, id);
  const parameters = body.resourceType === 'Parameters' ? (body as unknown as Parameters).parameter : undefined;
  const resource =
    body.resourceType === 'Parameters'
      ? (parameters?.find(({ name }) => name === 'resource')?.resource as unknown as FhirResource | undefined)
      : body;
  if (!resource) throw refuse(400, 'required', 'there is no resource to validate', 'Parameters.parameter');
  if (type !== undefined && resource.resourceType !== type)
    throw refuse(400, 'structure', 'the resource is of another type than the address');
  const asked = parameters?.find(({ name }) => name === 'profile');
  const profiles = [...request.query.flatMap(([name, value]) => (name === 'profile' ? [value] : []))];
  const inBody = asked?.valueUri ?? asked?.valueCanonical;
  if (inBody !== undefined) profiles.push(inBody);
  return outcomeResponse(200, outcome(...context.engine.validate(resource, profiles)));
}

async function stored(context: Context, type: string, id: string): Promise<FhirResource> {
  context.scopes.require(type, 'r');
  const row = await visibleRow(context, type, id);
  if (!row || row.deleted === 1) throw refuse(404, 'not-found', `there is no such ${type}`);
  return parseRow(row, bodyKeysOf(context.tx.env)) as unknown as FhirResource;
}
