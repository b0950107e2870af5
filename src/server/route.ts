import { issue } from '../fhir/outcome.ts';
import { isAccessId, readAccess } from './access-log.ts';
import { searchAuditEvents } from './audit-search.ts';
import { bundle } from './bundle-interaction.ts';
import { capabilityStatement } from './capability.ts';
import { compartmentSearch } from './compartment.ts';
import type { Context } from './context.ts';
import { everything } from './everything.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from './exchange.ts';
import { history } from './history-interaction.ts';
import { methodsAt } from './methods.ts';
import { operate, operationWrites } from './operations/registry.ts';
import { read, vread } from './read-interactions.ts';
import { refuse, refuseWith } from './refusal.ts';
import { search } from './search-interaction.ts';
import { validateOperation } from './validate-operation.ts';
import { conditionalRemove, conditionalUpdate, create, patch, remove, update } from './write-interactions.ts';

/** Whether a request may change the store and so must run where it is written. A POST may only search or ask. */
export function isWrite(request: FhirRequest): boolean {
  const { method, path } = request;
  if (method === 'OPTIONS') return false;
  const operation = operationWrites(request);
  if (operation !== undefined) return operation;
  if (method === 'GET' || method === 'HEAD') return false;
  if (method === 'POST' && path.length === 0) return !readsOnly(request.body ?? '');
  const last = path.at(-1);
  return !(method === 'POST' && (last === '_search' || last === '$validate' || last === '$everything'));
}

/** Whether a Bundle can only read: it then runs beside the writer. An operation or an escaped letter is a doubt, and a doubt a no. */
const readsOnly = (body: string): boolean => !/"(?:POST|PUT|PATCH|DELETE)"|[\\$]/.test(body);

/** The answer to one interaction; throws a refusal for every other status. Rule: FHIR R4 http.html, RFC 9110 §9.3.7 and §15.5.6. */
export async function route(context: Context, request: FhirRequest): Promise<FhirResponse> {
  const { method, path } = request;
  const methods = methodsAt(context.engine.definitions, path);
  if (!methods)
    throw refuse(
      404,
      'not-supported',
      path.length === 1 ? 'there is no such resource type' : 'there is no such operation',
    );
  const allow = [...methods, 'OPTIONS'].join(', ');
  if (method === 'OPTIONS') return { status: 204, headers: { allow } };
  if (!methods.includes(method))
    throw refuseWith(405, [issue({ code: 'not-supported', text: 'this address does not take this method' })], {
      allow,
    });
  return operate(context, request) ?? (path.length < 2 ? atTop(context, request) : underType(context, request));
}

/** At the base, at an address of the server's own, or at a type. */
function atTop(context: Context, request: FhirRequest): Promise<FhirResponse> | FhirResponse {
  const [type] = request.path;
  const isPost = request.method === 'POST';
  switch (type) {
    case undefined:
      return isPost ? bundle(context, request, route) : search(context, request, undefined, '');
    case 'metadata':
      return jsonResponse(200, JSON.stringify(capabilityStatement(context.engine, context.base, context.at)));
    case '_history':
      return history(context, request);
    case '_search':
      return search(context, request, undefined, '');
    case '$validate':
      return validateOperation(context, request, undefined);
    default:
      return ofAccess(context, request) ?? onType(context, request, type);
  }
}

function underType(context: Context, request: FhirRequest): Promise<FhirResponse> {
  const { path } = request;
  const [type = '', id = '', third, fourth] = path;
  if (third === undefined) {
    if (id === '_search') return ofAccess(context, request) ?? search(context, request, type, type);
    if (id === '_history') return history(context, request, type);
    if (id === '$validate') return validateOperation(context, request, type);
    return ofAccess(context, request) ?? onInstance(context, request, type, id);
  }
  if (third === '$everything') return everything(context, request, id);
  if (third === '$validate') return validateOperation(context, request, type, id);
  if (third !== '_history') return compartmentSearch(context, request, type, id, third);
  return fourth === undefined ? history(context, request, type, id) : vread(context, request, type, id, fourth);
}

/** Accesses the hub keeps are read and searched like AuditEvents; nobody writes them. */
function ofAccess(context: Context, request: FhirRequest): Promise<FhirResponse> | undefined {
  const [type, id] = request.path;
  if (type !== 'AuditEvent') return undefined;
  if (id !== undefined && isAccessId(id)) return readAccess(context, id);
  const isSearch = isGet(request) ? id === undefined : id === '_search';
  return isSearch ? searchAuditEvents(context, request) : undefined;
}

const isGet = ({ method }: FhirRequest): boolean => method === 'GET' || method === 'HEAD';

function onType(context: Context, request: FhirRequest, type: string): Promise<FhirResponse> {
  switch (request.method) {
    case 'POST':
      return create(context, request, type);
    case 'PUT':
      return conditionalUpdate(context, request, type);
    case 'PATCH':
      return patch(context, request, type, undefined);
    case 'DELETE':
      return conditionalRemove(context, request, type);
    default:
      return search(context, request, type, type);
  }
}

function onInstance(context: Context, request: FhirRequest, type: string, id: string): Promise<FhirResponse> {
  switch (request.method) {
    case 'PUT':
      return update(context, request, type, id);
    case 'PATCH':
      return patch(context, request, type, id);
    case 'DELETE':
      return remove(context, request, type, id);
    default:
      return read(context, request, type, id);
  }
}
