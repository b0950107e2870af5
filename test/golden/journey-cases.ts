import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Delivery } from './journey-hub.ts';
import { JourneyHub } from './journey-hub.ts';
import { Names } from './journey-names.ts';

const ROOT = new URL('../../fixtures/journeys/', import.meta.url);

/** A case of `fixtures/journeys`: what comes in, in order, and the case whose end is its beginning. */
export interface JourneyCase {
  readonly name: string;
  readonly folder: URL;
  readonly inputs: readonly string[];
  /** `0-after.txt`: a case that is played before, of which nothing is compared here. */
  readonly after?: string;
}

/** A FHIR request (`0-request-N.json`), or time that passes (`0-time-N.json`). */
interface Request {
  readonly at: string;
  readonly who: string;
  readonly request: string;
  readonly body?: unknown;
}

export const JOURNEYS: readonly JourneyCase[] = readdirSync(ROOT, { withFileTypes: true })
  .filter((each) => each.isDirectory())
  .map((each) => caseOf(each.name))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

function caseOf(name: string): JourneyCase {
  const folder = new URL(`${name}/`, ROOT);
  const numbered = readdirSync(folder).filter((file) => /^0-(inbound|request|time)-\d+\.(hl7|json)$/.test(file));
  const inputs = numbered.sort((a, b) => numberOf(a) - numberOf(b));
  const after = new URL('0-after.txt', folder);
  return { name, folder, inputs, ...(existsSync(after) ? { after: readFileSync(after, 'utf8').trim() } : {}) };
}

function numberOf(file: string): number {
  return Number(/\d+(?=\.)/.exec(file)?.[0]);
}

/** What a case came to: each file as it should stand in its folder. */
type Played = ReadonlyMap<string, string>;

/** Plays a case from an empty hub. The same case gives the same files. */
export async function play({ name }: JourneyCase): Promise<Played> {
  const hub = await JourneyHub.open();
  try {
    const names = new Names();
    const known = new Map((await hub.rows()).map((row) => [`${row.type}/${row.id}`, row.version]));
    const line = lineOf(name);
    for (const before of line.slice(0, -1)) await inputsOf(hub, names, before);
    const untouched = new Map((await hub.rows()).map((row) => [`${row.type}/${row.id}`, row.version]));
    const sent = (await hub.deliveries()).length;
    const steps = await inputsOf(hub, names, line.at(-1) as JourneyCase);
    const state = await stateOf(hub, new Map([...known, ...untouched]));
    const deliveries = (await hub.deliveries()).slice(sent);
    return files(steps, state, deliveries, names);
  } finally {
    await hub.close();
  }
}

/** The case with those that come before it, first first. */
function lineOf(name: string): JourneyCase[] {
  const found = JOURNEYS.find((each) => each.name === name);
  if (!found) throw new Error(`no journey ${name}`);
  return [...(found.after === undefined ? [] : lineOf(found.after)), found];
}

async function inputsOf(hub: JourneyHub, names: Names, { folder, inputs }: JourneyCase): Promise<unknown[]> {
  const steps: unknown[] = [];
  for (const file of inputs) {
    const bytes = readFileSync(new URL(file, folder));
    const became = file.endsWith('.hl7') ? await hub.receive(carriageReturns(bytes)) : await ask(hub, names, bytes);
    steps.push({ input: file, ...became });
    names.learn(await hub.rows());
    await hub.settle();
    names.learn(await hub.rows());
  }
  return steps;
}

/** The files have LF, so that a person can read their difference. */
const carriageReturns = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('utf8').replaceAll('\n', '\r'));

async function ask(hub: JourneyHub, names: Names, bytes: Buffer): Promise<Record<string, unknown>> {
  const { at, who, request, body } = JSON.parse(names.out(bytes.toString('utf8'))) as Request;
  if (request === undefined) {
    await hub.until(at);
    return { until: at };
  }
  hub.setClock(at);
  if (request.startsWith('GET ')) return { who, read: await hub.read(who, request.slice(4)) };
  return { who, status: await hub.request(who, request, body) };
}

/** Not clinical: how it came to be, and who looked. */
const ASIDE: ReadonlySet<string> = new Set(['Provenance', 'AuditEvent']);

/** What the case made or changed, by name. */
async function stateOf(hub: JourneyHub, before: ReadonlyMap<string, number>): Promise<unknown[]> {
  const rows = await hub.rows();
  const own = rows.filter(({ type, id, version }) => !ASIDE.has(type) && before.get(`${type}/${id}`) !== version);
  return own.map(({ json, owner_org: owner }) => {
    const { meta, ...resource } = JSON.parse(json) as { meta?: Record<string, unknown> };
    const { lastUpdated: _at, versionId: _version, ...kept } = meta ?? {};
    return {
      owner: owner === '' ? 'hub' : owner,
      resource: { ...resource, ...(Object.keys(kept).length > 0 ? { meta: kept } : {}) },
    };
  });
}

function files(steps: unknown[], state: unknown[], deliveries: readonly Delivery[], names: Names): Played {
  const written = new Map<string, string>();
  const rows = deliveries.map(({ event, state: became, controlId, waiting }, i) => {
    const { recipient, kind, lane, purpose, eventKey, resources, sender } = event;
    return {
      outbound: i + 1,
      recipient,
      kind,
      lane,
      purpose,
      eventKey,
      resources,
      sender,
      state: became,
      controlId,
      ...(waiting ? { waiting: waiting.code } : {}),
    };
  });
  written.set('1-state.json', names.in(text({ steps, state })));
  written.set('2-deliveries.json', names.in(text(rows)));
  deliveries.forEach(({ payload }, i) => {
    if (payload === undefined) return;
    const bytes = Buffer.from(payload).toString('utf8');
    const isHl7 = bytes.startsWith('MSH');
    const readable = isHl7 ? bytes.replaceAll('\r', '\n') : text(JSON.parse(bytes));
    written.set(`3-outbound-${i + 1}.${isHl7 ? 'hl7' : 'json'}`, names.in(readable));
  });
  return written;
}

/** Canonical: members in order of their names, one to a line. */
const text = (value: unknown): string => `${JSON.stringify(sorted(value), null, 1)}\n`;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, each]) => [name, sorted(each)]));
}
