import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Ask, askAs } from '../support/ask.ts';
import { client, ENGINES, openTestStore, type TestStore } from '../support/test-store.ts';

const MRN = 'urn:oid:1.2.3.4';
const SSN = 'http://hl7.org/fhir/sid/us-ssn';
const ada = {
  resourceType: 'Patient',
  identifier: [
    { system: MRN, value: 'A1' },
    { system: SSN, value: '999-99-1234' },
  ],
  name: [{ family: 'Testwell', given: ['Ada'] }],
  birthDate: '1980-02-03',
  gender: 'female',
  telecom: [{ system: 'phone', value: '(555) 010-1234' }],
  address: [{ line: ['1 Sample St'], city: 'Town', postalCode: '00001' }],
};
const { identifier: _identifier, ...adaWithoutNumbers } = ada;
const gradesOf = ({ body }: Answer): string[] =>
  (body.entry ?? []).map(
    (each: { search: { extension: { valueCode: string }[] } }) => each.search.extension[0]!.valueCode,
  );

describe.each(ENGINES)('Patient/$match on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  let other: Ask;
  const match = (as: Ask, resource: object, more: object[] = []) =>
    as('POST Patient/$match', { resourceType: 'Parameters', parameter: [{ name: 'resource', resource }, ...more] });
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
    other = askAs(hub.fhir, client('org-b'));
    await ask('POST Patient', ada);
    await ask('POST Patient', {
      ...adaWithoutNumbers,
      identifier: [{ system: MRN, value: 'A2' }],
      name: [{ family: 'Testwell', given: ['Eve'] }],
    });
  });
  afterAll(() => hub?.close());

  it('identifier, name and birth date together are certain, and the best comes first', async () => {
    const found = await match(ask, ada);
    expect(found.status).toBe(200);
    expect(gradesOf(found)[0]).toBe('certain');
    expect(found.body.entry[0].search).toMatchObject({ mode: 'match', score: 1 });
    expect(found.body.entry[0].resource.name[0].given).toEqual(['Ada']);
    const scores = found.body.entry.map((each: { search: { score: number } }) => each.search.score);
    expect(scores).toEqual(scores.toSorted((a: number, b: number) => b - a));
  });

  it('demographics alone are never certain', async () => {
    const found = await match(ask, adaWithoutNumbers);
    expect(gradesOf(found)[0]).toBe('probable');
    expect(gradesOf(found)).not.toContain('certain');
    const certain = await match(ask, adaWithoutNumbers, [{ name: 'onlyCertainMatches', valueBoolean: true }]);
    expect(certain.body.entry).toBeUndefined();
  });

  it('a shared social security number alone finds nobody', async () => {
    const found = await match(ask, { resourceType: 'Patient', identifier: [{ system: SSN, value: '999-99-1234' }] });
    expect(found.body.total).toBe(0);
  });

  it('swapped month and day are a possible slip, another name and date under one number are not the same human', async () => {
    expect(gradesOf(await match(ask, { ...ada, birthDate: '1980-03-02' }))[0]).toBe('probable');
    const { telecom: _telecom, ...unreached } = ada;
    const wrong = { ...unreached, name: [{ family: 'Other', given: ['Zoe'] }], birthDate: '1999-12-31' };
    expect(gradesOf(await match(ask, wrong))).not.toContain('certain');
    expect((await match(ask, wrong)).body.total).toBe(0);
  });

  it('never shows a patient the reader may not see', async () => {
    const found = await match(other, ada);
    expect(found.status).toBe(200);
    expect(found.body.total).toBe(0);
  });

  it('count limits, and what is no Patient is refused', async () => {
    expect((await match(ask, adaWithoutNumbers, [{ name: 'count', valueInteger: 1 }])).body.entry).toHaveLength(1);
    expect((await ask('POST Patient/$match', { resourceType: 'Parameters' })).status).toBe(400);
    expect((await match(askAs(hub.fhir, client('org-a', ['system/Observation.rs'])), ada)).status).toBe(403);
  });

  it('two certain persons give no certain match', async () => {
    const twin = { ...ada, identifier: [{ system: 'urn:oid:1.2.3.5', value: 'B1' }] };
    await ask('POST Patient', twin);
    const both = { ...ada, identifier: [...ada.identifier, ...twin.identifier] };
    expect(gradesOf(await match(ask, both)).filter((grade) => grade === 'certain')).toHaveLength(2);
    const found = await match(ask, both, [{ name: 'onlyCertainMatches', valueBoolean: true }]);
    expect(found.body.total).toBe(0);
  });
});
