import { isAccessId, isAccessSearch, readAccess, searchAccesses } from './access-log.ts';
import { bundle } from './bundle-interaction.ts';
import { capabilityStatement } from './capability.ts';
import { compartmentSearch } from './compartment.ts';
import type { Context } from './context.ts';
import { everything } from './everything.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from './exchange.ts';
import { history } from './history-interaction.ts';
import { operate, operationWrites } from './operations/registry.ts';
import { read, vread } from './read-interactions.ts';
import { refuse } from './refusal.ts';
import { search } from './search-interaction.ts';
import { validateOperation } from './validate-operation.ts';
import { conditionalRemove, conditionalUpdate, create, patch, remove, update } from './write-interactions.ts';

/** Whether a request may change the store and so must run where it is written. A POST may only search or ask. */
export function isWrite(request: FhirRequest): boolean {
  const { method, path } = request;
  const operation = operationWrites(request);
  if (operation !== undefined) return operation;
  if (method === 'GET' || method === 'HEAD') return false;
  if (method === 'POST' && path.length === 0) return !readsOnly(request.body ?? '');
  const last = path.at(-1);
  return !(method === 'POST' && (last === '_search' || last === '$validate' || last === '$everything'));
}

/** Whether a Bundle can only read: it then runs beside the writer. An operation or an escaped letter is a doubt, and a doubt a no. */
const readsOnly = (body: string): boolean => !/"(?:POST|PUT|PATCH|DELETE)"|[\\$]/.test(body);

/** The answer to one interaction; throws a refusal for every other status. Rule: FHIR R4 http.html. */
export async function route(context: Context, request: FhirRequest): Promise<FhirResponse> {
  const { path } = request;
  const [type] = path;
  if (type === undefined) return atRoot(context, request);
  const operation = operate(context, request);
  if (operation) return operation;
  if (type === 'metadata')
    return jsonResponse(200, JSON.stringify(capabilityStatement(context.engine, context.base, context.at)));
  if (type === '_history' && isGet(request)) return history(context, request);
  if (type === '_search' && request.method === 'POST') return search(context, request, undefined, '');
  if (type === '$validate' && request.method === 'POST') return validateOperation(context, request, undefined);
  if (!context.engine.definitions.isResourceType(type))
    throw refuse(404, 'not-supported', 'there is no such resource type');
  if (type === 'AuditEvent' && path.length <= 2) {
    const access = ofAccess(context, request);
    if (access) return access;
  }
  if (path.length === 1) return onType(context, request, type);
  const [, second = ''] = path;
  if (second === '_search' && path.length === 2 && request.method === 'POST')
    return search(context, request, type, type);
  if (second === '_history' && path.length === 2 && isGet(request)) return history(context, request, type);
  if (second === '$validate' && request.method === 'POST') return validateOperation(context, request, type);
  if (path.length === 2) return onInstance(context, request, type, second);
  return below(context, request, type, second);
}

/** Accesses the hub keeps are read like AuditEvents; nobody writes them. */
function ofAccess(context: Context, request: FhirRequest): Promise<FhirResponse> | undefined {
  const [, id] = request.path;
  if (id === undefined || id === '_search') {
    const isSearch = isGet(request) || id === '_search';
    return isSearch && isAccessSearch(request) ? searchAccesses(context, request) : undefined;
  }
  if (!isAccessId(id)) return undefined;
  if (!isGet(request)) throw notAllowed();
  return readAccess(context, id);
}

const isGet = ({ method }: FhirRequest): boolean => method === 'GET' || method === 'HEAD';
const notAllowed = () => refuse(405, 'not-supported', 'this address does not take this method');

function atRoot(context: Context, request: FhirRequest): Promise<FhirResponse> {
  if (request.method === 'POST') return bundle(context, request, route);
  if (isGet(request)) return search(context, request, undefined, '');
  throw notAllowed();
}

function onType(context: Context, request: FhirRequest, type: string): Promise<FhirResponse> {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return search(context, request, type, type);
    case 'POST':
      return create(context, request, type);
    case 'PUT':
      return conditionalUpdate(context, request, type);
    case 'PATCH':
      return patch(context, request, type, undefined);
    case 'DELETE':
      return conditionalRemove(context, request, type);
  }
}

function onInstance(context: Context, request: FhirRequest, type: string, id: string): Promise<FhirResponse> {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return read(context, request, type, id);
    case 'PUT':
      return update(context, request, type, id);
    case 'PATCH':
      return patch(context, request, type, id);
    case 'DELETE':
      return remove(context, request, type, id);
    default:
      throw notAllowed();
  }
}

function below(context: Context, request: FhirRequest, type: string, id: string): Promise<FhirResponse> {
  const { path } = request;
  const [, , third = '', fourth] = path;
  if (third === '_history' && isGet(request)) {
    if (path.length === 3) return history(context, request, type, id);
    if (path.length === 4) return vread(context, request, type, id, fourth!);
  }
  if (third === '$everything' && type === 'Patient') return everything(context, request, id);
  if (third === '$validate' && (isGet(request) || request.method === 'POST'))
    return validateOperation(context, request, type, id);
  const member = third === '*' || context.engine.definitions.isResourceType(third);
  if (member && (path.length === 3 || (path.length === 4 && fourth === '_search'))) {
    if (isGet(request) || fourth === '_search') return compartmentSearch(context, request, type, id, third);
  }
  throw refuse(404, 'not-supported', 'there is no such operation');
}
