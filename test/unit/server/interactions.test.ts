import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, askAs, matchesOf } from './support/ask.ts';
import { observation, patient } from './support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

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
        bundle.entry[2],
        { resource: { resourceType: 'Observation' }, request: { method: 'POST', url: 'Observation' } },
      ],
    };
    const before = (await ask('GET Observation?_summary=count')).body.total;
    const refused = await ask('POST ', failing);
    expect(refused.status).toBe(422);
    expect(refused.body.issue[0].expression[0]).toMatch(/^Bundle\.entry\[1\]\.resource/);
    expect((await ask('GET Observation?_summary=count')).body.total).toBe(before);
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
