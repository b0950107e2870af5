import { readFileSync } from 'node:fs';
import type { CapabilityStatement } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadDefinitions } from '../../src/fhir/definitions.ts';
import type { FhirRequest, FhirResponse } from '../../src/server/exchange.ts';
import { refusalOf } from '../../src/server/refusal.ts';
import { type MemoryStore, memoryStore } from '../unit/server/support/memory-store.ts';

const base = 'http://hub.test/fhir/R4';
const actor = { kind: 'operator' as const, id: 'op', scopes: ['system/*.cruds'] };

/** A value that each type of parameter must at least understand. */
const SAMPLE: Readonly<Record<string, string>> = {
  token: 'urn:system|code',
  string: 'text',
  date: 'ge2026-01-01',
  number: 'gt1',
  quantity: 'gt1|http://unitsofmeasure.org|mg',
  reference: 'Patient/1',
  uri: 'http://example.org/x',
};
const MODIFIED: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  token: [
    ['not', 'code'],
    ['text', 'x'],
    ['missing', 'true'],
    ['of-type', 'urn:s|c|v'],
  ],
  string: [
    ['exact', 'x'],
    ['contains', 'x'],
    ['missing', 'false'],
  ],
  date: [['missing', 'true']],
  number: [['missing', 'true']],
  quantity: [['missing', 'true']],
  reference: [
    ['missing', 'true'],
    ['identifier', 'urn:s|v'],
    ['Patient', '1'],
  ],
  uri: [
    ['below', 'http://x'],
    ['above', 'http://x/y'],
    ['missing', 'true'],
  ],
};

const definitions = loadDefinitions(readFileSync(new URL('../../build/definitions.json.gz', import.meta.url)));

function compositeSample(code: string, type: string): string {
  const second = definitions.searchParameter(type, code)!.component![1]!.definition;
  return `urn:s|c$${SAMPLE[definitions.searchParameterByUrl(second)!.type]!}`;
}

describe('what metadata claims', () => {
  let store: MemoryStore;
  let statement: CapabilityStatement;
  const ask = async (
    method: FhirRequest['method'],
    path: readonly string[],
    query: readonly (readonly [string, string])[] = [],
    body?: object,
  ) => {
    const request = {
      method,
      path,
      query,
      headers: { prefer: 'handling=strict' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    };
    try {
      return await store.run<FhirResponse>('fhir.handle', { request, actor, at: 1, base });
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      return { status: refusal.status, headers: {}, body: JSON.stringify(refusal.outcome) };
    }
  };
  beforeAll(async () => {
    store = await memoryStore();
    statement = JSON.parse((await ask('GET', ['metadata'])).body!) as CapabilityStatement;
  });

  it('every search parameter of every type is understood, with the modifiers of its kind', {
    timeout: 120_000,
  }, async () => {
    const refused: string[] = [];
    let asked = 0;
    for (const { type, searchParam } of statement.rest![0]!.resource!) {
      for (const { name, type: kind } of searchParam ?? []) {
        const target = kind === 'composite' ? compositeSample(name, type!) : SAMPLE[kind]!;
        const queries = [
          [name, target] as const,
          ...(name.startsWith('_')
            ? []
            : (MODIFIED[kind] ?? []).map(([modifier, value]) => [`${name}:${modifier}`, value] as const)),
        ];
        for (const query of queries) {
          asked += 1;
          const { status, body } = await ask('GET', [type!], [query, ['_count', '1']]);
          if (status !== 200) refused.push(`${type}?${query.join('=')}: ${body?.slice(0, 200)}`);
        }
      }
    }
    expect(refused).toEqual([]);
    expect(asked).toBeGreaterThan(5000);
  });

  it('every include is understood, forwards and backwards', { timeout: 60_000 }, async () => {
    for (const { type, searchInclude, searchRevInclude } of statement.rest![0]!.resource!) {
      for (const include of searchInclude ?? []) {
        expect([include, (await ask('GET', [type!], [['_include', include]])).status]).toEqual([include, 200]);
      }
      for (const include of searchRevInclude ?? []) {
        expect([include, (await ask('GET', [type!], [['_revinclude', include]])).status]).toEqual([include, 200]);
      }
    }
  });

  it('every interaction is served on every type', async () => {
    for (const { type, interaction } of statement.rest![0]!.resource!) {
      const codes = interaction!.map(({ code }) => code);
      expect(codes).toEqual(
        expect.arrayContaining([
          'read',
          'vread',
          'update',
          'patch',
          'delete',
          'create',
          'search-type',
          'history-instance',
          'history-type',
        ]),
      );
      // Not found, refused as invalid, and the like: but never unknown.
      expect((await ask('GET', [type!, 'none'])).status).toBe(404);
      expect((await ask('GET', [type!, 'none', '_history'])).status).toBe(404);
      expect((await ask('GET', [type!, 'none', '_history', '1'])).status).toBe(404);
      expect((await ask('DELETE', [type!, 'none'])).status).toBe(204);
      expect((await ask('GET', [type!, '_history'])).status).toBe(200);
      expect([201, 422]).toContain((await ask('POST', [type!], [], { resourceType: type! })).status);
      expect([200, 201, 422]).toContain(
        (await ask('PUT', [type!, 'one'], [], { resourceType: type!, id: 'one' })).status,
      );
    }
  });
});
