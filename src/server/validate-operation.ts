import type { Parameters } from '@medplum/fhirtypes';
import { bodyKeysOf } from '../database/envelope.ts';
import { outcome } from '../fhir/outcome.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { type FhirRequest, type FhirResponse, outcomeResponse } from './exchange.ts';
import { withKnown } from './operations/unknown-parameters.ts';
import { visibleRow } from './read-interactions.ts';
import { refuse } from './refusal.ts';
import { parseRow } from './rows.ts';
import { resourceIn } from './write-interactions.ts';

/**
 * $validate: the resource plain or in Parameters, at an instance without a body the one stored there. 200 whatever the verdict: the
 * issues tell. `profile` is checked besides what the resource claims; `mode=profile` on an instance checks what is stored. A profile
 * that is not held here and `mode=delete` are refused: nothing would be checked. Rule: FHIR R4 resource-operation-validate.html.
 */
export function validateOperation(
  context: Context,
  request: FhirRequest,
  type: string | undefined,
  id?: string,
): Promise<FhirResponse> {
  // At Parameters/$validate the Parameters are what is validated.
  const called: FhirRequest = type === 'Parameters' ? { ...request, method: 'GET' } : request;
  return withKnown(called, ['resource', 'mode', 'profile'], () => validated(context, request, type, id));
}

async function validated(
  context: Context,
  request: FhirRequest,
  type: string | undefined,
  id: string | undefined,
): Promise<FhirResponse> {
  const { engine } = context;
  const body: FhirResource = request.body ? resourceIn(request) : { resourceType: 'Parameters' };
  const parameters = body.resourceType === 'Parameters' && type !== 'Parameters' ? (body as unknown as Parameters) : {};
  const texts = (name: string): string[] => [
    ...request.query.flatMap(([each, value]) => (each === name ? [value] : [])),
    ...partsOf(parameters).flatMap((part) => (part?.name === name ? [part.valueUri ?? part.valueCode ?? ''] : [])),
  ];
  const mode = texts('mode')[0];
  if (mode !== undefined && !/^(create|update|profile)$/.test(mode))
    throw refuse(400, 'not-supported', 'mode is one of create, update, profile', 'Parameters.parameter');
  const profiles = texts('profile');
  if (profiles.some((url) => engine.definitions.profile(url.split('|')[0]!) === undefined))
    throw refuse(400, 'not-supported', 'the profile is not held here', 'Parameters.parameter');
  const given =
    body.resourceType === 'Parameters' && type !== 'Parameters'
      ? partsOf(parameters).find((part) => part?.name === 'resource')?.resource
      : body;
  const resource =
    (given as FhirResource | undefined) ??
    (mode === 'profile' || !request.body ? await storedAt(context, type, id) : undefined);
  if (!resource) throw refuse(400, 'required', 'there is no resource to validate', 'Parameters.parameter');
  if (type !== undefined && resource.resourceType !== type)
    throw refuse(400, 'structure', 'the resource is of another type than the address');
  return outcomeResponse(200, outcome(...engine.validate(resource, profiles)));
}

const partsOf = ({ parameter }: Pick<Parameters, 'parameter'>) => (Array.isArray(parameter) ? parameter : []);

async function storedAt(
  context: Context,
  type: string | undefined,
  id: string | undefined,
): Promise<FhirResource | undefined> {
  if (type === undefined || id === undefined) return undefined;
  context.scopes.require(type, 'r');
  const row = await visibleRow(context, type, id);
  if (!row || row.deleted === 1) throw refuse(404, 'not-found', `no such ${type}`);
  return parseRow(row, bodyKeysOf(context.tx.env)) as unknown as FhirResource;
}
