import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { indexedByOlderRules, reindexOf } from '../../../src/hub/reindex.ts';
import { HUB } from '../../../src/model/actor.ts';
import { EXAMPLE_FILES, example } from '../fhir/r4.ts';
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

  async function run(type?: string) {
    const of = type === undefined ? {} : { type };
    const sum = { rebuilt: 0, added: 0, removed: 0 };
    for (;;) {
      const { done, rebuilt, added, removed } = await reindexOf(hub.database).step(of);
      if (done) return sum;
      sum.rebuilt += rebuilt;
      sum.added += added;
      sum.removed += removed;
    }
  }
  const rebuild = async (type?: string) => (await run(type)).rebuilt;
  const again = async () => {
    await reindexOf(hub.database).begin({ all: true });
    return run();
  };

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
    const { rebuilt, added, removed } = await run();
    expect(rebuilt).toBeGreaterThan(COUNT);
    // A token, and what combines it with others.
    expect(added).toBeGreaterThanOrEqual(COUNT);
    expect(removed).toBe(0);
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

  const OTHER = { code: { text: 'other' } };
  /** The older release changes what it does not know to be indexed: the rows of `code` stay behind. */
  async function leftBehind(...numbers: readonly number[]): Promise<void> {
    await mark();
    await rebuild();
    hub = await hub.reopen({ definitions: older });
    await mark();
    for (const n of numbers) expect((await put(n, OTHER)).status).toBe(200);
    hub = await hub.reopen({});
    await mark();
  }

  it('what an older release left in the index finds nothing after the rebuild, and a second one changes nothing', async () => {
    await leftBehind(0, 1);
    expect(await found(CODE)).toHaveLength(COUNT);
    const { added, removed } = await run();
    expect(await found(CODE)).toHaveLength(COUNT - 2);
    expect(await found('code:text=other')).toEqual([id(0), id(1)]);
    expect([added, removed].map((n) => n > 0)).toEqual([true, true]);
    expect(await again()).toMatchObject({ added: 0, removed: 0 });
  });

  it('broken off between what it adds and what it removes, it goes on where it was', async () => {
    await leftBehind(0, COUNT - 1);
    let step = await reindexOf(hub.database).step({});
    while (step.rebuilt > 0) step = await reindexOf(hub.database).step({});
    hub = await hub.reopen({});
    await mark();
    expect(await rebuild()).toBe(0);
    expect(await found(CODE)).toHaveLength(COUNT - 2);
  });

  it('a write while rows are removed wins', async () => {
    const all = Array.from({ length: COUNT }, (_, n) => n);
    await leftBehind(...all.filter((n) => n % 2 === 0));
    await Promise.all([
      run('Observation'),
      ...all.filter((n) => n % 4 < 2).map((n) => put(n, n % 4 === 0 ? {} : OTHER)),
    ]);
    expect((await found(CODE)).sort()).toEqual(all.filter((n) => n % 4 === 0 || n % 4 === 3).map(id));
  });

  it('rows of a parameter that there is no more go, whatever type had it', async () => {
    await mark();
    await rebuild();
    hub = await hub.reopen({ definitions: older });
    await mark();
    expect((await run('Patient')).removed).toBe(0);
    expect((await run('Observation')).removed).toBe(0);
    expect((await run()).removed).toBeGreaterThanOrEqual(COUNT);
    expect(await again()).toMatchObject({ added: 0, removed: 0 });
    hub = await hub.reopen({});
    expect(await found(CODE)).toEqual([]);
  });

  it('a hub of an older release beside a newer one takes nothing away', async () => {
    await mark();
    await rebuild();
    await reindexOf(hub.database).begin({ all: true });
    hub = await hub.reopen({ definitions: older });
    expect((await run()).removed).toBe(0);
    hub = await hub.reopen({});
    expect(await found(CODE)).toHaveLength(COUNT);
    expect((await run()).removed).toBe(0);
  });

  it('takes nothing from what any resource is found by, of whatever kind', async () => {
    await mark();
    await rebuild();
    const odd = { ...observation('Patient/anna'), id: 'odd', valueQuantity: { value: 5, comparator: '<', unit: 'mg' } };
    const long = patient({ id: 'long', name: [{ text: `${'x'.repeat(399)}\u{1f600}` }] });
    const sample = [
      ...EXAMPLE_FILES.toSorted()
        .filter((_, n) => n % 10 === 0)
        .map(example),
      odd,
      long,
    ];
    let kept = 0;
    for (const each of sample) {
      const stored = await hub.store.put(each as never, HUB).catch(() => undefined);
      if (stored) kept += 1;
    }
    expect(kept).toBeGreaterThan(100);
    expect(await again()).toMatchObject({ added: 0, removed: 0 });
  });
});
