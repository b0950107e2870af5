import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Ask, askAs } from '../support/ask.ts';
import { client, ENGINES, openTestStore, type TestStore } from '../support/test-store.ts';

const codesOf = ({ body }: Answer): string[] =>
  (body.expansion.contains ?? []).map(({ code }: { code: string }) => code);
const valueIn = ({ body }: Answer, name: string): unknown => {
  const part = (body.parameter as Record<string, unknown>[]).find((each) => each.name === name);
  return part && Object.entries(part).find(([key]) => key.startsWith('value'))?.[1];
};
const GENDER = 'http://hl7.org/fhir/ValueSet/administrative-gender';

describe.each(ENGINES)('terminology operations on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  let other: Ask;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
    other = askAs(hub.fhir, client('org-b'));
  });
  afterAll(() => hub?.close());

  it('$expand gives a value set of R4 by url, filtered and paged', async () => {
    const whole = await ask(`GET ValueSet/$expand?url=${GENDER}`);
    expect(whole.status).toBe(200);
    expect(codesOf(whole).toSorted()).toEqual(['female', 'male', 'other', 'unknown']);
    expect(codesOf(await ask(`GET ValueSet/$expand?url=${GENDER}&filter=fem`))).toEqual(['female']);
    const page = await ask(`GET ValueSet/$expand?url=${GENDER}&count=2&offset=1`);
    expect(codesOf(page)).toEqual(codesOf(whole).slice(1, 3));
    expect(page.body.expansion).toMatchObject({ total: 4, offset: 1 });
  });

  it('$expand says which systems are not held here instead of leaving their codes out in silence', async () => {
    const mixed = await ask('POST ValueSet/$expand', {
      resourceType: 'ValueSet',
      status: 'active',
      compose: {
        include: [
          { system: 'http://hl7.org/fhir/administrative-gender' },
          { system: 'http://snomed.info/sct', filter: [{ property: 'concept', op: 'is-a', value: '404684003' }] },
        ],
      },
    });
    expect(mixed.status).toBe(200);
    expect(mixed.body.expansion.extension[0]).toMatchObject({ valueBoolean: true });
    expect(mixed.body.expansion.parameter).toContainEqual({
      name: 'not-held-here',
      valueUri: 'http://snomed.info/sct',
    });
    const none = await ask('POST ValueSet/$expand', {
      resourceType: 'ValueSet',
      status: 'active',
      compose: { include: [{ system: 'http://snomed.info/sct' }] },
    });
    expect(none.status).toBe(422);
    expect((await ask('GET ValueSet/$expand?url=http://nowhere.example/vs')).status).toBe(404);
  });

  it('stored value sets and code systems count, with hierarchies and imports; nobody redefines what R4 defines', async () => {
    const system = await ask('POST CodeSystem', {
      resourceType: 'CodeSystem',
      url: 'urn:test:mood',
      name: 'Mood',
      status: 'active',
      content: 'complete',
      caseSensitive: true,
      concept: [
        {
          code: 'low',
          display: 'Low mood',
          definition: 'Below usual',
          concept: [{ code: 'very-low', display: 'Very low mood' }],
        },
        { code: 'high', display: 'High mood' },
      ],
    });
    expect(system.status).toBe(201);
    const made = await ask('POST ValueSet', {
      resourceType: 'ValueSet',
      url: 'urn:test:low-moods',
      name: 'LowMoods',
      status: 'active',
      compose: {
        include: [
          { system: 'urn:test:mood', filter: [{ property: 'concept', op: 'is-a', value: 'low' }] },
          { valueSet: [GENDER] },
        ],
      },
    });
    expect(codesOf(await other('GET ValueSet/$expand?url=urn:test:low-moods&filter=mood'))).toEqual([
      'low',
      'very-low',
    ]);
    expect(codesOf(await other(`GET ValueSet/${made.body.id}/$expand?filter=male`))).toEqual(['male']);
    const looked = await other('GET CodeSystem/$lookup?system=urn:test:mood&code=low');
    expect(valueIn(looked, 'display')).toBe('Low mood');
    expect(valueIn(looked, 'definition')).toBe('Below usual');
    expect(JSON.stringify(looked.body)).toContain('very-low');
    await ask('POST ValueSet', {
      resourceType: 'ValueSet',
      url: GENDER,
      status: 'active',
      compose: { include: [{ system: 'urn:test:mood' }] },
    });
    expect(codesOf(await other(`GET ValueSet/$expand?url=${GENDER}`))).not.toContain('low');
  });

  it.each([
    [`ValueSet/$validate-code?url=${GENDER}&code=female&system=http://hl7.org/fhir/administrative-gender`, true],
    [`ValueSet/$validate-code?url=${GENDER}&code=woman&system=http://hl7.org/fhir/administrative-gender`, false],
    [
      `ValueSet/$validate-code?url=${GENDER}&code=female&system=http://hl7.org/fhir/administrative-gender&display=Man`,
      false,
    ],
    ['CodeSystem/$validate-code?url=http://hl7.org/fhir/CodeSystem/task-code&code=fulfill', true],
    ['CodeSystem/$validate-code?url=http://hl7.org/fhir/CodeSystem/task-code&code=fulfil', false],
    ['CodeSystem/$validate-code?url=https://handoff.example/fhir/CodeSystem/level-of-care&code=php', true],
    ['CodeSystem/$validate-code?url=http://loinc.org&code=91006-2', false],
  ])('%s is %s', async (address, expected) => {
    const answer = await ask(`GET ${address}`);
    expect(answer.status).toBe(200);
    expect(valueIn(answer, 'result')).toBe(expected);
  });

  it('what cannot be told offline is refused and not guessed', async () => {
    expect((await ask('GET CodeSystem/$validate-code?url=http://loinc.org&code=44261-6')).status).toBe(422);
    expect((await ask('GET CodeSystem/$lookup?system=http://snomed.info/sct&code=404684003')).status).toBe(422);
    expect(
      (await ask('GET CodeSystem/$lookup?system=http://hl7.org/fhir/CodeSystem/task-code&code=nothing')).status,
    ).toBe(404);
  });

  it('a parameter that would change the answer and is not supported is refused', async () => {
    expect((await ask(`GET ValueSet/$expand?url=${GENDER}&system-version=x|1`)).status).toBe(400);
    expect((await ask('GET ConceptMap/$translate?system=urn:a&code=1&dependency=x')).status).toBe(400);
  });

  it('a CodeableConcept is valid when one of its codings is', async () => {
    const answer = await ask('POST ValueSet/$validate-code', {
      resourceType: 'Parameters',
      parameter: [
        { name: 'url', valueUri: GENDER },
        {
          name: 'codeableConcept',
          valueCodeableConcept: {
            coding: [
              { system: 'urn:local', code: 'w' },
              { system: 'http://hl7.org/fhir/administrative-gender', code: 'female' },
            ],
          },
        },
      ],
    });
    expect(valueIn(answer, 'result')).toBe(true);
  });

  it("$translate works on the hub's own tables and on stored maps, both ways", async () => {
    const own = await ask('GET ConceptMap/$translate?system=http://terminology.hl7.org/CodeSystem/v2-0001&code=F');
    expect(valueIn(own, 'result')).toBe(true);
    expect(JSON.stringify(own.body)).toContain('"female"');
    const made = await ask('POST ConceptMap', {
      resourceType: 'ConceptMap',
      url: 'urn:test:map',
      status: 'active',
      group: [
        {
          source: 'urn:a',
          target: 'urn:b',
          element: [{ code: '1', target: [{ code: 'one', equivalence: 'wider' }] }],
          unmapped: { mode: 'fixed', code: 'other' },
        },
      ],
    });
    const forward = await other('GET ConceptMap/$translate?url=urn:test:map&system=urn:a&code=1');
    expect(forward.body.parameter[1].part).toEqual([
      { name: 'equivalence', valueCode: 'wider' },
      { name: 'concept', valueCoding: { system: 'urn:b', code: 'one' } },
      { name: 'source', valueUri: 'urn:test:map' },
    ]);
    const back = await other(`GET ConceptMap/${made.body.id}/$translate?system=urn:b&code=one&reverse=true`);
    expect(back.body.parameter[1].part[0]).toEqual({ name: 'equivalence', valueCode: 'narrower' });
    const fixed = await other('GET ConceptMap/$translate?url=urn:test:map&system=urn:a&code=9');
    expect(JSON.stringify(fixed.body)).toContain('"other"');
    const nothing = await other('GET ConceptMap/$translate?system=urn:nowhere&code=9');
    expect(valueIn(nothing, 'result')).toBe(false);
  });

  it('needs the scope to read what it answers from, and stands in metadata', async () => {
    const poor = askAs(hub.fhir, client('org-a', ['system/Patient.rs']));
    expect((await poor(`GET ValueSet/$expand?url=${GENDER}`)).status).toBe(403);
    const { body } = await ask('GET metadata');
    const served = body.rest[0].resource
      .find(({ type }: { type: string }) => type === 'ValueSet')
      .operation.map(({ name }: { name: string }) => name);
    expect(served).toEqual(expect.arrayContaining(['expand', 'validate-code']));
    expect((await ask('DELETE ValueSet/$expand')).status).toBe(405);
  });
});
