import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MedplumClient } from '@medplum/core';
import type { CapabilityStatement, Observation, Patient } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../../src/model/flow.ts';
import { hubTopic } from '../../../src/model/systems.ts';
import { type Exports, startExports } from '../../../src/server/operations/exports.ts';
import { makeSubscriptionHandler } from '../../../src/server/operations/subscriptions.ts';
import { webHook } from '../../../src/transport/out/web-hook.ts';
import { type HttpHub, startHttpHub } from '../http-server.ts';

const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';

describe('operations over HTTP with a token', () => {
  let http: HttpHub;
  let token: string;
  let exports: Exports;
  let medplum: MedplumClient;
  const get = (url: string, headers: Record<string, string> = {}) =>
    fetch(url, { headers: { authorization: `Bearer ${token}`, ...headers } });

  beforeAll(async () => {
    http = await startHttpHub();
    const made = await http.admin.addClient({ name: 'app', organization: 'org-a', scope: 'system/*.cruds' });
    const answer = (await (await http.token(made.client_id, made.client_secret!)).json()) as { access_token: string };
    token = answer.access_token;
    exports = startExports({ database: http.hub.database, clock: { now: Date.now }, pollMs: 20 });
    medplum = new MedplumClient({ baseUrl: `${http.origin}/`, fhirUrlPath: 'fhir/R4', fetch, accessToken: token });
  });
  afterAll(async () => {
    await exports?.stop();
    await http?.close();
  });

  it('every operation in metadata is served where it stands', async () => {
    const statement = (await (await fetch(`${http.base}/metadata`)).json()) as CapabilityStatement;
    const [rest] = statement.rest!;
    const listed = [
      ...(rest!.operation ?? []).map(({ name }) => `${http.base}/$${name}`),
      ...rest!.resource!.flatMap(({ type, operation = [] }) =>
        operation.flatMap(({ name }) => [`${http.base}/${type}/$${name}`, `${http.base}/${type}/none/$${name}`]),
      ),
    ].filter((url) => !url.endsWith('$validate'));
    expect(listed.length).toBeGreaterThan(20);
    const unknown: string[] = [];
    for (const level of Map.groupBy(listed, (url) => url.replace('/none/', '/')).values()) {
      const texts = await Promise.all(level.map(async (url) => (await get(url)).text()));
      if (texts.every((text) => text.includes('no such operation') || text.includes('no such resource type')))
        unknown.push(level[0]!);
    }
    expect(unknown).toEqual([]);
  });

  it('a bulk client gets its NDJSON: kick-off, progress, manifest, files, deletion', async () => {
    for (let n = 0; n < 20; n++) {
      const patient = await medplum.createResource<Patient>({
        resourceType: 'Patient',
        name: [{ family: `Bulk${n}` }],
      });
      await medplum.createResource<Observation>({
        resourceType: 'Observation',
        status: 'final',
        code: { text: 'mood' },
        subject: { reference: `Patient/${patient.id}` },
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    const started = await get(`${http.base}/Patient/$export?_type=Patient,Observation`, {
      prefer: 'respond-async',
      accept: 'application/fhir+json',
    });
    expect(started.status).toBe(202);
    const address = started.headers.get('content-location')!;
    let status = await get(address);
    while (status.status === 202) {
      expect(status.headers.get('retry-after')).toBe('1');
      await new Promise((resolve) => setTimeout(resolve, 20));
      status = await get(address);
    }
    expect(status.status).toBe(200);
    const { output } = (await status.json()) as { output: { type: string; url: string; count: number }[] };
    expect(output.map(({ type, count }) => [type, count])).toEqual([
      ['Patient', 20],
      ['Observation', 20],
    ]);
    const file = await get(output[1]!.url, { accept: 'application/fhir+ndjson' });
    expect(file.headers.get('content-type')).toContain('application/fhir+ndjson');
    const lines = (await file.text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).resourceType)).toEqual(Array.from({ length: 20 }, () => 'Observation'));
    expect(await (await get(`${output[1]!.url}?_pretty=true`)).text()).toBe(`${lines.join('\n')}\n`);
    expect((await fetch(output[1]!.url)).status).toBe(401);
    const gone = await fetch(address, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
    expect(gone.status).toBe(202);
    expect((await get(address)).status).toBe(404);
  });

  it('MedplumClient expands a value set and matches a patient', async () => {
    const expanded = await medplum.valueSetExpand({
      url: 'http://hl7.org/fhir/ValueSet/administrative-gender',
      filter: 'ma',
    });
    expect(expanded.expansion?.contains?.map(({ code }) => code)).toEqual(['male']);
    const found = await medplum.post(medplum.fhirUrl('Patient', '$match'), {
      resourceType: 'Parameters',
      parameter: [
        { name: 'resource', resource: { resourceType: 'Patient', name: [{ family: 'Nobody', given: ['At All'] }] } },
      ],
    });
    expect(found).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 0 });
  });

  it('a subscriber behind a real socket hears the handshake and the event', async () => {
    const heard: { url: string | undefined; body: string }[] = [];
    const endpoint: Server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        heard.push({ url: request.url, body });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hook`;
    const subscription = {
      resourceType: 'Subscription',
      status: 'requested',
      reason: 'test',
      criteria: hubTopic('episode-change'),
      channel: {
        type: 'rest-hook',
        endpoint: 'https://app.test.example.com/hook',
        payload: 'application/fhir+json',
        _payload: { extension: [{ url: `${BACKPORT}backport-payload-content`, valueCode: 'id-only' }] },
      },
    };
    await medplum.post(medplum.fhirUrl('Subscription'), subscription);
    const send = webHook({ isAllowed: () => true, connectTimeoutMs: 1000 });
    const run = makeSubscriptionHandler({
      database: http.hub.database,
      clock: { now: Date.now },
      base: http.base,
      triesMax: 1,
      // The name of the endpoint leads to this test's socket.
      send: (request) => send({ ...request, url: request.url.replace('https://app.test.example.com/hook', url) }),
    });
    const react = async (): Promise<void> => {
      let settled: object[] = [];
      for (;;) {
        const args = { settled, limit: 5, leaseMs: 10_000, now: Date.now() };
        const { claimed } = await http.hub.database.write<{ claimed: (Job & { lease: number })[] }>('job.settle', args);
        if (claimed.length === 0) return;
        settled = [];
        for (const job of claimed) {
          await run(job);
          settled.push({ id: job.id, lease: job.lease, outcome: { kind: 'done', events: [] } });
        }
      }
    };
    await react();
    const patient = await medplum.createResource<Patient>({ resourceType: 'Patient', name: [{ family: 'Episode' }] });
    await medplum.createResource({
      resourceType: 'EpisodeOfCare',
      status: 'active',
      patient: { reference: `Patient/${patient.id}` },
    });
    await react();
    endpoint.closeAllConnections();
    endpoint.close();
    expect(heard).toHaveLength(2);
    const types = heard.map(
      ({ body }) =>
        JSON.parse(body).entry[0].resource.parameter.find(({ name }: { name: string }) => name === 'type').valueCode,
    );
    expect(types).toEqual(['handshake', 'event-notification']);
  });
});
