import { ClientStorage, MedplumClient, MemoryStorage } from '@medplum/core';
import { pathSegments, refusedBefore } from '../api/fhir-router.ts';
import type { Actor } from '../model/actor.ts';
import type { FhirRequest } from '../server/exchange.ts';
import type { FhirService } from '../server/service.ts';

const ORIGIN = 'http://hub.invalid/';
const FHIR_PATH = '/fhir/R4';

/**
 * A MedplumClient whose `fetch` calls the request handler that HTTP calls, as one actor. One per job: caching, batching and
 * its own retries are off, because it would repeat POSTs. Rule: DESIGN 5 "One store".
 */
export function inProcessClient(service: FhirService, actor: Actor): MedplumClient {
  return new MedplumClient({
    baseUrl: ORIGIN,
    fhirUrlPath: FHIR_PATH.slice(1),
    fetch: inProcessFetch(service, actor),
    storage: new ClientStorage(new MemoryStorage()),
    resourceCacheSize: 0,
    cacheTime: 0,
    autoBatchTime: 0,
    maxRetries: 0,
  });
}

/** `fetch` for the FHIR base only; nothing of it reaches a socket. */
export function inProcessFetch(service: FhirService, actor: Actor) {
  return async (address: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(address, ORIGIN);
    const headers: Record<string, string> = {};
    new Headers(init.headers).forEach((value, name) => {
      headers[name] = value;
    });
    const body = typeof init.body === 'string' && init.body !== '' ? { body: init.body } : {};
    const request: FhirRequest = {
      method: (init.method ?? 'GET') as FhirRequest['method'],
      path: pathSegments(url.pathname.slice(FHIR_PATH.length)),
      query: [...url.searchParams],
      headers,
      ...body,
    };
    const answer = refusedBefore(request) ?? (await service.handle(request, actor));
    const empty = answer.status === 204 || answer.status === 304 || answer.body === undefined;
    return new Response(empty ? null : answer.body, { status: answer.status, headers: { ...answer.headers } });
  };
}
