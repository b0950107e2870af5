import { beforeAll, describe, expect, it } from 'vitest';
import type { FhirResponse } from '../../../src/server/exchange.ts';
import { refusalOf } from '../../../src/server/refusal.ts';
import { SEARCH_LIMITS } from '../../../src/server/search-request.ts';
import { type MemoryStore, memoryStore } from './support/memory-store.ts';
import { client } from './support/test-store.ts';

const UCUM = 'http://unitsofmeasure.org';
const { valuesMax, conditionsMax } = SEARCH_LIMITS;
const TOO_MUCH = '400 too-costly';
const operator = { kind: 'operator', id: 'op', scopes: ['system/*.cruds'] };

/** The largest searches that the limits let through, of each kind of parameter: every one has its answer, none is too much for the engine. */
describe('searches as large as they may be', () => {
  let store: MemoryStore;
  beforeAll(async () => {
    store = await memoryStore();
  });
  const statusOf = async (
    type: string,
    name: string,
    values: number,
    conditions: number,
    value: (n: number) => string,
    actor: object,
  ) => {
    const text = Array.from({ length: values }, (_, n) => value(n)).join(',');
    const query = Array.from({ length: conditions }, () => [name, text]);
    try {
      const request = { method: 'GET', path: [type], query, headers: {} };
      return (await store.run<FhirResponse>('fhir.handle', { request, actor, at: 1, base: 'http://hub.test' })).status;
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      return `${refusal.status} ${refusal.outcome.issue[0]?.code}`;
    }
  };

  it.each<[string, string, (n: number) => string]>([
    ['Patient', 'family', (n) => `f${n}`],
    ['Patient', 'family:exact', (n) => `f${n}`],
    ['Patient', 'family:contains', (n) => `f${n}`],
    ['Patient', 'birthdate', (n) => `ne${1500 + n}`],
    ['Patient', '_lastUpdated', (n) => `ap${1500 + n}`],
    ['Patient', '_id', (n) => `i${n}`],
    ['Patient', 'identifier', (n) => `urn:x|${n}`],
    ['Patient', 'identifier:not', (n) => `urn:x|${n}`],
    ['Patient', 'identifier:of-type', (n) => `urn:x|MR|${n}`],
    ['Patient', 'organization', (n) => `Organization/o${n}`],
    ['Patient', 'general-practitioner', (n) => `g${n}`],
    ['Observation', 'value-quantity', (n) => `ap${n}|${UCUM}|kPa`],
    ['Observation', 'code-value-quantity', (n) => `8480-6$ap${n}|${UCUM}|kPa`],
    ['RiskAssessment', 'probability', (n) => `ap0.${n}`],
    ['ValueSet', 'url:above', (n) => `http://a.example/b/c/d/e/f/g/h/${n}`],
    ['ValueSet', 'url:below', (n) => `http://a.example/${n}`],
    ['Observation', 'subject:Patient.family', (n) => `f${n}`],
    ['Patient', '_has:Observation:patient:value-quantity', (n) => `ap${n}|${UCUM}|kPa`],
  ])('%s?%s', async (type, name, value) => {
    expect(await statusOf(type, name, valuesMax, 1, value, operator)).toBe(200);
    expect([200, TOO_MUCH]).toContain(await statusOf(type, name, valuesMax, 4, value, client('org-a')));
    expect([200, TOO_MUCH]).toContain(await statusOf(type, name, 30, conditionsMax, value, client('org-a')));
  });

  it('what is more than an engine takes is refused, however it comes about', async () => {
    expect(await statusOf('Patient', 'family', valuesMax + 1, 1, (n) => `f${n}`, operator)).toBe(TOO_MUCH);
    expect(await statusOf('Patient', 'family', valuesMax, conditionsMax, (n) => `f${n}`, operator)).toBe(TOO_MUCH);
    expect(await statusOf('Observation', 'focus', valuesMax, 1, (n) => `f${n}`, operator)).toBe(TOO_MUCH);
    const long = `http://a.example/${'b/'.repeat(100)}`;
    expect(await statusOf('ValueSet', 'url:above', valuesMax, 1, () => long, operator)).toBe(TOO_MUCH);
  });
});
