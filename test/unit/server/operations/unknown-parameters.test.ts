import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, askAs, matchesOf } from '../support/ask.ts';
import { patient } from '../support/records.ts';
import { client, openTestStore, type TestStore } from '../support/test-store.ts';

const STRICT = { prefer: 'handling=strict' };
const REPORTED = {
  search: { mode: 'outcome' },
  resource: {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'warning', code: 'not-supported', diagnostics: 'parameter colour was ignored' }],
  },
};
const GENDERS = 'url=http://hl7.org/fhir/ValueSet/administrative-gender';
const asked = (...names: string[]) => ({
  resourceType: 'Parameters',
  parameter: names.map((name) =>
    name === 'resource' ? { name, resource: patient({ birthDate: '1980-01-01' }) } : { name, valueString: 'red' },
  ),
});

describe('parameters that an operation does not know', () => {
  let hub: TestStore;
  let ask: Ask;
  let id: string;
  beforeAll(async () => {
    hub = await openTestStore('sqlite');
    ask = askAs(hub.fhir, client('org-a'));
    id = (await ask('POST Patient', patient({ birthDate: '1980-01-01' }))).body.id;
  });
  afterAll(() => hub?.close());

  it('are told in the searchset of $everything and $match, and are not in its links', async () => {
    const everything = await ask(`GET Patient/${id}/$everything?colour=red&_count=5`);
    expect(matchesOf(everything)).toContain(id);
    expect(everything.body.entry.at(-1)).toMatchObject(REPORTED);
    expect(everything.body.link[0].url).toBe(`http://hub.test/fhir/R4/Patient/${id}/$everything?_count=5`);
    const nothing = await ask(`GET Patient/${id}/$everything?_type=Goal&colour=red`);
    expect(nothing.body.entry).toMatchObject([REPORTED]);
    const match = await ask('POST Patient/$match', asked('resource', 'colour'));
    expect(matchesOf(match)).toEqual([id]);
    expect(match.body.entry.at(-1)).toMatchObject(REPORTED);
  });

  it('are told by a Warning where the answer has no place for them', async () => {
    const told = '299 - "not known and ignored: colour"';
    for (const request of [`GET ValueSet/$expand?${GENDERS}&colour=red`, `GET Patient/${id}/$validate?colour=red`])
      expect((await ask(request)).headers.warning).toBe(told);
    expect((await ask('POST Patient/$validate', asked('resource', 'colour'))).headers.warning).toBe(told);
    expect((await ask(`GET ValueSet/$expand?${GENDERS}&_format=json`)).headers.warning).toBeUndefined();
  });

  it.each([
    ['GET Patient/ID/$everything?colour=red', undefined],
    ['POST Patient/ID/$everything', asked('colour')],
    [`GET ValueSet/$expand?${GENDERS}&colour=red`, undefined],
    ['POST Patient/$match', asked('resource', 'colour')],
    ['POST Patient/$validate', asked('resource', 'colour')],
  ])('%s is refused under strict handling, and names no value', async (request, body) => {
    const refused = await ask(request.replace('ID', id), body, STRICT);
    expect([refused.status, refused.body.issue[0].code]).toEqual([400, 'not-supported']);
    expect(refused.body.issue[0].diagnostics).toContain('colour');
    expect(JSON.stringify(refused.body)).not.toContain('red');
  });

  it('a page size that is none is refused', async () => {
    expect((await ask(`GET Patient/${id}/$everything?_count=many`)).status).toBe(400);
  });
});
