import type { Parameters } from '@medplum/fhirtypes';
import { outcome } from '../fhir/outcome.ts';
import type { Context } from './context.ts';
import type { FhirResource } from './engine.ts';
import { type FhirRequest, type FhirResponse, outcomeResponse } from './exchange.ts';
import { refuse } from './refusal.ts';
import { resourceIn } from './write-interactions.ts';

/** POST [type]/$validate, the resource plain or in Parameters. 200 whatever the verdict: the issues tell. */
export async function validateOperation(
  context: Context,
  request: FhirRequest,
  type: string | undefined,
): Promise<FhirResponse> {
  const body = resourceIn(request);
  const resource = body.resourceType === 'Parameters' ? parameterResource(body as unknown as Parameters) : body;
  if (!resource) throw refuse(400, 'required', 'there is no resource to validate', 'Parameters.parameter');
  if (type !== undefined && resource.resourceType !== type)
    throw refuse(400, 'structure', 'the resource is of another type than the address');
  return outcomeResponse(200, outcome(...context.engine.validate(resource)));
}

function parameterResource({ parameter }: Parameters): FhirResource | undefined {
  return parameter?.find(({ name }) => name === 'resource')?.resource as unknown as FhirResource | undefined;
}
