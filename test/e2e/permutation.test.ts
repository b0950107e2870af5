import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CapabilityStatement, CodeableConcept, Resource, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directoryOf } from '../../fixtures/demo/directory.ts';
import { until } from '../../fixtures/demo/world.ts';
import { dayOf, FEEDS, type Sent } from './day.ts';
import { ackOf, Network, temporaryFolder, WAIT_MS } from './network.ts';

/** Numbers from a seed (mulberry32), so that a failing order can be had again. */
function numbers(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffled<T>(all: readonly T[], seed: number): T[] {
  const next = numbers(seed);
  const left = [...all];
  return all.map(() => left.splice(Math.floor(next() * left.length), 1)[0] as T);
}

/**
 * What must be equal after every order, and what need not be.
 *
 * `stated`: what the messages say. Their ids are derived (HMAC, UUID version 8), so each resource is compared by id and whole: every
 * element, its labels, its owner. Not compared: `meta.versionId` and `meta.lastUpdated`, which count and time the steps on the way;
 * of the referral's Task the times of its release. Provenance and AuditEvent tell the way and not its end; Endpoint comes from the settings.
 *
 * `concluded`: what bots made of it and what still stands at the end: derived Observations, open DetectedIssues, active Flags,
 * open obligations about schedules. Their ids are random and their times those of the run, so they are compared by content without
 * both. A conflict that was seen on the way and is over leaves a trace in one order and none in another: only open ones count.
 *
 * `notes`: who must answer which safety note, and decide about the dose. A note may come before the organization that must answer is
 * known to treat the patient; then its sender is asked to telephone besides, which is not compared.
 *
 * `referred`: the referral left for the program and the answer for the hospital, each once.
 *
 * `parked`: messages, and parts of messages, that wait for an operator.
 */
interface State {
  readonly stated: Readonly<Record<string, unknown>>;
  readonly concluded: readonly string[];
  readonly notes: readonly string[];
  readonly referred: readonly string[];
  readonly parked: readonly string[];
}

const WAYS = ['Provenance', 'AuditEvent', 'Endpoint'];
const isDerived = (id: string | undefined): boolean => id?.[14] === '8';
const codeOf = (resource: { readonly code?: CodeableConcept }): string => resource.code?.coding?.[0]?.code ?? '';

function statedBy(resource: Resource): unknown {
  const { meta, ...rest } = resource;
  const { versionId: _version, lastUpdated: _at, ...kept } = meta ?? {};
  if (resource.resourceType !== 'Task') return { ...rest, meta: kept };
  const { lastModified: _when, output, ...task } = rest as Task;
  return { ...task, meta: kept, output: output?.map(({ valueInstant: _at, ...each }) => each) };
}

const OF_THE_RUN = new Set(['id', 'meta', 'identifier', 'businessStatus', 'output']);
const INSTANTS = /^(authoredOn|lastModified|identifiedDateTime|issued|sent|period|restriction|date)$/;

/** Content without random ids and without times of this run. */
function content(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(content);
  if (typeof value === 'string') {
    const [type, id] = value.split('/');
    return /^[A-Z]\w+\/[0-9a-f-]{36}$/.test(value) && !isDerived(id) ? type : value;
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !OF_THE_RUN.has(name) && !INSTANTS.test(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, content(each)]),
  );
}

function stands(resource: Resource): boolean {
  if (resource.resourceType === 'Observation') return true;
  if (resource.resourceType === 'Flag') return resource.status === 'active';
  if (resource.resourceType === 'DetectedIssue') return resource.status !== 'final';
  return (
    resource.resourceType === 'Task' &&
    codeOf(resource) === 'resolve-schedule-conflict' &&
    resource.status !== 'completed'
  );
}

async function notesOf(network: Network): Promise<string[]> {
  const tasks = await network.operator.search<Task>('Task?_count=500');
  return tasks
    .filter((each) => ['acknowledge-safety-note', 'answer-hold-request'].includes(codeOf(each)))
    .map((each) => `${codeOf(each)} ${each.owner?.reference} ${each.focus?.reference}`)
    .sort();
}

async function stateOf(network: Network): Promise<State> {
  const capability = await network.operator.do<CapabilityStatement>('GET', 'metadata');
  const types = (capability.rest?.[0]?.resource ?? []).flatMap(({ type }) =>
    type && !WAYS.includes(type) ? [type] : [],
  );
  const all: Resource[] = [];
  for (const type of types) all.push(...(await network.operator.search<Resource>(`${type}?_count=500`)));
  const made = all.filter((each) => !isDerived(each.id));
  const partial = await network.messages('&parts=true');
  const parked = await network.messages('&state=parked');
  return {
    stated: Object.fromEntries(
      all.filter((each) => isDerived(each.id)).map((each) => [`${each.resourceType}/${each.id}`, statedBy(each)]),
    ),
    concluded: made
      .filter(stands)
      .map((each) => JSON.stringify(content(each)))
      .sort(),
    notes: await notesOf(network),
    referred: ['general-hospital', 'riverside'].flatMap((partner) =>
      (network.world.received[partner] ?? [])
        .map(({ message }) => `${partner} ${message.split('|')[8]?.slice(0, 7)}`)
        .filter((each) => /REF|RRI/.test(each)),
    ),
    parked: [...partial, ...parked].map((each) => `${each.controlId} ${each.state}`).sort(),
  };
}

async function play(order: readonly Sent[], keyFile: string): Promise<State> {
  const network = await Network.start({ keyFile });
  try {
    for (const organization of ['riverside', 'lakeside', 'harbor-psychiatry'])
      await (await network.app(organization)).do('POST', '', directoryOf(organization));
    for (const { partner, message, name } of order) {
      const answer = ackOf(await network.world.send(partner, FEEDS[partner], message));
      expect([name, answer.code]).toEqual([name, 'AA']);
    }
    await network.quiet();
    // A note that came before its context is looked at again by a timer.
    await until(async () => (await notesOf(network)).length >= NOTES, WAIT_MS);
    await network.quiet();
    return await stateOf(network);
  } finally {
    await network.stop();
  }
}

/** Riverside acknowledges Lakeside's note; Lakeside acknowledges Riverside's, and its prescriber decides. */
const NOTES = 3;
const SEEDS = (process.env.HANDOFF_TEST_SEEDS ?? '1,2,3,4').split(',').map(Number);

describe('the messages of a day end in one clinical state, whatever the order in which they come', () => {
  const day = dayOf('2026-03-02');
  let folder: string;
  let keyFile: string;
  let reference: State;
  beforeAll(async () => {
    folder = temporaryFolder();
    // Ids are derived from the hub's key: the same key in every home makes them comparable.
    keyFile = join(folder, 'hub.key');
    writeFileSync(keyFile, `${randomBytes(32).toString('hex')}\n`);
    reference = await play(day, keyFile);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("in the journey's order: two plain doses are charted, one group member is parked, nothing conflicts", () => {
    const types = Object.keys(reference.stated).map((each) => each.split('/')[0]);
    expect(types.filter((each) => each === 'MedicationAdministration')).toHaveLength(2);
    expect(types.filter((each) => each === 'Appointment').length).toBeGreaterThanOrEqual(5);
    expect(reference.referred).toEqual(['general-hospital RRI^I12', 'riverside REF^I12']);
    expect(reference.parked).toEqual(['RIV000012 applied']);
    expect(reference.concluded.some((each) => each.includes('schedule-conflict'))).toBe(false);
    expect(reference.concluded.filter((each) => each.includes('total-dose'))).toHaveLength(1);
    expect(reference.notes.map((each) => each.split(' ').slice(0, 2).join(' '))).toEqual([
      'acknowledge-safety-note Organization/lakeside',
      'acknowledge-safety-note Organization/riverside',
      'answer-hold-request Organization/lakeside',
    ]);
  });

  test.each(SEEDS)('in random order (seed %i)', async (seed) => {
    const order = shuffled(day, seed);
    const state = await play(order, keyFile);
    expect(Object.keys(state.stated).sort()).toEqual(Object.keys(reference.stated).sort());
    for (const [key, resource] of Object.entries(state.stated))
      expect([key, resource]).toEqual([key, reference.stated[key]]);
    expect(state.concluded).toEqual(reference.concluded);
    expect(state.notes).toEqual(reference.notes);
    expect(state.referred).toEqual(reference.referred);
    expect(state.parked).toEqual(reference.parked);
  });
});
