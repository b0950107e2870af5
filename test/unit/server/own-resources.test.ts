import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadDefinitions } from '../../../src/fhir/definitions.ts';
import { validate } from '../../../src/fhir/validate.ts';
import type { ApplyUnit } from '../../../src/model/store.ts';
import { EVERYTHING } from '../../../src/model/visibility.ts';
import { capabilityStatement } from '../../../src/server/capability.ts';
import { storeEngine } from '../../../src/workers/store-commands.ts';
import { ENV, type MemoryStore, memoryStore } from './support/memory-store.ts';
import { client } from './support/test-store.ts';

describe('what the server writes itself is valid R4', () => {
  const definitions = loadDefinitions(readFileSync(new URL(ENV.definitions)));
  const faults = (resource: unknown) =>
    validate(definitions, resource).filter(({ severity }) => severity === 'error' || severity === 'fatal');
  let store: MemoryStore;
  beforeAll(async () => {
    store = await memoryStore();
  });

  it('the CapabilityStatement', () => {
    expect(faults(capabilityStatement(storeEngine(ENV), 'http://hub.test/fhir/R4', 0))).toEqual([]);
  });

  it('Provenance of messages and of FHIR actors', async () => {
    const unit: ApplyUnit = {
      journalId: 'j1',
      partner: 'p',
      organization: 'org',
      stamp: { at: '2026-03-01T10:00:00.000Z', hash: 'h' },
      mapped: {
        resources: [
          {
            type: 'Patient',
            id: 'p1',
            key: { type: 'Patient', owner: 'org', authority: 'a', value: '1' },
            owner: 'org',
            labels: [],
            elements: [{ element: 'gender', op: 'set', value: 'male' }],
          },
          {
            type: 'Organization',
            id: 'o1',
            key: { type: 'Organization', owner: 'org', authority: 'a', value: '1' },
            owner: 'org',
            labels: [],
            elements: [{ element: 'name', op: 'set', value: 'x' }],
          },
        ],
        groups: [],
        identity: [],
        issues: [],
        parked: [],
      },
      provenance: { bodyHash: 'ab', mappingVersion: '1', receivedAt: '2026-03-01T10:00:01.000Z', event: 'ADT^A01' },
    };
    await store.run('store.apply', { unit, at: 1 });
    const user = { ...client('org'), kind: 'user' as const, practitionerRole: 'r1', scopes: ['user/*.cruds'] };
    for (const [n, actor] of [client('org'), user].entries()) {
      const body = JSON.stringify({ resourceType: 'Patient', id: `q${n}` });
      await store.run('fhir.handle', {
        request: { method: 'PUT', path: ['Patient', `q${n}`], query: [], headers: {}, body },
        actor,
        at: 1,
        base: 'http://hub.test/fhir/R4',
      });
      await store.run('fhir.handle', {
        request: { method: 'DELETE', path: ['Patient', `q${n}`], query: [], headers: {} },
        actor,
        at: 2,
        base: 'http://hub.test/fhir/R4',
      });
    }
    const made = await store.run<object[]>('store.search', { query: 'Provenance', as: EVERYTHING, at: 0 });
    expect(made.length).toBe(6);
    expect(made.flatMap(faults)).toEqual([]);
  });
});
