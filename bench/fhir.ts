import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import express from 'express';
import { makeAccessAdmin } from '../src/api/access.ts';
import { makeAccessTokens } from '../src/api/access-token.ts';
import { makeAuthenticate } from '../src/api/authenticate.ts';
import { fhirRouter } from '../src/api/fhir-router.ts';
import { oauthRouter } from '../src/api/oauth.ts';
import { openPostgresDatabase } from '../src/database/postgres.ts';
import { openSqliteDatabase } from '../src/database/sqlite.ts';
import { oauthDeps } from '../src/hub/sign-in.ts';
import { makeFhirService } from '../src/server/service.ts';
import { type StoreEnv, storeCommands, storeMigrations } from '../src/workers/store-commands.ts';

/**
 * FHIR over HTTP with a token of an organization's client, so with consent visibility on. The server is a process of its own;
 * what is measured is what a client sees. `node bench/fhir.ts [--resources 100000] [--postgres URL] [--seconds 5]`.
 */
const { values } = parseArgs({
  options: {
    resources: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '4' },
    postgres: { type: 'string' },
    serve: { type: 'boolean', default: false },
    home: { type: 'string' },
  },
});

const SECRET = '00'.repeat(32);

async function serve(): Promise<void> {
  const env: StoreEnv = {
    definitions: new URL('../build/definitions.json.gz', import.meta.url).href,
    hubKey: SECRET,
    triggers: [],
  };
  const database = values.postgres
    ? await openPostgresDatabase({
        url: values.postgres,
        commands: storeCommands(env),
        migrations: storeMigrations,
        env,
        poolMax: 16,
        readTimeoutMs: 60_000,
      })
    : await openSqliteDatabase({
        file: join(values.home!, 'store.db'),
        worker: new URL('../src/workers/store-worker.ts', import.meta.url),
        readers: 2,
        readTimeoutMs: 60_000,
        env,
      });
  const clock = { now: Date.now };
  const app = express();
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tokens = makeAccessTokens(Buffer.from(SECRET, 'hex'), clock, 3600);
  const service = makeFhirService({ database, clock, base: `${origin}/fhir/R4` });
  const authenticate = makeAuthenticate({ database, clock, tokens });
  const smart = { accessTokenSec: 3600, sessionSec: 3600, offlineSec: 3600 };
  const shared = { database, clock, service, authenticate, tokens, origin };
  app.use(oauthRouter(await oauthDeps({ ...shared, tokensKey: Buffer.from(SECRET, 'hex'), limits: smart })));
  const limits = { bodyMaxBytes: 64_000_000, requestsPerSecond: 1_000_000 };
  app.use('/fhir/R4', fhirRouter({ service, authenticate, clock, limits }));
  const made = await makeAccessAdmin({ database, clock, newId: randomUUID }).addClient({
    name: 'bench',
    scope: 'system/*.cruds',
    organization: 'org-a',
  });
  console.log(JSON.stringify({ origin, ...made }));
}

interface Target {
  readonly origin: string;
  readonly token: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function ask(
  { origin, token }: Target,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' };
    const sent = request(`${origin}/fhir/R4/${path}`, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

let unique = 0;
const patient = () => {
  unique += 1;
  return {
    resourceType: 'Patient',
    active: true,
    identifier: [{ system: 'urn:bench:mrn', value: `M${unique}` }],
    name: [{ family: `Family${unique % 997}`, given: ['Given', 'Middle'] }],
    gender: unique % 2 ? 'male' : 'female',
    birthDate: `19${String(50 + (unique % 50)).padStart(2, '0')}-0${1 + (unique % 9)}-11`,
    telecom: [{ system: 'phone', value: `555${unique}`, use: 'home' }],
    address: [{ line: ['1 Road'], city: 'Town', state: 'NY', postalCode: '12345' }],
  };
};
const about = (ref: string) => ({ subject: { reference: ref } });
/** One patient's chart of ten resources: what the CarePlan search walks over. */
function chart(): { resource: object; fullUrl: string }[] {
  const urn = () => `urn:uuid:${randomUUID()}`;
  const [p, ...urls] = Array.from({ length: 10 }, urn) as [string, ...string[]];
  const goals = urls.slice(0, 2);
  const request = urls[2]!;
  return [
    { fullUrl: p, resource: patient() },
    ...goals.map((fullUrl) => ({
      fullUrl,
      resource: { resourceType: 'Goal', lifecycleStatus: 'active', description: { text: 'goal' }, ...about(p) },
    })),
    {
      fullUrl: request,
      resource: {
        resourceType: 'MedicationRequest',
        status: 'active',
        intent: 'order',
        medicationCodeableConcept: { text: 'drug' },
        ...about(p),
      },
    },
    {
      fullUrl: urls[3]!,
      resource: {
        resourceType: 'CarePlan',
        status: 'active',
        intent: 'plan',
        ...about(p),
        goal: goals.map((reference) => ({ reference })),
        activity: [{ reference: { reference: request } }],
      },
    },
    ...urls.slice(4, 7).map((fullUrl) => ({
      fullUrl,
      resource: {
        resourceType: 'MedicationAdministration',
        status: 'completed',
        medicationCodeableConcept: { text: 'drug' },
        effectiveDateTime: '2026-03-01T10:00:00Z',
        ...about(p),
        request: { reference: request },
      },
    })),
    ...urls.slice(7, 9).map((fullUrl) => ({
      fullUrl,
      resource: {
        resourceType: 'Observation',
        status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code: '44261-6' }] },
        valueQuantity: { value: unique % 27, unit: '{score}', system: 'http://unitsofmeasure.org', code: '{score}' },
        effectiveDateTime: '2026-03-01',
        ...about(p),
      },
    })),
  ];
}
const transactionOf = (entries: { resource: object; fullUrl: string }[]) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: entries.map(({ fullUrl, resource }) => ({
    fullUrl,
    resource,
    request: { method: 'POST', url: (resource as { resourceType: string }).resourceType },
  })),
});

async function measure(name: string, clients: number, work: (n: number) => Promise<{ status: number }>): Promise<void> {
  const seconds = Number(values.seconds);
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  let n = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < end) {
        const from = performance.now();
        const { status } = await work(n++);
        if (status >= 300) throw new Error(`${name}: ${status}`);
        times.push(performance.now() - from);
      }
    }),
  );
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))]!.toFixed(2);
  const rate = times.length / ((performance.now() - started) / 1000);
  console.log(
    `${name.padEnd(34)} ${String(clients).padStart(2)} clients  ${rate.toFixed(0).padStart(6)}/s  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`,
  );
}

async function main(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'handoff-bench-'));
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(import.meta.url),
      '--serve',
      '--home',
      home,
      ...(values.postgres ? ['--postgres', values.postgres] : []),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    const { origin, client_id, client_secret } = JSON.parse(line) as {
      origin: string;
      client_id: string;
      client_secret: string;
    };
    const answer = await fetch(`${origin}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }),
    });
    const target = { origin, token: ((await answer.json()) as { access_token: string }).access_token };
    const wanted = Number(values.resources);
    const from = performance.now();
    for (let loaded = 0; loaded < wanted; loaded += 2000) {
      const { status, text } = await ask(target, 'POST', '', transactionOf(Array.from({ length: 200 }, chart).flat()));
      if (status !== 200) throw new Error(text.slice(0, 400));
    }
    console.log(
      `loaded ${wanted} resources in ${((performance.now() - from) / 1000).toFixed(1)} s (${(wanted / ((performance.now() - from) / 1000)).toFixed(0)}/s)`,
    );
    const known = unique;
    const pick = (n: number) => 1 + ((n * 7919) % known);
    const found = JSON.parse((await ask(target, 'GET', 'Patient?_count=200')).text) as {
      entry: { resource: { id: string } }[];
    };
    const ids = found.entry.map(({ resource }) => resource.id);
    await measure('create Patient', 1, () => ask(target, 'POST', 'Patient', patient()));
    await measure('create Patient', 16, () => ask(target, 'POST', 'Patient', patient()));
    await measure('transaction of 10', 1, () => ask(target, 'POST', '', transactionOf(chart())));
    await measure('transaction of 10', 16, () => ask(target, 'POST', '', transactionOf(chart())));
    await measure('read Patient', 1, (n) => ask(target, 'GET', `Patient/${ids[n % ids.length]}`));
    await measure('read Patient', 16, (n) => ask(target, 'GET', `Patient/${ids[n % ids.length]}`));
    await measure('search by identifier', 1, (n) => ask(target, 'GET', `Patient?identifier=urn:bench:mrn|M${pick(n)}`));
    await measure('search by identifier', 16, (n) =>
      ask(target, 'GET', `Patient?identifier=urn:bench:mrn|M${pick(n)}`),
    );
    const care = (id: string) =>
      `CarePlan?patient=${id}&_include=CarePlan:goal&_include=CarePlan:activity-reference&_revinclude:iterate=MedicationAdministration:request&_revinclude=Communication:based-on`;
    await measure('CarePlan with includes', 1, (n) => ask(target, 'GET', care(ids[n % ids.length]!)));
    await measure('CarePlan with includes', 16, (n) => ask(target, 'GET', care(ids[n % ids.length]!)));
    await measure('Patient/$everything', 1, (n) => ask(target, 'GET', `Patient/${ids[n % ids.length]}/$everything`));
  } finally {
    child.kill();
    agent.destroy();
    rmSync(home, { recursive: true, force: true });
  }
}

if (values.serve) await serve();
else await main();
