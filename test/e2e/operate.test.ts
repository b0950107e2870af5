import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { generalHospital, riverside } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';
import { until } from '../../fixtures/demo/world.ts';
import { Mllp } from './mllp.ts';
import { ackOf, Cli, freePorts, handoff, Network, temporaryFolder, WAIT_MS } from './network.ts';

const DAY = calendar('2026-03-02');
const { admission } = generalHospital(DAY);

/** The admission of another patient, as another message. */
const admissionOf = (n: number): string =>
  admission
    .replace('GENH000001', `LOAD${n}`)
    .replace('100234^^^GENH', `90${n}^^^GENH`)
    .replace('V88001', `V9${n}`)
    .replace('P4471', `P9${n}`);

interface Settings {
  [key: string]: unknown;
  partners: Record<string, unknown>[];
}

/** The smallest settings: one partner, one feed. */
const smallest = (home: string, http: number, mllp: number): Settings => ({
  http: `127.0.0.1:${http}`,
  database: `sqlite:${join(home, 'data')}`,
  keyFile: join(home, 'hub.key'),
  log: { level: 'info' },
  partners: [
    {
      id: 'clinic',
      name: 'Clinic',
      organization: 'clinic',
      zone: 'America/Chicago',
      authorities: { GENH: 'https://clinic.example/sid/mrn' },
      feeds: [{ id: 'clinic-mllp', transport: { kind: 'mllp', host: '127.0.0.1', port: mllp } }],
    },
  ],
});

describe('handoff start', () => {
  let home: string;
  let base: number;
  let config: string;
  const running: Cli[] = [];
  beforeEach(async () => {
    home = temporaryFolder();
    base = await freePorts();
    config = join(home, 'handoff.yaml');
  });
  afterEach(async () => {
    for (const each of running.splice(0)) {
      if (each.isRunning) each.signal('SIGKILL');
      await each.ended;
    }
    rmSync(home, { recursive: true, force: true });
  });

  const start = (settings: Settings, env: Readonly<Record<string, string>> = {}): Cli => {
    const file = env.HANDOFF_CONFIG ?? config;
    writeFileSync(file, stringify(settings));
    const hub = new Cli(['start'], { HANDOFF_CONFIG: file, ...env });
    running.push(hub);
    return hub;
  };

  test('a wrong setting is refused with file, path and reason, without its value; exit 2', async () => {
    const wrong = smallest(home, base, base + 1);
    Object.assign(wrong.partners[0] as object, { zone: 'Mars/Olympus', shoeSize: 44 });
    const { code, err } = await start(wrong).ended;
    expect(code).toBe(2);
    expect(err).toContain(`${config}: partners[0].zone: is not an IANA time zone`);
    expect(err).toMatch(/partners\[0\].*shoeSize/);
    expect(err).not.toContain('Olympus');
  });

  test('a file that is not there, or is not YAML, is refused the same way', async () => {
    const missing = await handoff(['start'], { HANDOFF_CONFIG: join(home, 'none.yaml') });
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('none.yaml: (whole file): cannot be read') });
    writeFileSync(config, 'partners: [');
    const broken = await handoff(['start'], { HANDOFF_CONFIG: config });
    expect(broken).toMatchObject({ code: 2, err: expect.stringContaining(`${config}: (whole file):`) });
  });

  test('what it writes is for its own user only: key, database and logs of the database hold records', async () => {
    const data = join(home, 'fresh');
    const hub = start({
      ...smallest(home, base, base + 1),
      database: `sqlite:${data}`,
      keyFile: join(data, 'hub.key'),
    });
    await hub.ready(base);
    const files = ['.', ...readdirSync(data)];
    expect(files).toEqual(expect.arrayContaining(['hub.key', 'journal.db', 'store.db', 'store.db-wal']));
    expect(files.filter((file) => (statSync(join(data, file)).mode & 0o077) !== 0)).toEqual([]);
    hub.signal('SIGTERM');
    expect((await hub.ended).code).toBe(0);
  });

  test('a second hub on the same home is refused and the first goes on', async () => {
    const settings = smallest(home, base, base + 1);
    const first = start(settings);
    await first.ready(base);
    const second = start(smallest(home, base + 2, base + 3), { HANDOFF_CONFIG: join(home, 'second.yaml') });
    const { code, err } = await second.ended;
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`hub\\.home-locked: .* in use by process ${first.pid}`));
    const sender = new Mllp(base + 1);
    expect(ackOf(await sender.send(admission)).code).toBe('AA');
    sender.close();
    first.signal('SIGTERM');
    expect((await first.ended).code).toBe(0);
  });

  test('a listener whose port another process holds is refused with a code; so is the HTTP address', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(base + 1, '127.0.0.1', resolve));
    try {
      const mllp = await start(smallest(home, base, base + 1)).ended;
      expect(mllp.code).toBe(1);
      expect(mllp.err).toContain('transport.port-in-use');
      const http = await start(smallest(home, base + 1, base + 2)).ended;
      expect(http.code).toBe(1);
      expect(http.err).toContain('transport.port-in-use');
    } finally {
      squatter.close();
    }
  });

  test('SIGTERM under load drains and exits 0; what was acknowledged is there after a restart', async () => {
    const settings = smallest(home, base, base + 1);
    const hub = start(settings);
    await hub.ready(base);
    const acknowledged = new Set<string>();
    let sent = 0;
    const senders = Array.from({ length: 4 }, async (_, lane) => {
      const sender = new Mllp(base + 1);
      while (!sender.isOver) {
        const n = lane * 10_000 + sent++;
        if (ackOf(await sender.send(admissionOf(n))).code === 'AA') acknowledged.add(`LOAD${n}`);
      }
      sender.close();
    });
    await until(() => acknowledged.size >= 60, WAIT_MS);
    hub.signal('SIGTERM');
    const { code } = await hub.ended;
    await Promise.all(senders);
    expect(code).toBe(0);
    expect(acknowledged.size).toBeGreaterThanOrEqual(60);

    const again = start(settings);
    await again.ready(base);
    const listed = await handoff(['messages', '--state', 'applied', '--limit', '500', '--json'], {
      HANDOFF_CONFIG: config,
    });
    const applied = new Set(
      listed.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).controlId as string),
    );
    expect([...acknowledged].filter((each) => !applied.has(each))).toEqual([]);
    again.signal('SIGTERM');
    expect((await again.ended).code).toBe(0);
  });

  test('SIGHUP takes a changed file whole: what was parked for want of it is replayed; a wrong file changes nothing', async () => {
    const settings = smallest(home, base, base + 1);
    const hub = start(settings);
    await hub.ready(base);
    const sender = new Mllp(base + 1);
    const nameless = admission.replace('100234^^^GENH^MR', '100234').replace('GENH000001', 'NAMELESS1');
    const refused = ackOf(await sender.send(nameless));
    expect(refused.code).toBe('AE');
    expect(refused.errors.join()).toContain('PID');
    const env = { HANDOFF_CONFIG: config };
    const parked = await handoff(['messages', '--state', 'parked', '--json'], env);
    expect(parked.code).toBe(0);
    const row = JSON.parse(parked.out) as { id: string; controlId: string; reason: string };
    expect(row).toMatchObject({ controlId: 'NAMELESS1', reason: expect.stringContaining('map.') });
    expect(await handoff(['replay', row.id], env)).toMatchObject({
      code: 1,
      out: expect.stringContaining('"parked":1'),
    });

    writeFileSync(
      config,
      stringify({
        ...settings,
        partners: [{ ...settings.partners[0], defaultAuthority: 'GENH', zone: 'Mars/Olympus' }],
      }),
    );
    hub.signal('SIGHUP');
    await until(() => /reload-refused/.test(hub.out + hub.err), WAIT_MS);
    expect(hub.out + hub.err).toContain('partners[0].zone');
    expect(await handoff(['replay', row.id], { ...env, HANDOFF_CONFIG: smallestFile() })).toMatchObject({ code: 1 });

    writeFileSync(
      config,
      stringify({ ...settings, partners: [{ ...settings.partners[0], defaultAuthority: 'GENH' }] }),
    );
    hub.signal('SIGHUP');
    await until(() => /"reloaded"/.test(hub.out + hub.err), WAIT_MS);
    expect(await handoff(['replay', row.id], env)).toMatchObject({
      code: 0,
      out: expect.stringContaining('"parked":0'),
    });
    expect((await handoff(['messages', '--state', 'parked'], env)).out).toBe('');
    expect((await handoff(['messages', '--state', 'applied'], env)).out).toContain('NAMELESS1');
    sender.close();

    /** The command line reads the same file: a copy of the good one lets it speak while the hub's is broken. */
    function smallestFile(): string {
      const copy = join(home, 'copy.yaml');
      writeFileSync(copy, stringify(settings));
      return copy;
    }
  });

  test('a partner whose golden cases no longer pass is refused, at SIGHUP and at start; the running settings stay', async () => {
    const settings = smallest(home, base, base + 1);
    const [clinic] = settings.partners;
    const folder = join(home, 'cases', 'admission');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '0-inbound.hl7'), admission);
    const env = { HANDOFF_CONFIG: config };
    const write = (of: Record<string, unknown>): void =>
      writeFileSync(config, stringify({ ...settings, partners: [{ ...clinic, cases: 'cases', ...of }] }));
    write({});
    expect(await handoff(['partner', 'check'], env)).toMatchObject({
      code: 1,
      out: expect.stringContaining('clinic admission failed 1-bundle.json: is missing'),
    });
    expect(await handoff(['partner', 'check', '--accept'], env)).toMatchObject({
      code: 0,
      out: 'clinic admission accepted\n',
    });
    expect(await handoff(['partner', 'check', 'clinic'], env)).toMatchObject({ code: 0, out: 'clinic admission ok\n' });

    const hub = start({ ...settings, partners: [{ ...clinic, cases: 'cases' }] });
    await hub.ready(base);
    write({ authorities: { GENH: 'https://clinic.example/sid/mrn-typo' } });
    hub.signal('SIGHUP');
    await until(() => /reload-refused/.test(hub.out + hub.err), WAIT_MS);
    expect(hub.out + hub.err).toContain('config.case-failed');
    expect(hub.out + hub.err).toContain('partners[0].cases: admission/1-bundle.json: bundle.entry[0].fullUrl');
    const sender = new Mllp(base + 1);
    expect(ackOf(await sender.send(admission)).code).toBe('AA');
    sender.close();
    const listed = await handoff(['messages', '--json'], env);
    expect(JSON.parse(listed.out)).toMatchObject({ state: 'applied' });
    hub.signal('SIGTERM');
    expect((await hub.ended).code).toBe(0);
    const again = await handoff(['start'], env);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('config.case-failed') });
    expect(again.err).not.toContain('mrn-typo');
  });

  test('an operator undoes a merge of a running hub by its command line (H7)', async () => {
    const hub = start(smallest(home, base, base + 1));
    await hub.ready(base);
    const env = { HANDOFF_CONFIG: config };
    const sender = new Mllp(base + 1);
    const said = (id: string, event: string, ...rest: string[]) =>
      [
        `MSH|^~\\&|A|B|C|D|2026030210000${id}||ADT^${event}|${id}|T|2.5.1`,
        `EVN|${event}|2026030210000${id}`,
        ...rest,
      ].join('\r');
    const pid = (mrn: string) => `PID|1||${mrn}^^^GENH^MR||Doe^Pat||19900101|F`;
    for (const each of [
      said('1', 'A28', pid('1')),
      said('2', 'A28', pid('2')),
      said('3', 'A40', pid('1'), 'MRG|2^^^GENH^MR'),
    ])
      expect(ackOf(await sender.send(each)).code).toBe('AA');
    sender.close();
    const { out } = await handoff(['client', 'add', 'reader', '--scope', 'system/*.rs'], env);
    const response = await fetch(`http://127.0.0.1:${base}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(JSON.parse(out) as Record<string, string>) }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    const patients = async () => {
      const found = await fetch(`http://127.0.0.1:${base}/fhir/R4/Patient?birthdate=1990-01-01`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { entry } = (await found.json()) as { entry: { resource: { id: string; link?: unknown[] } }[] };
      return entry.map(({ resource }) => resource);
    };
    const [one, other] = await patients();
    expect([one?.link?.length, other?.link?.length]).toEqual([1, 1]);
    expect(await handoff(['unmerge', one!.id, other!.id], env)).toMatchObject({ code: 0, out: '{"done":true}\n' });
    expect((await patients()).map(({ link }) => link)).toEqual([undefined, undefined]);
    expect(await handoff(['unmerge', one!.id, other!.id], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('ops.state'),
    });
    expect(await handoff(['unmerge', one!.id, 'nobody'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('ops.not-found'),
    });
  });

  test('an address or a database cannot change under a running hub: the reload says so', async () => {
    const settings = smallest(home, base, base + 1);
    const hub = start(settings);
    await hub.ready(base);
    writeFileSync(config, stringify({ ...settings, database: `sqlite:${join(home, 'other')}` }));
    hub.signal('SIGHUP');
    await until(() => /reload-refused/.test(hub.out + hub.err), WAIT_MS);
    expect(hub.out + hub.err).toContain('database: needs a restart');
    hub.signal('SIGTERM');
    expect((await hub.ended).code).toBe(0);
  });

  test('SIGHUP brings a partner whose port is free, and nothing of one whose port is taken', async () => {
    const settings = smallest(home, base, base + 1);
    const hub = start(settings);
    await hub.ready(base);
    const env = { HANDOFF_CONFIG: config };
    const with2 = (id: string, port: number): Settings => {
      const [first] = smallest(home, base, port).partners;
      const feeds = [{ id: `${id}-mllp`, transport: { kind: 'mllp', host: '127.0.0.1', port } }];
      return { ...settings, partners: [...settings.partners, { ...first, id, name: id, organization: id, feeds }] };
    };
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(base + 2, '127.0.0.1', resolve));
    writeFileSync(config, stringify(with2('unlucky', base + 2)));
    hub.signal('SIGHUP');
    await until(() => /reload-refused/.test(hub.out + hub.err), WAIT_MS);
    squatter.close();
    writeFileSync(config, stringify(with2('lucky', base + 3)));
    hub.signal('SIGHUP');
    await until(() => /"reloaded"/.test(hub.out + hub.err), WAIT_MS);
    for (const [port, n] of [
      [base + 1, 1],
      [base + 3, 2],
    ] as const) {
      const sender = new Mllp(port);
      expect(ackOf(await sender.send(admissionOf(n))).code).toBe('AA');
      sender.close();
    }
    const { out } = await handoff(['client', 'add', 'reader', '--scope', 'system/*.rs'], env);
    const response = await fetch(`http://127.0.0.1:${base}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(JSON.parse(out) as Record<string, string>) }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    const known = async (id: string): Promise<number> =>
      (
        await fetch(`http://127.0.0.1:${base}/fhir/R4/Organization/${id}`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;
    expect([await known('clinic'), await known('lucky'), await known('unlucky')]).toEqual([200, 200, 404]);
    hub.signal('SIGTERM');
    expect((await hub.ended).code).toBe(0);
  });

  test('the log, at its most talkative, names no patient: of what was taken, refused, searched or asked with a wrong token', async () => {
    const settings = { ...smallest(home, base, base + 1), log: { level: 'debug' } };
    const hub = start(settings);
    await hub.ready(base);
    const sender = new Mllp(base + 1);
    expect(ackOf(await sender.send(admission)).code).toBe('AA');
    expect(
      ackOf(await sender.send(admission.replace('100234^^^GENH^MR', '').replace('GENH000001', 'NOID1'))).code,
    ).toBe('AE');
    expect(ackOf(await sender.send(admission.replace('ADT^A01^ADT_A01', 'Marlowe^100234'))).code).toMatch(/^A[ER]$/);
    expect(await sender.send('Marlowe 100234')).toMatch(/MSA/);
    sender.close();
    await new Promise((resolve) =>
      connect(base + 1, '127.0.0.1')
        .on('close', resolve)
        .resume()
        .end('\x0bMSH|Marlowe'),
    );
    const { out } = await handoff(['client', 'add', 'reader', '--scope', 'system/*.cruds'], { HANDOFF_CONFIG: config });
    const client = JSON.parse(out) as { client_id: string; client_secret: string };
    const response = await fetch(`http://127.0.0.1:${base}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', ...client }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    const ask = (path: string, init: RequestInit = {}, by = token) =>
      fetch(`http://127.0.0.1:${base}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${by}`, 'content-type': 'application/fhir+json' },
      });
    expect((await ask('/fhir/R4/Patient?name=Marlowe')).status).toBe(200);
    expect((await ask('/fhir/R4/Patient?name=Marlowe', {}, 'Marlowe')).status).toBe(401);
    expect(
      (
        await ask('/fhir/R4/Patient', {
          method: 'POST',
          body: '{"resourceType":"Patient","gender":"Marlowe","x":"100234"}',
        })
      ).status,
    ).toBe(422);
    expect((await ask('/ops/messages?state=Marlowe')).status).toBe(400);
    hub.signal('SIGTERM');
    expect((await hub.ended).code).toBe(0);
    const said = hub.out + hub.err;
    // What an operator needs to find the message, the feed and the reason.
    const lines = hub.err.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
    const feed = expect.stringMatching(/mllp/);
    expect(lines).toContainEqual(
      expect.objectContaining({ code: 'transport.frame-broken', feed, why: 'truncated', bytesCount: 11 }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({
        state: 'parked',
        id: expect.any(Number),
        location: 'PID[1]-3',
        msg: expect.any(String),
      }),
    );
    expect(lines.map(({ msg }) => msg)).toContain('The frame holds no whole message');
    expect(said).not.toMatch(/Marlowe|100234|1991|Elm Street|5550123|P4471/);
    for (const secret of [client.client_secret, token, readFileSync(join(home, 'hub.key'), 'utf8').trim()])
      expect(said).not.toContain(secret);
  });

  test('a client is made without a running hub, and works when it runs; a role that is not there gets no token', async () => {
    const settings = smallest(home, base, base + 1);
    writeFileSync(config, stringify(settings));
    const env = { HANDOFF_CONFIG: config };
    const made = await handoff(['client', 'add', 'before the start', '--scope', 'system/*.rs'], env);
    expect(made.code).toBe(0);
    const client = JSON.parse(made.out) as { client_id: string; client_secret: string };
    expect(Object.keys(client).sort()).toEqual(['client_id', 'client_secret']);
    expect(await handoff(['user', 'add', 'nobody', '--role', 'PractitionerRole/none'], env)).toMatchObject({ code: 1 });
    const hub = start(settings);
    await hub.ready(base);
    const response = await fetch(`http://127.0.0.1:${base}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', ...client }),
    });
    expect(response.status).toBe(200);
    expect(await handoff(['user', 'add', 'nobody', '--role', 'PractitionerRole/none'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('ops.role-inactive'),
    });
    expect(await handoff(['client', 'add', 'no scope'], env)).toMatchObject({ code: 2 });
  });

  test('without a hub the commands that need one say so; exit 1', async () => {
    writeFileSync(config, stringify(smallest(home, base, base + 1)));
    const said = await handoff(['messages'], { HANDOFF_CONFIG: config });
    expect(said).toMatchObject({ code: 1, err: expect.stringContaining('hub.unreachable') });
    expect(await handoff(['replay'], { HANDOFF_CONFIG: config })).toMatchObject({ code: 2 });
    expect(await handoff(['juggle'])).toMatchObject({ code: 2 });
  });
});

describe('the doors of a running hub', () => {
  let network: Network;
  beforeAll(async () => {
    network = await Network.start();
  });
  afterAll(() => network.stop());
  const get = (path: string, init: RequestInit = {}) => fetch(`${network.world.baseUrl}${path}`, init);
  const bearer = async () => {
    const token = await network.token(await network.admin.client('doors', 'system/*.cruds'));
    return { authorization: `Bearer ${token}` };
  };

  test('health and readiness, metadata and discovery need no token', async () => {
    for (const path of ['/healthz', '/readyz', '/fhir/R4/metadata', '/.well-known/smart-configuration']) {
      const response = await get(path);
      expect([path, response.status]).toEqual([path, 200]);
      await response.json();
    }
  });

  test.each([
    ['GET', '/metrics'],
    ['GET', '/ops/messages'],
    ['GET', '/ops/status'],
    ['POST', '/ops/replay'],
    ['POST', '/ops/clients'],
    ['POST', '/hl7/riverside-mllp'],
    ['GET', '/fhir/R4/Patient'],
    ['POST', '/fhir/R4'],
    ['GET', '/fhir/R4/no/such/path'],
  ])('%s %s without a token, or with a wrong one: 401, coded', async (method, path) => {
    for (const headers of [{}, { authorization: 'Bearer x.y.z' }, { authorization: 'Bearer hpt_wrong' }]) {
      const response = await get(path, {
        method,
        headers: { ...headers, 'content-type': 'application/hl7-v2' },
        ...(method === 'POST' ? { body: 'MSH|' } : {}),
      });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      const body = (await response.json()) as { code?: string; issue?: { code: string }[] };
      expect(body.code ?? body.issue?.[0]?.code).toMatch(/^(auth\.\w+|login)$/);
    }
  });

  test("a partner's client reads no operations", async () => {
    const token = await network.token(await network.admin.client('partner', 'system/*.cruds', 'lakeside'));
    const response = await get('/ops/messages', { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'auth.operator' });
  });

  test('unknown paths and methods are coded', async () => {
    const headers = await bearer();
    expect(await (await get('/nowhere')).json()).toMatchObject({ code: 'http.not-found' });
    expect(await (await get('/ops/nowhere', { headers })).json()).toMatchObject({ code: 'ops.not-found' });
    const unknownType = await get('/fhir/R4/Starship', { headers });
    expect(unknownType.status).toBe(404);
    expect(await unknownType.json()).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ code: 'not-supported' }],
    });
    const refused = await get('/fhir/R4/Patient', { method: 'PROPFIND', headers });
    expect([refused.status, refused.headers.get('allow')]).toEqual([
      405,
      'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    ]);
    const feed = await get('/hl7/none', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/hl7-v2' },
      body: 'x',
    });
    expect([feed.status, await feed.json()]).toMatchObject([404, { code: 'feed.unknown' }]);
    const wrong = await get('/ops/messages?state=lost', { headers });
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { code: 'ops.request' }]);
    const broken = await get('/ops/replay', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{',
    });
    expect([broken.status, await broken.json()]).toMatchObject([400, { code: 'ops.request' }]);
  });

  test('/metrics shows the acknowledgements and names no patient', async () => {
    const response = await get('/metrics', { headers: await bearer() });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toMatch(/^# TYPE handoff_/m);
    expect(text).not.toMatch(/Marlowe|100234/);
  });

  test('HL7 over HTTP gives the ACK of the feed; a client of another organization finds no such feed', async () => {
    const text = riverside(DAY).jordanRegistration;
    const post = async (organization: string | undefined, body: string, type: string) => {
      const token = await network.token(await network.admin.client('engine', 'system/*.cruds', organization));
      return get('/hl7/riverside-mllp', {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        body,
      });
    };
    const ok = await post('riverside', text, 'application/hl7-v2');
    expect([ok.status, ok.headers.get('content-type')]).toEqual([200, 'application/hl7-v2']);
    expect(ackOf(await ok.text())).toMatchObject({ code: 'AA', controlId: 'RIV000004' });
    const repeat = await post('riverside', text, 'x-application/hl7-v2+er7');
    expect([repeat.status, ackOf(await repeat.text()).code]).toEqual([200, 'AA']);
    expect(await network.messages('&feed=riverside-mllp')).toHaveLength(1);
    const stranger = await post('lakeside', text, 'application/hl7-v2');
    expect([stranger.status, await stranger.json()]).toMatchObject([404, { code: 'feed.unknown' }]);
    const json = await post('riverside', '{}', 'application/json');
    expect([json.status, await json.json()]).toMatchObject([415, { code: 'hl7.media-type' }]);
    const garbage = await post('riverside', 'hello', 'application/hl7-v2');
    expect(garbage.status).toBe(400);
    expect(await garbage.text()).toMatch(/\rMSA\|AR[|\r]/);
  });

  test('handoff send: a folder in name order, one line a message; exit 1 when one is not AA', async () => {
    const folder = join(network.home, 'out');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '1.hl7'), admissionOf(1));
    writeFileSync(join(folder, '2.hl7'), admissionOf(2));
    const to = `mllp://127.0.0.1:${network.world.ports.feeds['general-mllp']}`;
    const good = await network.cli('send', folder, '--to', to);
    expect(good.code).toBe(0);
    expect(
      good.out
        .trim()
        .split('\n')
        .map((line) => line.replace(/^.*\//, '')),
    ).toEqual(['1.hl7#1 AA', '2.hl7#1 AA']);
    writeFileSync(join(folder, '3.hl7'), admissionOf(3).replace('ADT^A01^ADT_A01', ''));
    const mixed = await network.cli('send', folder, '--to', to);
    expect(mixed.code).toBe(1);
    expect(mixed.out).toMatch(/3\.hl7#1 AR/);
    expect(await network.cli('send', folder)).toMatchObject({ code: 2 });
    const nobody = await network.cli('send', folder, '--to', `mllp://127.0.0.1:${await freePorts(1)}`);
    expect(nobody).toMatchObject({ code: 1, out: expect.stringContaining('transport.connect-refused') });
  });

  test('a user made with a running hub is the person of its role', async () => {
    const role = {
      resourceType: 'PractitionerRole',
      id: 'night-nurse',
      active: true,
      organization: { reference: 'Organization/lakeside' },
    };
    const app = await network.app('lakeside');
    await app.do('PUT', 'PractitionerRole/night-nurse', role);
    const made = await network.cli('user', 'add', 'Night Nurse', '--role', 'PractitionerRole/night-nurse');
    expect(made.code).toBe(0);
    const { token } = JSON.parse(made.out) as { token: string };
    const own = { authorization: `Bearer ${token}` };
    expect((await get('/fhir/R4/PractitionerRole/night-nurse', { headers: own })).status).toBe(200);
    expect((await get('/ops/messages', { headers: own })).status).toBe(401);
    await app.do('PUT', 'PractitionerRole/night-nurse', { ...role, active: false });
    expect((await get('/fhir/R4/PractitionerRole/night-nurse', { headers: own })).status).toBe(401);
  });

  test('the settings in the home are those of the file: every journal row says which', async () => {
    const file = parse(readFileSync(join(network.home, 'handoff.yaml'), 'utf8')) as { http: string };
    expect(file.http).toBe(`127.0.0.1:${network.world.ports.http}`);
    const [row] = await network.messages();
    expect(row).toMatchObject({ configVersion: expect.stringMatching(/^[0-9a-f]{16}$/) });
  });
});
