import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

/** A FHIR server from outside: an address and what goes into Authorization (empty: nothing). Nothing of the product is imported in this folder. */
export interface Target {
  readonly base: string;
  readonly authorization: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the suite looks into any resource
  readonly body: any;
}

export interface Api {
  readonly base: string;
  /** A tag no other run has used: the suite may run against a server with data. */
  readonly run: string;
  ask(request: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** The same without a token and without reading JSON. */
  raw(request: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Deletes what this run created, newest first. Gives what could not be deleted, as `Type/id`. */
  cleanUp(): Promise<readonly string[]>;
}

export interface Check {
  readonly name: string;
  /** Why a server that does otherwise keeps to R4 all the same, with the page that says so. Absent: R4 asks for it. */
  readonly open?: string;
  run(api: Api): Promise<void>;
}

export interface Made {
  readonly id: string;
  readonly meta: { readonly versionId: string };
}

const LOCATION = /([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/;

export function apiOf({ base, authorization }: Target): Api {
  const created = new Set<string>();
  const remember = (location: string | null | undefined): void => {
    const found = LOCATION.exec(location ?? '')?.[1];
    if (found) created.add(found);
  };
  const url = (path: string): string => (path.startsWith('http') ? path : `${base}/${path}`);
  const ask: Api['ask'] = async (request, body, headers = {}) => {
    const [method = 'GET', path = ''] = request.split(/ (.*)/s);
    const response = await fetch(url(path), {
      method,
      headers: {
        ...(authorization === '' ? {} : { authorization }),
        accept: 'application/fhir+json',
        'content-type': 'application/fhir+json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson =
      /json/.test(response.headers.get('content-type') ?? '') &&
      !/ndjson/.test(response.headers.get('content-type') ?? '');
    const read = text === '' ? undefined : isJson ? JSON.parse(text) : text;
    if (response.status === 201) remember(response.headers.get('location'));
    for (const entry of read?.entry ?? [])
      if (String(entry.response?.status).startsWith('201')) remember(entry.response.location);
    return { status: response.status, headers: response.headers, body: read };
  };
  return {
    base,
    run: randomUUID(),
    ask,
    raw: (request, headers = {}) => {
      const [method = 'GET', path = ''] = request.split(/ (.*)/s);
      return fetch(url(path), { method, headers });
    },
    async cleanUp() {
      // What others still refer to goes in a later round.
      for (let before = Number.POSITIVE_INFINITY; created.size > 0 && created.size < before; ) {
        before = created.size;
        for (const each of [...created].reverse()) {
          const { status } = await ask(`DELETE ${each}`);
          if ([200, 202, 204, 404, 410].includes(status)) created.delete(each);
        }
      }
      return [...created];
    },
  };
}

/** A Patient that only this run has, found by `only(api, value)`. */
export const identified = (api: Api, value: string, more: object = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system: `urn:conformance:${api.run}`, value }],
  ...more,
});

export const only = (api: Api, value: string): string => `identifier=urn:conformance:${api.run}|${value}`;

export async function made(
  api: Api,
  resource: { readonly resourceType: string; readonly [key: string]: unknown },
): Promise<Made> {
  const reply = await api.ask(`POST ${resource.resourceType}`, resource);
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body;
}

export const observation = (subject: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
  subject: { reference: subject },
  ...more,
});

export const ids = (reply: Reply, mode = 'match'): string[] =>
  (reply.body.entry ?? [])
    .filter((entry: { search?: { mode?: string } }) => entry.search?.mode === mode)
    .map((entry: { resource: { id: string } }) => entry.resource.id);

export const isOutcome = (reply: Reply): void => assert.equal(reply.body?.resourceType, 'OperationOutcome');

export const linkOf = (reply: Reply, relation: string): string | undefined =>
  reply.body.link?.find((link: { relation: string }) => link.relation === relation)?.url;

/** Each query gives exactly these ids, in any order. */
export async function finds(api: Api, cases: readonly (readonly [query: string, ...ids: string[]])[]): Promise<void> {
  for (const [query, ...expected] of cases) {
    const reply = await api.ask(`GET ${query}`);
    assert.equal(reply.status, 200, `${query}: ${JSON.stringify(reply.body)}`);
    assert.deepEqual(ids(reply).sort(), [...expected].sort(), query);
  }
}

/** The value of the named part of a Parameters resource. */
export const parameterOf = ({ body }: Reply, name: string): unknown => {
  const part = (body.parameter ?? []).find((each: { name: string }) => each.name === name) ?? {};
  return part.resource ?? Object.entries(part).find(([key]) => key.startsWith('value'))?.[1];
};
