import { beforeAll, describe, expect, it } from 'vitest';
import type { SqlValue, Tx } from '../../../../src/database/command.ts';
import { storeCommands } from '../../../../src/workers/store-commands.ts';
import { ENV, type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { client } from '../support/test-store.ts';

/** Asks the engine how it will run each statement; nothing of it is timed. */
describe('the queries of exports and subscriptions use their indexes', () => {
  let store: MemoryStore;
  const commands = storeCommands(ENV);
  const base = 'http://hub.test/fhir/R4';
  const call = (method: string, path: string, headers: Record<string, string> = {}, body?: object) => ({
    request: {
      method,
      path: path.split('?')[0]!.split('/'),
      query: [...new URLSearchParams(path.split('?')[1] ?? '')],
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    },
    actor: client('org-a'),
    at: 1000,
    base,
  });

  async function scansOf(command: string, args: unknown): Promise<string[]> {
    const plans: string[] = [];
    const look = async (text: string, params: readonly SqlValue[] = []): Promise<void> => {
      const steps = await store.tx.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, params);
      plans.push(...steps.map(({ detail }) => `${detail} in ${text}`));
    };
    const tx: Tx = {
      ...store.tx,
      query: async <R>(text: string, params: readonly SqlValue[] = []): Promise<R[]> => {
        await look(text, params);
        return store.tx.query<R>(text, params);
      },
      run: async (text, params = []) => {
        await look(text, params);
        return store.tx.run(text, params);
      },
    };
    await commands[command]!(tx, args);
    expect(plans.length).toBeGreaterThan(0);
    return plans.filter(
      (step) => /^SCAN /.test(step) && !/CONSTANT|SUBQUERY|VALUES|-ROW|SCAN (e|m)\b/.test(step.split(' in ')[0]!),
    );
  }

  beforeAll(async () => {
    store = await memoryStore();
    await store.run(
      'fhir.handle',
      call('PUT', 'Patient/p', {}, { resourceType: 'Patient', id: 'p', name: [{ family: 'T' }] }),
    );
    await store.run(
      'fhir.handle',
      call(
        'PUT',
        'Group/g',
        {},
        {
          resourceType: 'Group',
          id: 'g',
          type: 'person',
          actual: true,
          member: [{ entity: { reference: 'Patient/p' } }],
        },
      ),
    );
    await store.run(
      'fhir.handle',
      call(
        'PUT',
        'Subscription/s',
        {},
        {
          resourceType: 'Subscription',
          id: 's',
          status: 'requested',
          reason: 'test',
          criteria: 'Patient?gender=female',
          channel: { type: 'rest-hook', endpoint: 'https://app.test.example.com/hook' },
        },
      ),
    );
    await store.run('subscription.settle', {
      id: 's',
      kind: 'handshake',
      version: 1,
      audit: [],
      handOn: false,
      now: 1000,
    });
  });

  it.each([
    '$export?_type=Patient,Observation',
    'Patient/$export?_type=Patient&_since=1970-01-01T00:00:00Z',
    'Group/g/$export?_type=Patient,Observation',
  ])('planning and reading %s walks the rows of one type in order', async (path) => {
    await store.run('fhir.handle', call('GET', path, { prefer: 'respond-async' }));
    const job = await store.run<{ id: string; lease: number }>('export.claim', { now: 2000, leaseMs: 60_000 });
    expect(await scansOf('export.plan', { job, at: 2000 })).toEqual([]);
    const { parts } = await store.run<{ parts: object[] }>('export.plan', { job, at: 2000 });
    expect(parts.length).toBeGreaterThan(0);
    await store.run('export.save', {
      id: job.id,
      lease: job.lease,
      parts,
      next: undefined,
      now: 2000,
      leaseMs: 60_000,
    });
    expect(await scansOf('fhir.handle', call('GET', `$export-file/${job.id}/0`))).toEqual([]);
    expect(await scansOf('fhir.handle', call('GET', `$export-status/${job.id}`))).toEqual([]);
  });

  it('a write finds the subscriptions to its type, and a subscription its events', async () => {
    const patient = { resourceType: 'Patient', id: 'p', gender: 'female', name: [{ family: 'T' }] };
    expect(await scansOf('fhir.handle', call('PUT', 'Patient/p', {}, patient))).toEqual([]);
    expect(await scansOf('subscription.work', { id: 's', what: 'event-1', at: 2000, base })).toEqual([]);
    expect(await scansOf('fhir.handle', call('GET', 'Subscription/s/$events'))).toEqual([]);
  });
});
