import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HUB } from '../../../src/model/actor.ts';
import { EVERYTHING } from '../../../src/model/visibility.ts';
import { type Ask, askAs, matchesOf } from './support/ask.ts';
import { organization } from './support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

describe.each(ENGINES)('many writers at once on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
  });
  afterAll(() => hub?.close());

  it('patients that share an identifier are one person, whoever came first', async () => {
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        ask('POST Patient', {
          resourceType: 'Patient',
          identifier: [{ system: 'urn:same', value: 'x' }],
          birthDate: `19${50 + n}-01-01`,
        }),
      ),
    );
    expect(made.map(({ status }) => status)).toEqual(Array(12).fill(201));
    const ids = made.map(({ body }) => body.id as string);
    const written = await Promise.all(
      ids.map((id) => ask('POST Condition', { resourceType: 'Condition', subject: { reference: `Patient/${id}` } })),
    );
    expect(written.map(({ status }) => status)).toEqual(Array(12).fill(201));
    for (const id of ids)
      expect((await hub.store.search(`Condition?patient=${id}&_count=50`, EVERYTHING)).length).toBe(12);
  });

  it('updates of one resource are versions one after the other, and If-Match lets one of them win', async () => {
    const { body } = await ask('POST Patient', { resourceType: 'Patient' });
    const write = (n: number, headers = {}) =>
      ask(`PUT Patient/${body.id}`, { ...body, birthDate: `19${50 + n}-01-01` }, headers);
    const all = await Promise.all(Array.from({ length: 16 }, (_, n) => write(n)));
    expect(new Set(all.map(({ headers }) => headers.etag)).size).toBe(16);
    const raced = await Promise.all(Array.from({ length: 8 }, (_, n) => write(30 + n, { 'if-match': 'W/"17"' })));
    expect(raced.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(412)]);
  });

  it('conditional creates of different identities never conflict', async () => {
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        ask(
          'POST Patient',
          { resourceType: 'Patient', identifier: [{ system: 'urn:each', value: String(n) }] },
          { 'if-none-exist': `identifier=urn:each|${n}` },
        ),
      ),
    );
    expect(made.map(({ status }) => status)).toEqual(Array(40).fill(201));
    expect(matchesOf(await ask('GET Patient?identifier=urn:each|&_count=100'))).toHaveLength(40);
  });

  it('facts of one person written at once are all in its grants', async () => {
    const who = {
      identifier: [{ system: 'urn:care', value: '1' }],
      name: [{ family: 'Test' }],
      birthDate: '1980-01-01',
    };
    const orgs = ['o1', 'o2', 'o3', 'o4'];
    const asks = orgs.map((org) => askAs(hub.fhir, client(org)));
    for (const id of orgs) await hub.store.put(organization(id), HUB);
    await Promise.all(
      asks.map((each, n) => each(`PUT Patient/care-${n}`, { resourceType: 'Patient', id: `care-${n}`, ...who })),
    );
    await Promise.all(
      asks.map((each, n) =>
        each(`PUT EpisodeOfCare/ep-${n}`, {
          resourceType: 'EpisodeOfCare',
          id: `ep-${n}`,
          status: 'active',
          managingOrganization: { reference: `Organization/${orgs[n]}` },
          patient: { reference: `Patient/care-${n}` },
          period: { start: '2026-01-01' },
        }),
      ),
    );
    for (const each of asks)
      expect(matchesOf(await each('GET EpisodeOfCare')).sort()).toEqual(['ep-0', 'ep-1', 'ep-2', 'ep-3']);
  });
});
