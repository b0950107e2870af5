import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HUB } from '../../../../src/model/actor.ts';
import type { FhirResponse } from '../../../../src/server/exchange.ts';
import type { ExportJob } from '../../../../src/server/operations/export-job.ts';
import type { Planned } from '../../../../src/server/operations/export-rows.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { organization } from '../support/records.ts';
import { client } from '../support/test-store.ts';

const ORGANIZATIONS = ['org-a', 'org-b', 'org-c'] as const;
const SCOPES = [
  ['system/*.cruds'],
  ['system/Task.rs', 'system/Patient.rs'],
  ['system/Observation.rs?status=final', 'system/Task.rs'],
];
const TYPES = ['Patient', 'Observation', 'Task'];

interface Act {
  readonly kind: 'observation' | 'task' | 'delete' | 'label';
  readonly by: number;
  readonly to: number;
  readonly final: boolean;
}

const acts = fc.array(
  fc.record<Act>({
    kind: fc.constantFrom('observation', 'observation', 'task', 'task', 'delete', 'label'),
    by: fc.nat(2),
    to: fc.nat(2),
    final: fc.boolean(),
  }),
  { minLength: 1, maxLength: 25 },
);

class Hub {
  at = 1_700_000_000_000;
  readonly store: MemoryStore;
  constructor(store: MemoryStore) {
    this.store = store;
  }
  ask(method: string, path: string, actor: object, body?: object): Promise<FhirResponse> {
    this.at += 10;
    const request = {
      method,
      path: path.split('?')[0]!.split('/').filter(Boolean),
      query: [...new URLSearchParams(path.split('?')[1] ?? '')],
      headers: { prefer: 'respond-async' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    };
    return this.store.run('fhir.handle', { request, actor, at: this.at, base: 'http://hub.test/fhir/R4' });
  }
}

async function write(hub: Hub, list: readonly Act[]): Promise<void> {
  const made: { path: string; actor: object }[] = [];
  for (const id of ORGANIZATIONS) await hub.ask('PUT', `Organization/${id}`, HUB, organization(id));
  for (const organization of ORGANIZATIONS)
    await hub.ask('PUT', `Patient/${organization}-p`, client(organization), {
      resourceType: 'Patient',
      id: `${organization}-p`,
      name: [{ family: 'T' }],
    });
  for (const [n, { kind, by, to, final }] of list.entries()) {
    const actor = client(ORGANIZATIONS[by]!);
    const subject = { reference: `Patient/${ORGANIZATIONS[by]}-p` };
    if (kind === 'delete') {
      const last = made.pop();
      if (last) await hub.ask('DELETE', last.path, last.actor);
      continue;
    }
    const path = `${kind === 'task' ? 'Task' : 'Observation'}/r${n}`;
    const head = {
      id: `r${n}`,
      ...(kind === 'label'
        ? { meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SUD' }] } }
        : {}),
    };
    const resource =
      kind === 'task'
        ? {
            resourceType: 'Task',
            ...head,
            status: 'requested',
            intent: 'order',
            for: subject,
            owner: { reference: `Organization/${ORGANIZATIONS[to]}` },
          }
        : {
            resourceType: 'Observation',
            ...head,
            status: final ? 'final' : 'preliminary',
            code: { text: 'x' },
            subject,
          };
    await hub.ask('PUT', path, actor, resource);
    made.push({ path, actor });
  }
}

async function exported(hub: Hub, actor: object): Promise<string[]> {
  await hub.ask('GET', `$export?_type=${TYPES.join(',')}`, { ...actor, scopes: ['system/*.rs'] });
  let job = (await hub.store.run<ExportJob>('export.claim', { now: hub.at, leaseMs: 1 }))!;
  job = { ...job, actor: actor as ExportJob['actor'] };
  const found: string[] = [];
  for (;;) {
    const { parts, next } = await hub.store.run<Planned>('export.plan', { job, at: hub.at });
    const first = job.parts;
    await hub.store.run('export.save', { id: job.id, lease: job.lease, parts, next, now: hub.at, leaseMs: 1 });
    job = { ...job, ...(next ?? {}), parts: first + parts.length };
    if (!next) break;
  }
  for (let n = 0; n < job.parts; n++) {
    const { body = '' } = await hub.ask('GET', `$export-file/${job.id}/${n}`, actor);
    for (const line of body.split('\n').filter(Boolean)) found.push(line);
  }
  return found.toSorted();
}

/** What plain searches give the same reader. */
async function searched(hub: Hub, actor: object, types: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const type of types) {
    const { body = '{}' } = await hub.ask('GET', `${type}?_count=1000`, actor);
    for (const { resource } of JSON.parse(body).entry ?? []) found.push(JSON.stringify(resource));
  }
  return found.toSorted();
}

describe('bulk export', () => {
  it('gives a reader exactly what its searches give it', async () => {
    await fc.assert(
      fc.asyncProperty(acts, fc.nat(2), fc.nat(2), async (list, reader, scope) => {
        const store = await memoryStore();
        const hub = new Hub(store);
        try {
          await write(hub, list);
          const scopes = SCOPES[scope]!;
          const actor = { ...client(ORGANIZATIONS[reader]!), scopes };
          const open = TYPES.filter((type) => scopes.some((each) => each.includes('*') || each.includes(type)));
          expect(await exported(hub, actor)).toEqual(await searched(hub, actor, open));
        } finally {
          store.close();
        }
      }),
      { numRuns: 40 },
    );
  });
});
