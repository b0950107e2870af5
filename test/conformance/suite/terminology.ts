import assert from 'node:assert/strict';
import { type Check, parameterOf } from './api.ts';

const GENDER = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const GENDER_SYSTEM = 'http://hl7.org/fhir/administrative-gender';

/** Terminology of R4, offline. Source: FHIR R4 terminology-service.html. */
export const TERMINOLOGY: readonly Check[] = [
  {
    name: 'ValueSet/$expand: by url, filtered, paged; an unknown one is 404',
    run: async (api) => {
      const codes = async (query: string): Promise<string[]> =>
        (await api.ask(`GET ValueSet/$expand?${query}`)).body.expansion.contains.map(
          ({ code }: { code: string }) => code,
        );
      const all = await codes(`url=${GENDER}`);
      assert.deepEqual(all.toSorted(), ['female', 'male', 'other', 'unknown']);
      assert.deepEqual(await codes(`url=${GENDER}&filter=fem`), ['female']);
      assert.deepEqual(await codes(`url=${GENDER}&count=2&offset=1`), all.slice(1, 3));
      assert.equal((await api.ask('GET ValueSet/$expand?url=http://nowhere.example/vs')).status, 404);
    },
  },
  {
    name: 'ValueSet/$validate-code and CodeSystem/$validate-code',
    run: async (api) => {
      const result = async (query: string) => parameterOf(await api.ask(`GET ${query}`), 'result');
      assert.equal(await result(`ValueSet/$validate-code?url=${GENDER}&system=${GENDER_SYSTEM}&code=female`), true);
      assert.equal(await result(`ValueSet/$validate-code?url=${GENDER}&system=${GENDER_SYSTEM}&code=f`), false);
      assert.equal(await result(`CodeSystem/$validate-code?url=${GENDER_SYSTEM}&code=male`), true);
    },
  },
  {
    name: 'ConceptMap/$translate over a map of this run',
    run: async (api) => {
      const url = `urn:conformance:${api.run}:map`;
      const target = [{ code: 'female', equivalence: 'equivalent' }];
      const stored = await api.ask('POST ConceptMap', {
        resourceType: 'ConceptMap',
        url,
        status: 'active',
        group: [{ source: `${url}:from`, target: GENDER_SYSTEM, element: [{ code: 'F', target }] }],
      });
      assert.equal(stored.status, 201);
      const translated = async (code: string) =>
        api.ask(`GET ConceptMap/$translate?url=${url}&system=${url}:from&code=${code}`);
      assert.equal(parameterOf(await translated('F'), 'result'), true);
      assert.ok(JSON.stringify((await translated('F')).body).includes('"female"'));
      assert.equal(parameterOf(await translated('X'), 'result'), false);
    },
  },
];
