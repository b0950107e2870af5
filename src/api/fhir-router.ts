import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { type IssueCode, issue, outcome } from '../fhir/outcome.ts';
import type { Actor } from '../model/actor.ts';
import type { Clock } from '../model/clock.ts';
import { FHIR_JSON, type FhirRequest, type FhirResponse } from '../server/exchange.ts';
import type { FhirService } from '../server/service.ts';
import { preferred } from './accept.ts';
import type { Authenticate } from './authenticate.ts';
import { depthOf } from './json-depth.ts';
import { peerOf } from './peer.ts';
import { RateLimit } from './rate-limit.ts';

export interface FhirRouterDeps {
  readonly service: FhirService;
  readonly authenticate: Authenticate;
  readonly clock: Clock;
  readonly limits: { readonly bodyMaxBytes: number; readonly requestsPerSecond: number };
}

const gzipAsync = promisify(gzip);
const GZIP_MIN_BYTES = 1500;
const GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/;
export const JSON_DEPTH_MAX = 100;

/** The FHIR R4 API, mounted at its base path. Every answer that is not a success is an OperationOutcome without values. */
export function fhirRouter(deps: FhirRouterDeps): Router {
  const { service, authenticate, clock, limits } = deps;
  const rate = new RateLimit(limits.requestsPerSecond, clock);
  const router = express.Router();
  router.use(express.raw({ type: () => true, limit: limits.bodyMaxBytes }));
  router.use(async (request: Request, response: Response) => {
    const body = bodyOf(request);
    if (typeof body === 'object') return send(request, response, body);
    const asked = requestOf(request, body);
    const isPublic = asked.path.length === 1 && asked.path[0] === 'metadata';
    const actor = isPublic ? PUBLIC : await authenticate(request.headers.authorization);
    if (!actor) {
      response.set('www-authenticate', 'Bearer realm="handoff"');
      return send(request, response, fault(401, 'login', 'a token is needed'));
    }
    const wait = rate.take(actor.id);
    if (wait > 0) {
      response.set('retry-after', String(Math.ceil(wait / 1000)));
      return send(request, response, fault(429, 'throttled', 'too many requests'));
    }
    const answer = refusedBefore(asked) ?? (await service.handle(asked, { ...actor, peer: peerOf(request) }));
    await send(
      request,
      response,
      typed(asked.method === request.method ? answer : notOfFhir(answer), mediaTypeOf(asked)),
    );
  });
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    void send(request, response, bodyFault(error));
  });
  return router;
}

const PUBLIC: Actor = { kind: 'client', id: 'public', scopes: [] };
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** FHIR JSON under the name that the client takes it by. */
const typed = (answer: FhirResponse, type: string | undefined): FhirResponse =>
  type === undefined || answer.headers['content-type'] !== FHIR_JSON || !/\/json$/.test(type)
    ? answer
    : { ...answer, headers: { ...answer.headers, 'content-type': `${type}; charset=utf-8` } };

/** What OPTIONS was told, as the answer to a method that FHIR does not have. */
const notOfFhir = (told: FhirResponse): FhirResponse => {
  if (told.status !== 204) return told;
  const { headers, ...refused } = fault(405, 'not-supported', 'the method is not part of FHIR');
  return { ...refused, headers: { ...headers, ...told.headers } };
};

const CHARSET = /;\s*charset\s*=\s*"?([^;"\s]+)/i;

/** The body as text. FHIR is UTF-8: a byte that is none is refused, or a name would be stored with a mark in its place. */
function bodyOf(request: Request): string | FhirResponse {
  if (!Buffer.isBuffer(request.body)) return '';
  const charset = CHARSET.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (!/^(utf-?8|us-ascii)$/i.test(charset)) return fault(415, 'not-supported', 'the body must be UTF-8');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(request.body);
  } catch {
    return fault(400, 'structure', 'the body is not UTF-8');
  }
}

/** A method that is not part of FHIR asks what the address takes. */
function requestOf(request: Request, body: string): FhirRequest {
  const mark = request.url.indexOf('?');
  const path = mark < 0 ? request.url : request.url.slice(0, mark);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers[name] = value;
  return {
    method: (METHODS.has(request.method) ? request.method : 'OPTIONS') as FhirRequest['method'],
    path: pathSegments(path),
    query: mark < 0 ? [] : [...new URLSearchParams(request.url.slice(mark + 1))],
    ...(mark < 0 ? {} : { queryText: request.url.slice(mark + 1) }),
    headers,
    ...(body !== '' ? { body } : {}),
  };
}

/** Decoded segments; one that cannot be decoded stays as it is and matches nothing. */
export function pathSegments(path: string): string[] {
  return path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}

const JSON_TYPES = ['application/fhir+json', 'application/json', 'text/json'] as const;
const BULK_TYPES = [...JSON_TYPES, 'application/fhir+ndjson', 'application/ndjson'] as const;

/** The media type that an answer may have: `_format` before Accept. Undefined: none that the server speaks. Rule: FHIR R4 http.html#parameters. */
function mediaTypeOf({ path, query, headers }: FhirRequest): string | undefined {
  const format = query.find(([name]) => name === '_format')?.[1];
  if (format !== undefined) return /json/.test(format) ? JSON_TYPES[0] : undefined;
  const isBulk = path.some((part) => part.startsWith('$export'));
  return preferred(headers.accept ?? '', isBulk ? BULK_TYPES : JSON_TYPES);
}

/** What is wrong before the store is asked: a format we do not speak, or JSON nested deeper than any resource. */
export function refusedBefore(asked: FhirRequest): FhirResponse | undefined {
  if (mediaTypeOf(asked) === undefined) return fault(406, 'not-supported', 'the server speaks application/fhir+json');
  if (asked.body !== undefined && depthOf(asked.body, JSON_DEPTH_MAX) > JSON_DEPTH_MAX) {
    return fault(400, 'too-costly', 'the JSON is nested too deeply');
  }
  return undefined;
}

function fault(status: number, code: IssueCode, text: string): FhirResponse {
  return { status, headers: { 'content-type': FHIR_JSON }, body: JSON.stringify(outcome(issue({ code, text }))) };
}

function bodyFault(error: unknown): FhirResponse {
  const { type, status } = error as { type?: string; status?: number };
  if (type === 'entity.too.large') return fault(413, 'too-long', 'the body is longer than the server takes');
  if (type?.startsWith('encoding') || type === 'charset.unsupported')
    return fault(415, 'not-supported', 'the encoding of the body is not supported');
  if (status !== undefined && status >= 400 && status < 500)
    return fault(400, 'structure', 'the request cannot be read');
  return fault(500, 'exception', 'an internal failure');
}

async function send(request: Request, response: Response, { status, headers, body }: FhirResponse): Promise<void> {
  response.status(status).set({ 'cache-control': 'no-store', ...headers });
  if (body === undefined) return void response.end();
  // NDJSON is lines of JSON: it has one form.
  const pretty = request.query._pretty === 'true' && !/ndjson/.test(headers['content-type'] ?? '');
  const text = pretty ? JSON.stringify(JSON.parse(body), undefined, 2) : body;
  response.vary('Accept').vary('Accept-Encoding');
  if (text.length >= GZIP_MIN_BYTES && GZIP.test(String(request.headers['accept-encoding'] ?? ''))) {
    response.set('content-encoding', 'gzip');
    return void response.end(await gzipAsync(text, { level: constants.Z_BEST_SPEED }));
  }
  response.end(text);
}
