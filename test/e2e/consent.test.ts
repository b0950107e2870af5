import type { Bundle, CapabilityStatement, CarePlan, Communication, Patient, Resource } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { careTeam, directoryOf } from '../../fixtures/demo/directory.ts';
import { CASEY, JORDAN, pid, SAM } from '../../fixtures/demo/people.ts';
import { calendar, message, segment } from '../../fixtures/demo/segment.ts';
import type { App } from '../../fixtures/demo/world.ts';
import { dayOf, FEEDS } from './day.ts';
import { ackOf, Network } from './network.ts';

const DAY = calendar('2026-03-02');
const RIVERSIDE_MRN = 'https://riverside.example/sid/mrn';
const STRANGERS = ['lakeside', 'general-hospital', 'harbor-psychiatry'] as const;
const NOBODY = '00000000-0000-4000-8000-000000000000';
/** What only Riverside said: names, birth dates, its numbers, what it wrote. Casey's name is Lakeside's to know as well. */
const SECRETS = [
  ...[JORDAN, SAM].flatMap(({ family, birthDate, mrn }) => [
    family,
    birthDate.replace(/(....)(..)(..)/, '$1-$2-$3'),
    mrn.RIV as string,
  ]),
  ...[
    'RV2002',
    'RV2003',
    'RV2004',
    'Pathways',
    'Recovery goals',
    'Relapse plan',
    'attended the evening meeting',
    '42CFRPart2',
  ],
];

/** Lakeside's own registration of the patient whom Riverside treats in its Part 2 program. Both numbers: one person. */
const caseyAtLakeside = message(
  segment('MSH', {
    2: '^~\\&',
    3: 'LAKEEHR',
    4: 'LAKE',
    5: 'HANDOFF',
    6: 'HUB',
    7: DAY.at(0, '0700'),
    9: 'ADT^A04^ADT_A01',
    10: 'LAKE000900',
    11: 'T',
    12: '2.5.1',
  }),
  segment('EVN', { 1: 'A04', 2: DAY.at(0, '0700') }),
  segment('PID', pid(CASEY, ['LAKE', 'RIV'])),
  segment('PV1', { 1: '1', 2: 'O', 19: 'LV3900^^^LAKE-VN^VN', 44: DAY.at(0, '0700') }),
);

describe('what an organization may not know it cannot find by any way in', () => {
  let network: Network;
  let owner: App;
  const apps = {} as Record<(typeof STRANGERS)[number], App>;
  let types: string[];
  let hidden: Resource[];
  let hiddenPatients: Patient[];
  let avery: string;

  beforeAll(async () => {
    network = await Network.start();
    owner = await network.app('riverside');
    for (const each of STRANGERS) apps[each] = await network.app(each);
    for (const organization of ['riverside', 'lakeside', 'harbor-psychiatry'])
      await (await network.app(organization)).do('POST', '', directoryOf(organization));
    for (const { partner, message: text } of [
      ...dayOf('2026-03-02'),
      { partner: 'lakeside', message: caseyAtLakeside } as const,
    ])
      expect(ackOf(await network.world.send(partner, FEEDS[partner], text)).code).toBe('AA');
    const patients = await owner.search<Patient>('Patient?_count=100');
    const numbered = (mrn: string): Patient =>
      patients.find(
        (each) => each.identifier?.[0]?.system === RIVERSIDE_MRN && each.identifier[0].value === mrn,
      ) as Patient;
    avery = numbered('R5521').id as string;
    await owner.do('POST', 'CareTeam', careTeam(avery));
    const casey = numbered(CASEY.mrn.RIV as string);
    hiddenPatients = [casey, numbered(JORDAN.mrn.RIV as string), numbered(SAM.mrn.RIV as string)];
    await owner.do('POST', 'CarePlan', {
      resourceType: 'CarePlan',
      status: 'active',
      intent: 'plan',
      title: 'Relapse plan',
      description: 'Recovery goals',
      subject: { reference: `Patient/${casey.id}` },
    } satisfies CarePlan);
    await owner.do('POST', 'Communication', {
      resourceType: 'Communication',
      status: 'completed',
      subject: { reference: `Patient/${casey.id}` },
      payload: [{ contentString: 'attended the evening meeting' }],
    } satisfies Communication);
    await network.quiet();
    const capability = await network.operator.do<CapabilityStatement>('GET', 'metadata');
    types = (capability.rest?.[0]?.resource ?? []).flatMap(({ type }) => type ?? []);
    const ids = hiddenPatients.map((each) => each.id as string);
    const all: Resource[] = [];
    for (const type of types) {
      if (type === 'AuditEvent') continue;
      for (const each of await owner.search<Resource>(`${type}?_count=500`))
        if (ids.some((id) => JSON.stringify(each).includes(id))) all.push(each);
    }
    hidden = all;
  });
  afterAll(() => network.stop());

  const path = (each: Resource): string => `${each.resourceType}/${each.id}`;

  /** An answer with the asked id taken out: the same for what is hidden and for what is not there. */
  const told = ({ status, body }: { status: number; body: unknown }, id: string): string =>
    `${status} ${JSON.stringify(body ?? '').replaceAll(id, '…')}`;

  function expectNoSecret(where: string, body: unknown): void {
    const text = JSON.stringify(body ?? '');
    const leaks = [...SECRETS, ...hidden.map((each) => each.id as string)].filter((each) => text.includes(each));
    expect([where, leaks]).toEqual([where, []]);
  }

  /** What the app itself wrote into a search it made is no news to it: an AuditEvent of that search without these words. */
  function unasked(resource: Resource | undefined): unknown {
    if (resource?.resourceType !== 'AuditEvent') return resource;
    const query = resource.entity?.find((each) => each.query !== undefined)?.query;
    const asked = query === undefined ? '' : decodeURIComponent(Buffer.from(query, 'base64').toString());
    const own = hidden.map((each) => each.id as string).filter((id) => asked.includes(id));
    return own.reduce((text, id) => text.replaceAll(id, '…'), JSON.stringify(resource));
  }

  test('there is something to hide: records of two group members and of a Part 2 patient, which their owner sees', () => {
    const kinds = new Set(hidden.map((each) => each.resourceType));
    for (const kind of [
      'Patient',
      'Encounter',
      'EpisodeOfCare',
      'Condition',
      'Appointment',
      'CarePlan',
      'Communication',
      'Provenance',
    ])
      expect(kinds).toContain(kind);
    expect(hidden.length).toBeGreaterThanOrEqual(15);
    const labels = JSON.stringify(
      hidden.filter((each) => JSON.stringify(each).includes(hiddenPatients[0]?.id as string)),
    );
    expect(labels).toContain('42CFRPart2');
  });

  describe.each(STRANGERS)('%s', (stranger) => {
    test('reads, versions, histories and operations answer as for what is not there', async () => {
      const app = apps[stranger];
      for (const each of hidden) {
        for (const ending of [
          '',
          '/_history',
          '/_history/1',
          ...(each.resourceType === 'Patient' ? ['/$everything', '/Appointment'] : []),
        ]) {
          const id = each.id as string;
          const [there, nowhere] = await Promise.all([
            app.request('GET', `${path(each)}${ending}`),
            app.request('GET', `${each.resourceType}/${NOBODY}${ending}`),
          ]);
          expect(told(there, id)).toBe(told(nowhere, NOBODY));
          expectNoSecret(`${path(each)}${ending}`, there.body);
        }
      }
    });

    test('searches count nothing of it: by id, by number, by name, along chains, in reverse', async () => {
      const app = apps[stranger];
      const queries = [
        ...hidden.flatMap((each) => [`${each.resourceType}?_id=${each.id}`, `Provenance?target=${path(each)}`]),
        ...hiddenPatients.flatMap((each) => [
          `Appointment?patient=${each.id}`,
          `Encounter?subject=Patient/${each.id}`,
          `Task?patient=${each.id}`,
          `EpisodeOfCare?patient=${each.id}&type:missing=false`,
        ]),
        ...[JORDAN, SAM].flatMap(({ family, birthDate, mrn }) => [
          `Patient?name=${family}`,
          `Patient?family:exact=${family}`,
          `Patient?identifier=${RIVERSIDE_MRN}|${mrn.RIV}`,
          `Patient?birthdate=${birthDate.replace(/(....)(..)(..)/, '$1-$2-$3')}`,
          `Appointment?patient.name=${family}`,
          `Encounter?subject:Patient.identifier=${mrn.RIV}`,
          `Condition?patient.family=${family}`,
        ]),
        `Patient?_has:EpisodeOfCare:patient:type=iop`,
        'CarePlan?_security=42CFRPart2',
        'Patient?_security=42CFRPart2',
      ];
      for (const query of queries) {
        const answer = await app.request('GET', `${query}${query.includes('?') ? '&' : '?'}_total=accurate`);
        if (answer.status >= 400) expect([query, answer.status]).toEqual([query, 400]);
        else {
          const bundle = answer.body as Bundle;
          const matches = (bundle.entry ?? []).filter(
            (each) => each.search?.mode !== 'include' && each.search?.mode !== 'outcome',
          );
          expect([query, bundle.total, matches.length]).toEqual([query, matches.length, matches.length]);
        }
        const { link: _echo, ...rest } = answer.body as Bundle;
        if (!/_id=|target=|patient=|subject=/.test(query)) expectNoSecret(query, rest.entry);
        if (/_id=|target=|patient=|Patient\/|name=|family|birthdate/.test(query))
          expect([query, (rest.entry ?? []).length]).toEqual([query, 0]);
      }
    });

    test('whatever it may list, with everything included, and every history, holds none of it', async () => {
      const app = apps[stranger];
      for (const type of types) {
        const list = await app.request(
          'GET',
          `${type}?_count=500&_total=accurate&_include=*&_revinclude=Provenance:target&_revinclude=AuditEvent:entity&_revinclude=Task:focus`,
        );
        expect([type, list.status]).toEqual([type, 200]);
        const bundle = list.body as Bundle;
        expectNoSecret(
          type,
          bundle.entry?.map(({ resource, ...entry }) => ({ ...entry, resource: unasked(resource) })),
        );
        const matches = (bundle.entry ?? []).filter((each) => each.search?.mode === 'match');
        expect([type, bundle.total]).toEqual([type, matches.length]);
        const history = await app.request('GET', `${type}/_history?_count=500`);
        expectNoSecret(`${type}/_history`, history.body);
      }
      expectNoSecret('_history', (await app.request('GET', '_history?_count=500')).body);
      const batch = await app.do<Bundle>('POST', '', {
        resourceType: 'Bundle',
        type: 'batch',
        entry: hidden.slice(0, 10).map((each) => ({ request: { method: 'GET', url: path(each) } })),
      });
      for (const each of batch.entry ?? []) expect(each.response?.status).toMatch(/^404/);
    });

    test('its own records of a shared patient point at none of it', async () => {
      const app = apps[stranger];
      for (const each of await app.search<Patient>('Patient?_count=100')) {
        expectNoSecret(path(each), each);
        expectNoSecret(`${path(each)}/$everything`, await app.do('GET', `Patient/${each.id}/$everything`));
        expectNoSecret(`${path(each)}/_history`, await app.do('GET', `Patient/${each.id}/_history`));
      }
    });

    test('writes that name it are answered as for what is not there, and change nothing', async () => {
      const app = apps[stranger];
      const [casey] = hiddenPatients as [Patient];
      const attempts = (id: string): (readonly [string, string, unknown, Record<string, string>])[] => [
        [
          'POST',
          'Flag',
          { resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject: { reference: `Patient/${id}` } },
          {},
        ],
        [
          'POST',
          'Task',
          { resourceType: 'Task', status: 'draft', intent: 'order', for: { reference: `Patient/${id}` } },
          {},
        ],
        [
          'PATCH',
          `Patient/${id}`,
          [{ op: 'replace', path: '/active', value: false }],
          { 'content-type': 'application/json-patch+json' },
        ],
        ['DELETE', `Patient/${id}`, undefined, {}],
      ];
      const before = await owner.do<Patient>('GET', `Patient/${casey.id}`);
      const there = attempts(casey.id as string);
      const nowhere = attempts(NOBODY);
      for (const [i, [method, where, body, headers]] of there.entries()) {
        const [, other, otherBody] = nowhere[i] as (typeof nowhere)[number];
        const one = await app.request(method, where, body, headers);
        const two = await app.request(method, other, otherBody, headers);
        const plain = (answer: typeof one, id: string): string =>
          told(answer, id)
            .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…')
            .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '…');
        expect([method, where.split('/')[0], plain(one, casey.id as string)]).toEqual([
          method,
          where.split('/')[0],
          plain(two, NOBODY),
        ]);
        expectNoSecret(`${method} ${where.split('/')[0]}`, one.status >= 400 ? one.body : {});
      }
      const overwritten = await app.request('PUT', `Patient/${casey.id}`, {
        resourceType: 'Patient',
        id: casey.id,
        active: false,
      });
      expect(overwritten.status).toBeGreaterThanOrEqual(400);
      expectNoSecret('PUT Patient', { ...(overwritten.body as object) });
      const number = (value: string): Patient => ({
        resourceType: 'Patient',
        identifier: [{ system: RIVERSIDE_MRN, value }],
      });
      const conditional = async (value: string) => {
        const query = `identifier=${encodeURIComponent(`${RIVERSIDE_MRN}|${value}`)}`;
        const made = await app.request('POST', 'Patient', number(value), { 'if-none-exist': query });
        const gone = await app.request('DELETE', `Patient?${query}`);
        return [made.status, gone.status];
      };
      expect(await conditional(JORDAN.mrn.RIV as string)).toEqual(
        await conditional(`R99${STRANGERS.indexOf(stranger)}`),
      );
      expect(await owner.do('GET', `Patient/${casey.id}`)).toEqual(before);
    });

    test('the raw messages and the operations are not its to see', async () => {
      const app = apps[stranger];
      for (const where of ['/ops/messages', '/ops/outbox', '/ops/status', '/metrics']) {
        const answer = await app.request('GET', `${network.world.baseUrl}${where}`);
        expect([where, answer.status]).toEqual([where, 401]);
        expectNoSecret(where, answer.body);
      }
    });
  });

  test("a member's appointment names nobody else in the group, for the owner either", async () => {
    const all = await owner.search('Appointment?_count=100');
    const groups = all.filter((each) => JSON.stringify(each).includes('GRP300'));
    expect(groups.length).toBeGreaterThanOrEqual(4);
    const everybody = [avery, ...hiddenPatients.map((each) => each.id as string)];
    for (const each of groups) expect(everybody.filter((id) => JSON.stringify(each).includes(id))).toHaveLength(1);
  });

  test('what left for a partner names none of it either', () => {
    for (const stranger of ['lakeside', 'general-hospital'])
      for (const { message: text } of network.world.received[stranger] ?? [])
        for (const secret of [...SECRETS, 'R6001', 'RV2002']) expect(text).not.toContain(secret);
    for (const { resource } of network.world.practice) expectNoSecret('harbor', resource);
  });

  test('the same questions asked by the owner find it: the silence above is not a broken search', async () => {
    for (const each of hidden) expect((await owner.request('GET', path(each))).status).toBe(200);
    for (const { family } of [JORDAN, SAM]) expect(await owner.search(`Patient?name=${family}`)).toHaveLength(1);
    expect((await owner.search(`Appointment?patient.name=${JORDAN.family}`)).length).toBeGreaterThan(0);
  });
});
