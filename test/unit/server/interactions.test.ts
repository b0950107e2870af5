import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, askAs, matchesOf } from './support/ask.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

const patient = (more: object = {}) => ({ resourceType: 'Patient', name: [{ family: 'Test' }], ...more });
const observation = (subject: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '44261-6' }] },
  subject: { reference: subject },
  ...more,
});

describe.each(ENGINES)('FHIR interactions on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
  });
  afterAll(() => hub?.close());

  it('create answers 201 with Location, ETag and the stored resource', async () => {
    const made = await ask('POST Patient', patient());
    expect(made.status).toBe(201);
    expect(made.headers.location).toBe(`http://hub.test/fhir/R4/Patient/${made.body.id}/_history/1`);
    expect(made.headers.etag).toBe('W/"1"');
    expect(made.body.meta).toMatchObject({ versionId: '1', lastUpdated: new Date(hub.clock.ms).toISOString() });
    expect((await ask(`GET Patient/${made.body.id}`)).body).toEqual(made.body);
  });

  it('Prefer decides what a write answers', async () => {
    expect((await ask('POST Patient', patient(), { prefer: 'return=minimal' })).body).toBeUndefined();
    expect((await ask('POST Patient', patient(), { prefer: 'return=OperationOutcome' })).body.resourceType).toBe(
      'OperationOutcome',
    );
  });

  it('an update makes a version, the same content makes none, and If-Match guards it', async () => {
    const { body } = await ask('POST Patient', patient());
    const changed = await ask(`PUT Patient/${body.id}`, { ...body, gender: 'other' }, { 'if-match': 'W/"1"' });
    expect(changed.status).toBe(200);
    expect(changed.headers.etag).toBe('W/"2"');
    expect((await ask(`PUT Patient/${body.id}`, { ...body, gender: 'other' })).headers.etag).toBe('W/"2"');
    expect((await ask(`PUT Patient/${body.id}`, { ...body, gender: 'male' }, { 'if-match': 'W/"1"' })).status).toBe(
      412,
    );
    expect((await ask(`GET Patient/${body.id}/_history/1`)).body).toEqual(body);
  });

  it('a read honours If-None-Match and If-Modified-Since', async () => {
    const { body } = await ask('POST Patient', patient());
    expect((await ask(`GET Patient/${body.id}`, undefined, { 'if-none-match': 'W/"1"' })).status).toBe(304);
    const since = new Date(hub.clock.ms + 1000).toUTCString();
    expect((await ask(`GET Patient/${body.id}`, undefined, { 'if-modified-since': since })).status).toBe(304);
  });

  it('a deleted resource is gone, its history stays, and it can be written again', async () => {
    const { body } = await ask('POST Patient', patient());
    expect((await ask(`DELETE Patient/${body.id}`)).status).toBe(204);
    expect((await ask(`GET Patient/${body.id}`)).status).toBe(410);
    expect((await ask(`GET Patient?_id=${body.id}`)).body.total).toBe(0);
    expect((await ask(`DELETE Patient/${body.id}`)).status).toBe(204);
    expect((await ask(`PUT Patient/${body.id}`, patient({ id: body.id }))).status).toBe(201);
    const history = await ask(`GET Patient/${body.id}/_history`);
    expect(history.body.entry.map((e: { request: { method: string } }) => e.request.method)).toEqual([
      'PUT',
      'DELETE',
      'POST',
    ]);
  });

  it('a history _at a time gives the versions that were current then', async () => {
    const { body } = await ask('POST Patient', patient());
    const began = hub.clock.ms;
    for (const gender of ['male', 'female', 'other']) {
      hub.clock.ms += 60_000;
      await ask(`PUT Patient/${body.id}`, { ...body, gender });
    }
    const versionsAt = async (ms: number) => {
      const found = await ask(`GET Patient/${body.id}/_history?_at=${new Date(ms).toISOString()}`);
      return (found.body.entry ?? []).map(
        (e: { resource: { meta: { versionId: string } } }) => e.resource.meta.versionId,
      );
    };
    expect(await versionsAt(began - 1)).toEqual([]);
    expect(await versionsAt(began)).toEqual(['1']);
    expect(await versionsAt(began + 90_000)).toEqual(['2']);
    expect(await versionsAt(began + 120_000)).toEqual(['3']);
    expect(await versionsAt(began + 600_000)).toEqual(['4']);
    const day = await ask(`GET Patient/${body.id}/_history?_at=${new Date(began).toISOString().slice(0, 10)}`);
    expect(day.body.total).toBe(4);
  });

  it('an unknown id is 404, an unknown type 404, a malformed body 400, an invalid resource 422 with its place', async () => {
    expect((await ask('GET Patient/nothing')).status).toBe(404);
    expect((await ask('GET Nothing/1')).status).toBe(404);
    expect((await ask('POST Patient', '{')).status).toBe(400);
    const invalid = await ask('POST Patient', patient({ gender: 'secret-value' }));
    expect(invalid.status).toBe(422);
    expect(invalid.body.issue[0].expression[0]).toBe('Patient.gender');
    expect(JSON.stringify(invalid.body)).not.toContain('secret-value');
  });

  it('JSON Patch changes what it names and refuses what does not fit', async () => {
    const { body } = await ask('POST Patient', patient());
    const type = { 'content-type': 'application/json-patch+json' };
    const done = await ask(`PATCH Patient/${body.id}`, [{ op: 'add', path: '/birthDate', value: '1980-01-01' }], type);
    expect(done.body).toMatchObject({ birthDate: '1980-01-01', meta: { versionId: '2' } });
    expect(
      (await ask(`PATCH Patient/${body.id}`, [{ op: 'replace', path: '/nothing/0', value: 1 }], type)).status,
    ).toBe(422);
    expect((await ask(`PATCH Patient/${body.id}`, [{ op: 'add', path: '/__proto__/x', value: 1 }], type)).status).toBe(
      400,
    );
  });

  it('a test of a JSON Patch compares members in any order', async () => {
    const { body } = await ask('POST Patient', patient({ name: [{ family: 'A', use: 'official' }] }));
    const type = { 'content-type': 'application/json-patch+json' };
    const test = (value: object) => [
      { op: 'test', path: '/name/0', value },
      { op: 'add', path: '/active', value: true },
    ];
    expect((await ask(`PATCH Patient/${body.id}`, test({ use: 'official', family: 'B' }), type)).status).toBe(422);
    expect((await ask(`PATCH Patient/${body.id}`, test({ use: 'official', family: 'A' }), type)).status).toBe(200);
  });

  it('conditional create, update and delete act on the one match', async () => {
    const identifier = [{ system: 'urn:c', value: 'one' }];
    const first = await ask('POST Patient', patient({ identifier }), { 'if-none-exist': 'identifier=urn:c|one' });
    const second = await ask('POST Patient', patient({ identifier }), { 'if-none-exist': 'identifier=urn:c|one' });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body.id).toBe(first.body.id);
    const updated = await ask('PUT Patient?identifier=urn:c|one', patient({ identifier, gender: 'male' }));
    expect(updated.body).toMatchObject({ id: first.body.id, gender: 'male' });
    await ask('POST Patient', patient({ identifier }));
    expect((await ask('DELETE Patient?identifier=urn:c|one')).status).toBe(412);
    expect((await ask('POST Patient', patient(), { 'if-none-exist': 'nonsense=1' })).status).toBe(400);
  });

  it('32 conditional creates of one identity at once make one resource and no failure', async () => {
    const identifier = [{ system: 'urn:race', value: '1' }];
    const made = await Promise.all(
      Array.from({ length: 32 }, () =>
        ask('POST Patient', patient({ identifier }), { 'if-none-exist': 'identifier=urn:race|1' }),
      ),
    );
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
    expect(made.map(({ status }) => status).sort()).toEqual([...Array(31).fill(200), 201]);
  });

  it('a transaction resolves temporary ids, conditional references and If-None-Exist, all or nothing', async () => {
    const { body: known } = await ask('POST Patient', patient({ identifier: [{ system: 'urn:t', value: 'known' }] }));
    const bundle = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: 'urn:uuid:11111111-1111-4111-8111-111111111111',
          resource: patient({ identifier: [{ system: 'urn:t', value: 'new' }] }),
          request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:t|new' },
        },
        {
          resource: observation('urn:uuid:11111111-1111-4111-8111-111111111111'),
          request: { method: 'POST', url: 'Observation' },
        },
        { resource: observation('Patient?identifier=urn:t|known'), request: { method: 'POST', url: 'Observation' } },
        { request: { method: 'GET', url: `Patient/${known.id}` } },
      ],
    };
    const done = await ask('POST ', bundle);
    expect(done.body.entry.map((e: { response: { status: string } }) => e.response.status.slice(0, 3))).toEqual([
      '201',
      '201',
      '201',
      '200',
    ]);
    const [made, one, two] = done.body.entry.map((e: { resource: unknown }) => e.resource);
    expect(one.subject.reference).toBe(`Patient/${made.id}`);
    expect(two.subject.reference).toBe(`Patient/${known.id}`);
    const failing = {
      ...bundle,
      entry: [
        bundle.entry[1],
        { resource: { resourceType: 'Observation' }, request: { method: 'POST', url: 'Observation' } },
      ],
    };
    const before = (await ask('GET Observation?_summary=count')).body.total;
    const refused = await ask('POST ', failing);
    expect(refused.status).toBe(422);
    expect(refused.body.issue[0].expression[0]).toMatch(/^Bundle\.entry\[1\]\.resource/);
    expect((await ask('GET Observation?_summary=count')).body.total).toBe(before);
  });

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

  it('a batch answers each entry on its own', async () => {
    const done = await ask('POST ', {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { resource: patient(), request: { method: 'POST', url: 'Patient' } },
        { resource: { resourceType: 'Observation' }, request: { method: 'POST', url: 'Observation' } },
        { request: { method: 'GET', url: 'Patient/nothing' } },
      ],
    });
    expect(done.body.entry.map((e: { response: { status: string } }) => e.response.status.slice(0, 3))).toEqual([
      '201',
      '422',
      '404',
    ]);
    expect(done.body.entry[1].response.outcome.resourceType).toBe('OperationOutcome');
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

  it('a transaction of 2,000 entries is one commit', async () => {
    const entry = Array.from({ length: 2000 }, (_, n) => ({
      resource: patient({ identifier: [{ system: 'urn:many', value: `${n}` }] }),
      request: { method: 'POST', url: 'Patient' },
    }));
    const done = await ask(
      'POST ',
      { resourceType: 'Bundle', type: 'transaction', entry },
      { prefer: 'return=minimal' },
    );
    expect(done.body.entry).toHaveLength(2000);
    expect((await ask('GET Patient?identifier=urn:many|&_summary=count')).body.total).toBe(2000);
  });

  it('paging visits every row once while others are written', async () => {
    const seen: string[] = [];
    let page = await ask('GET Patient?identifier=urn:many|&_count=300');
    for (;;) {
      seen.push(...matchesOf(page));
      const next = page.body.link.find((l: { relation: string }) => l.relation === 'next');
      if (!next) break;
      await ask('POST Patient', patient());
      page = await ask(`GET ${next.url}`);
    }
    expect(seen).toHaveLength(2000);
    expect(new Set(seen).size).toBe(2000);
  });

  it("a session of several patients is in each one's compartment, $everything and type search", async () => {
    const [one, two, three] = await Promise.all(['a', 'b', 'c'].map(() => ask('POST Patient', patient())));
    const actor = (of: typeof one) => ({ actor: { reference: `Patient/${of!.body.id}` }, status: 'accepted' });
    const session = await ask('POST Appointment', {
      resourceType: 'Appointment',
      status: 'booked',
      start: '2026-05-01T10:00:00Z',
      end: '2026-05-01T11:00:00Z',
      participant: [actor(one), actor(two)],
    });
    for (const member of [one, two]) {
      expect(matchesOf(await ask(`GET Patient/${member!.body.id}/Appointment`))).toEqual([session.body.id]);
      expect(matchesOf(await ask(`GET Patient/${member!.body.id}/*?_type=Appointment`))).toContain(session.body.id);
      expect(matchesOf(await ask(`GET Patient/${member!.body.id}/$everything`))).toContain(session.body.id);
    }
    expect(matchesOf(await ask(`GET Patient/${three!.body.id}/Appointment`))).toEqual([]);
    expect(matchesOf(await ask(`GET Patient/${three!.body.id}/$everything`))).not.toContain(session.body.id);
  });

  it('$everything gives the records of the whole person', async () => {
    const identifier = [{ system: 'urn:ev', value: '1' }];
    const one = await ask('POST Patient', patient({ identifier }));
    const two = await ask('POST Patient', patient({ identifier }));
    const { body } = await ask('POST Observation', observation(`Patient/${two.body.id}`));
    const all = await ask(`GET Patient/${one.body.id}/$everything`);
    expect(matchesOf(all)).toEqual(expect.arrayContaining([one.body.id, two.body.id, body.id]));
    expect(matchesOf(await ask(`GET Patient/${one.body.id}/Observation`))).toEqual([body.id]);
  });

  it('$everything takes its parameters from a body too', async () => {
    const { body } = await ask('POST Patient', patient());
    await ask('POST Observation', observation(`Patient/${body.id}`));
    const parameter = [{ name: '_type', valueString: 'Patient' }];
    const found = await ask(`POST Patient/${body.id}/$everything`, { resourceType: 'Parameters', parameter });
    expect(matchesOf(found)).toEqual([body.id]);
  });

  it('$validate checks the profile it is asked for, from the address or the body, and what is stored', async () => {
    const profile = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient';
    const bare = { resourceType: 'Patient', active: true };
    const asked = { resourceType: 'Parameters', parameter: [{ name: 'profile', valueUri: profile }] };
    const whole = { ...asked, parameter: [...asked.parameter, { name: 'resource', resource: bare }] };
    const { body } = await ask('POST Patient', bare);
    expect((await ask('POST Patient/$validate', bare)).body.issue[0].severity).toBe('information');
    for (const [address, sent] of [
      [`Patient/$validate?profile=${profile}`, bare],
      ['Patient/$validate', whole],
      [`Patient/${body.id}/$validate?mode=profile`, asked],
    ] as const) {
      const answer = await ask(`POST ${address}`, sent);
      expect(answer.body.issue.map((each: { expression: string[] }) => each.expression[0])).toContain('Patient.gender');
    }
    expect((await ask('POST Patient/$validate?profile=http://nowhere.test/p', bare)).status).toBe(400);
    expect((await ask('POST Patient/$validate?mode=delete', bare)).status).toBe(400);
    const odd = { resourceType: 'Parameters', parameter: [null, { name: 'resource', resource: bare }] };
    expect((await ask('POST Patient/$validate', odd)).status).toBe(200);
  });

  it('a property named twice is refused wherever it stands, never half of it stored', async () => {
    expect((await ask('POST Patient', '{"resourceType":"Patient","active":true,"active":false}')).status).toBe(400);
    expect(
      (await ask('POST Patient', '{"resourceType":"Patient","name":[{"text":"a","te\\u0078t":"b"}]}')).status,
    ).toBe(400);
    const colons = '{"resourceType":"Patient","name":[{"text":"a:b \\":\\" {c}","given":["x"]},{"text":"d"}]}';
    expect((await ask('POST Patient', colons)).status).toBe(201);
  });

  it('a decimal is kept digit by digit through create, transaction, patch and shortening', async () => {
    const { body: about } = await ask('POST Patient', patient());
    const digits = ['1.10', '12345678901234567890.123', '1.0E-7', '0.00', '-0.0', '100'];
    const text = (id?: string) =>
      JSON.stringify({ ...observation(`Patient/${about.id}`), ...(id ? { id } : {}), component: '$' }).replace(
        '"$"',
        `[${digits.map((value) => `{"code":{"text":"c"},"valueQuantity":{"value": ${value}}}`).join(',')}]`,
      );
    const valuesOf = async (address: string) => {
      const [path, query = ''] = address.split('?');
      const { body } = await hub.fhir.handle(
        { method: 'GET', path: path!.split('/'), query: [...new URLSearchParams(query)], headers: {} },
        client('org-a'),
      );
      return [...body!.matchAll(/"value":([-+.\dE]+)/g)].map(([, value]) => value);
    };
    const { body: made } = await ask('POST Observation', text());
    expect(await valuesOf(`Observation/${made.id}`)).toEqual(digits);
    expect(await valuesOf(`Observation/${made.id}?_elements=component`)).toEqual(digits);
    const type = { 'content-type': 'application/json-patch+json' };
    const patched = await ask(
      `PATCH Observation/${made.id}`,
      [{ op: 'replace', path: '/status', value: 'amended' }],
      type,
    );
    expect(patched.body.meta.versionId).toBe('2');
    expect(await valuesOf(`Observation/${made.id}`)).toEqual(digits);
    const entry = `{"fullUrl":"urn:uuid:55555555-5555-4555-8555-555555555555","resource":${text()},"request":{"method":"POST","url":"Observation"}}`;
    const done = await ask('POST ', `{"resourceType":"Bundle","type":"transaction","entry":[${entry}]}`);
    expect(await valuesOf(`Observation/${done.body.entry[0].resource.id}`)).toEqual(digits);
    const { body: plain } = await ask('PUT Observation/exact', text('exact').replace('1.10', '1.1'));
    expect(plain.meta.versionId).toBe('1');
    expect((await ask('PUT Observation/exact', text('exact'))).body.meta.versionId).toBe('2');
    expect((await ask('PUT Observation/exact', text('exact'))).body.meta.versionId).toBe('2');
    expect(matchesOf(await ask('GET Observation?_id=exact&component-value-quantity=1.1'))).toEqual(['exact']);
  });

  it('half a character is no text', async () => {
    const refused = await ask('POST Patient', '{"resourceType":"Patient","name":[{"text":"a\\ud800"}]}');
    expect([refused.status, refused.body.issue[0].expression]).toEqual([422, ['Patient.name[0].text']]);
    expect((await ask('POST Patient', '{"resourceType":"Patient","name":[{"text":"\\ud83d\\ude00"}]}')).status).toBe(
      201,
    );
  });

  it('metadata claims what is served', async () => {
    const { body } = await ask('GET metadata');
    expect(body).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' });
    expect(body.rest[0].resource.length).toBeGreaterThan(140);
  });

  it('a scope with a query opens only what meets it', async () => {
    const patientId = (await ask('POST Patient', patient())).body.id;
    const vital = { category: [{ coding: [{ code: 'vital-signs' }] }] };
    const open = (await ask('POST Observation', observation(`Patient/${patientId}`, vital))).body.id;
    await ask('POST Observation', observation(`Patient/${patientId}`));
    const limited = askAs(
      hub.fhir,
      client('org-a', ['system/Observation.rs?category=vital-signs', 'system/Patient.r']),
    );
    expect(matchesOf(await limited(`GET Observation?subject=Patient/${patientId}`))).toEqual([open]);
    expect((await limited('POST Observation', observation(`Patient/${patientId}`))).status).toBe(403);
    expect((await limited(`GET Patient?_id=${patientId}`)).status).toBe(403);
    expect((await limited(`GET Patient/${patientId}`)).status).toBe(200);
  });

  it('a scope with a query guards what is written over and deleted, not only what is written', async () => {
    const patientId = (await ask('POST Patient', patient())).body.id;
    const vital = { category: [{ coding: [{ code: 'vital-signs' }] }] };
    const { body: other } = await ask('POST Observation', observation(`Patient/${patientId}`));
    const { body: own } = await ask('POST Observation', observation(`Patient/${patientId}`, vital));
    const limited = askAs(
      hub.fhir,
      client('org-a', ['system/Observation.cud?category=vital-signs', 'system/Observation.rs', 'system/Patient.rs']),
    );
    expect((await limited(`PUT Observation/${other.id}`, { ...other, ...vital })).status).toBe(403);
    expect((await limited(`DELETE Observation/${other.id}`)).status).toBe(403);
    const patch = [{ op: 'add', path: '/category', value: vital.category }];
    const type = { 'content-type': 'application/json-patch+json' };
    expect((await limited(`PATCH Observation/${other.id}`, patch, type)).status).toBe(403);
    expect((await ask(`GET Observation/${other.id}`)).body).toEqual(other);
    expect((await limited(`PUT Observation/${own.id}`, { ...own, status: 'amended' })).status).toBe(200);
    expect((await limited(`DELETE Observation/${own.id}`)).status).toBe(204);
  });
});
