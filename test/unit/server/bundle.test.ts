import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, askAs } from './support/ask.ts';
import { observation, patient } from './support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

describe.each(ENGINES)('Bundles on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
  });
  afterAll(() => hub?.close());

  const transaction = (...entry: object[]) => ask('POST ', { resourceType: 'Bundle', type: 'transaction', entry });
  const posted = (resource: { resourceType: string }, more: object = {}, request: object = {}) => ({
    ...more,
    resource,
    request: { method: 'POST', url: resource.resourceType, ...request },
  });

  it('a relative reference means the entry whose fullUrl it gives, not the resource that has that id here', async () => {
    await ask('PUT Patient/77', patient({ id: '77', name: [{ family: 'Somebody', given: ['Else'] }] }));
    const elsewhere = 'http://elsewhere.test/fhir';
    const done = await transaction(
      posted(patient(), { fullUrl: `${elsewhere}/Patient/77` }),
      posted(observation('Patient/77'), { fullUrl: `${elsewhere}/Observation/8` }),
      posted(observation(`${elsewhere}/Patient/77`), { fullUrl: 'urn:uuid:22222222-2222-4222-8222-222222222222' }),
      posted(observation('Patient/77')),
    );
    const [made, ...others] = done.body.entry.map((e: { resource: unknown }) => e.resource);
    const subjects = others.map((each: { subject: { reference: string } }) => each.subject.reference);
    expect(subjects).toEqual([`Patient/${made.id}`, `Patient/${made.id}`, 'Patient/77']);
    const here = await transaction(
      posted(patient(), { fullUrl: `${hub.fhir.base}/Patient/temporary` }),
      posted(observation('Patient/temporary')),
    );
    expect(here.body.entry[1].resource.subject.reference).toBe(`Patient/${here.body.entry[0].resource.id}`);
  });

  it('the same If-None-Exist twice in a transaction is one resource, and the same conditional update twice is refused', async () => {
    const identifier = [{ system: 'urn:twice', value: '1' }];
    const once = { ifNoneExist: 'identifier=urn:twice|1' };
    const [one, two] = ['a', 'b'].map((last) => `urn:uuid:33333333-3333-4333-8333-33333333333${last}`);
    const done = await transaction(
      posted(patient({ identifier }), { fullUrl: one }, once),
      posted(patient({ identifier }), { fullUrl: two }, once),
      posted(observation(two!)),
    );
    const [first, second, third] = done.body.entry;
    expect([first.response.status, second.response.status]).toEqual(['201 Created', '200 OK']);
    expect(second.resource.id).toBe(first.resource.id);
    expect(third.resource.subject.reference).toBe(`Patient/${first.resource.id}`);
    const update = {
      resource: patient({ identifier: [{ system: 'urn:twice', value: '2' }] }),
      request: { method: 'PUT', url: 'Patient?identifier=urn:twice|2' },
    };
    expect((await transaction(update, update)).status).toBe(400);
    expect((await ask('GET Patient?identifier=urn:twice|')).body.total).toBe(1);
  });

  it('a conditional reference finds what a conditional update of the same transaction makes', async () => {
    const done = await transaction(
      {
        resource: patient({ identifier: [{ system: 'urn:put', value: '1' }] }),
        request: { method: 'PUT', url: 'Patient?identifier=urn:put|1' },
      },
      posted(observation('Patient?identifier=urn:put|1')),
    );
    expect(done.body.entry[1].resource.subject.reference).toBe(`Patient/${done.body.entry[0].resource.id}`);
  });

  it('two entries with one fullUrl are refused: which is meant is not said', async () => {
    const fullUrl = 'urn:uuid:44444444-4444-4444-8444-444444444444';
    const refused = await transaction(posted(patient(), { fullUrl }), posted(patient(), { fullUrl }));
    expect(refused.status).toBe(400);
    expect(refused.body.issue[0].expression).toEqual(['Bundle.entry[1].fullUrl']);
  });

  it('a criterion without a value is refused, not ignored: it would write over somebody', async () => {
    const { body } = await ask('POST Patient', patient({ gender: 'other', birthDate: '1911-11-11' }));
    const criteria = 'identifier=&birthdate=1911-11-11';
    expect((await ask(`PUT Patient?${criteria}`, patient())).status).toBe(412);
    expect((await ask(`DELETE Patient?${criteria}`)).status).toBe(412);
    expect((await ask('POST Patient', patient(), { 'if-none-exist': criteria })).status).toBe(412);
    expect((await ask(`GET Patient/${body.id}`)).body).toEqual(body);
  });

  it('a conditional update that matches nothing does not write over the resource that has its id', async () => {
    const { body } = await ask('POST Patient', patient({ gender: 'other' }));
    const answer = await ask('PUT Patient?identifier=urn:nobody|1', patient({ id: body.id }));
    expect(answer.status).toBe(409);
    expect((await ask(`GET Patient/${body.id}`)).body).toEqual(body);
  });

  it('entries of no shape are refused with their place; in a batch the others are answered', async () => {
    const odd: unknown[] = [null, 5, {}, { request: null }, { fullUrl: 5, ...posted(patient()) }];
    odd.push(posted(patient(), {}, { ifNoneExist: 5 }), {
      ...posted(patient()),
      request: { method: 'POST', url: '%zz' },
    });
    odd.push({ request: { method: 'PATCH', url: 'Patient/77' }, resource: { resourceType: 'Binary', data: 'e2' } });
    for (const entry of odd) {
      const refused = await transaction(entry as object);
      expect([400, 415]).toContain(refused.status);
      expect(refused.body.issue[0].expression[0]).toMatch(/^Bundle\.entry\[0\]/);
    }
    const done = await ask('POST ', { resourceType: 'Bundle', type: 'batch', entry: [...odd, posted(patient())] });
    const statuses = done.body.entry.map((e: { response: { status: string } }) => e.response.status.slice(0, 3));
    expect(statuses.at(-1)).toBe('201');
    expect(statuses.slice(0, -1).every((status: string) => /^4/.test(status))).toBe(true);
  });

  it('a Bundle of reads does not hold writers up, and answers no more than its budget', {
    timeout: 60_000,
  }, async () => {
    const note = 'x'.repeat(40_000);
    await ask('PUT Basic/large', { resourceType: 'Basic', id: 'large', code: { text: note } });
    const read = { request: { method: 'GET', url: 'Basic/large' } };
    const bomb = ask('POST ', { resourceType: 'Bundle', type: 'batch', entry: Array(3000).fill(read) });
    const began = performance.now();
    expect((await ask('POST Patient', patient())).status).toBe(201);
    const writtenMs = performance.now() - began;
    const done = await bomb;
    const whole = performance.now() - began;
    expect(writtenMs).toBeLessThan(whole / 2);
    const statuses: string[] = done.body.entry.map((e: { response: { status: string } }) => e.response.status);
    expect(statuses).toHaveLength(3000);
    expect(statuses[0]).toBe('200 OK');
    expect(statuses.at(-1)).toBe('413');
    expect(statuses.filter((status) => status === '200 OK').length * note.length).toBeLessThan(34 * 1024 * 1024);
    const mixed = [posted(patient({ identifier: [{ system: 'urn:bomb', value: '1' }] })), ...Array(3000).fill(read)];
    expect((await transaction(...mixed)).status).toBe(413);
    expect((await ask('GET Patient?identifier=urn:bomb|1')).body.total).toBe(0);
  });

  it('a Bundle inside a batch is refused: its entries would count for one', async () => {
    const inner = { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: 'Patient/77' } }] };
    const entry = [{ resource: inner, request: { method: 'POST', url: '' } }];
    const done = await ask('POST ', { resourceType: 'Bundle', type: 'batch', entry });
    expect(done.body.entry[0].response.status).toBe('400');
  });
});
