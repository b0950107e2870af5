import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { indexedByOlderRules, reindexOf } from '../../../src/hub/reindex.ts';
import { askAs, matchesOf } from '../server/support/ask.ts';
import { observation, patient } from '../server/support/records.ts';
import { client, DEFINITIONS, ENGINES, openTestStore, type TestStore } from '../server/support/test-store.ts';

/** More than two steps of the rebuild. */
const COUNT = 250;
const id = (n: number): string => `o${String(n).padStart(3, '0')}`;

describe.each(ENGINES)('the rebuild of the search index on %s', (engine) => {
  let folder = '';
  let older = '';
  let hub: TestStore;
  const ask = (request: string, body?: unknown) => askAs(hub.fhir, client('riverside'))(request, body);
  /** As every start does. */
  const mark = () => hub.database.write('hub.index-mark', undefined);
  const found = async (search: string) => matchesOf(await ask(`GET Observation?${search}&_count=1000`));
  const CODE = 'code=http://loinc.org|44261-6';
  const put = (n: number, more: object = {}) =>
    ask(`PUT Observation/${id(n)}`, observation('Patient/anna', { id: id(n), ...more }));

  async function rebuild(type?: string): Promise<number> {
    const of = type === undefined ? {} : { type };
    let sum = 0;
    for (;;) {
      const { rebuilt } = await reindexOf(hub.database).step(of);
      if (rebuilt === 0) return sum;
      sum += rebuilt;
    }
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'handoff-definitions-'));
    older = pathToFileURL(join(folder, 'definitions.json.gz')).href;
    const all = JSON.parse(gunzipSync(readFileSync(new URL(DEFINITIONS))).toString('utf8'));
    // A release that did not know the parameter `code` of Observation.
    all.searchParameters = all.searchParameters.map((each: { code: string; base: string[] }) =>
      each.code === 'code' ? { ...each, base: each.base.filter((type) => type !== 'Observation') } : each,
    );
    writeFileSync(new URL(older), gzipSync(JSON.stringify(all)));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    hub = await openTestStore(engine, { definitions: older });
    await mark();
    await ask('PUT Patient/anna', patient({ id: 'anna' }));
    const entry = Array.from({ length: COUNT }, (_, n) => ({
      request: { method: 'PUT', url: `Observation/${id(n)}` },
      resource: observation('Patient/anna', { id: id(n) }),
    }));
    expect((await ask('POST ', { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(200);
    hub = await hub.reopen({});
  });
  afterEach(() => hub.close());

  it('what older rules indexed is counted, missed by searches, and found after the rebuild', async () => {
    expect(await indexedByOlderRules(hub.database)).toBe(0);
    await mark();
    expect(await indexedByOlderRules(hub.database)).toBeGreaterThan(COUNT);
    expect(await found(CODE)).toEqual([]);
    expect(await rebuild()).toBeGreaterThan(COUNT);
    expect(await found(CODE)).toHaveLength(COUNT);
    expect(await indexedByOlderRules(hub.database)).toBe(0);
    await mark();
    expect([await indexedByOlderRules(hub.database), await rebuild()]).toEqual([0, 0]);
  });

  it('what this release wrote is not rebuilt, and one type may be', async () => {
    await mark();
    await put(COUNT);
    expect(await found(CODE)).toEqual([id(COUNT)]);
    const before = await indexedByOlderRules(hub.database);
    expect(await rebuild('Observation')).toBe(COUNT);
    expect(await indexedByOlderRules(hub.database)).toBe(before - COUNT);
    expect((await found(CODE)).length).toBe(COUNT + 1);
    expect((await reindexOf(hub.database).begin({ type: 'Observation', all: true })).left).toBe(COUNT + 1);
  });

  it('broken off, it goes on where it was', async () => {
    await mark();
    const { rebuilt } = await reindexOf(hub.database).step({ type: 'Observation' });
    expect(rebuilt).toBeLessThan(COUNT);
    hub = await hub.reopen({});
    await mark();
    expect((await found(CODE)).length).toBe(rebuilt);
    expect(await rebuild('Observation')).toBe(COUNT - rebuilt);
    expect(await found(CODE)).toHaveLength(COUNT);
  });

  it('a write during the rebuild wins: a resource is found by what it says last, and by nothing else', async () => {
    await mark();
    const other = { code: { coding: [{ system: 'http://loinc.org', code: '69737-5' }] } };
    const writes = Array.from({ length: COUNT }, (_, n) =>
      n % 3 === 0 ? ask(`DELETE Observation/${id(n)}`) : n % 3 === 1 ? put(n, other) : undefined,
    );
    const [sum] = await Promise.all([rebuild('Observation'), ...writes]);
    expect(sum).toBe(COUNT);
    const named = (rest: number) =>
      Array.from({ length: COUNT }, (_, n) => n)
        .filter((n) => n % 3 === rest)
        .map(id);
    expect((await found(CODE)).sort()).toEqual(named(2));
    expect((await found('code=http://loinc.org|69737-5')).sort()).toEqual(named(1));
  });

  it('a row that older rules left is no obstacle to a write that gives it', async () => {
    await mark();
    await rebuild();
    hub = await hub.reopen({ definitions: older });
    // The older release changes what it does not know to be indexed: the rows of `code` stay behind.
    await put(0, { code: { text: 'other' } });
    hub = await hub.reopen({});
    await mark();
    expect((await put(0)).status).toBe(200);
    expect(await found(CODE)).toContain(id(0));
  });
});
