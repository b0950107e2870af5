import { bodyKeysOf } from '../database/envelope.ts';
import { parseExact } from '../fhir/exact-json.ts';
import { outcome } from '../fhir/outcome.ts';
import { repeatsName } from '../fhir/repeated-names.ts';
import { ambiguous, matching } from './conditional.ts';
import type { Context } from './context.ts';
import { idFor } from './declared-id.ts';
import type { FhirResource } from './engine.ts';
import { type FhirRequest, type FhirResponse, outcomeResponse } from './exchange.ts';
import { applyJsonPatch } from './json-patch.ts';
import { maskedView } from './mask.ts';
import { etagOf, writeResponse } from './present.ts';
import { visibleRow } from './read-interactions.ts';
import { refuse } from './refusal.ts';
import { parseRow } from './rows.ts';
import { writeAll } from './write.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** The JSON body as a resource. Its type is checked where it is written. */
export function resourceIn(request: FhirRequest): FhirResource {
  const contentType = request.headers['content-type'] ?? 'application/fhir+json';
  if (!/json/.test(contentType)) throw refuse(415, 'not-supported', 'the server speaks JSON');
  const parsed = parseJson(request.body);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw refuse(400, 'structure', 'the body is not a resource');
  if (typeof (parsed as FhirResource).resourceType !== 'string')
    throw refuse(400, 'structure', 'the body has no resourceType');
  return parsed as FhirResource;
}

function parseJson(body: string | undefined): unknown {
  if (!body) throw refuse(400, 'structure', 'the body is empty');
  let parsed: unknown;
  try {
    parsed = parseExact(body);
  } catch {
    throw refuse(400, 'structure', 'the body is not JSON');
  }
  if (repeatsName(body, parsed)) throw refuse(400, 'structure', 'an object of the body names a property twice');
  return parsed;
}

export const requireId = (id: string): string => {
  if (!ID.test(id)) throw refuse(400, 'value', 'the id is not a FHIR id');
  return id;
};

/** POST [type], with If-None-Exist: the one match answers 200 and nothing is written. */
export async function create(context: Context, request: FhirRequest, type: string): Promise<FhirResponse> {
  const resource = resourceIn(request);
  const criteria = request.headers['if-none-exist'];
  if (criteria !== undefined) {
    context.scopes.require(type, 's');
    const found = await matching(context, type, criteria);
    if (found.length > 1) throw ambiguous();
    if (found[0]) return writeResponse(context, request, 200, found[0]);
  }
  const [written] = await writeAll(context, [
    { action: 'create', type, id: await idFor(context, type, resource), resource },
  ]);
  return writeResponse(context, request, 201, written!.row!);
}

/** PUT [type]/[id]; creates under a client's id. */
export async function update(context: Context, request: FhirRequest, type: string, id: string): Promise<FhirResponse> {
  const resource = resourceIn(request);
  if (resource.id === undefined) throw refuse(400, 'required', 'the resource has no id', `${type}.id`);
  if (resource.id !== id) throw refuse(400, 'value', 'the resource has another id than the address', `${type}.id`);
  return put(context, request, type, requireId(id), resource);
}

/** PUT [type]?criteria: updates the one match, creates when there is none. Rule: FHIR R4 http.html#cond-update. */
export async function conditionalUpdate(context: Context, request: FhirRequest, type: string): Promise<FhirResponse> {
  const resource = resourceIn(request);
  const id = await conditionalTarget(context, type, queryOf(request), resource.id);
  return put(context, request, type, id, resource);
}

/** The id a conditional update writes to. */
export async function conditionalTarget(
  context: Context,
  type: string,
  query: string,
  given: string | undefined,
): Promise<string> {
  context.scopes.require(type, 's');
  const found = await matching(context, type, query);
  if (found.length > 1) throw ambiguous();
  const [only] = found;
  if (!only) {
    if (given === undefined) return context.engine.newId();
    // Another resource lies under that id, and it is not the one the criteria mean.
    if ((await visibleRow(context, type, requireId(given)))?.deleted === 0)
      throw refuse(409, 'conflict', 'the criteria match nothing, but the id is in use', `${type}.id`);
    return given;
  }
  if (given !== undefined && given !== only.id)
    throw refuse(400, 'value', 'the resource has another id than the one matched', `${type}.id`);
  return only.id;
}

async function put(
  context: Context,
  request: FhirRequest,
  type: string,
  id: string,
  resource: FhirResource,
  isPatch = false,
): Promise<FhirResponse> {
  if (request.headers['if-none-match'] === '*' && (await visibleRow(context, type, id))?.deleted === 0) {
    throw refuse(412, 'conflict', 'the resource exists already');
  }
  const ifMatch = request.headers['if-match'];
  const [written] = await writeAll(context, [
    {
      action: 'update',
      type,
      id,
      resource,
      ...(ifMatch !== undefined ? { ifMatch } : {}),
      ...(isPatch ? { patched: true } : {}),
    },
  ]);
  return writeResponse(context, request, written!.status, written!.row!);
}

/** PATCH [type]/[id] or [type]?criteria with a JSON Patch. */
export async function patch(
  context: Context,
  request: FhirRequest,
  type: string,
  id: string | undefined,
): Promise<FhirResponse> {
  const operations = patchIn(request);
  const target = id ?? (await patchTarget(context, type, queryOf(request)));
  const resource = await patched(context, type, target, operations);
  return put(context, request, type, target, resource, true);
}

/** The operations of a JSON Patch, as they were sent. */
export function patchIn(request: FhirRequest): unknown {
  if (!(request.headers['content-type'] ?? '').startsWith('application/json-patch+json'))
    throw refuse(415, 'not-supported', 'a patch is application/json-patch+json');
  return parseJson(request.body);
}

export async function patchTarget(context: Context, type: string, query: string): Promise<string> {
  context.scopes.require(type, 's');
  const found = await matching(context, type, query);
  if (found.length > 1) throw ambiguous();
  if (!found[0]) throw refuse(404, 'not-found', 'the criteria match no resource');
  return found[0].id;
}

/** The resource after a patch of what its reader sees: what is masked can be neither tested nor copied, and is restored where it stood. */
export async function patched(context: Context, type: string, id: string, operations: unknown): Promise<FhirResource> {
  context.scopes.require(type, 'u');
  const row = await visibleRow(context, type, id);
  if (!row) throw refuse(404, 'not-found', `no such ${type}`);
  if (row.deleted === 1) throw refuse(410, 'deleted', `this ${type} was deleted`);
  const seen = (await maskedView(context, row)) ?? parseRow(row, bodyKeysOf(context.tx.env));
  const resource = applyJsonPatch(seen, operations);
  if (typeof resource !== 'object' || resource === null || resource.id !== id || resource.resourceType !== type) {
    throw refuse(422, 'processing', 'a patch changes neither type nor id');
  }
  return resource;
}

/** DELETE [type]/[id]. What is not there, or not there for this reader, is already deleted. */
export async function remove(context: Context, request: FhirRequest, type: string, id: string): Promise<FhirResponse> {
  context.scopes.require(type, 'd');
  const row = await visibleRow(context, type, id);
  if (!row || row.deleted === 1) return { status: 204, headers: row ? { etag: etagOf(row.version) } : {} };
  const ifMatch = request.headers['if-match'];
  const [written] = await writeAll(context, [
    { action: 'delete', type, id, ...(ifMatch !== undefined ? { ifMatch } : {}) },
  ]);
  return { status: 204, headers: { etag: etagOf(written!.row!.version) } };
}

/** DELETE [type]?criteria: one match at most. */
export async function conditionalRemove(context: Context, request: FhirRequest, type: string): Promise<FhirResponse> {
  context.scopes.require(type, 'd');
  const found = await matching(context, type, queryOf(request));
  if (found.length > 1) throw ambiguous();
  if (!found[0]) return outcomeResponse(200, outcome());
  return remove(context, request, type, found[0].id);
}

export const queryOf = (request: Pick<FhirRequest, 'query'>): string =>
  new URLSearchParams(request.query.map(([name, value]) => [name, value])).toString();
