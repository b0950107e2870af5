import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadHubKey } from '../src/hub/key.ts';
import { startLoad } from './load.ts';
import { type RealHub, startRealHub } from './real-hub.ts';

/**
 * ACK latency of one feed (`received`, 16 connections at a steady rate) while the same hub does something large:
 * transactions of 5,000 entries, a full export-like scan, and the worst search there is. `node bench/disturbed.ts [--seconds 10]`.
 */
export interface Disturbed {
  readonly ratePerS: number;
  readonly [disturbance: string]: { readonly p50Ms: number; readonly p99Ms: number; readonly done: number } | number;
}

const RATE_PER_S = 500;
const ENTRIES = 5000;

export async function benchDisturbed(seconds: number): Promise<Disturbed> {
  const dir = await mkdtemp(join(tmpdir(), 'handoff-disturbed-'));
  const hub = await startRealHub({ dir });
  try {
    const ask = await client(hub, dir);
    await ask('POST', '', bundle(ENTRIES));
    const disturbances: Readonly<Record<string, (() => Promise<unknown>) | undefined>> = {
      nothing: undefined,
      'transaction of 5000': () => ask('POST', '', bundle(ENTRIES)),
      'scan of everything': () => ask('GET', 'Observation?_count=1000&_sort=-_lastUpdated'),
      'worst search': () => ask('GET', 'Observation?patient.name:contains=zz&code:not=a&_total=accurate&_sort=date'),
    };
    const figures: Record<string, { p50Ms: number; p99Ms: number; done: number }> = {};
    for (const [name, disturb] of Object.entries(disturbances)) {
      const load = startLoad({
        host: '127.0.0.1',
        port: hub.ports.received,
        connections: 16,
        seconds,
        warmupS: 1,
        ratePerS: RATE_PER_S,
        patients: 1000,
      });
      let running = true;
      let done = 0;
      const disturbing = (async () => {
        while (running && disturb) {
          await disturb();
          done++;
        }
      })();
      const { latency } = await load;
      running = false;
      await disturbing;
      figures[name] = { p50Ms: latency.p50Ms, p99Ms: latency.p99Ms, done };
    }
    return { ratePerS: RATE_PER_S, ...figures };
  } finally {
    await hub.stop('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  }
}

type Ask = (method: string, path: string, body?: unknown) => Promise<void>;

async function client(hub: RealHub, dir: string): Promise<Ask> {
  const { operatorToken } = loadHubKey(join(dir, 'hub.key'));
  const made = await fetch(`${hub.http}/ops/clients`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', scope: 'system/*.cruds' }),
  });
  const { client_id, client_secret } = (await made.json()) as { client_id: string; client_secret: string };
  const answer = await fetch(`${hub.http}/oauth2/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return async (method, path, body) => {
    const response = await fetch(`${hub.http}/fhir/R4${path === '' ? '' : `/${path}`}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  };
}

let made = 0;

function bundle(entries: number) {
  const resource = () => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '44261-6' }] },
    identifier: [{ system: 'urn:bench', value: String(made++) }],
    effectiveDateTime: '2026-01-05T08:30:00-05:00',
    valueQuantity: { value: made % 28, unit: '{score}', system: 'http://unitsofmeasure.org', code: '{score}' },
  });
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: Array.from({ length: entries }, () => ({
      resource: resource(),
      request: { method: 'POST', url: 'Observation' },
    })),
  };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
  console.log(JSON.stringify(await benchDisturbed(Number(values.seconds))));
}
