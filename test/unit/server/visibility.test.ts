import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { consent } from '../rules/people.ts';
import { type Ask, askAs, matchesOf } from './support/ask.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

const MRN = [{ system: 'urn:shared', value: '42' }];
const WHO = { name: [{ family: 'Test' }], birthDate: '1980-01-01' };
const subject = (id: string) => ({ subject: { reference: `Patient/${id}` } });
const episode = (id: string, organization: string, patient: string) => ({
  resourceType: 'EpisodeOfCare',
  id,
  status: 'active',
  managingOrganization: { reference: `Organization/${organization}` },
  patient: { reference: `Patient/${patient}` },
  period: { start: '2026-01-01' },
});

/** Riverside and Lakeside treat one person; the stranger does not. Riverside also holds a Part 2 record. */
describe.each(ENGINES)('visibility over FHIR on %s', (engine) => {
  let hub: TestStore;
  let riverside: Ask;
  let lakeside: Ask;
  let stranger: Ask;
  let operator: Ask;
  const put = async (ask: Ask, resource: { resourceType: string; id: string }, status = [200, 201]) => {
    const answer = await ask(`PUT ${resource.resourceType}/${resource.id}`, resource);
    expect(status, JSON.stringify(answer.body)).toContain(answer.status);
    return answer;
  };
  beforeAll(async () => {
    hub = await openTestStore(engine);
    riverside = askAs(hub.fhir, client('riverside'));
    lakeside = askAs(hub.fhir, client('lakeside'));
    stranger = askAs(hub.fhir, client('stranger'));
    operator = askAs(hub.fhir, { kind: 'operator', id: 'op', scopes: ['system/*.cruds'] });
    for (const id of ['riverside', 'lakeside', 'stranger'])
      await put(operator, { resourceType: 'Organization', id, name: id } as never);
    await put(riverside, { resourceType: 'Patient', id: 'rp', ...WHO, identifier: MRN } as never);
    await put(riverside, episode('re', 'riverside', 'rp'));
    const condition = (id: string, more: object = {}) => ({
      resourceType: 'Condition',
      id,
      code: { text: 'x' },
      ...subject('rp'),
      ...more,
    });
    await put(riverside, condition('open'));
    await put(riverside, condition('sud', { meta: { security: part2Labels() } }));
    const plan = (id: string, addresses: string[]) => ({
      resourceType: 'CarePlan',
      id,
      status: 'active',
      intent: 'plan',
      ...subject('rp'),
      addresses: addresses.map((each) => ({ reference: `Condition/${each}`, display: `about ${each}` })),
    });
    await put(riverside, plan('plan', ['open']));
  });
  afterAll(() => hub?.close());

  const paths = [
    'Condition/open',
    'CarePlan/plan',
    'Patient/rp',
    'Condition/open/_history',
    'Condition/open/_history/1',
    'Patient/rp/$everything',
    'Patient/rp/Condition',
  ];

  it.each(paths)('nobody but the owner finds %s before there is care: 404, never 403', async (path) => {
    expect((await riverside(`GET ${path}`)).status).toBe(200);
    expect((await lakeside(`GET ${path}`)).status).toBe(404);
    expect((await stranger(`GET ${path}`)).status).toBe(404);
  });

  it('a write to what one may not see is 404, a delete of it changes nothing', async () => {
    expect(
      (await stranger('PUT Condition/open', { resourceType: 'Condition', id: 'open', ...subject('rp') })).status,
    ).toBe(404);
    expect((await stranger('DELETE Condition/open')).status).toBe(204);
    expect((await riverside('GET Condition/open')).status).toBe(200);
    const patch = [{ op: 'add', path: '/onsetString', value: 'x' }];
    expect(
      (await stranger('PATCH Condition/open', patch, { 'content-type': 'application/json-patch+json' })).status,
    ).toBe(404);
  });

  it('nobody writes into the record of a patient he cannot see', async () => {
    const written = { resourceType: 'Condition', ...subject('rp') };
    const unknown = { resourceType: 'Condition', ...subject('no-such-patient') };
    const [one, other] = [await stranger('POST Condition', written), await stranger('POST Condition', unknown)];
    expect([one.status, other.status]).toEqual([422, 422]);
    expect(one.body).toEqual(other.body);
  });

  it('searches, counts, chains, _has, includes and conditional writes show a stranger nothing', async () => {
    await put(stranger, { resourceType: 'Patient', id: 'sp' } as never);
    for (const query of [
      'Condition?code:missing=false',
      'Condition?subject=Patient/rp',
      'Condition?patient.identifier=urn:shared|42',
      'CarePlan?condition=Condition/open',
      'Patient?_has:Condition:patient:_id=open',
      '?_type=Condition,CarePlan',
      'Condition?_id=open',
    ]) {
      const found = await stranger(`GET ${query}`);
      expect([query, matchesOf(found), found.body.total]).toEqual([query, [], 0]);
      expect((await stranger(`GET ${query}${query.includes('?') ? '&' : '?'}_summary=count`)).body.total).toBe(0);
    }
    expect((await stranger('GET Condition/_history')).body.entry).toBeUndefined();
    expect(
      (await stranger('GET _history?_count=500')).body.entry.map((e: { resource?: { id: string } }) => e.resource?.id),
    ).not.toContain('open');
    const made = await stranger(
      'POST Patient',
      { resourceType: 'Patient', identifier: MRN.map((each) => ({ ...each, value: 'other' })) },
      { 'if-none-exist': 'identifier=urn:shared|42' },
    );
    expect(made.status).toBe(201);
  });

  it.each([
    ['nobody in particular', {}],
    ['a name alone', { name: WHO.name }],
    ['a birth date alone', { birthDate: WHO.birthDate }],
    ['another human', { name: [{ family: 'Other' }], birthDate: '1901-01-01', gender: 'other' }],
  ])('a number that another organization uses, claimed for %s, opens nothing (H7)', async (_, who) => {
    const claimed = await stranger('POST Patient', { resourceType: 'Patient', identifier: MRN, ...who });
    expect(claimed.status).toBe(201);
    const id = claimed.body.id as string;
    await put(stranger, episode(`claim-${id}`, 'stranger', id));
    for (const query of [`Condition?patient=${id}`, 'Condition', 'CarePlan', 'Patient?_id=rp'])
      expect(matchesOf(await stranger(`GET ${query}`))).toEqual([]);
    expect((await stranger('GET Condition/open')).status).toBe(404);
    expect((await stranger(`PUT Patient/${id}`, { ...claimed.body, ...who, active: true })).status).toBe(200);
    expect((await stranger('GET Condition/open')).status).toBe(404);
    await stranger(`DELETE EpisodeOfCare/claim-${id}`);
    await stranger(`DELETE Patient/${id}`);
  });

  it('once both treat the person, what carries no sensitive label is open, and Part 2 is not', async () => {
    await put(lakeside, { resourceType: 'Patient', id: 'lp', ...WHO, identifier: MRN } as never);
    await put(lakeside, episode('le', 'lakeside', 'lp'));
    expect(matchesOf(await lakeside('GET Condition?patient=lp'))).toEqual(['open']);
    expect((await lakeside('GET Condition/sud')).status).toBe(404);
    expect((await lakeside('GET Condition?patient=lp&_summary=count')).body.total).toBe(1);
    expect(matchesOf(await stranger('GET Condition?patient=lp'))).toEqual([]);
    const plan = await lakeside('GET CarePlan?patient=lp&_include=CarePlan:condition&_revinclude=Condition:subject');
    expect(plan.body.entry.map((e: { resource: { id: string } }) => e.resource.id)).toEqual(['plan', 'open']);
  });

  it('what one sees and does not own one may not change: 403', async () => {
    expect((await lakeside('DELETE Condition/open')).status).toBe(403);
    expect(
      (
        await lakeside('PUT Condition/open', {
          resourceType: 'Condition',
          id: 'open',
          ...subject('rp'),
          code: { text: 'y' },
        })
      ).status,
    ).toBe(403);
  });

  it('a resource that points at a labelled one carries its labels; a client never lowers them', async () => {
    const noted = {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
      ...subject('rp'),
      focus: [{ reference: 'Condition/sud' }],
    };
    const { body } = await riverside('POST Observation', noted);
    expect(body.meta.security.map((each: { code: string }) => each.code)).toContain('42CFRPart2');
    const lowered = await riverside(`PUT Observation/${body.id}`, { ...body, meta: {}, focus: undefined });
    expect(lowered.body.meta.security.map((each: { code: string }) => each.code)).toContain('42CFRPart2');
    expect((await lakeside(`GET Observation/${body.id}`)).status).toBe(404);
  });

  it('labels reach along references within a transaction, in whatever order its entries stand', async () => {
    const [one, two] = [
      'urn:uuid:00000000-0000-4000-8000-000000000001',
      'urn:uuid:00000000-0000-4000-8000-000000000002',
    ];
    const about = (reference: string) => ({
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
      ...subject('rp'),
      focus: [{ reference }],
    });
    const entry = [
      { fullUrl: one, resource: about(two), request: { method: 'POST', url: 'Observation' } },
      { fullUrl: two, resource: about('Condition/sud'), request: { method: 'POST', url: 'Observation' } },
    ];
    const done = await riverside('POST ', { resourceType: 'Bundle', type: 'transaction', entry });
    for (const { resource } of done.body.entry) {
      expect(resource.meta.security.map((each: { code: string }) => each.code)).toContain('42CFRPart2');
    }
  });

  it.each([{ security: 'x' }, { security: { code: 'R' } }, { security: [null] }, { security: ['R'] }])(
    'labels that are none (%j) are refused',
    async (meta) => {
      expect(
        (
          await riverside('POST Observation', {
            resourceType: 'Observation',
            status: 'final',
            code: { text: 'x' },
            meta,
          })
        ).status,
      ).toBe(422);
    },
  );

  it('a reference to what the reader may not see is masked, not searchable, and survives a write back', async () => {
    const task = {
      resourceType: 'Task',
      id: 'task',
      status: 'requested',
      intent: 'order',
      owner: { reference: 'Organization/stranger' },
      requester: { reference: 'Organization/riverside' },
      for: { reference: 'Patient/rp', display: 'A Name' },
      focus: { reference: 'Condition/open' },
    };
    await put(riverside, task as never);
    const seen = (await stranger('GET Task/task')).body;
    expect(seen.for).toEqual({
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }],
    });
    expect(JSON.stringify(seen)).not.toMatch(/A Name|Patient\/rp|Condition\/open/);
    expect(seen.owner.reference).toBe('Organization/stranger');
    for (const query of [
      'Task?patient=rp',
      'Task?focus=Condition/open',
      'Task?patient.identifier=urn:shared|42',
      'Task?_id=task&_include=Task:patient',
    ]) {
      const found = await stranger(`GET ${query}`);
      expect(found.body.entry?.filter((e: { resource: { id: string } }) => e.resource.id !== 'task') ?? []).toEqual([]);
    }
    expect(matchesOf(await stranger('GET Task?patient=rp'))).toEqual([]);
    const written = await stranger('PUT Task/task', { ...seen, status: 'received' });
    expect(written.status).toBe(200);
    const patch = (...operations: readonly object[]) =>
      stranger('PATCH Task/task', operations, { 'content-type': 'application/json-patch+json' });
    const probe = { op: 'test', path: '/for/reference', value: 'Patient/rp' };
    expect((await patch(probe)).status).toBe(422);
    expect((await patch({ op: 'copy', from: '/for', path: '/requester' })).status).toBe(422);
    expect((await patch({ op: 'replace', path: '/status', value: 'accepted' })).status).toBe(200);
    expect((await riverside('GET Task/task')).body).toMatchObject({
      status: 'accepted',
      requester: { reference: 'Organization/riverside' },
      for: { reference: 'Patient/rp', display: 'A Name' },
      focus: { reference: 'Condition/open' },
    });
  });

  it('consent opens Part 2 records to whom it names, and its revocation closes stored pages, history and references at once', async () => {
    const given = (status: string) => ({
      ...consent('riverside', 'lakeside'),
      id: 'agreed',
      meta: {},
      status,
      patient: { reference: 'Patient/rp' },
    });
    for (let n = 0; n < 3; n++) {
      const meta = { security: part2Labels() };
      await put(riverside, { resourceType: 'Condition', id: `sud${n}`, meta, ...subject('rp') } as never);
    }
    const query = 'Condition?patient=lp&_security=42CFRPart2&_count=2';
    expect(matchesOf(await lakeside(`GET ${query}`))).toEqual([]);
    await put(riverside, given('active') as never);
    const first = await lakeside(`GET ${query}`);
    expect(matchesOf(first)).toHaveLength(2);
    expect(matchesOf(await stranger(`GET ${query}`))).toEqual([]);
    expect((await lakeside('GET Condition/sud/_history')).status).toBe(200);
    const next = first.body.link.find((l: { relation: string }) => l.relation === 'next').url;
    expect(matchesOf(await lakeside(`GET ${next}`)).length).toBeGreaterThan(0);
    await put(riverside, given('inactive') as never);
    const after = await lakeside(`GET ${next}`);
    expect([after.status, after.body.entry]).toEqual([200, undefined]);
    expect((await lakeside('GET Condition/sud')).status).toBe(404);
    expect((await lakeside('GET Condition/sud/_history')).status).toBe(404);
    expect((await lakeside(`GET ${query}&_summary=count`)).body.total).toBe(0);
  });

  it('a role that another organization wrote makes nobody a party', async () => {
    const role = (id: string, organization: string) => ({
      resourceType: 'PractitionerRole',
      id,
      active: true,
      organization: { reference: `Organization/${organization}` },
    });
    await put(riverside, role('forged', 'stranger') as never);
    await put(stranger, role('own', 'stranger') as never);
    const task = (id: string, owner: string) => ({
      resourceType: 'Task',
      id,
      status: 'requested',
      intent: 'order',
      owner: { reference: `PractitionerRole/${owner}` },
    });
    await put(riverside, task('to-forged', 'forged') as never);
    await put(riverside, task('to-own', 'own') as never);
    expect((await stranger('GET Task/to-forged')).status).toBe(404);
    expect((await stranger('GET Task/to-own')).status).toBe(200);
  });

  it('every access is kept before its answer leaves; its owner and its maker may know of it, nobody else', async () => {
    await lakeside('GET Condition/open');
    const asked = 'GET AuditEvent?_source=urn:handoff:access-log&entity=Condition/open&action=R';
    const makers = (answer: Awaited<ReturnType<Ask>>) =>
      new Set(
        (answer.body.entry ?? []).map(
          (e: { resource: { agent: { who: { identifier: { value: string } } }[] } }) =>
            e.resource.agent[0]!.who.identifier.value,
        ),
      );
    expect(makers(await riverside(asked))).toEqual(new Set(['client-of-riverside', 'client-of-lakeside']));
    expect(makers(await lakeside(asked))).toEqual(new Set(['client-of-lakeside']));
    expect(makers(await stranger(asked))).toEqual(new Set());
    const [first] = (await riverside(`${asked}&_count=1`)).body.entry;
    expect((await riverside(`GET AuditEvent/${first.resource.id}`)).body).toEqual(first.resource);
    expect((await stranger(`GET AuditEvent/${first.resource.id}`)).status).toBe(404);
    expect((await riverside(`DELETE AuditEvent/${first.resource.id}`)).status).toBe(405);
    expect(
      (await riverside('POST AuditEvent/$validate', first.resource)).body.issue.filter(
        (i: { severity: string }) => i.severity === 'error',
      ),
    ).toEqual([]);
  });

  it('an access says which machine the data came from and which it went to, and what is a Patient', async () => {
    const coded = (of: { code?: string; coding?: { code: string }[] }) => of?.coding?.[0]?.code ?? of?.code;
    const shapeOf = async (entity: string, action: string) => {
      const found = await riverside(`GET AuditEvent?_source=urn:handoff:access-log&entity=${entity}&action=${action}`);
      const { agent, entity: entities } = found.body.entry[0].resource;
      return {
        agents: agent.flatMap(({ type }: { type: object }) => coded(type) ?? []),
        entities: entities.map((each: { type: object; role: object }) => `${coded(each.type)}/${coded(each.role)}`),
      };
    };
    await put(riverside, { resourceType: 'Condition', id: 'kept', ...subject('rp') } as never);
    await riverside('GET Condition/kept');
    await riverside('GET Patient/rp');
    await riverside('DELETE Condition/kept');
    expect(await shapeOf('Condition/kept', 'C')).toEqual({ agents: ['110153', '110152'], entities: ['2/4', '1/1'] });
    expect(await shapeOf('Condition/kept', 'R')).toEqual({ agents: ['110152', '110153'], entities: ['2/4', '1/1'] });
    expect(await shapeOf('Condition/kept', 'D')).toEqual({ agents: ['110150', 'custodian'], entities: ['2/4', '1/1'] });
    expect(await shapeOf('Patient/rp', 'R')).toEqual({ agents: ['110152', '110153'], entities: ['2/4', '1/1'] });
  });

  it('a next link kept from before care ended yields nothing', async () => {
    for (let n = 0; n < 4; n++)
      await put(riverside, { resourceType: 'Condition', id: `more${n}`, ...subject('rp') } as never);
    const first = await lakeside('GET Condition?patient=lp&_count=2');
    const next = first.body.link.find((l: { relation: string }) => l.relation === 'next').url;
    expect(matchesOf(await lakeside(`GET ${next}`))).toHaveLength(2);
    await put(lakeside, { ...episode('le', 'lakeside', 'lp'), status: 'cancelled' } as never);
    const after = await lakeside(`GET ${next}`);
    expect([after.status, matchesOf(after)]).toEqual([200, []]);
    expect((await lakeside('GET CarePlan/plan')).status).toBe(404);
  });
});
