import { expect, it } from 'vitest';
import type { FhirResponse } from '../../../src/server/exchange.ts';
import { parameterKey } from '../../../src/server/index-rows.ts';
import { memoryStore } from './support/memory-store.ts';
import { client } from './support/test-store.ts';

const UCUM = 'http://unitsofmeasure.org';

it('a composite of a store that an earlier release filled, without base units, is found by its own unit', async () => {
  const store = await memoryStore();
  const ask = (method: string, path: readonly string[], query: readonly (readonly [string, string])[], body?: object) =>
    store.run<FhirResponse>('fhir.handle', {
      request: { method, path, query, headers: {}, ...(body ? { body: JSON.stringify(body) } : {}) },
      actor: client('org-a'),
      at: 1,
      base: 'http://hub.test/fhir/R4',
    });
  await ask('PUT', ['Observation', 'o'], [], {
    resourceType: 'Observation',
    id: 'o',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
    valueQuantity: { value: 100, system: UCUM, code: 'mm[Hg]' },
  });
  const total = async (quantity: string): Promise<number> => {
    const { body } = await ask('GET', ['Observation'], [['code-value-quantity', `8480-6$${quantity}`]]);
    return (JSON.parse(body!) as { total: number }).total;
  };
  expect([await total(`100|${UCUM}|mm[Hg]`), await total(`gt13|${UCUM}|kPa`)]).toEqual([1, 1]);
  const key = parameterKey('Observation', 'code-value-quantity:canonical');
  await store.tx.run('DELETE FROM idx_composite WHERE p = ?', [key]);
  expect([await total(`100|${UCUM}|mm[Hg]`), await total(`gt13|${UCUM}|kPa`)]).toEqual([1, 0]);
  store.close();
});
