import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, askAs, matchesOf } from './support/ask.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';

describe.each(ENGINES)('search on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
    const put = async (resource: { resourceType: string; id: string }) => {
      const answer = await ask(`PUT ${resource.resourceType}/${resource.id}`, resource);
      if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    };
    const patient = (id: string, more: object) => put({ resourceType: 'Patient', id, ...more });
    await patient('p1', {
      name: [{ family: 'Müller', given: ['Ana'] }],
      birthDate: '1980-05-06',
      gender: 'female',
      active: true,
      identifier: [
        {
          system: 'urn:mrn',
          value: 'A1',
          type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
        },
      ],
    });
    await patient('p2', {
      name: [{ family: 'Mullen' }],
      birthDate: '1980',
      gender: 'male',
      active: false,
      identifier: [{ value: 'A1' }],
    });
    await patient('p3', { name: [{ family: 'Young' }] });
    const observation = (id: string, subject: string, value: object, more: object = {}) =>
      put({
        resourceType: 'Observation',
        id,
        status: 'final',
        code: { coding: [{ system: LOINC, code: '29463-7', display: 'Body weight' }] },
        subject: { reference: `Patient/${subject}` },
        ...value,
        ...more,
      } as never);
    await observation(
      'o1',
      'p1',
      { valueQuantity: { value: 70, unit: 'kg', system: UCUM, code: 'kg' } },
      { effectiveDateTime: '2026-03-01T10:00:00Z' },
    );
    await observation(
      'o2',
      'p2',
      { valueQuantity: { value: 70000, unit: 'g', system: UCUM, code: 'g' } },
      { effectiveDateTime: '2026-03-01' },
    );
    await observation(
      'o3',
      'p1',
      { valueString: 'x' },
      { effectivePeriod: { start: '2026-02-01', end: '2026-03-15' } },
    );
    await put({ resourceType: 'Questionnaire', id: 'q1', status: 'active', url: 'http://example.org/q/one' } as never);
    await put({
      resourceType: 'RiskAssessment',
      id: 'r1',
      status: 'final',
      subject: { reference: 'Patient/p1' },
      prediction: [{ probabilityDecimal: 0.8 }],
    } as never);
    const cs = 'http://example.org/cs/mood';
    const concept = [{ code: 'mood', concept: [{ code: 'low' }] }];
    await put({
      resourceType: 'CodeSystem',
      id: 'cs',
      url: cs,
      status: 'active',
      content: 'complete',
      concept,
    } as never);
    const include = [{ system: LOINC, concept: [{ code: '29463-7' }] }];
    await put({
      resourceType: 'ValueSet',
      id: 'vs',
      url: 'http://example.org/vs/weights',
      status: 'active',
      compose: { include },
    } as never);
    const many = [...Array(3000).keys()].map((n) => ({ code: `x${n}` }));
    await put({
      resourceType: 'ValueSet',
      id: 'many',
      url: 'http://example.org/vs/many',
      status: 'active',
      compose: { include: [{ system: LOINC, concept: [...many, { code: '29463-7' }] }] },
    } as never);
    for (const [id, code] of [
      ['c1', 'mood'],
      ['c2', 'low'],
    ]) {
      await put({
        resourceType: 'Condition',
        id,
        subject: { reference: 'Patient/p1' },
        code: { coding: [{ system: cs, code, display: 'Blue' }], ...(id === 'c2' ? { text: 'In low spirits' } : {}) },
      } as never);
    }
    await put({
      resourceType: 'CarePlan',
      id: 'plan',
      status: 'active',
      intent: 'plan',
      subject: { reference: 'Patient/p1' },
      instantiatesCanonical: ['http://example.org/pd/one|1.0'],
    } as never);
    const entry = ['p1', 'p3'].map((id) => ({ item: { reference: `Patient/${id}` } }));
    await put({ resourceType: 'List', id: 'l1', status: 'current', mode: 'working', entry } as never);
  });
  afterAll(() => hub?.close());

  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['Patient?name=mull', ['p1', 'p2']],
    ['Patient?family:exact=Müller', ['p1']],
    ['Patient?family:exact=Muller', []],
    ['Patient?name:contains=oun', ['p3']],
    ['Patient?gender=male,female', ['p1', 'p2']],
    ['Patient?gender:not=male', ['p1', 'p3']],
    ['Patient?gender:missing=true', ['p3']],
    ['Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender', ['p1', 'p2']],
    ['Patient?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender', ['p3']],
    ['Observation?code:in=http://example.org/vs/weights', ['o1', 'o2', 'o3']],
    ['Observation?code:in=http://example.org/vs/many', ['o1', 'o2', 'o3']],
    ['Observation?code:not-in=http://example.org/vs/many', []],
    ['Observation?patient.gender:in=http://hl7.org/fhir/ValueSet/administrative-gender', ['o1', 'o2', 'o3']],
    ['Condition?code:below=http://example.org/cs/mood|mood', ['c1', 'c2']],
    ['Condition?code:below=http://example.org/cs/mood|low', ['c2']],
    ['Condition?code:above=http://example.org/cs/mood|low', ['c1', 'c2']],
    ['Patient?active=true', ['p1']],
    ['Patient?identifier=A1', ['p1', 'p2']],
    ['Patient?identifier=urn:mrn|A1', ['p1']],
    ['Patient?identifier=|A1', ['p2']],
    ['Patient?identifier=urn:mrn|', ['p1']],
    ['Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|A1', ['p1']],
    ['Patient?birthdate=1980', ['p1', 'p2']],
    ['Patient?birthdate=1980-05-06', ['p1']],
    ['Patient?birthdate=gt1980-05', ['p2']],
    ['Patient?birthdate=ge1980-05-06', ['p1', 'p2']],
    ['Patient?birthdate=sa1979', ['p1', 'p2']],
    ['Patient?birthdate=ne1980', []],
    ['Patient?_id=p1,p3', ['p1', 'p3']],
    ['Patient?_id:not=p1', ['p2', 'p3']],
    ['Patient?_id:not=p1,p2', ['p3']],
    ['Patient?_id:missing=true', []],
    ['Patient?_id:missing=false&gender=male', ['p2']],
    ['Observation?patient._id:not=p1', ['o2']],
    ['Patient?_lastUpdated:missing=true', []],
    ['Patient?_lastUpdated:missing=false', ['p1', 'p2', 'p3']],
    ['Patient?_lastUpdated=ap2026-03-02', ['p1', 'p2', 'p3']],
    ['Patient?_lastUpdated=2026-02', []],
    ['Patient?_lastUpdated=ap2026-02', ['p1', 'p2', 'p3']],
    ['Patient?_lastUpdated=ap2020', []],
    ['Patient?name=mull&gender=male', ['p2']],
    ['Observation?code=29463-7&subject=Patient/p1', ['o1', 'o3']],
    ['Observation?code:text=body', ['o1', 'o2', 'o3']],
    ['Observation?patient=p2', ['o2']],
    ['Observation?subject:Patient=p2', ['o2']],
    ['Observation?subject:Patient.name=mullen', ['o2']],
    ['Observation?patient.gender=female', ['o1', 'o3']],
    ['Observation?value-quantity=70|http://unitsofmeasure.org|kg', ['o1', 'o2']],
    ['Observation?value-quantity=70||kg', ['o1']],
    ['Observation?value-quantity=gt70000', []],
    ['Observation?date=2026-03-01', ['o1', 'o2']],
    ['Observation?date=lt2026-02-10', ['o3']],
    ['Observation?date=ge2026-03-01T12:00:00Z', ['o2', 'o3']],
    ['Observation?code-value-quantity=http://loinc.org|29463-7$70', ['o1']],
    ['Patient?_has:Observation:patient:code=29463-7', ['p1', 'p2']],
    ['Patient?_has:Observation:patient:_id=o2', ['p2']],
    ['Questionnaire?url=http://example.org/q/one', ['q1']],
    ['Questionnaire?url:below=http://example.org/q', ['q1']],
    ['Questionnaire?url:below=http://example.org/q/', ['q1']],
    ['Questionnaire?url:below=http://example.org/q/o', []],
    ['Questionnaire?url:above=http://example.org/q/one/two', ['q1']],
    ['RiskAssessment?probability=gt0.7', ['r1']],
    ['RiskAssessment?probability=0.8', ['r1']],
    ['RiskAssessment?probability=lt0.8', []],
    ['Patient?_lastUpdated=gt2030', []],
    ['Patient?_lastUpdated=ge2026-03-02', ['p1', 'p2', 'p3']],
    ['Patient?_list=l1', ['p1', 'p3']],
    ['CarePlan?instantiates-canonical=http://example.org/pd/one', ['plan']],
    ['CarePlan?instantiates-canonical=http://example.org/pd/one|1.0', ['plan']],
    ['CarePlan?instantiates-canonical=http://example.org/pd/one|2.0', []],
    ['Condition?code:text=in low', ['c2']],
    ['Condition?code:text=blue', ['c1', 'c2']],
  ];

  it.each(cases)('%s', async (query, expected) => {
    const found = await ask(`GET ${query}`);
    expect(found.status).toBe(200);
    expect(matchesOf(found).sort()).toEqual(expected);
    expect(found.body.total).toBe(expected.length);
  });

  it('includes follow references forwards and backwards, and again when they iterate', async () => {
    const forward = await ask('GET Observation?_id=o1&_include=Observation:subject');
    expect(forward.body.entry.map((e: { resource: { id: string } }) => e.resource.id)).toEqual(['o1', 'p1']);
    const back = await ask('GET Patient?_id=p1&_revinclude=Observation:subject');
    expect(back.body.entry.map((e: { resource: { id: string } }) => e.resource.id).sort()).toEqual(['o1', 'o3', 'p1']);
    const again = await ask(
      'GET Observation?_id=o1&_include=Observation:subject&_revinclude:iterate=RiskAssessment:subject',
    );
    expect(again.body.entry.map((e: { resource: { id: string } }) => e.resource.id)).toEqual(['o1', 'p1', 'r1']);
  });

  it('sorts by dates, strings and columns in both directions, absent values last', async () => {
    expect(matchesOf(await ask('GET Patient?_sort=birthdate'))).toEqual(expect.arrayContaining(['p3']));
    expect(matchesOf(await ask('GET Patient?_sort=-birthdate')).at(-1)).toBe('p3');
    expect(matchesOf(await ask('GET Patient?_sort=family'))).toEqual(['p2', 'p1', 'p3']);
    expect(matchesOf(await ask('GET Patient?_sort=-family,_id'))).toEqual(['p3', 'p1', 'p2']);
    expect(matchesOf(await ask('GET Patient?_sort=-_id'))).toEqual(['p3', 'p2', 'p1']);
  });

  it('pages of a sorted search follow each other', async () => {
    const first = await ask('GET Patient?_sort=-family&_count=2');
    const next = first.body.link.find((l: { relation: string }) => l.relation === 'next').url;
    expect(matchesOf(first)).toEqual(['p3', 'p1']);
    expect(matchesOf(await ask(`GET ${next}`))).toEqual(['p2']);
  });

  it('_elements and _summary shorten and mark what they shortened', async () => {
    const { body } = await ask('GET Observation?_id=o1&_elements=subject');
    expect(Object.keys(body.entry[0].resource).sort()).toEqual([
      'code',
      'id',
      'meta',
      'resourceType',
      'status',
      'subject',
    ]);
    expect(body.entry[0].resource.meta.tag[0].code).toBe('SUBSETTED');
    const choice = await ask('GET Observation?_id=o1&_elements=value');
    expect(choice.body.entry[0].resource.valueQuantity.value).toBe(70);
    const order = {
      resourceType: 'ServiceRequest',
      status: 'active',
      intent: 'order',
      subject: { reference: 'Patient/p1' },
      asNeededBoolean: true,
      note: [{ text: 'x' }],
    };
    const { id } = (await ask('POST ServiceRequest', order)).body;
    const short = (await ask(`GET ServiceRequest/${id}?_summary=true`)).body;
    expect([short.asNeededBoolean, short.note]).toEqual([true, undefined]);
    expect((await ask('GET Observation?_summary=count')).body).toMatchObject({ total: 3 });
  });

  it('an unknown parameter is refused under strict handling and reported under lenient', async () => {
    expect((await ask('GET Patient?nonsense=1', undefined, { prefer: 'handling=strict' })).status).toBe(400);
    const lenient = await ask('GET Patient?nonsense=1&_id=p1');
    expect(lenient.body.entry.map((e: { search: { mode: string } }) => e.search.mode)).toEqual(['match', 'outcome']);
    expect(lenient.body.link[0].url).not.toContain('nonsense');
  });

  it('a parameter that is not indexed is never taken for one that matches nothing', async () => {
    for (const query of ['Patient?_text=x', 'Patient?_content=x', 'Location?near=1|2', 'Patient?_filter=name eq x']) {
      expect((await ask(`GET ${query}`, undefined, { prefer: 'handling=strict' })).status).toBe(400);
      expect((await ask(`GET ${query}`)).body.entry.at(-1).resource.resourceType).toBe('OperationOutcome');
    }
  });

  it('a bad value, modifier or cursor is 400', async () => {
    for (const query of [
      'Patient?birthdate=yesterday',
      'Patient?name:nonsense=x',
      'Patient?_count=x',
      'Patient?_id:text=p1',
      'Patient?_id:missing=maybe',
      'Patient?_cursor=x',
      'Observation?value-quantity=heavy',
    ]) {
      expect((await ask(`GET ${query}`)).status).toBe(400);
    }
  });

  it('a search by POST is the same search', async () => {
    const found = await ask('POST Patient/_search', 'name=mull&gender=male', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(matchesOf(found)).toEqual(['p2']);
  });
});
