import { beforeAll, describe, expect, it } from 'vitest';
import type { SqlValue, Tx } from '../../../src/database/command.ts';
import type { FhirResponse } from '../../../src/server/exchange.ts';
import { storeCommands } from '../../../src/workers/store-commands.ts';
import { ENV, type MemoryStore, memoryStore } from './support/memory-store.ts';
import { client } from './support/test-store.ts';

/** Asks the engine how it will run each statement of an interaction; nothing of it is timed. */
describe('hot queries use their indexes', () => {
  let store: MemoryStore;
  const commands = storeCommands(ENV);
  const base = 'http://hub.test/fhir/R4';

  async function plansOf(path: string, method = 'GET'): Promise<string[]> {
    const plans: string[] = [];
    const tx: Tx = {
      ...store.tx,
      query: async <R>(text: string, params: readonly SqlValue[] = []): Promise<R[]> => {
        const steps = await store.tx.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, params);
        plans.push(...steps.map(({ detail }) => detail));
        return store.tx.query<R>(text, params);
      },
    };
    const url = new URL(`${base}/${path}`);
    const request = {
      method,
      path: url.pathname.slice('/fhir/R4/'.length).split('/'),
      query: [...url.searchParams],
      headers: {},
    };
    const answer = (await commands['fhir.handle']!(tx, {
      request,
      actor: client('org-a'),
      at: 0,
      base,
    })) as FhirResponse;
    expect(answer.status).toBe(method === 'DELETE' ? 204 : 200);
    return plans;
  }

  beforeAll(async () => {
    store = await memoryStore();
    const actor = { kind: 'operator', id: 'op', scopes: ['system/*.cruds'], organization: 'org-a' };
    const put = (resource: { resourceType: string; id: string }) =>
      store.run('fhir.handle', {
        request: {
          method: 'PUT',
          path: [resource.resourceType, resource.id],
          query: [],
          headers: {},
          body: JSON.stringify(resource),
        },
        actor,
        at: 1,
        base,
      });
    await put({ resourceType: 'Patient', id: 'p', identifier: [{ system: 'urn:mrn', value: '1' }] } as never);
    await put({
      resourceType: 'Goal',
      id: 'g',
      lifecycleStatus: 'active',
      description: { text: 'x' },
      subject: { reference: 'Patient/p' },
    } as never);
    await put({
      resourceType: 'CarePlan',
      id: 'c',
      status: 'active',
      intent: 'plan',
      subject: { reference: 'Patient/p' },
      goal: [{ reference: 'Goal/g' }],
    } as never);
  });

  it.each([
    'Patient/p',
    'Patient?identifier=urn:mrn|1',
    'Patient?_id=p',
    'CarePlan?patient=p',
    'CarePlan?patient=p&status=active',
    'CarePlan?patient=p&_include=CarePlan:goal&_revinclude:iterate=MedicationAdministration:request&_revinclude=Communication:based-on',
    'Task?owner=Organization/org-a&status=requested',
    'Observation?patient=p&date=ge2026-01-01&_sort=-date',
    'Patient/p/$everything',
    'Patient/p/Observation',
    'Patient/p/_history',
    'Condition',
    'Condition?_sort=-_lastUpdated',
  ])('%s', async (path) => {
    const plans = await plansOf(path);
    const scans = plans.filter(
      (step) => /^SCAN /.test(step) && !/CONSTANT|SUBQUERY|SCAN [uda]$|VALUES|-ROW/.test(step),
    );
    expect([scans, plans.filter((step) => /resource_updated/.test(step))]).toEqual([[], []]);
  });

  it('a page of a large equality search streams in order instead of sorting all of it', async () => {
    const plans = await plansOf('Patient?identifier=urn:mrn|1&_count=1');
    expect(plans.filter((step) => /TEMP B-TREE FOR ORDER BY/.test(step))).toEqual([]);
  });

  it('a deletion finds what refers to the resource by one seek for each parameter', async () => {
    const steps = (await plansOf('CarePlan/c', 'DELETE')).filter((step) => /^(SCAN|SEARCH) [ir] /.test(step));
    expect(steps).toContain('SEARCH i USING PRIMARY KEY (p=? AND tid=? AND ttype=?)');
    expect(steps.filter((step) => step.startsWith('SCAN'))).toEqual([]);
  });
});
