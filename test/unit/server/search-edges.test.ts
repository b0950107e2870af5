import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFhirService } from '../../../src/server/service.ts';
import { type Answer, type Ask, askAs, matchesOf } from './support/ask.ts';
import { observation, patient } from './support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

const BASE = 'http://hub.test/fhir/R4';
const UCUM = 'http://unitsofmeasure.org';
const pressure = (value: number, code: string) => ({
  code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
  valueQuantity: { value, unit: code, system: UCUM, code },
});
const includedIn = (answer: Answer): string[] =>
  (answer.body.entry as { resource: { id: string }; search: { mode: string } }[])
    .filter(({ search }) => search.mode === 'include')
    .map(({ resource }) => resource.id)
    .sort();

describe.each(ENGINES)('search at its edges, on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    const { database, clock } = hub;
    ask = askAs(makeFhirService({ database, clock, base: BASE, references: 'type' }), client('org-a'));
    const put = async (resource: { resourceType: string; id: string }) => {
      const { status, body } = await ask(`PUT ${resource.resourceType}/${resource.id}`, resource);
      expect(status, JSON.stringify(body)).toBe(201);
    };
    for (const id of ['pb', 'pa']) await put(patient({ id }) as never);
    await askAs(hub.fhir, client('org-b'))('PUT Patient/p-hidden', patient({ id: 'p-hidden' }));
    await put(observation('Patient/pb', { id: 'o1', ...pressure(130, 'mm[Hg]') }) as never);
    await put(observation('Patient/pa', { id: 'o2', ...pressure(100, 'mm[Hg]') }) as never);
    await put(
      observation('Patient/pa', {
        id: 'o3',
        ...pressure(17.3, 'kPa'),
        hasMember: [{ reference: 'Observation/o1' }],
      }) as never,
    );
    const focus = (reference: string) => ({ focus: [{ reference }] });
    await put(observation('Patient/pa', { id: 'f1', ...focus('Patient/p-hidden') }) as never);
    await put(observation('Patient/pa', { id: 'f2', ...focus('Patient/pb') }) as never);
    await put(observation('Patient/pa', { id: 'f3', ...focus('http://elsewhere.example/fhir/Patient/1') }) as never);
    await put(observation('Patient/pa', { id: 'f4', ...focus('Patient/pa') }) as never);
  });
  afterAll(() => hub?.close());

  it.each([
    [`8480-6$gt16|${UCUM}|kPa`, ['o1', 'o3']],
    [`http://loinc.org|8480-6$lt14|${UCUM}|kPa`, ['o2']],
    [`8480-6$130|${UCUM}|mm[Hg]`, ['o1', 'o3']],
    [`8480-6$gt12|${UCUM}|cm[Hg]`, ['o1', 'o3']],
    [`8480-6$ne130|${UCUM}|mm[Hg]`, ['o2']],
    [`8480-6$130||mm[Hg]`, ['o1']],
    ['8480-6$gt20', ['o1', 'o2']],
    [`8480-6$gt16|${UCUM}|kg`, []],
    [`8480-6$gt16|${UCUM}|kPa,8480-6$lt14|${UCUM}|kPa`, ['o1', 'o2', 'o3']],
  ])('a composite compares %s in any unit of the same dimension', async (value, found) => {
    for (const parameter of ['code-value-quantity', 'combo-code-value-quantity'])
      expect(matchesOf(await ask(`GET Observation?${parameter}=${encodeURIComponent(value)}`)).sort()).toEqual(found);
  });

  it('the plain parameter finds what the composite finds', async () => {
    const found = await ask(`GET Observation?value-quantity=gt16|${UCUM}|kPa`);
    expect(matchesOf(found).sort()).toEqual(['o1', 'o3']);
  });

  it('_sort by a reference goes by its literal text, pages and all', async () => {
    const only = '_id=o1,o2,o3';
    expect(matchesOf(await ask(`GET Observation?${only}&_sort=subject,_id`))).toEqual(['o2', 'o3', 'o1']);
    expect(matchesOf(await ask(`GET Observation?${only}&_sort=-subject,_id`))).toEqual(['o1', 'o2', 'o3']);
    const seen: string[] = [];
    for (let next = `Observation?${only}&_sort=subject,_id&_count=1`; next !== ''; ) {
      const page = await ask(`GET ${next}`);
      seen.push(...matchesOf(page));
      next = page.body.link.find(({ relation }: { relation: string }) => relation === 'next')?.url ?? '';
    }
    expect(seen).toEqual(['o2', 'o3', 'o1']);
  });

  it('a reference that goes out masked has no place in the order, and no link tells it', async () => {
    const page = await ask('GET Observation?_id=f1,f2,f3,f4&_sort=focus&_count=2');
    expect(matchesOf(page)).toEqual(['f4', 'f2']);
    const next = page.body.link.find(({ relation }: { relation: string }) => relation === 'next').url;
    const last = await ask(`GET ${next}`);
    expect(matchesOf(last)).toEqual(['f3', 'f1']);
    const first = await ask('GET Observation?_id=f1,f2,f3,f4&_sort=-focus,_id&_count=3');
    expect(matchesOf(first)).toEqual(['f3', 'f2', 'f4']);
    const hidden = await ask('GET Observation?_id=f1,o1&_sort=focus&_count=1');
    const cursor = new URL(hidden.body.link.find(({ relation }: { relation: string }) => relation === 'next').url);
    expect(Buffer.from(cursor.searchParams.get('_cursor')!, 'base64url').toString()).not.toContain('hidden');
  });

  it.each(['code-value-quantity', 'near', 'nonsense'])('_sort=%s is told as ignored, strictly refused', async (by) => {
    const { body } = await ask(`GET Observation?_id=o1&_sort=${by}`);
    expect(body.entry.at(-1)).toMatchObject({
      search: { mode: 'outcome' },
      resource: { issue: [{ code: 'not-supported' }] },
    });
    const strict = await ask(`GET Observation?_id=o1&_sort=${by}`, undefined, { prefer: 'handling=strict' });
    expect(strict.status).toBe(400);
  });

  it.each([
    ['_include=*', ['o1', 'pa']],
    ['_include=Observation:*', ['o1', 'pa']],
    ['_include=*:*:Patient', ['pa']],
    ['_include=Observation:*:Observation', ['o1']],
  ])('%s includes every reference it means', async (include, found) => {
    expect(includedIn(await ask(`GET Observation?_id=o3&${include}`))).toEqual(found);
  });

  it('_revinclude=Type:* includes what points here by any reference', async () => {
    const found = includedIn(await ask('GET Patient?_id=pb&_revinclude=Observation:*'));
    expect(found).toEqual(['f2', 'o1']);
  });

  it.each([
    '_revinclude=*',
    '_revinclude=*:subject',
    '_include=*:subject',
    '_include=Observation:code',
    '_include=Observation:subject:Nothing',
    '_include=Observation:subject:Patient:x',
    '_include=Nothing:*',
  ])('%s is refused with a code', async (include) => {
    const { status, body } = await ask(`GET Observation?${include}`);
    expect(status).toBe(400);
    expect(['not-supported', 'too-costly']).toContain(body.issue[0].code);
  });
});
