import type { Actor } from '../../../../src/model/actor.ts';
import type { FhirRequest } from '../../../../src/server/exchange.ts';
import type { FhirService } from '../../../../src/server/service.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into any resource
  readonly body: any;
}

export type Ask = (request: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Answer>;

/** `ask('POST Patient', {...})`, `ask('GET Patient?name=x')` as one actor. */
export function askAs(service: FhirService, actor: Actor): Ask {
  return async (request, body, headers = {}) => {
    const [method = 'GET', address = ''] = request.split(/ (.*)/s);
    const url = new URL(address.startsWith('http') ? address : `${service.base}/${address}`);
    const response = await service.handle(
      {
        method: method as FhirRequest['method'],
        path: url.pathname
          .slice(new URL(service.base).pathname.length)
          .split('/')
          .filter((part) => part !== ''),
        query: [...url.searchParams],
        headers: { 'content-type': 'application/fhir+json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      },
      actor,
    );
    return {
      status: response.status,
      headers: response.headers,
      body: response.body ? JSON.parse(response.body) : undefined,
    };
  };
}

/** Ids of a Bundle's entries in order, matches only. */
export const matchesOf = (answer: Answer): string[] =>
  ((answer.body.entry ?? []) as { resource: { id: string }; search?: { mode?: string } }[])
    .filter(({ search }) => search?.mode === 'match')
    .map(({ resource }) => resource.id);
