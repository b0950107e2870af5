import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { HttpClient } from './http-client.ts';
import { type RealHub, startRealHub } from './real-hub.ts';

/**
 * FHIR over HTTP on the hub as its users start it, with all loops and bots running and the token of an organization's client, so with
 * consent visibility on; what is measured is what a client sees. `node bench/fhir.ts [--resources 100000] [--postgres URL] [--seconds 4]`
 * prints a line per figure and one line of JSON at the end. `--home DIR` keeps the hub's home, and measures again what is loaded there.
 * `--drop-jobs` (SQLite): what the bots would do about the load is left out; with a million resources that takes longer than the load.
 */
const { values } = parseArgs({
  options: {
    resources: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '4' },
    postgres: { type: 'string' },
    home: { type: 'string' },
    'drop-jobs': { type: 'boolean', default: false },
  },
});

const ORGANIZATION = 'genhosp';
const CLI = fileURLToPath(new URL('../bin/handoff.mjs', import.meta.url));

interface Target {
  readonly origin: string;
  readonly token: string;
}

/** A client made and let in as an administrator and an app would. Without an organization it is the operator's. */
async function signIn(hub: RealHub, organization?: string): Promise<Target> {
  const own = organization === undefined ? [] : ['--organization', organization];
  const made = execFileSync(process.execPath, [CLI, 'client', 'add', 'bench', '--scope', 'system/*.cruds', ...own], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, HANDOFF_CONFIG: hub.config },
  });
  const { client_id, client_secret } = JSON.parse(made) as { client_id: string; client_secret: string };
  const answer = await fetch(`${hub.http}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }),
  });
  return { origin: hub.http, token: ((await answer.json()) as { access_token: string }).access_token };
}

const clients = new Map<string, HttpClient>();

function ask(
  { origin, token }: Target,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; text: string }> {
  let client = clients.get(origin);
  if (!client) {
    client = new HttpClient(origin);
    clients.set(origin, client);
  }
  return client.ask(method, `/fhir/R4/${path}`, token, body === undefined ? '' : JSON.stringify(body));
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

interface Figure {
  readonly perS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function measure(
  name: string,
  clients: number,
  work: (n: number) => Promise<{ status: number }>,
): Promise<Figure> {
  const times: number[] = [];
  const started = performance.now();
  const end = started + Number(values.seconds) * 1000;
  let n = 0;
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
  const at = (part: number) => Number(times[Math.min(times.length - 1, Math.floor(times.length * part))]!.toFixed(2));
  const perS = Math.round((times.length * 1000) / (performance.now() - started));
  const figure = { perS, p50Ms: at(0.5), p99Ms: at(0.99) };
  console.log(`${name.padEnd(34)} ${String(clients).padStart(2)} clients ${JSON.stringify(figure)}`);
  return figure;
}

interface Exported {
  readonly resources: number;
  readonly perS: number;
  /** Above the memory before it began. */
  readonly grewMb: number;
}

/** Without the pages of the database that are mapped into memory: those are the system's to take. */
const ownBytes = ({ rss, mapped }: { readonly rss: number; readonly mapped: number }): number => rss - mapped;

/** A bulk export as a client makes it: asked for, waited for, each file read to its end. */
async function exportAll(hub: RealHub, target: Target): Promise<Exported> {
  const before = ownBytes(await hub.memory());
  let most = before;
  const watch = setInterval(async () => {
    most = Math.max(most, ownBytes(await hub.memory()));
  }, 200);
  const headers = { authorization: `Bearer ${target.token}`, accept: 'application/fhir+json', prefer: 'respond-async' };
  const started = performance.now();
  const asked = await fetch(`${target.origin}/fhir/R4/$export`, { headers });
  const status = asked.headers.get('content-location');
  if (asked.status !== 202 || !status) throw new Error(`$export: ${asked.status}`);
  let answer = await fetch(status, { headers });
  while (answer.status === 202) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer = await fetch(status, { headers });
  }
  const { output } = (await answer.json()) as { output: { url: string }[] };
  let resources = 0;
  for (const { url } of output) {
    const file = await fetch(url, { headers });
    for await (const line of createInterface({ input: Readable.fromWeb(file.body as never) }))
      if (line !== '') resources++;
  }
  const perS = Math.round((resources * 1000) / (performance.now() - started));
  clearInterval(watch);
  const figure = { resources, perS, grewMb: Math.round((most - before) / 1_048_576) };
  console.log(`$export ${JSON.stringify(figure)}`);
  return figure;
}

/** Loads a hub with charts. Gives resources per second. */
async function load(hub: RealHub, wanted: number): Promise<number> {
  let target = await signIn(hub, ORGANIZATION);
  const from = performance.now();
  for (let loaded = 0; loaded < wanted; loaded += 2000) {
    const bundle = transactionOf(Array.from({ length: 200 }, chart).flat());
    let answer = await ask(target, 'POST', '', bundle);
    if (answer.status === 401) {
      target = await signIn(hub, ORGANIZATION);
      answer = await ask(target, 'POST', '', bundle);
    }
    if (answer.status !== 200) throw new Error(answer.text.slice(0, 400));
  }
  const loadS = (performance.now() - from) / 1000;
  console.log(`loaded ${wanted} resources in ${loadS.toFixed(1)} s (${(wanted / loadS).toFixed(0)}/s)`);
  return Math.round(wanted / loadS);
}

/** All jobs as if they had been run. No hub may be running. */
function dropJobs(dir: string): void {
  const store = new DatabaseSync(join(dir, 'home/store.db'));
  store.exec(`UPDATE job SET state = 'done', blockers = 0, settled_at = ${Date.now()} WHERE state <> 'done'`);
  store.exec('DELETE FROM job_place; DELETE FROM job_lane');
  store.close();
}

interface Loaded {
  readonly resources: number;
  readonly loadedPerS: number;
  /** Patients there are: `unique` after loading. */
  readonly patients: number;
}

/** A hub with the resources in it, and its bots at rest. */
async function loadedHub(dir: string): Promise<{ hub: RealHub; loaded: Loaded }> {
  const start = () => startRealHub({ dir, ...(values.postgres ? { database: values.postgres } : {}) });
  const note = join(dir, 'loaded.json');
  let hub = await start();
  if (existsSync(note)) return { hub, loaded: JSON.parse(readFileSync(note, 'utf8')) as Loaded };
  const resources = Number(values.resources);
  const loaded = { resources, loadedPerS: await load(hub, resources), patients: unique };
  if (values['drop-jobs']) {
    await hub.stop();
    dropJobs(dir);
    hub = await start();
  } else {
    const from = performance.now();
    await settled(hub, await signIn(hub));
    console.log(`the bots were done ${((performance.now() - from) / 1000).toFixed(1)} s later`);
  }
  writeFileSync(note, JSON.stringify(loaded));
  return { hub, loaded };
}

async function main(): Promise<void> {
  const dir = values.home ?? mkdtempSync(join(tmpdir(), 'handoff-bench-'));
  const { hub, loaded } = await loadedHub(dir);
  try {
    const { resources: wanted, loadedPerS } = loaded;
    unique = loaded.patients;
    const known = unique;
    const pick = (n: number) => 1 + ((n * 7919) % known);
    let target = await signIn(hub, ORGANIZATION);
    const found = JSON.parse((await ask(target, 'GET', 'Patient?_count=200')).text) as {
      entry: { resource: { id: string } }[];
    };
    const ids = found.entry.map(({ resource }) => resource.id);
    const id = (n: number) => ids[n % ids.length]!;
    const byIdentifier = (n: number) => ask(target, 'GET', `Patient?identifier=urn:bench:mrn|M${pick(n)}`);
    const care = (n: number) =>
      ask(
        target,
        'GET',
        `CarePlan?patient=${id(n)}&_include=CarePlan:goal&_include=CarePlan:activity-reference&_revinclude:iterate=MedicationAdministration:request&_revinclude=Communication:based-on`,
      );
    const figures: Record<string, unknown> = { resources: wanted, loadedPerS };
    const each = async (name: string, work: (n: number) => Promise<{ status: number }>, counts = [1, 16]) => {
      for (const clients of counts) figures[`${name} at ${clients}`] = await measure(name, clients, work);
    };
    await each('read', (n) => ask(target, 'GET', `Patient/${id(n)}`));
    await each('identifier search', byIdentifier);
    await each('CarePlan with includes', care);
    await each('$everything', (n) => ask(target, 'GET', `Patient/${id(n)}/$everything`), [1]);
    figures.export = await exportAll(hub, target);
    target = await signIn(hub, ORGANIZATION);
    await each('create', () => ask(target, 'POST', 'Patient', patient()));
    await each('transaction of 10', () => ask(target, 'POST', '', transactionOf(chart())));
    console.log(JSON.stringify(figures));
  } finally {
    await hub.stop('SIGKILL');
    for (const client of clients.values()) client.close();
    if (values.home === undefined) rmSync(dir, { recursive: true, force: true });
  }
}

/** Until the bots have looked at all that was loaded. */
async function settled(hub: RealHub, { token }: Target): Promise<void> {
  const waiting = async (): Promise<number> => {
    const answer = await fetch(`${hub.http}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status !== 200) throw new Error(`/metrics: ${answer.status}`);
    const text = await answer.text();
    return [...text.matchAll(/^handoff_jobs\{state="(?:queued|claimed)"[^}]*\} (\d+)/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  };
  while ((await waiting()) > 0) await new Promise((resolve) => setTimeout(resolve, 500));
}

await main();
