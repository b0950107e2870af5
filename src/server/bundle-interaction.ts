import { stringifyExact } from '../fhir/exact-json.ts';
import { issue } from '../fhir/outcome.ts';
import { type Entry, type Planned, placedAt, resolveReferences } from './bundle-references.ts';
import { ambiguous, criteriaKey, matching } from './conditional.ts';
import type { Context } from './context.ts';
import { idFor } from './declared-id.ts';
import { FHIR_JSON, type FhirRequest, type FhirResponse } from './exchange.ts';
import { locationOf, textsOf, versionHeaders } from './present.ts';
import { ReadBudget } from './read-budget.ts';
import { refusalOf, refuse } from './refusal.ts';
import { type Written, writeAll } from './write.ts';
import { conditionalTarget, patched, patchIn, patchTarget, requireId, resourceIn } from './write-interactions.ts';

export type Dispatch = (context: Context, request: FhirRequest) => Promise<FhirResponse>;

/** POST [base] with a batch or a transaction Bundle. */
export async function bundle(context: Context, request: FhirRequest, dispatch: Dispatch): Promise<FhirResponse> {
  const body = resourceIn(request);
  const entries = (body.entry ?? []) as readonly Entry[];
  if (body.resourceType !== 'Bundle' || !Array.isArray(entries))
    throw refuse(400, 'structure', 'the body is not a Bundle', 'Bundle');
  if (entries.length > context.limits.bundleEntriesMax)
    throw refuse(413, 'too-costly', 'the Bundle has too many entries', 'Bundle.entry');
  if (body.type !== 'transaction' && body.type !== 'batch')
    throw refuse(400, 'value', 'the Bundle is neither batch nor transaction', 'Bundle.type');
  const asked = (entry: Entry, at: number) => entryRequest(context, request, entry, at);
  const responses =
    body.type === 'batch'
      ? await batch(context, entries, asked, dispatch)
      : await transaction(context, entries, entries.map(asked), dispatch);
  const texts = responses.map((response) => entryText(context, response));
  const text = `{"resourceType":"Bundle","type":"${body.type}-response"${texts.length > 0 ? `,"entry":[${texts.join(',')}]` : ''}}`;
  return {
    status: 200,
    headers: { 'content-type': FHIR_JSON },
    body: text,
    audit: responses.flatMap(({ audit }) => audit ?? []),
  };
}

const isRead = ({ method }: { readonly method?: string }): boolean => method === 'GET' || method === 'HEAD';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

function entryRequest(context: Context, outer: FhirRequest, entry: Entry, at: number): FhirRequest {
  const place = `Bundle.entry[${at}].request`;
  const { method, url, ifMatch, ifNoneMatch, ifNoneExist } = entry?.request ?? {};
  for (const [name, value] of Object.entries({ ifMatch, ifNoneMatch, ifNoneExist }))
    if (value !== undefined && typeof value !== 'string')
      throw refuse(400, 'value', 'the entry has a condition that is no text', `${place}.${name}`);
  if (entry?.fullUrl !== undefined && typeof entry.fullUrl !== 'string')
    throw refuse(400, 'value', 'the entry has a fullUrl that is no text', `Bundle.entry[${at}].fullUrl`);
  if (typeof method !== 'string' || !METHODS.has(method))
    throw refuse(400, 'value', 'the entry has no known method', `${place}.method`);
  if (typeof url !== 'string') throw refuse(400, 'required', 'the entry has no url', `${place}.url`);
  const relative = (url.startsWith(`${context.base}/`) ? url.slice(context.base.length + 1) : url).replace(/^\//, '');
  const mark = relative.indexOf('?');
  const path = mark < 0 ? relative : relative.slice(0, mark);
  const segments = path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => decode(part, `${place}.url`));
  const headers: Record<string, string> = { 'content-type': 'application/fhir+json' };
  if (outer.headers.prefer) headers.prefer = outer.headers.prefer;
  if (ifMatch !== undefined) headers['if-match'] = ifMatch;
  if (ifNoneMatch !== undefined) headers['if-none-match'] = ifNoneMatch;
  if (ifNoneExist !== undefined) headers['if-none-exist'] = ifNoneExist;
  let body = entry.resource === undefined ? undefined : stringifyExact(entry.resource);
  if (method === 'PATCH' && entry.resource?.resourceType === 'Binary') {
    headers['content-type'] = String(entry.resource.contentType ?? '');
    body = Buffer.from(String(entry.resource.data ?? ''), 'base64').toString('utf8');
  }
  return {
    method: method as FhirRequest['method'],
    path: segments,
    query: mark < 0 ? [] : [...new URLSearchParams(relative.slice(mark + 1))],
    ...(mark < 0 ? {} : { queryText: relative.slice(mark + 1) }),
    headers,
    ...(body !== undefined ? { body } : {}),
  };
}

function decode(part: string, place: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refuse(400, 'value', 'the address is not decodable', place);
  }
}

/** Each entry on its own: one that fails leaves the others. */
async function batch(
  context: Context,
  entries: readonly Entry[],
  asked: (entry: Entry, at: number) => FhirRequest,
  dispatch: Dispatch,
): Promise<FhirResponse[]> {
  const { tx } = context;
  const responses: FhirResponse[] = [];
  const budget = new ReadBudget(entries.some((entry) => !isRead(entry?.request ?? {})));
  for (const [at, entry] of entries.entries()) {
    let writes = false;
    try {
      const request = asked(entry, at);
      if (request.path.length === 0 && request.method === 'POST')
        throw refuse(400, 'not-supported', 'a Bundle is not taken inside a Bundle', `Bundle.entry[${at}].request.url`);
      writes = !isRead(request);
      if (writes) tx.send('SAVEPOINT entry');
      responses.push(writes ? await dispatch(context, request) : await budget.spend(() => dispatch(context, request)));
      if (writes) tx.send('RELEASE SAVEPOINT entry');
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      if (writes) {
        tx.send('ROLLBACK TO SAVEPOINT entry');
        tx.send('RELEASE SAVEPOINT entry');
      }
      responses.push({ status: refusal.status, headers: {}, body: JSON.stringify(refusal.outcome) });
    }
  }
  return responses;
}

/**
 * All or nothing. Deletes, creates, updates and patches are settled first and written together, then the reads run.
 * Temporary ids and conditional references resolve within the Bundle and against the store. Rule: FHIR R4 http.html#trules.
 */
async function transaction(
  context: Context,
  entries: readonly Entry[],
  requests: readonly FhirRequest[],
  dispatch: Dispatch,
): Promise<FhirResponse[]> {
  const planned: Planned[] = [];
  const made = new Map<string, string>();
  for (const [at, request] of requests.entries()) {
    if (isRead(request)) continue;
    planned.push(await placedAt(at, () => plan(context, request, at, made)));
  }
  refuseOverlap(planned);
  const resolved = await resolveReferences(context, entries, planned);
  const order = { delete: 0, create: 1, update: 2 };
  const writes = resolved.flatMap(({ write }) => write ?? []).toSorted((a, b) => order[a.action] - order[b.action]);
  const written = new Map<string, Written>();
  for (const [n, result] of (await writeAll(context, writes)).entries())
    written.set(`${writes[n]!.type}/${writes[n]!.id}`, result);
  const responses: FhirResponse[] = [];
  const budget = new ReadBudget(planned.length > 0);
  const read = (request: FhirRequest) => budget.spend(() => dispatch(context, request));
  for (const [at, request] of requests.entries()) {
    const mine = resolved.find((each) => each.at === at);
    responses.push(mine ? await responseOf(context, request, mine, written) : await placedAt(at, () => read(request)));
  }
  return responses;
}

/** `made`: by criteria that matched nothing, the id an entry before this one gave. One identity is one resource within a Bundle too. */
async function plan(context: Context, request: FhirRequest, at: number, made: Map<string, string>): Promise<Planned> {
  const [type = '', given] = request.path;
  const place = `Bundle.entry[${at}].resource`;
  if (!context.engine.definitions.isResourceType(type))
    throw refuse(400, 'not-supported', 'the entry names no resource type', `Bundle.entry[${at}].request.url`);
  const query = new URLSearchParams(request.query.map(([name, value]) => [name, value])).toString();
  const ifMatch = request.headers['if-match'];
  const match = ifMatch !== undefined ? { ifMatch } : {};
  switch (request.method) {
    case 'POST': {
      if (given !== undefined)
        throw refuse(
          400,
          'not-supported',
          'operations are not part of a transaction',
          `Bundle.entry[${at}].request.url`,
        );
      const criteria = request.headers['if-none-exist'];
      const found = criteria === undefined ? [] : await matching(context, type, criteria);
      if (found.length > 1) throw ambiguous();
      if (found[0]) return { at, type, id: found[0].id, write: undefined, existing: found[0] };
      const resource = resourceIn(request);
      const key = criteria === undefined ? undefined : criteriaKey(type, criteria);
      const same = key === undefined ? undefined : made.get(key);
      if (same !== undefined) return { at, type, id: same, write: undefined };
      const id = await idFor(context, type, resource);
      if (key !== undefined) made.set(key, id);
      return { at, type, id, write: { action: 'create', type, id, resource, place } };
    }
    case 'PUT': {
      const resource = resourceIn(request);
      if (given !== undefined && resource.id !== undefined && resource.id !== given)
        throw refuse(400, 'value', 'the resource has another id than the address', `${place}.id`);
      if (given !== undefined) {
        const id = requireId(given);
        return { at, type, id, write: { action: 'update', type, id, resource, place, ...match } };
      }
      const target = await conditionalTarget(context, type, query, resource.id);
      const id = made.get(criteriaKey(type, query)) ?? target;
      made.set(criteriaKey(type, query), id);
      return { at, type, id, write: { action: 'update', type, id, resource, place, ...match } };
    }
    case 'PATCH': {
      const operations = patchIn(request);
      const id = given !== undefined ? requireId(given) : await patchTarget(context, type, query);
      const resource = await patched(context, type, id, operations);
      return { at, type, id, write: { action: 'update', type, id, resource, place, patched: true, ...match } };
    }
    default: {
      if (given !== undefined)
        return { at, type, id: requireId(given), write: { action: 'delete', type, id: given, place, ...match } };
      const found = await matching(context, type, query);
      if (found.length > 1) throw ambiguous();
      const id = found[0]?.id ?? '';
      return { at, type, id, write: found[0] ? { action: 'delete', type, id, place } : undefined };
    }
  }
}

function refuseOverlap(planned: readonly Planned[]): void {
  const seen = new Set<string>();
  for (const { type, id, write, at } of planned) {
    if (!write) continue;
    const key = `${type}/${id}`;
    if (seen.has(key)) throw refuse(400, 'duplicate', 'two entries write the same resource', `Bundle.entry[${at}]`);
    seen.add(key);
  }
}

async function responseOf(
  context: Context,
  request: FhirRequest,
  { type, id, write, existing }: Planned,
  written: ReadonlyMap<string, Written>,
): Promise<FhirResponse> {
  const result = existing ? undefined : written.get(`${type}/${id}`);
  const row = existing ?? result?.row;
  if (!row || result?.status === 204) return { status: 204, headers: row ? versionHeaders(row) : {} };
  const headers = { ...versionHeaders(row), location: locationOf(context.base, row) };
  const status = write ? (result?.status ?? 200) : 200;
  if (/return=minimal/.test(request.headers.prefer ?? '')) return { status, headers };
  return { status, headers, body: (await textsOf(context, [row])).get(row.rid)! };
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  200: '200 OK',
  201: '201 Created',
  204: '204 No Content',
  304: '304 Not Modified',
  404: '404 Not Found',
  410: '410 Gone',
};

function entryText(context: Context, { status, headers, body }: FhirResponse): string {
  const failed = status >= 400;
  const response = {
    status: STATUS_TEXT[status] ?? String(status),
    ...(headers.location ? { location: headers.location } : {}),
    ...(headers.etag ? { etag: headers.etag } : {}),
    ...(headers['last-modified'] ? { lastModified: new Date(headers['last-modified']).toISOString() } : {}),
  };
  const outcomeText = failed
    ? `,"outcome":${body ?? JSON.stringify({ resourceType: 'OperationOutcome', issue: [issue({ code: 'processing' })] })}`
    : '';
  const location = headers.location?.replace(/\/_history\/.*$/, '');
  const fullUrl = location
    ? `"fullUrl":${JSON.stringify(location.startsWith('http') ? location : `${context.base}/${location}`)},`
    : '';
  const resource = body && !failed ? `"resource":${body},` : '';
  return `{${fullUrl}${resource}"response":${JSON.stringify(response).slice(0, -1)}${outcomeText}}}`;
}
