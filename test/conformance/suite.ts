import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

/** A FHIR server from outside: an address and what goes into Authorization. Nothing of the product is imported here. */
export interface Target {
  readonly base: string;
  readonly authorization: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the suite looks into any resource
  readonly body: any;
}

export interface Api {
  readonly base: string;
  /** A tag no other run has used: the suite may run against a server with data. */
  readonly run: string;
  ask(request: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
}

export interface Check {
  readonly name: string;
  run(api: Api): Promise<void>;
}

export function apiOf({ base, authorization }: Target): Api {
  return {
    base,
    run: randomUUID(),
    async ask(request, body, headers = {}) {
      const [method = 'GET', path = ''] = request.split(/ (.*)/s);
      const response = await fetch(path.startsWith('http') ? path : `${base}/${path}`, {
        method,
        headers: {
          authorization,
          accept: 'application/fhir+json',
          'content-type': 'application/fhir+json',
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
    },
  };
}

const identified = (api: Api, value: string, more: object = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system: `urn:conformance:${api.run}`, value }],
  ...more,
});
const made = async (
  api: Api,
  resource: { resourceType: string },
): Promise<{ id: string; meta: { versionId: string } }> => {
  const reply = await api.ask(`POST ${resource.resourceType}`, resource);
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body;
};
const observation = (subject: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
  subject: { reference: subject },
  ...more,
});
const ids = (reply: Reply, mode = 'match'): string[] =>
  (reply.body.entry ?? [])
    .filter((entry: { search?: { mode?: string } }) => entry.search?.mode === mode)
    .map((entry: { resource: { id: string } }) => entry.resource.id);
const isOutcome = (reply: Reply) => assert.equal(reply.body?.resourceType, 'OperationOutcome');
const linkOf = (reply: Reply, relation: string): string | undefined =>
  reply.body.link?.find((link: { relation: string }) => link.relation === relation)?.url;

/** What must be served, whatever the server says of itself. Sources: FHIR R4 http.html and search.html. */
export const CHECKS: readonly Check[] = [
  {
    name: 'metadata needs no token and names R4',
    run: async (api) => {
      const reply = await fetch(`${api.base}/metadata`);
      assert.equal(reply.status, 200);
      assert.equal(((await reply.json()) as { fhirVersion: string }).fhirVersion, '4.0.1');
    },
  },
  {
    name: 'everything else needs one',
    run: async (api) => assert.equal((await fetch(`${api.base}/Patient`)).status, 401),
  },
  {
    name: 'create: 201, Location with version, ETag, Last-Modified',
    run: async (api) => {
      const reply = await api.ask('POST Patient', identified(api, 'create'));
      assert.equal(reply.status, 201);
      assert.match(
        reply.headers.get('location') ?? '',
        new RegExp(`/Patient/${reply.body.id}/_history/${reply.body.meta.versionId}$`),
      );
      assert.equal(reply.headers.get('etag'), `W/"${reply.body.meta.versionId}"`);
      assert.ok(!Number.isNaN(Date.parse(reply.headers.get('last-modified') ?? '')));
    },
  },
  {
    name: 'create ignores a client id',
    run: async (api) => assert.notEqual((await made(api, identified(api, 'own-id', { id: 'mine' }))).id, 'mine'),
  },
  {
    name: 'read, vread, 404 for unknown ids, versions and types',
    run: async (api) => {
      const { id, meta } = await made(api, identified(api, 'read'));
      assert.equal((await api.ask(`GET Patient/${id}`)).body.id, id);
      assert.equal((await api.ask(`GET Patient/${id}/_history/${meta.versionId}`)).status, 200);
      for (const path of [`Patient/${randomUUID()}`, `Patient/${id}/_history/999`, `Nonsense/${id}`]) {
        const reply = await api.ask(`GET ${path}`);
        assert.equal(reply.status, 404, path);
        isOutcome(reply);
      }
    },
  },
  {
    name: 'conditional read: If-None-Match and If-Modified-Since answer 304',
    run: async (api) => {
      const { id, meta } = await made(api, identified(api, 'conditional-read'));
      assert.equal(
        (await api.ask(`GET Patient/${id}`, undefined, { 'if-none-match': `W/"${meta.versionId}"` })).status,
        304,
      );
      const later = new Date(Date.now() + 60_000).toUTCString();
      assert.equal((await api.ask(`GET Patient/${id}`, undefined, { 'if-modified-since': later })).status, 304);
    },
  },
  {
    name: 'update: new version; If-Match guards it; a missing or other id is 400',
    run: async (api) => {
      const first = await made(api, identified(api, 'update'));
      const second = await api.ask(
        `PUT Patient/${first.id}`,
        { ...first, gender: 'other' },
        { 'if-match': `W/"${first.meta.versionId}"` },
      );
      assert.equal(second.status, 200);
      assert.notEqual(second.body.meta.versionId, first.meta.versionId);
      assert.equal(
        (
          await api.ask(
            `PUT Patient/${first.id}`,
            { ...first, gender: 'male' },
            { 'if-match': `W/"${first.meta.versionId}"` },
          )
        ).status,
        412,
      );
      assert.equal((await api.ask(`PUT Patient/${first.id}`, identified(api, 'update'))).status, 400);
      assert.equal((await api.ask(`PUT Patient/${first.id}`, { ...first, id: 'other' })).status, 400);
    },
  },
  {
    name: 'update creates under a client id',
    run: async (api) => {
      const id = randomUUID();
      assert.equal((await api.ask(`PUT Patient/${id}`, { ...identified(api, 'upsert'), id })).status, 201);
    },
  },
  {
    name: 'Prefer: return=minimal, representation, OperationOutcome',
    run: async (api) => {
      const prefer = async (value: string) =>
        (await api.ask('POST Patient', identified(api, `prefer-${value}`), { prefer: `return=${value}` })).body
          ?.resourceType;
      assert.deepEqual(
        [await prefer('minimal'), await prefer('representation'), await prefer('OperationOutcome')],
        [undefined, 'Patient', 'OperationOutcome'],
      );
    },
  },
  {
    name: 'JSON Patch',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'patch'));
      const reply = await api.ask(`PATCH Patient/${id}`, [{ op: 'add', path: '/gender', value: 'other' }], {
        'content-type': 'application/json-patch+json',
      });
      assert.deepEqual([reply.status, reply.body.gender], [200, 'other']);
    },
  },
  {
    name: 'delete: gone (410), no longer found, history kept, can be brought back',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'delete'));
      assert.ok([200, 204].includes((await api.ask(`DELETE Patient/${id}`)).status));
      assert.equal((await api.ask(`GET Patient/${id}`)).status, 410);
      assert.deepEqual(ids(await api.ask(`GET Patient?_id=${id}`)), []);
      assert.equal((await api.ask(`PUT Patient/${id}`, { ...identified(api, 'delete'), id })).status, 201);
      const methods = (await api.ask(`GET Patient/${id}/_history`)).body.entry.map(
        (e: { request: { method: string } }) => e.request.method,
      );
      assert.deepEqual(methods, ['PUT', 'DELETE', 'POST']);
    },
  },
  {
    name: 'conditional create, update, patch and delete; several matches are 412',
    run: async (api) => {
      const query = `identifier=urn:conformance:${api.run}|cond`;
      const one = await api.ask('POST Patient', identified(api, 'cond'), { 'if-none-exist': query });
      const two = await api.ask('POST Patient', identified(api, 'cond'), { 'if-none-exist': query });
      assert.deepEqual([one.status, two.status, two.body.id], [201, 200, one.body.id]);
      assert.equal(
        (await api.ask(`PUT Patient?${query}`, identified(api, 'cond', { gender: 'male' }))).body.id,
        one.body.id,
      );
      const patch = [{ op: 'replace', path: '/gender', value: 'female' }];
      assert.equal(
        (await api.ask(`PATCH Patient?${query}`, patch, { 'content-type': 'application/json-patch+json' })).body.gender,
        'female',
      );
      await made(api, identified(api, 'cond'));
      for (const method of ['DELETE', 'PUT'])
        assert.equal(
          (await api.ask(`${method} Patient?${query}`, method === 'PUT' ? identified(api, 'cond') : undefined)).status,
          412,
        );
      assert.equal((await api.ask('POST Patient', identified(api, 'cond'), { 'if-none-exist': query })).status, 412);
    },
  },
  {
    name: '32 concurrent conditional creates make one resource',
    run: async (api) => {
      const query = `identifier=urn:conformance:${api.run}|race`;
      const replies = await Promise.all(
        Array.from({ length: 32 }, () => api.ask('POST Patient', identified(api, 'race'), { 'if-none-exist': query })),
      );
      assert.equal(new Set(replies.map(({ body }) => body.id)).size, 1);
      assert.ok(replies.every(({ status }) => status === 200 || status === 201));
    },
  },
  {
    name: 'validation: 422 with the place of the fault, and not its value',
    run: async (api) => {
      for (const [resource, place] of [
        [{ resourceType: 'Observation', code: { text: 'x' } }, 'Observation.status'],
        [identified(api, 'v', { gender: 'zzz-secret' }), 'Patient.gender'],
        [identified(api, 'v', { birthDate: '1980-13-40' }), 'Patient.birthDate'],
        [identified(api, 'v', { nonsense: 1 }), 'Patient'],
      ] as const) {
        const reply = await api.ask(`POST ${resource.resourceType}`, resource);
        assert.ok([400, 422].includes(reply.status), place);
        isOutcome(reply);
        assert.ok(JSON.stringify(reply.body.issue).includes(place), place);
        assert.ok(!JSON.stringify(reply.body).includes('zzz-secret'));
      }
    },
  },
  {
    name: '$validate answers 200 with issues',
    run: async (api) => {
      const reply = await api.ask('POST Patient/$validate', { resourceType: 'Patient', gender: 'x' });
      assert.equal(reply.status, 200);
      assert.ok(reply.body.issue.some((issue: { severity: string }) => issue.severity === 'error'));
    },
  },
  {
    name: 'history of an instance, a type and the system',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'history'));
      for (const path of [
        `Patient/${id}/_history`,
        'Patient/_history?_count=5',
        '_history?_count=5',
        'Patient/_history?_since=2020-01-01T00:00:00Z&_count=2',
      ]) {
        const reply = await api.ask(`GET ${path}`);
        assert.deepEqual([reply.status, reply.body.type, reply.body.entry.length > 0], [200, 'history', true], path);
      }
    },
  },
  {
    name: 'transaction: temporary ids, conditional references, reads after writes',
    run: async (api) => {
      const known = await made(api, identified(api, 'tx-known'));
      const urn = `urn:uuid:${randomUUID()}`;
      const reply = await api.ask('POST ', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          { request: { method: 'GET', url: `Patient?identifier=urn:conformance:${api.run}|tx-new` } },
          { resource: observation(urn), request: { method: 'POST', url: 'Observation' } },
          {
            resource: observation(`Patient?identifier=urn:conformance:${api.run}|tx-known`),
            request: { method: 'POST', url: 'Observation' },
          },
          { fullUrl: urn, resource: identified(api, 'tx-new'), request: { method: 'POST', url: 'Patient' } },
        ],
      });
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      const [search, one, two, patient] = reply.body.entry.map((entry: { resource: unknown }) => entry.resource);
      assert.equal(search.entry.length, 1);
      assert.equal(one.subject.reference, `Patient/${patient.id}`);
      assert.equal(two.subject.reference, `Patient/${known.id}`);
    },
  },
  {
    name: 'transaction: one bad entry undoes all and is named',
    run: async (api) => {
      const reply = await api.ask('POST ', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          { resource: identified(api, 'tx-undone'), request: { method: 'POST', url: 'Patient' } },
          { resource: { resourceType: 'Observation' }, request: { method: 'POST', url: 'Observation' } },
        ],
      });
      assert.ok(reply.status >= 400);
      assert.match(JSON.stringify(reply.body), /entry\[1\]/);
      assert.deepEqual(ids(await api.ask(`GET Patient?identifier=urn:conformance:${api.run}|tx-undone`)), []);
    },
  },
  {
    name: 'batch: each entry has its own answer',
    run: async (api) => {
      const reply = await api.ask('POST ', {
        resourceType: 'Bundle',
        type: 'batch',
        entry: [
          { resource: identified(api, 'batch'), request: { method: 'POST', url: 'Patient' } },
          { request: { method: 'GET', url: `Patient/${randomUUID()}` } },
        ],
      });
      assert.deepEqual(
        reply.body.entry.map((e: { response: { status: string } }) => e.response.status.slice(0, 3)),
        ['201', '404'],
      );
    },
  },
  {
    name: 'search: every parameter type, modifier and prefix',
    run: async (api) => {
      const system = `urn:conformance:${api.run}`;
      const patient = await made(
        api,
        identified(api, 'search', {
          name: [{ family: 'Conformance', given: ['Ana'] }],
          birthDate: '1980-05-06',
          gender: 'female',
        }),
      );
      const subject = `Patient/${patient.id}`;
      const weight = await made(
        api,
        observation(subject, {
          valueQuantity: { value: 70, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
          effectiveDateTime: '2026-03-01T10:00:00Z',
        }),
      );
      const risk = await made(api, {
        resourceType: 'RiskAssessment',
        status: 'final',
        subject: { reference: subject },
        prediction: [{ probabilityDecimal: 0.5 }],
      } as never);
      const url = `http://conformance.example/${api.run}/q`;
      const questionnaire = await made(api, { resourceType: 'Questionnaire', status: 'active', url } as never);
      const only = `identifier=${system}|search`;
      const about = `subject=${subject}`;
      const cases: readonly (readonly [string, string | undefined])[] = [
        [`Patient?${only}`, patient.id],
        [`Patient?${only}&name=conf`, patient.id],
        [`Patient?${only}&family:exact=Conformance`, patient.id],
        [`Patient?${only}&family:exact=conformance`, undefined],
        [`Patient?${only}&name:contains=forman`, patient.id],
        [`Patient?${only}&gender=female,male`, patient.id],
        [`Patient?${only}&gender:not=male`, patient.id],
        [`Patient?${only}&telecom:missing=true`, patient.id],
        [`Patient?${only}&telecom:missing=false`, undefined],
        [`Patient?${only}&birthdate=1980`, patient.id],
        [`Patient?${only}&birthdate=lt1980-05-06`, undefined],
        [`Patient?${only}&birthdate=ge1980-05-06`, patient.id],
        [`Patient?${only}&birthdate=sa1980-05-05`, patient.id],
        [`Patient?${only}&birthdate=eb1980-05-06`, undefined],
        [`Patient?${only}&birthdate=ne1981`, patient.id],
        [`Patient?${only}&birthdate=ap1980-05-06`, patient.id],
        [`Patient?${only}&_lastUpdated=gt2020`, patient.id],
        [`Patient?${only}&_id=${patient.id}`, patient.id],
        [`Patient?${only}&_has:Observation:patient:code=29463-7`, patient.id],
        [`Observation?${about}&value-quantity=70|http://unitsofmeasure.org|kg`, weight.id],
        [`Observation?${about}&value-quantity=70000|http://unitsofmeasure.org|g`, weight.id],
        [`Observation?${about}&value-quantity=gt70`, undefined],
        [`Observation?${about}&value-quantity=le70`, weight.id],
        [`Observation?${about}&code-value-quantity=29463-7$70`, weight.id],
        [`Observation?${about}&date=2026-03-01`, weight.id],
        [`Observation?subject:Patient.family=conformance&subject.identifier=${system}|search`, weight.id],
        [`Observation?patient=${patient.id}`, weight.id],
        [`RiskAssessment?${about}&probability=gt0.4`, risk.id],
        [`RiskAssessment?${about}&probability=0.5`, risk.id],
        [`Questionnaire?url=${url}`, questionnaire.id],
        [`Questionnaire?url:below=http://conformance.example/${api.run}`, questionnaire.id],
        [`Patient/${patient.id}/Observation`, weight.id],
      ];
      for (const [query, expected] of cases) {
        const reply = await api.ask(`GET ${query}`);
        assert.equal(reply.status, 200, query);
        assert.deepEqual(ids(reply), expected === undefined ? [] : [expected], query);
      }
      const post = await api.ask('POST Patient/_search', `${only}&gender=female`, {
        'content-type': 'application/x-www-form-urlencoded',
      });
      assert.deepEqual(ids(post), [patient.id]);
    },
  },
  {
    name: 'search results: includes, sort, count, paging, total, elements, summary',
    run: async (api) => {
      const patients: string[] = [];
      for (const family of ['Ca', 'Aa', 'Ba'])
        patients.push((await made(api, identified(api, 'page', { name: [{ family }] }))).id);
      const seen = await made(api, observation(`Patient/${patients[0]}`));
      const only = `identifier=urn:conformance:${api.run}|page`;
      assert.deepEqual(ids(await api.ask(`GET Patient?${only}&_sort=family`)), [patients[1], patients[2], patients[0]]);
      assert.deepEqual(ids(await api.ask(`GET Patient?${only}&_sort=-family`)), [
        patients[0],
        patients[2],
        patients[1],
      ]);
      const first = await api.ask(`GET Patient?${only}&_count=2&_sort=family&_total=accurate`);
      assert.deepEqual([ids(first).length, first.body.total], [2, 3]);
      const second = await api.ask(`GET ${linkOf(first, 'next')}`);
      assert.deepEqual(ids(second), [patients[0]]);
      assert.equal(linkOf(second, 'next'), undefined);
      assert.deepEqual(ids(await api.ask(`GET Observation?_id=${seen.id}&_include=Observation:subject`), 'include'), [
        patients[0],
      ]);
      assert.deepEqual(
        ids(await api.ask(`GET Patient?_id=${patients[0]}&_revinclude=Observation:subject`), 'include'),
        [seen.id],
      );
      const elements = await api.ask(`GET Observation?_id=${seen.id}&_elements=subject`);
      assert.equal(elements.body.entry[0].resource.meta.tag.at(-1).code, 'SUBSETTED');
      const counted = await api.ask(`GET Patient?${only}&_summary=count`);
      assert.deepEqual([counted.body.total, counted.body.entry], [3, undefined]);
    },
  },
  {
    name: 'search: what is wrong is 400; what is unknown is refused when strict and reported when lenient',
    run: async (api) => {
      for (const query of ['Patient?birthdate=x', 'Patient?_count=x', 'Observation?value-quantity=x']) {
        const reply = await api.ask(`GET ${query}`);
        assert.equal(reply.status, 400, query);
        isOutcome(reply);
      }
      assert.equal((await api.ask('GET Patient?nonsense=1', undefined, { prefer: 'handling=strict' })).status, 400);
      const lenient = await api.ask('GET Patient?nonsense=1&_count=1', undefined, { prefer: 'handling=lenient' });
      assert.ok(!(linkOf(lenient, 'self') ?? '').includes('nonsense'));
    },
  },
  {
    name: 'Patient/$everything holds what is about the patient',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'everything'));
      const seen = await made(api, observation(`Patient/${id}`));
      const reply = await api.ask(`GET Patient/${id}/$everything`);
      const found = reply.body.entry.map((e: { resource: { id: string } }) => e.resource.id);
      assert.ok(found.includes(id) && found.includes(seen.id));
    },
  },
  {
    name: 'formats: JSON by Accept and _format; others 406 and 415; HEAD',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'format'));
      assert.equal((await api.ask(`GET Patient/${id}?_format=json`)).status, 200);
      assert.equal((await api.ask(`GET Patient/${id}`, undefined, { accept: 'application/fhir+xml' })).status, 406);
      assert.equal(
        (await api.ask('POST Patient', '<Patient/>', { 'content-type': 'application/fhir+xml' })).status,
        415,
      );
      const head = await api.ask(`HEAD Patient/${id}`);
      assert.deepEqual([head.status, head.body, head.headers.get('etag')], [200, undefined, 'W/"1"']);
    },
  },
];
