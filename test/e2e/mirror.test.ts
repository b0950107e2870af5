import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent, Consent, Encounter, Observation, Patient, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { App, until } from '../../fixtures/demo/world.ts';
import { MirrorServer, type Mood } from './mirror-server.ts';
import { Cli, type Ended, freePorts, handoff, type OutboxRow, temporaryFolder, WAIT_MS } from './network.ts';
import { type ScratchDatabase, SERVER, scratchDatabase } from './scratch-database.ts';

const MRN = 'https://riverside.example/sid/mrn';
/** System of the identifier under which the hub's resources are known elsewhere. */
const HUB_ID = 'https://handoff.example/fhir/sid/resource';
const TYPES = ['Organization', 'Practitioner', 'Patient', 'Encounter', 'Observation'];

/** What the mirrored hub keeps its data in. */
const ENGINES = SERVER ? ['sqlite', 'postgres'] : ['sqlite'];

/** A hub as its users start it, with ways in. */
class TestHub {
  readonly base: number;
  /** Default: embedded, in the home. */
  database: string;
  readonly #home: string;
  #cli: Cli | undefined;

  constructor(home: string, base: number) {
    this.#home = home;
    this.base = base;
    this.database = `sqlite:${join(home, 'data')}`;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.base}`;
  }

  /** Standard error so far, which has the log. */
  get said(): string {
    return `${this.#cli?.err}${this.#cli?.out}`;
  }

  async start(partners: readonly object[]): Promise<void> {
    this.write(partners);
    this.#cli = new Cli(['start'], this.#env);
    await this.#cli.ready(this.base);
  }

  /** Settings that a running hub takes at SIGHUP. */
  reload(partners: readonly object[]): void {
    this.write(partners);
    this.#cli?.signal('SIGHUP');
  }

  write(partners: readonly object[]): void {
    const settings = {
      http: `127.0.0.1:${this.base}`,
      database: this.database,
      keyFile: join(this.#home, 'hub.key'),
      accessTokenSec: 3600,
      log: { level: 'warn' },
      partners,
    };
    writeFileSync(join(this.#home, 'handoff.yaml'), stringify(settings));
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#cli?.isRunning) this.#cli.signal(signal);
    await this.#cli?.ended;
  }

  get #env() {
    return { HANDOFF_CONFIG: join(this.#home, 'handoff.yaml') };
  }

  run(...args: string[]): Promise<Ended> {
    return handoff(args, this.#env);
  }

  async client(organization?: string): Promise<{ client_id: string; client_secret: string }> {
    const whose = organization === undefined ? [] : ['--organization', organization];
    const made = await this.run('client', 'add', 'app', '--scope', 'system/*.cruds', ...whose);
    return JSON.parse(made.out);
  }

  async app(organization?: string): Promise<App> {
    const { client_id, client_secret } = await this.client(organization);
    const response = await fetch(`${this.origin}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    return new App(this.origin, async () => token);
  }

  async ops<T>(path: string): Promise<T> {
    const { client_id, client_secret } = await this.client();
    const response = await fetch(`${this.origin}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    const answer = await fetch(`${this.origin}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const text = await answer.text();
    return (path === '/metrics' ? text : JSON.parse(text)) as T;
  }
}

interface MirrorState {
  readonly recipient: string;
  readonly waiting: number;
  readonly oldest?: number;
  readonly withheld: number;
  readonly failed: number;
}

const partner = (id: string, transport?: object, more: object = {}) => ({
  id,
  name: id,
  organization: id,
  issues: [`https://${id}.example/sid/mrn`],
  zone: 'America/New_York',
  endpoints: transport
    ? [{ id: `${id}-mirror`, transport, timeoutMs: 500, retry: { firstMs: 50, maxMs: 200 }, ...more }]
    : [],
});

const patient = (n: number, family: string): Patient => ({
  resourceType: 'Patient',
  identifier: [{ system: MRN, value: `M${n}` }],
  name: [{ family }],
});

const encounterOf = ({ id }: Resource, practitioner: Resource): Encounter => ({
  resourceType: 'Encounter',
  status: 'in-progress',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
  subject: { reference: `Patient/${id}` },
  participant: [{ individual: { reference: `Practitioner/${practitioner.id}` } }],
});

const observationOf = ({ id }: Resource, encounter: Resource, value: number): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '44261-6' }] },
  subject: { reference: `Patient/${id}` },
  encounter: { reference: `Encounter/${encounter.id}` },
  valueInteger: value,
});

const act = (code: string) => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code });

/** The patient lets Riverside tell this organization for treatment. */
const consentOf = (id: string, recipient: string): Consent => ({
  resourceType: 'Consent',
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [{ coding: [act('IDSCL')] }],
  patient: { reference: `Patient/${id}` },
  dateTime: new Date().toISOString(),
  organization: [{ reference: 'Organization/riverside' }],
  policy: [{ uri: 'https://riverside.example/consent-form' }],
  provision: {
    type: 'permit',
    period: { start: new Date(Date.now() - 86_400_000).toISOString() },
    actor: [
      {
        role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
        reference: { reference: `Organization/${recipient}` },
      },
    ],
    purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }],
  },
});

describe('a mirror', () => {
  let homes: string[];
  let hub: TestHub;
  let other: TestHub;
  let server: MirrorServer;
  let shared: ScratchDatabase | undefined;
  beforeEach(async () => {
    homes = [temporaryFolder(), temporaryFolder()];
    const base = await freePorts(2);
    [hub, other] = homes.map((home, i) => new TestHub(home, base + i)) as [TestHub, TestHub];
    server = new MirrorServer();
  });
  afterEach(async () => {
    await Promise.all([hub.stop('SIGKILL'), other.stop('SIGKILL'), server.stop()]);
    await shared?.drop();
    shared = undefined;
    for (const home of homes) rmSync(home, { recursive: true, force: true });
  });

  const stateOf = async (recipient: string): Promise<MirrorState | undefined> =>
    (await hub.ops<{ mirrors: MirrorState[] }>('/ops/status')).mirrors.find((each) => each.recipient === recipient);
  const quiet = async (recipient: string): Promise<void> => {
    expect(await until(async () => (await stateOf(recipient))?.waiting === 0, WAIT_MS)).toBe(true);
  };

  test.each(ENGINES)(
    'another hub holds what one on %s holds: links, changes in order, deletions; what it was down for is made up',
    async (engine) => {
      if (engine === 'postgres') {
        shared = await scratchDatabase();
        hub.database = shared.url;
      }
      await other.start([]);
      const { client_id: clientId, client_secret: clientSecret } = await other.client();
      const authorization = { tokenUrl: `${other.origin}/oauth2/token`, clientId, clientSecret };
      const mirrored = { kind: 'mirror', url: `${other.origin}/fhir/R4`, types: TYPES, authorization };
      await hub.start([partner('riverside')]);
      const before = await hub.app('riverside');
      const old = await before.do<Patient>('POST', 'Patient', patient(1, 'Before'));
      await hub.stop();
      await hub.start([partner('riverside', mirrored)]);

      // What was there before the mirror goes by a load; a second load sends nothing.
      const loaded = await hub.run('mirror', 'riverside');
      expect(loaded).toMatchObject({ code: 0, err: '' });
      expect(JSON.parse(loaded.out)).toMatchObject({ recipients: ['riverside/riverside-mirror'] });
      await quiet('riverside/riverside-mirror');
      const there = await other.app();
      const find = async <T extends Resource>(query: string) => (await there.search<T>(query))[0];
      const oldThere = await find<Patient>(`Patient?identifier=${MRN}|M1`);
      expect(oldThere?.name).toEqual([{ family: 'Before' }]);
      expect(oldThere?.identifier).toContainEqual({ system: HUB_ID, value: old.id });
      expect((await hub.run('mirror', 'riverside')).code).toBe(0);
      await quiet('riverside/riverside-mirror');
      expect((await find<Patient>(`Patient?identifier=${MRN}|M1`))?.meta?.versionId).toBe('1');

      const here = await hub.app('riverside');
      const practitioner = await here.do('POST', 'Practitioner', {
        resourceType: 'Practitioner',
        name: [{ family: 'Vale' }],
      });
      const one = await here.do<Patient>('POST', 'Patient', patient(2, 'First'));
      const encounter = await here.do('POST', 'Encounter', encounterOf(one, practitioner));
      const observation = await here.do<Observation>('POST', 'Observation', observationOf(one, encounter, 7));
      for (const family of ['Second', 'Third', 'Fourth'])
        await here.do('PUT', `Patient/${one.id}`, { ...one, name: [{ family }] });
      await quiet('riverside/riverside-mirror');
      const oneThere = await find<Patient>(`Patient?identifier=${MRN}|M2`);
      expect(oneThere?.name).toEqual([{ family: 'Fourth' }]);
      const linked = await there.bundle(
        `Observation?patient=Patient/${oneThere?.id}&_include=Observation:encounter&_include:iterate=Encounter:practitioner`,
      );
      expect(linked.entry?.map(({ resource }) => resource?.resourceType)).toEqual([
        'Observation',
        'Encounter',
        'Practitioner',
      ]);

      await other.stop();
      await here.do('PUT', `Observation/${observation.id}`, { ...observation, valueInteger: 9 });
      await here.do('PUT', `Patient/${one.id}`, { ...one, name: [{ family: 'Fifth' }] });
      expect(await until(async () => (await stateOf('riverside/riverside-mirror'))?.waiting === 2, WAIT_MS)).toBe(true);
      const rows = (
        await hub.ops<{ rows: OutboxRow[] }>('/ops/outbox?recipient=riverside/riverside-mirror&state=queued')
      ).rows;
      expect(rows.map(({ waiting }) => waiting?.code).sort()).toEqual([
        'deliver.partner-down',
        'deliver.waits-for-lane',
      ]);
      const metrics = await hub.ops<string>('/metrics');
      expect(metrics).toMatch(/handoff_mirror_lag_seconds\{recipient="riverside\/riverside-mirror"\} [0-9.]*[1-9]/);
      expect(metrics).toContain('handoff_mirror_rows{recipient="riverside/riverside-mirror",what="waiting"} 2');
      await other.start([]);
      await quiet('riverside/riverside-mirror');
      expect((await find<Patient>(`Patient?identifier=${MRN}|M2`))?.name).toEqual([{ family: 'Fifth' }]);
      const criterion = `Observation?identifier=${HUB_ID}|${observation.id}`;
      expect((await find<Observation>(criterion))?.valueInteger).toBe(9);

      const log = `AuditEvent?_source=urn:handoff:access-log&agent=riverside/riverside-mirror&patient=${one.id}`;
      const [told] = await (await hub.app()).search<AuditEvent>(log);
      expect(told).toMatchObject({ type: { code: '110106' }, outcome: '0' });
      expect(told?.agent.map(({ network }) => network?.address)).toContain('127.0.0.1');

      await here.do('DELETE', `Observation/${observation.id}`);
      expect(await until(async () => (await there.search(criterion)).length === 0, WAIT_MS)).toBe(true);
      expect(await stateOf('riverside/riverside-mirror')).toMatchObject({ waiting: 0, failed: 0, withheld: 0 });
    },
  );

  test.each(ENGINES)(
    'a resource whose patient becomes or ceases to be one person with another ends as the store is, on %s',
    async (engine) => {
      if (engine === 'postgres') {
        shared = await scratchDatabase();
        hub.database = shared.url;
      }
      const url = await server.start();
      const mirrored = { kind: 'mirror', url, types: ['Patient', 'Observation'] };
      await hub.start([partner('riverside', mirrored, { timeoutMs: 10_000 }), partner('lakeside')]);
      const [here, there] = await Promise.all([hub.app('riverside'), hub.app('lakeside')]);
      const who = { ...patient(1, 'Same'), birthDate: '1980-01-01' };
      // The person is named after the least of its records: with the other one it has another name.
      await here.do('PUT', 'Patient/zoe', { ...who, id: 'zoe' });
      const subject = { reference: 'Patient/zoe' };
      const code = { coding: [{ system: 'http://loinc.org', code: '44261-6' }] };
      const say = (valueInteger: number) =>
        here.do('PUT', 'Observation/o', {
          resourceType: 'Observation',
          id: 'o',
          status: 'final',
          code,
          subject,
          valueInteger,
        });
      await say(0);
      await quiet('riverside/riverside-mirror');
      const held = () =>
        [...server.held.values()].flatMap((each) => (each.resourceType === 'Observation' ? [each.valueInteger] : []));
      const subjects = () =>
        [...server.held.values()].flatMap((each) =>
          each.resourceType === 'Observation' ? [each.subject?.reference] : [],
        );
      const underOneSubject = subjects();

      const changes = [
        { identifier: who.identifier },
        { identifier: undefined },
        { identifier: who.identifier },
      ].entries();
      for (const [n, change] of changes) {
        // The first word is on its way while the persons change and the second is said.
        const asked = server.askedAt.length;
        server.moods.push({ slowMs: 1500 });
        await say(10 * n + 1);
        expect(await until(() => server.askedAt.length > asked, WAIT_MS)).toBe(true);
        await there.do('PUT', 'Patient/abe', { ...who, ...change, id: 'abe' });
        await say(10 * n + 2);
        await quiet('riverside/riverside-mirror');
        expect(held()).toEqual([10 * n + 2]);
        expect(subjects()).toEqual(underOneSubject);
      }
    },
  );

  const misbehaving: [string, Mood[]][] = [
    ['429 and 503 with Retry-After', [{ status: 429, retryAfterSec: 1 }, { status: 503 }]],
    ['500', [{ status: 500 }, { status: 500 }]],
    ['409 of a write that came between', [{ status: 409 }, { entryStatus: '409 Conflict' }]],
    ['a connection that is reset, before and after the write', ['reset', 'reset-after']],
    ['a server that runs it as a batch and fails inside', [{ entryStatus: '500' }]],
    ['a page instead of an answer', [{ status: 200, body: { message: 'try later' } }]],
    ['an answer that comes too late', [{ lateMs: 1500 }]],
  ];
  test.each(misbehaving)('%s: it is tried again, in order, and ends as the store is', async (_, moods) => {
    const url = await server.start();
    await hub.start([partner('riverside', { kind: 'mirror', url, types: ['Patient'] })]);
    const here = await hub.app('riverside');
    server.moods.push(...moods);
    const one = await here.do<Patient>('POST', 'Patient', patient(1, 'First'));
    for (const family of ['Second', 'Third']) await here.do('PUT', `Patient/${one.id}`, { ...one, name: [{ family }] });
    await quiet('riverside/riverside-mirror');
    expect([...server.held.values()]).toMatchObject([{ name: [{ family: 'Third' }] }]);
    const families = server.done.map(
      ({ entry }) => (entry?.[0]?.resource as Patient | undefined)?.name?.[0]?.family ?? '',
    );
    const order = ['First', 'Second', 'Third'];
    expect(families.map((each) => order.indexOf(each))).toEqual(
      families.map((each) => order.indexOf(each)).toSorted((a, b) => a - b),
    );
    if (moods.some((mood) => typeof mood === 'object' && 'retryAfterSec' in mood))
      expect((server.askedAt[1] as number) - (server.askedAt[0] as number)).toBeGreaterThanOrEqual(1000);
  });

  test('a refusal parks with the codes of its outcome and none of its values; later changes go on, under the hub’s own ids', async () => {
    const url = await server.start();
    await hub.start([partner('riverside', { kind: 'mirror', url, types: ['Patient'], update: 'by-id' })]);
    const here = await hub.app('riverside');
    const issue = [
      { severity: 'error', code: 'multiple-matches', diagnostics: 'Casey Secret' },
      { severity: 'error', code: 'Casey Secret' },
    ];
    server.moods.push({ status: 412, body: { resourceType: 'OperationOutcome', issue } });
    const one = await here.do<Patient>('POST', 'Patient', patient(1, 'First'));
    expect(await until(async () => (await stateOf('riverside/riverside-mirror'))?.failed === 1, WAIT_MS)).toBe(true);
    const [refused] = (await hub.ops<{ rows: (OutboxRow & { waiting: { text: string } })[] }>('/ops/outbox')).rows;
    expect(refused).toMatchObject({ state: 'refused', waiting: { code: 'ack.status-client' } });
    expect(refused?.waiting.text).toContain('412 multiple-matches');
    expect(refused?.waiting.text).not.toContain('Secret');

    await here.do('PUT', `Patient/${one.id}`, { ...one, name: [{ family: 'Second' }] });
    expect(await until(() => server.held.get(`Patient/${one.id}`), WAIT_MS)).toMatchObject({
      id: one.id,
      name: [{ family: 'Second' }],
    });
    server.moods.push({ entryStatus: '503' });
    await here.do('DELETE', `Patient/${one.id}`);
    expect(await until(() => server.held.size === 0, WAIT_MS)).toBe(true);
  });

  test('a conflict that stays ends as refused and holds no later change of the patient', async () => {
    const url = await server.start();
    await hub.start([partner('riverside', { kind: 'mirror', url, types: ['Patient'] })]);
    const here = await hub.app('riverside');
    const one = await here.do<Patient>('POST', 'Patient', patient(1, 'First'));
    await quiet('riverside/riverside-mirror');
    const issue = [{ severity: 'error', code: 'conflict', diagnostics: 'Casey Secret' }];
    server.moods.push(
      ...Array.from({ length: 7 }, () => ({ status: 409, body: { resourceType: 'OperationOutcome', issue } })),
    );
    await here.do('PUT', `Patient/${one.id}`, { ...one, name: [{ family: 'Second' }] });
    expect(await until(async () => (await stateOf('riverside/riverside-mirror'))?.failed === 1, WAIT_MS)).toBe(true);
    expect(server.askedAt).toHaveLength(8);
    const [refused] = (
      await hub.ops<{ rows: (OutboxRow & { waiting: { text: string } })[] }>('/ops/outbox?state=refused')
    ).rows;
    expect(refused).toMatchObject({ waiting: { code: 'ack.conflict' } });
    expect(refused?.waiting.text).toMatch(/\(409 conflict\)$/);
    await here.do('PUT', `Patient/${one.id}`, { ...one, name: [{ family: 'Third' }] });
    await quiet('riverside/riverside-mirror');
    expect([...server.held.values()]).toMatchObject([{ name: [{ family: 'Third' }] }]);
  });

  test('its address may be changed while the hub runs, its types may not', async () => {
    const url = await server.start();
    const mirror = (more: object) => [partner('riverside', { kind: 'mirror', url, types: ['Patient'], ...more })];
    await hub.start(mirror({ url: 'http://127.0.0.1:9/fhir' }));
    const here = await hub.app('riverside');
    await here.do('POST', 'Patient', patient(1, 'First'));
    expect(await until(async () => (await stateOf('riverside/riverside-mirror'))?.waiting === 1, WAIT_MS)).toBe(true);
    hub.reload(mirror({ types: ['Patient', 'Encounter'] }));
    expect(await until(() => hub.said.includes('transport.types: needs a restart'), WAIT_MS)).toBe(true);
    expect(server.done).toEqual([]);
    hub.reload(mirror({}));
    await quiet('riverside/riverside-mirror');
    expect([...server.held.values()]).toMatchObject([{ name: [{ family: 'First' }] }]);
  });

  test('consent is decided at each send: another organization gets nothing of what it may not know, and learns of no deletion', async () => {
    const url = await server.start();
    await hub.start([partner('riverside'), partner('outsider', { kind: 'mirror', url, types: TYPES })]);
    const here = await hub.app('riverside');
    const one = await here.do<Patient>('POST', 'Patient', patient(1, 'Hidden'));
    expect(await until(async () => (await stateOf('outsider/outsider-mirror'))?.withheld === 1, WAIT_MS)).toBe(true);
    await here.do('DELETE', `Patient/${one.id}`);
    const told = await here.do('POST', 'Practitioner', { resourceType: 'Practitioner', name: [{ family: 'Vale' }] });
    await quiet('outsider/outsider-mirror');
    expect(told.id).toBeDefined();
    const types = [...server.held.values()].map(({ resourceType }) => resourceType);
    expect(types).not.toContain('Patient');
    expect(types).toContain('Practitioner');
    expect(JSON.stringify([...server.held.values(), ...server.done])).not.toContain('Hidden');
    expect(JSON.stringify(server.done)).not.toContain('DELETE');

    // What a later consent opens goes by a load; what its withdrawal closes is not sent on.
    const two = await here.do<Patient>('POST', 'Patient', patient(2, 'Opened'));
    const consent = await here.do('POST', 'Consent', consentOf(two.id ?? '', 'outsider'));
    await quiet('outsider/outsider-mirror');
    expect((await hub.run('mirror', 'outsider')).code).toBe(0);
    await quiet('outsider/outsider-mirror');
    const familiesThere = () =>
      [...server.held.values()].flatMap((each) => (each.resourceType === 'Patient' ? [each.name?.[0]?.family] : []));
    expect(familiesThere()).toEqual(['Opened']);
    const withheld = (await stateOf('outsider/outsider-mirror'))?.withheld ?? 0;
    await here.do('PUT', `Consent/${consent.id}`, { ...consent, status: 'inactive' });
    await here.do('PUT', `Patient/${two.id}`, { ...two, name: [{ family: 'Closed' }] });
    expect(
      await until(async () => ((await stateOf('outsider/outsider-mirror'))?.withheld ?? 0) > withheld, WAIT_MS),
    ).toBe(true);
    expect(familiesThere()).toEqual(['Opened']);
  });
});
