import { readdirSync, readFileSync } from 'node:fs';
import type { Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/fhir/canonical.ts';
import { loadDefinitions } from '../../src/fhir/definitions.ts';
import type { IndexValue } from '../../src/fhir/index-values.ts';
import { extract } from '../../src/fhir/search-values.ts';
import type { FhirResponse } from '../../src/server/exchange.ts';
import { refusalOf } from '../../src/server/refusal.ts';
import { type MemoryStore, memoryStore } from '../unit/server/support/memory-store.ts';

const FOLDER = new URL('../../node_modules/hl7.fhir.r4.examples/', import.meta.url);
/** Every n-th example; HANDOFF_EXAMPLES=all takes every one. */
const EVERY = process.env.HANDOFF_EXAMPLES === 'all' ? 1 : 6;
const BYTES_MAX = 300_000;

/** What is wrong with published examples by R4's own rules; nothing else may be refused. */
const PUBLISHED_FAULTS: readonly RegExp[] = [
  /SearchParameter\.base: is required/,
  /\(sdf-4\)/,
  /text\.div: must have some text/,
  /reference: is not a literal reference/,
  /CodeSystem\.concept\[\d+\]\.code: must have no white space/,
  /must refer to /,
  /Questionnaire\.item.*linkId: is required/,
  /the id is not a FHIR id/,
  // Not a fault of the example:  is a status only a server gives.
  /asks for a subscription by the status requested/,
];

const base = 'http://hub.test/fhir/R4';
const actor = { kind: 'operator' as const, id: 'op', scopes: ['system/*.cruds'] };

/** A query value that must find a resource with this index value; undefined where the text form does not carry it whole. */
function queryValue(value: IndexValue): string | undefined {
  const quoted = (text: string) => text.replace(/[\\,|$]/g, '\\$&');
  switch (value.kind) {
    case 'token':
      return value.code === undefined
        ? undefined
        : `${value.system === undefined ? '' : `${quoted(value.system)}|`}${quoted(value.code)}`;
    case 'string':
      return value.text.trim() === '' ? undefined : quoted(value.text);
    case 'uri':
      return quoted(value.uri);
    case 'reference':
      return value.type !== undefined && value.id !== undefined
        ? `${value.type}/${value.id}`
        : value.url === undefined
          ? undefined
          : quoted(value.url);
    case 'date':
      return value.lo < -1e14 ? undefined : `ge${new Date(value.lo).toISOString()}`;
    case 'number':
    case 'quantity':
      if (Math.abs(value.lo) > 1e15) return undefined;
      return value.lo === value.hi ? String(value.lo) : `ge${value.lo}`;
    default:
      return undefined;
  }
}

describe('the published R4 examples', () => {
  let store: MemoryStore;
  const definitions = loadDefinitions(readFileSync(new URL('../../build/definitions.json.gz', import.meta.url)));
  const examples = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json') && !name.startsWith('package') && !name.startsWith('.'))
    .filter((_, at) => at % EVERY === 0)
    .map((name) => ({ name, text: readFileSync(new URL(name, FOLDER), 'utf8') }))
    .filter(({ text }) => text.length <= BYTES_MAX)
    .map(({ name, text }) => ({ name, resource: JSON.parse(text) as Resource & { id: string } }))
    .filter(({ resource }) => resource.resourceType !== undefined && resource.id !== undefined);
  const stored: (Resource & { id: string })[] = [];
  const handle = (
    method: string,
    path: readonly string[],
    query: readonly (readonly [string, string])[] = [],
    body?: string,
  ) =>
    store.run<FhirResponse>('fhir.handle', {
      request: { method, path, query, headers: {}, ...(body ? { body } : {}) },
      actor,
      at: 1,
      base,
      // They come in any order, and name what is not among them.
      references: 'type',
    });
  beforeAll(async () => {
    store = await memoryStore();
  });

  it('are stored and read back equal, or refused for a fault they have', { timeout: 120_000 }, async () => {
    const unexpected: string[] = [];
    for (const { name, resource } of examples) {
      store.raw.exec('SAVEPOINT example');
      try {
        const answer = await handle('PUT', [resource.resourceType, resource.id], [], JSON.stringify(resource));
        store.raw.exec('RELEASE example');
        const { meta: _stored, ...back } = JSON.parse(answer.body!) as Record<string, unknown>;
        const { meta: _own, ...own } = resource as unknown as Record<string, unknown>;
        if (canonicalJson(back) !== canonicalJson(own)) unexpected.push(`${name}: changed`);
        stored.push(resource);
      } catch (error) {
        store.raw.exec('ROLLBACK TO example; RELEASE example');
        const text = refusalOf(error)?.outcome.issue[0]?.diagnostics ?? String(error);
        if (!PUBLISHED_FAULTS.some((known) => known.test(text))) unexpected.push(`${name}: ${text}`);
      }
    }
    expect(unexpected).toEqual([]);
    expect(stored.length).toBeGreaterThan(examples.length * 0.98);
  });

  it('are found by each of their own search parameters', { timeout: 240_000 }, async () => {
    const missed: string[] = [];
    let asked = 0;
    for (const resource of stored) {
      const seen = new Set<string>();
      for (const { param, value } of extract(definitions, resource)) {
        const text = queryValue(value);
        if (param === '_lastUpdated' || text === undefined || seen.has(param) || text.length > 300) continue;
        seen.add(param);
        asked += 1;
        const found = await handle(
          'GET',
          [resource.resourceType],
          [
            [param, text],
            ['_id', resource.id],
            ['_elements', 'id'],
          ],
        );
        if (!found.body!.includes('"mode":"match"'))
          missed.push(`${resource.resourceType}/${resource.id} ${param}=${text}`);
      }
    }
    expect(missed).toEqual([]);
    expect(asked).toBeGreaterThan(stored.length * 3);
  });
});
