import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Ask, askAs, matchesOf } from './support/ask.ts';
import { patient } from './support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

const linkOf = ({ body }: Answer, wanted: string): string | undefined =>
  body.link.find(({ relation }: { relation: string }) => relation === wanted)?.url;
const timesOf = ({ body }: Answer): string[] =>
  body.entry.map(({ resource }: { resource: { recorded: string } }) => resource.recorded);

describe.each(ENGINES)('a search of AuditEvents on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  let other: Ask;
  const event = (id: string, recorded: string) => ({
    resourceType: 'AuditEvent',
    id,
    type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' },
    recorded,
    outcome: '8',
    agent: [{ requestor: true, who: { display: 'app' } }],
    source: { observer: { display: 'app' } },
  });
  /** Ids over all pages; each page but the last is full. */
  const paged = async (query: string, count: number): Promise<string[]> => {
    const found: string[] = [];
    for (let next: string | undefined = `AuditEvent?${query}&_count=${count}`; next; ) {
      const page: Answer = await ask(`GET ${next}`);
      expect(page.status).toBe(200);
      found.push(...matchesOf(page));
      next = linkOf(page, 'next');
      if (next) expect(matchesOf(page)).toHaveLength(count);
    }
    return found;
  };
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
    other = askAs(hub.fhir, client('org-b'));
    for (const id of ['p1', 'p2', 'p3']) {
      hub.clock.ms += 1000;
      await ask(`PUT Patient/${id}`, patient({ id }));
      await ask(`GET Patient/${id}`);
    }
    await ask('PUT AuditEvent/s1', event('s1', '2026-03-02T10:00:02.500Z'));
    await ask('PUT AuditEvent/s2', event('s2', '2026-03-02T09:00:00Z'));
    hub.clock.ms += 60_000;
  });
  afterAll(() => hub?.close());

  it('without parameters finds the kept accesses, and the events that were written', async () => {
    const { body } = await ask('GET AuditEvent');
    const actions = body.entry.map(({ resource }: { resource: { action?: string } }) => resource.action);
    expect(actions.filter((each?: string) => each === 'R')).toHaveLength(3);
    expect(matchesOf({ status: 200, headers: {}, body })).toEqual(expect.arrayContaining(['s1', 's2']));
    expect(body.total).toBe(body.entry.length);
  });

  it('is by POST the same, and is itself an access', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const before = await ask('GET AuditEvent?action=E&_total=accurate&_count=1');
    const { body } = await ask('POST AuditEvent/_search', 'action=E&_summary=count', form);
    expect(body.total).toBe(before.body.total + 1);
  });

  it('to another organization gives what is its own', async () => {
    expect(matchesOf(await other('GET AuditEvent?date=le2026-03-02T10:00:30Z'))).toEqual([]);
  });

  const UNTIL = 'date=le2026-03-02T10:00:30Z';

  it.each(['', '&_sort=date', '&_sort=-date', '&_sort=-_lastUpdated'])(
    '%s pages neither repeat nor skip',
    async (sort) => {
      const all = await ask(`GET AuditEvent?${UNTIL}${sort}&_count=100`);
      const ids = matchesOf(all);
      expect(ids.length).toBe(all.body.total);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBeGreaterThan(7);
      for (const count of [1, 2, 3]) expect(await paged(`${UNTIL}${sort}`, count)).toEqual(ids);
    },
  );

  it('_sort by date puts written and kept ones in one order', async () => {
    const down = await ask(`GET AuditEvent?${UNTIL}&_sort=-date`);
    const sorted = timesOf(down).map((each) => Date.parse(each));
    expect(sorted).toEqual(sorted.toSorted((a, b) => b - a));
    expect(matchesOf(down).indexOf('s1')).toBeGreaterThan(0);
    expect(matchesOf(down).at(-1)).toBe('s2');
    expect(matchesOf(await ask(`GET AuditEvent?${UNTIL}&_sort=date`))[0]).toBe('s2');
  });

  it('_total counts both on every page, _summary=count and _count=0 give it alone', async () => {
    const { total } = (await ask(`GET AuditEvent?${UNTIL}&_total=accurate&_count=1`)).body;
    const first = await ask(`GET AuditEvent?${UNTIL}&_total=accurate&_count=3`);
    const second = await ask(`GET ${linkOf(first, 'next')}`);
    expect([first.body.total, second.body.total]).toEqual([total, total]);
    expect((await ask(`GET AuditEvent?${UNTIL}&_summary=count`)).body).toMatchObject({ total });
    const none = await ask(`GET AuditEvent?${UNTIL}&_count=0`);
    expect([none.body.total, none.body.entry]).toEqual([total, undefined]);
  });

  it.each([
    ['_lastUpdated=lt2026-03-02T10:00:02Z&action=R', 1],
    ['outcome=8', 2],
    ['outcome=0&action=R,C&_lastUpdated=le2026-03-02T10:00:30Z', 8],
    ['type=http://dicom.nema.org/resources/ontology/DCM|110114', 0],
    ['entity=Patient/p1&action=R', 1],
    ['_source=urn:other', 0],
  ])('%s narrows both', async (query, total) => {
    expect((await ask(`GET AuditEvent?${query}`)).body.total).toBe(total);
  });

  it('_elements shortens both', async () => {
    const { body } = await ask(`GET AuditEvent?${UNTIL}&_elements=recorded`);
    for (const { resource } of body.entry) {
      expect(resource.outcome).toBeUndefined();
      expect(resource.meta.tag[0].code).toBe('SUBSETTED');
    }
  });

  it.each(['entity-name=x', 'agent:missing=false', '_sort=outcome', '_sort=date,_id'])(
    '%s, which accesses do not have, is told',
    async (query) => {
      const { body } = await ask(`GET AuditEvent?${query}`);
      expect(body.entry.at(-1)).toMatchObject({
        resource: { issue: [{ code: 'incomplete' }] },
        search: { mode: 'outcome' },
      });
    },
  );

  it('a scope for some AuditEvents opens no kept access, and a cursor of somebody else none of these pages', async () => {
    const narrow = askAs(hub.fhir, client('org-a', ['system/AuditEvent.rs?outcome=8']));
    expect(matchesOf(await narrow('GET AuditEvent')).sort()).toEqual(['s1', 's2']);
    for (const cursor of ['x', 'bnVsbA', Buffer.from('{"access":["a",1]}').toString('base64url')])
      expect((await ask(`GET AuditEvent?_cursor=${cursor}`)).status).toBe(400);
  });

  const ONLY = `_source=urn:handoff:access-log&${UNTIL}`;

  it.each(['', '&_sort=date', '&_sort=-_lastUpdated'])(
    'of the kept ones alone pages like any other, with its total: %s',
    async (sort) => {
      const all = await ask(`GET AuditEvent?${ONLY}${sort}&_count=100`);
      const ids = matchesOf(all);
      expect(ids.length).toBeGreaterThan(7);
      expect(ids.every((id) => id.startsWith('access-'))).toBe(true);
      expect(all.body.total).toBe(ids.length);
      for (const count of [1, 3]) expect(await paged(`${ONLY}${sort}`, count)).toEqual(ids);
      const page = await ask(`GET AuditEvent?${ONLY}${sort}&_count=3&_total=accurate`);
      expect([page.body.total, matchesOf(page).length]).toEqual([ids.length, 3]);
      expect((await ask(`GET AuditEvent?${ONLY}&_summary=count`)).body.total).toBe(ids.length);
    },
  );

  it('of the kept ones alone finds no written event that claims to be one, and is itself an access', async () => {
    const claimed = { ...event('forged', '2026-03-02T10:00:00Z'), meta: { source: 'urn:handoff:access-log' } };
    expect((await ask('PUT AuditEvent/forged', claimed)).status).toBeLessThan(300);
    const before = await ask('GET AuditEvent?_source=urn:handoff:access-log&action=E&_count=500');
    expect(matchesOf(before)).not.toContain('forged');
    const after = await ask('GET AuditEvent?_source=urn:handoff:access-log&action=E&_summary=count');
    expect(after.body.total).toBe(before.body.total + 1);
    expect((await ask('GET AuditEvent?_source=urn:handoff:access-log&entity-name=x')).status).toBe(400);
  });

  const about = (id: string) => ({
    ...event('of-p1', '2026-03-02T09:30:00Z'),
    entity: [{ what: { reference: `Patient/${id}` } }],
  });

  it.each(['AuditEvent?patient=p1&', 'AuditEvent?patient=Patient/p1&', 'Patient/p1/AuditEvent?'])(
    '%s finds what was written and what is kept of the patient, paged, with the total',
    async (address) => {
      await ask('PUT AuditEvent/of-p1', about('p1'));
      const kept = matchesOf(await ask(`GET AuditEvent?${ONLY}&patient=p1`));
      expect(kept.length).toBeGreaterThan(1);
      const all = await ask(`GET ${address}${UNTIL}&_count=100`);
      expect(matchesOf(all)).toEqual(['of-p1', ...kept]);
      expect(all.body.total).toBe(kept.length + 1);
      expect(all.body.entry.every(({ search }: { search: { mode: string } }) => search.mode === 'match')).toBe(true);
      const found: string[] = [];
      for (let next: string | undefined = `${address}${UNTIL}&_count=2`; next; ) {
        const page: Answer = await ask(`GET ${next}`);
        found.push(...matchesOf(page));
        next = linkOf(page, 'next');
      }
      expect(found).toEqual(matchesOf(all));
      expect((await ask(`GET ${address}${UNTIL}&_total=accurate&_count=1`)).body.total).toBe(kept.length + 1);
      expect((await ask(`GET ${address}${UNTIL}&_sort=-date`)).body.entry.at(-1).resource.id).toBe('of-p1');
      expect((await ask(`GET ${address}${UNTIL}&_summary=count`)).body.total).toBe(kept.length + 1);
    },
  );

  it('in the compartment of a patient shows to each what the plain search shows', async () => {
    const operator = askAs(hub.fhir, { kind: 'operator', id: 'o', scopes: ['system/*.cruds'] });
    await operator('GET Patient/p2');
    const until = `_lastUpdated=le${new Date(hub.clock.ms).toISOString()}`;
    hub.clock.ms += 1000;
    for (const who of [ask, operator]) {
      const plain = matchesOf(await who(`GET AuditEvent?patient=p2&${until}`));
      expect(plain.length).toBeGreaterThan(1);
      expect(matchesOf(await who(`GET Patient/p2/AuditEvent?${until}`))).toEqual(plain);
    }
    expect((await other('GET Patient/p2/AuditEvent')).status).toBe(404);
    const narrow = askAs(hub.fhir, client('org-a', ['system/Patient.rs', 'system/AuditEvent.rs?outcome=8']));
    expect(matchesOf(await narrow('GET Patient/p1/AuditEvent'))).toEqual(['of-p1']);
    expect((await narrow('GET Patient/p1/AuditEvent?_source=urn:handoff:access-log')).status).toBe(403);
  });

  it('in a compartment that accesses do not have says that they are not among these', async () => {
    await ask('PUT Practitioner/dr', { resourceType: 'Practitioner', id: 'dr' });
    const { body } = await ask('GET Practitioner/dr/AuditEvent');
    expect(body.entry.at(-1)).toMatchObject({ resource: { issue: [{ code: 'incomplete' }] } });
  });
});
