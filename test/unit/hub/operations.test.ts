import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Operations, startOperations } from '../../../src/hub/operations.ts';
import type { Job } from '../../../src/model/flow.ts';
import { hubTopic } from '../../../src/model/systems.ts';
import { type Ask, askAs } from '../server/support/ask.ts';
import { client, openTestStore, type TestStore } from '../server/support/test-store.ts';

const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';

/** Waits for what other threads and sockets do; gives up with the test's own limit. */
async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await met())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('the loops of exports and subscriptions in a running hub', () => {
  let hub: TestStore;
  let ask: Ask;
  let operations: Operations;
  let endpoint: Server;
  const told: string[] = [];
  const bots: string[] = [];

  /** One turn of the react loop. */
  const react = async (): Promise<void> => {
    const args = { settled: [], limit: 10, leaseMs: 1000, now: Date.now() };
    const { claimed } = await hub.database.write<{ claimed: (Job & { lease: number })[] }>('job.settle', args);
    const settled = [];
    for (const job of claimed) {
      await operations.runBot(job);
      settled.push({ id: job.id, lease: job.lease, outcome: { kind: 'done', events: [] } });
    }
    await hub.database.write('job.settle', { ...args, settled, limit: 0 });
  };

  beforeAll(async () => {
    endpoint = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { parameter } = JSON.parse(body).entry[0].resource;
        told.push(parameter.find(({ name }: { name: string }) => name === 'type').valueCode);
        response.end();
      });
    });
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    const endpoints = { allowHttp: true, allowPrivate: true };
    hub = await openTestStore('sqlite', {
      subscriptionEndpoints: endpoints,
      triggers: [{ handler: 'some-bot', resourceType: 'Basic', on: ['create'] }],
    });
    hub.clock.ms = Date.now();
    ask = askAs(hub.fhir, client('org-a'));
    operations = startOperations({
      database: hub.database,
      base: hub.fhir.base,
      runBot: async ({ handler }) => {
        bots.push(handler);
      },
      log: () => {},
      now: Date.now,
      endpoints,
    });
  });
  afterAll(async () => {
    endpoint?.closeAllConnections();
    endpoint?.close();
    await operations?.stop();
    await hub?.close();
  });

  it('a subscriber is told over a socket, other jobs go to their bots', async () => {
    const made = await ask('POST Subscription', {
      resourceType: 'Subscription',
      status: 'requested',
      reason: 'test',
      criteria: hubTopic('consent-change'),
      channel: {
        type: 'rest-hook',
        endpoint: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hook`,
        payload: 'application/fhir+json',
        _payload: { extension: [{ url: `${BACKPORT}backport-payload-content`, valueCode: 'id-only' }] },
      },
    });
    expect(made.status).toBe(201);
    await react();
    await ask('POST Basic', { resourceType: 'Basic', code: { text: 'x' } });
    const patient = await ask('POST Patient', { resourceType: 'Patient', name: [{ family: 'Test' }] });
    await ask('POST Consent', {
      resourceType: 'Consent',
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: `Patient/${patient.body.id}` },
      policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTIN' }] },
    });
    await until(async () => {
      await react();
      return told.length >= 2;
    });
    expect(told).toEqual(['handshake', 'event-notification']);
    expect(bots).toEqual(['some-bot']);
  });

  it('an export is planned without being asked twice', async () => {
    const started = await ask('GET $export?_type=Patient', undefined, { prefer: 'respond-async' });
    const address = started.headers['content-location']!.slice(`${hub.fhir.base}/`.length);
    await until(async () => (await ask(`GET ${address}`)).status === 200);
    expect((await ask(`GET ${address}`)).body.output).toHaveLength(1);
  });
});
