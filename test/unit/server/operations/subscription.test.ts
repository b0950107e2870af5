import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HUB } from '../../../../src/model/actor.ts';
import type { Job } from '../../../../src/model/flow.ts';
import { hubTopic } from '../../../../src/model/systems.ts';
import type { HookRequest } from '../../../../src/server/operations/subscription-work.ts';
import type { HookOutcome } from '../../../../src/server/operations/subscriptions.ts';
import { makeSubscriptionHandler } from '../../../../src/server/operations/subscriptions.ts';
import { type Ask, askAs } from '../support/ask.ts';
import { organization } from '../support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from '../support/test-store.ts';

const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';
const ENDPOINT = 'https://app.test.example.com/hook';
interface Claimed extends Job {
  readonly lease: number;
}
const topicSubscription = (topic: string, content: string, more: { filters?: string[]; channel?: object } = {}) => ({
  resourceType: 'Subscription',
  status: 'requested',
  reason: 'test',
  criteria: hubTopic(topic),
  ...(more.filters
    ? {
        _criteria: {
          extension: more.filters.map((valueString) => ({ url: `${BACKPORT}backport-filter-criteria`, valueString })),
        },
      }
    : {}),
  channel: {
    type: 'rest-hook',
    endpoint: ENDPOINT,
    payload: 'application/fhir+json',
    _payload: { extension: [{ url: `${BACKPORT}backport-payload-content`, valueCode: content }] },
    header: ['Authorization: Bearer test-token'],
    ...more.channel,
  },
});
const plainSubscription = (criteria: string, channel: object = {}) => ({
  resourceType: 'Subscription',
  status: 'requested',
  reason: 'test',
  criteria,
  channel: { type: 'rest-hook', endpoint: ENDPOINT, ...channel },
});

describe.each(ENGINES)('subscriptions on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  let other: Ask;
  let patient: string;
  let sent: HookRequest[];
  let answer: () => HookOutcome;
  const TRIES = 2;

  /** Runs the jobs that wait, as the react loop does: a throw comes again. Gives how often a job failed. */
  const react = async (): Promise<number> => {
    const run = makeSubscriptionHandler({
      database: hub.database,
      clock: hub.clock,
      base: hub.fhir.base,
      triesMax: TRIES,
      send: async (request) => {
        sent.push(request);
        return answer();
      },
    });
    let failures = 0;
    let settled: object[] = [];
    for (;;) {
      const now = hub.clock.ms;
      const { claimed } = await hub.database.write<{ claimed: Claimed[] }>('job.settle', {
        settled,
        limit: 10,
        leaseMs: 60_000,
        now,
      });
      if (claimed.length === 0) return failures;
      settled = [];
      for (const job of claimed) {
        try {
          await run(job);
          settled.push({ id: job.id, lease: job.lease, outcome: { kind: 'done', events: [] } });
        } catch {
          failures++;
          settled.push({
            id: job.id,
            lease: job.lease,
            outcome: { kind: 'again', at: now, counted: true, code: 'job.failed', text: 'x' },
          });
        }
      }
    }
  };
  const bodies = () => sent.map(({ body }) => (body === undefined ? undefined : JSON.parse(body)));
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into any resource
  const parameter = (bundle: any, name: string): any[] =>
    bundle.entry[0].resource.parameter.filter((each: { name: string }) => each.name === name);
  const subscribe = async (resource: object, as: Ask = ask): Promise<string> => {
    const made = await as('POST Subscription', resource);
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    await react();
    expect((await as(`GET Subscription/${made.body.id}`)).body.status).toBe('active');
    sent = [];
    return made.body.id;
  };
  const appointment = (more: object = {}) => ({
    resourceType: 'Appointment',
    status: 'booked',
    start: '2026-04-01T10:00:00Z',
    end: '2026-04-01T11:00:00Z',
    participant: [{ actor: { reference: `Patient/${patient}` }, status: 'accepted' }],
    ...more,
  });

  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
    other = askAs(hub.fhir, client('org-b'));
    for (const id of ['org-b', 'org-c']) await hub.store.put(organization(id), HUB);
    patient = (await ask('POST Patient', { resourceType: 'Patient', name: [{ family: 'Test' }] })).body.id;
  });
  beforeEach(async () => {
    for (const as of [ask, other]) {
      const { body } = await as('GET Subscription');
      for (const { resource } of body.entry ?? []) await as(`DELETE Subscription/${resource.id}`);
    }
    answer = () => ({ kind: 'taken' });
    await react();
    sent = [];
  });
  afterAll(() => hub?.close());

  it('a handshake makes it active; a change is told by id with its number, the header with it', async () => {
    const made = await ask('POST Subscription', topicSubscription('appointment-change', 'id-only'));
    expect(made.body.status).toBe('requested');
    await react();
    expect(sent).toHaveLength(1);
    expect(parameter(bodies()[0], 'type')[0].valueCode).toBe('handshake');
    expect((await ask(`GET Subscription/${made.body.id}`)).body.status).toBe('active');
    const booked = await ask('POST Appointment', appointment());
    await react();
    const [request] = sent.slice(1);
    expect(request).toMatchObject({ method: 'POST', url: ENDPOINT, headers: { authorization: 'Bearer test-token' } });
    const [, bundle] = bodies();
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'history' });
    expect(bundle.entry).toHaveLength(1);
    expect(parameter(bundle, 'events-since-subscription-start')[0].valueString).toBe('1');
    expect(parameter(bundle, 'notification-event')[0].part).toContainEqual({
      name: 'focus',
      valueReference: { reference: `${hub.fhir.base}/Appointment/${booked.body.id}` },
    });
    const kept = await ask(`GET AuditEvent?_source=urn:handoff:access-log&entity=Appointment/${booked.body.id}`);
    expect(JSON.stringify(kept.body.entry)).toContain('client-of-org-a');
    const verdict = await ask('POST Bundle/$validate', bundle);
    expect(verdict.body.issue.filter(({ severity }: { severity: string }) => severity === 'error')).toEqual([]);
  });

  it('nothing is told of what the subscriber may not see, not even a number', async () => {
    const id = await subscribe(topicSubscription('appointment-change', 'id-only'), other);
    await ask('POST Appointment', appointment());
    await react();
    expect(sent).toEqual([]);
    const { body } = await other(`GET Subscription/${id}/$status`);
    expect(body.entry[0].resource.parameter).toContainEqual({
      name: 'events-since-subscription-start',
      valueString: '0',
    });
  });

  it('filters narrow; full-resource carries the resource, sensitive ones by name only', async () => {
    await subscribe(
      topicSubscription('appointment-change', 'full-resource', {
        filters: [`Appointment?patient=Patient/${patient}&status=booked`],
      }),
    );
    await ask('POST Appointment', appointment({ status: 'proposed' }));
    const booked = await ask('POST Appointment', appointment());
    await ask(
      'POST Appointment',
      appointment({
        meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: '42CFRPart2' }] },
      }),
    );
    await react();
    const entries = bodies().flatMap(({ entry }) => entry);
    expect(bodies().flatMap((bundle) => parameter(bundle, 'notification-event'))).toHaveLength(2);
    const told = entries.filter(({ resource }) => resource.resourceType === 'Appointment');
    expect(told).toEqual([
      expect.objectContaining({ resource: booked.body, request: { method: 'POST', url: 'Appointment' } }),
    ]);
  });

  it('in error it counts on and is told nothing; only its client brings it back, and then what was missed comes', async () => {
    const id = await subscribe(topicSubscription('appointment-change', 'id-only'));
    answer = () => ({ kind: 'failed', code: 'transport.connect-refused' });
    await ask('POST Appointment', appointment());
    expect(await react()).toBe(TRIES - 1);
    const broken = await ask(`GET Subscription/${id}`);
    expect(broken.body).toMatchObject({ status: 'error', error: expect.stringContaining('transport.connect-refused') });
    await ask('POST Appointment', appointment());
    await ask('POST Appointment', appointment());
    sent = [];
    answer = () => ({ kind: 'taken' });
    await react();
    expect(sent).toEqual([]);
    const { body } = await ask(`GET Subscription/${id}/$status`);
    expect(body.entry[0].resource.parameter).toEqual(
      expect.arrayContaining([
        { name: 'status', valueCode: 'error' },
        { name: 'events-since-subscription-start', valueString: '3' },
      ]),
    );
    const missed = await ask(`GET Subscription/${id}/$events?eventsSinceNumber=2`);
    expect(parameter(missed.body, 'notification-event').map(({ part }) => part[0].valueString)).toEqual(['2', '3']);
    expect((await ask(`PUT Subscription/${id}`, { ...broken.body, status: 'active' })).status).toBe(422);
    const { error: _error, ...again } = broken.body;
    expect((await ask(`PUT Subscription/${id}`, { ...again, status: 'requested' })).status).toBe(200);
    await react();
    expect((await ask(`GET Subscription/${id}`)).body.status).toBe('active');
    const numbers = bodies().flatMap((bundle) =>
      parameter(bundle, 'notification-event').map(({ part }) => part[0].valueString),
    );
    expect(numbers).toEqual(['1', '2', '3']);
  });

  it('a heartbeat comes when nothing was told for its period, an ended subscription is off', async () => {
    const end = new Date(hub.clock.ms + 3_600_000).toISOString();
    const id = await subscribe({
      ...topicSubscription('appointment-change', 'empty', {
        channel: { extension: [{ url: `${BACKPORT}backport-heartbeat-period`, valueUnsignedInt: 60 }] },
      }),
      end,
    });
    const tick = () => hub.database.write<number>('subscription.tick', { now: hub.clock.ms });
    hub.clock.ms += 30_000;
    expect(await tick()).toBe(0);
    hub.clock.ms += 31_000;
    expect(await tick()).toBe(1);
    await tick();
    await react();
    expect(bodies().map((bundle) => parameter(bundle, 'type')[0].valueCode)).toEqual(['heartbeat']);
    hub.clock.ms += 3_600_000;
    await tick();
    expect((await ask(`GET Subscription/${id}`)).body.status).toBe('off');
    sent = [];
    await ask('POST Appointment', appointment());
    await react();
    expect(sent).toEqual([]);
  });

  it('R4 rest-hook: an empty POST without payload, a PUT of the resource with one', async () => {
    await subscribe(plainSubscription(`Observation?code=http://loinc.org|44261-6`));
    await subscribe(plainSubscription('Observation?status=final', { payload: 'application/fhir+json' }));
    const observation = {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '44261-6' }] },
      subject: { reference: `Patient/${patient}` },
    };
    const made = await ask('POST Observation', observation);
    await ask('POST Observation', { ...observation, status: 'preliminary', code: { text: 'other' } });
    await react();
    const requests = sent.toSorted((a, b) => (a.method < b.method ? -1 : 1));
    expect(requests.map(({ method, url }) => [method, url])).toEqual([
      ['POST', ENDPOINT],
      ['PUT', `${ENDPOINT}/Observation/${made.body.id}`],
    ]);
    expect(requests[0]!.body).toBeUndefined();
    expect(JSON.parse(requests[1]!.body!)).toEqual(made.body);
  });

  it('content is decided when it is sent: what was deleted or closed meanwhile is not in it', async () => {
    await subscribe(plainSubscription('Basic', { payload: 'application/fhir+json' }));
    const made = await ask('POST Basic', { resourceType: 'Basic', code: { text: 'x' } });
    await ask(`DELETE Basic/${made.body.id}`);
    await react();
    expect(sent.every(({ body }) => body === undefined)).toBe(true);
  });

  it('who was a party when it happened and is none when it is sent is told a number and no more', async () => {
    const id = await subscribe(topicSubscription('safety-note', 'full-resource'), other);
    const note = (to: string) => ({
      resourceType: 'Communication',
      status: 'completed',
      category: [
        { coding: [{ system: 'https://handoff.example/fhir/CodeSystem/communication-kind', code: 'safety-note' }] },
      ],
      subject: { reference: `Patient/${patient}` },
      recipient: [{ reference: `Organization/${to}` }],
    });
    const made = await ask('POST Communication', note('org-b'));
    expect((await other(`GET Communication/${made.body.id}`)).status).toBe(200);
    const moved = await ask(`PUT Communication/${made.body.id}`, { ...note('org-c'), id: made.body.id });
    expect(moved.status).toBe(200);
    await react();
    expect(bodies()).toHaveLength(1);
    const [told] = parameter(bodies()[0], 'notification-event');
    expect(told.part.map(({ name }: { name: string }) => name)).toEqual(['event-number', 'timestamp']);
    expect(JSON.stringify(bodies())).not.toContain(made.body.id);
    const { body } = await other(`GET Subscription/${id}/$status`);
    expect(body.entry[0].resource.parameter).toContainEqual({
      name: 'events-since-subscription-start',
      valueString: '1',
    });
  });

  it('events of many writers at once have numbers without gap, and are told in their order', async () => {
    const id = await subscribe(topicSubscription('appointment-change', 'id-only'));
    const made = await Promise.all(Array.from({ length: 24 }, () => ask('POST Appointment', appointment())));
    expect(made.map(({ status }) => status)).toEqual(made.map(() => 201));
    await react();
    const told = bodies().flatMap((bundle) => parameter(bundle, 'notification-event'));
    expect(told.map(({ part }) => Number(part[0].valueString))).toEqual(made.map((_, n) => n + 1));
    const foci = told.map(
      ({ part }) => part.find(({ name }: { name: string }) => name === 'focus').valueReference.reference,
    );
    expect(foci.toSorted()).toEqual(made.map(({ body }) => `${hub.fhir.base}/Appointment/${body.id}`).toSorted());
    expect(bodies().every((bundle) => parameter(bundle, 'notification-event').length <= 20)).toBe(true);
    const { body } = await ask(`GET Subscription/${id}/$status`);
    expect(body.entry[0].resource.parameter).toContainEqual({
      name: 'events-since-subscription-start',
      valueString: '24',
    });
  });

  it('what the hub writes is matched like any other change, under what the subscriber may see', async () => {
    await subscribe(plainSubscription('Basic?code=urn:x|told', { payload: 'application/fhir+json' }));
    const by = { kind: 'hub', id: 'hub', scopes: ['system/*.cruds'] } as const;
    const basic = { resourceType: 'Basic', id: 'told', code: { coding: [{ system: 'urn:x', code: 'told' }] } };
    await hub.store.put(basic, by);
    await react();
    // It belongs to nobody: org-a may not see it, so it is no event.
    expect(sent).toEqual([]);
    await ask('POST Basic', { ...basic, id: undefined });
    await react();
    expect(sent.map(({ method }) => method)).toEqual(['PUT']);
  });

  it('a safety note goes on the lane of safety', async () => {
    await subscribe(topicSubscription('safety-note', 'id-only'));
    await ask('POST Communication', {
      resourceType: 'Communication',
      status: 'completed',
      category: [
        { coding: [{ system: 'https://handoff.example/fhir/CodeSystem/communication-kind', code: 'safety-note' }] },
      ],
      subject: { reference: `Patient/${patient}` },
    });
    await react();
    expect(sent).toHaveLength(1);
    expect(sent[0]!.urgent).toBe(true);
  });

  it.each([
    ['http://app.test.example.com/hook'],
    ['https://127.0.0.1/hook'],
    ['https://localhost/hook'],
    ['https://10.1.2.3/hook'],
    ['https://169.254.169.254/latest/meta-data'],
    ['https://[::1]/hook'],
    ['https://[::ffff:127.0.0.1]/hook'],
    ['https://[fd00::1]/hook'],
    ['https://0x7f.1/hook'],
    ['https://2130706433/hook'],
    ['https://intranet/hook'],
    ['https://hub.internal/hook'],
    ['https://user:secret@app.test.example.com/hook'],
    ['ftp://app.test.example.com/hook'],
    ['not a url'],
  ])('the endpoint %s is refused when it is created', async (endpoint) => {
    const { status, body } = await ask('POST Subscription', plainSubscription('Observation', { endpoint }));
    expect(status).toBe(422);
    expect(body.issue[0].expression).toEqual(['Subscription.channel.endpoint']);
  });

  it.each([
    ['criteria of another type', { criteria: 'Nothing?x=1' }, 'Subscription.criteria'],
    ['criteria that need other resources', { criteria: 'Observation?patient.name=x' }, 'Subscription.criteria'],
    ['an unknown parameter', { criteria: 'Observation?nothing=x' }, 'Subscription.criteria'],
    ['an unknown topic', { criteria: 'http://nowhere.example/topic' }, 'Subscription.criteria'],
    ['another channel', { channel: { type: 'email', endpoint: 'mailto:x@test.example' } }, 'Subscription.channel.type'],
    [
      'a header that is not the subscriber’s to set',
      { channel: { type: 'rest-hook', endpoint: ENDPOINT, header: ['Host: other'] } },
      'Subscription.channel.header',
    ],
    [
      'a topic without payload content',
      { criteria: hubTopic('consent-change') },
      'Subscription.channel.payload.extension',
    ],
    ['a status that is the hub’s to give', { status: 'active' }, 'Subscription.status'],
  ])('%s is refused', async (_what, change, location) => {
    const { status, body } = await ask('POST Subscription', { ...plainSubscription('Observation'), ...change });
    expect(status).toBe(422);
    expect(body.issue[0].expression).toEqual([location]);
  });

  it('needs the scope to read what it tells of', async () => {
    const narrow = askAs(hub.fhir, client('org-a', ['system/Subscription.cruds', 'system/Patient.rs']));
    expect((await narrow('POST Subscription', plainSubscription('Observation'))).status).toBe(403);
    expect((await narrow('POST Subscription', plainSubscription('Patient?name=x'))).status).toBe(201);
  });

  it('the topics stand in metadata', async () => {
    const { body } = await ask('GET metadata');
    const { extension, operation } = body.rest[0].resource.find(
      ({ type }: { type: string }) => type === 'Subscription',
    );
    expect(extension.map(({ valueCanonical }: { valueCanonical: string }) => valueCanonical)).toContain(
      hubTopic('safety-note'),
    );
    expect(operation.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['status', 'events']));
  });
});
