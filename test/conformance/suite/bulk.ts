import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { type Api, type Check, identified, made, observation, type Reply } from './api.ts';

const ASYNC = { prefer: 'respond-async' };
const NDJSON = { accept: 'application/fhir+ndjson' };
const POLLS_MAX = 300;
const POLL_MS = 100;

interface Manifest {
  readonly output: readonly { readonly type: string; readonly url: string }[];
}

async function started(api: Api, request: string): Promise<string> {
  const reply = await api.ask(`GET ${request}`, undefined, ASYNC);
  assert.equal(reply.status, 202, JSON.stringify(reply.body));
  return reply.headers.get('content-location') ?? '';
}

/** Waits for the manifest, at most half a minute. */
async function finished(api: Api, address: string): Promise<Manifest> {
  for (let poll = 0; poll < POLLS_MAX; poll++) {
    const reply: Reply = await api.ask(`GET ${address}`);
    if (reply.status === 200) return reply.body;
    assert.equal(reply.status, 202);
    await pause(POLL_MS);
  }
  throw new Error('the export did not end');
}

/** Every resource of an export, type and id. */
async function exported(api: Api, request: string): Promise<string[]> {
  const address = await started(api, request);
  const { output } = await finished(api, address);
  const found: string[] = [];
  for (const { type, url } of output) {
    const text = String((await api.ask(`GET ${url}`, undefined, NDJSON)).body);
    for (const line of text.trim().split('\n')) {
      const resource = JSON.parse(line) as { resourceType: string; id: string };
      assert.equal(resource.resourceType, type);
      found.push(`${type}/${resource.id}`);
    }
  }
  assert.equal((await api.ask(`DELETE ${address}`)).status, 202);
  assert.equal((await api.ask(`GET ${address}`)).status, 404);
  return found;
}

/** Bulk data. Source: FHIR Bulk Data Access 2.0. */
export const BULK: readonly Check[] = [
  {
    name: '$export of the system, of patients and of a group: _type, _since, _typeFilter, NDJSON',
    open: 'of Bulk Data Access, not of R4',
    run: async (api) => {
      const since = new Date(Date.now() - 1000).toISOString();
      const patient = await made(api, identified(api, 'bulk', { gender: 'other' }));
      const outside = await made(api, identified(api, 'bulk-outside'));
      const seen = await made(api, observation(`Patient/${patient.id}`));
      const group = await made(api, {
        resourceType: 'Group',
        type: 'person',
        actual: true,
        member: [{ entity: { reference: `Patient/${patient.id}` } }],
      });
      // An export ends at an instant before it begins.
      await pause(1100);
      const system = await exported(api, `$export?_type=Patient,Observation&_since=${since}`);
      for (const each of [`Patient/${patient.id}`, `Patient/${outside.id}`, `Observation/${seen.id}`])
        assert.ok(system.includes(each), each);
      const patients = await exported(api, `Patient/$export?_type=Observation&_since=${since}`);
      assert.ok(patients.includes(`Observation/${seen.id}`) && !patients.includes(`Patient/${patient.id}`));
      const ofGroup = await exported(api, `Group/${group.id}/$export?_type=Patient`);
      assert.deepEqual(ofGroup, [`Patient/${patient.id}`]);
      const filter = encodeURIComponent(`Patient?identifier=urn:conformance:${api.run}|bulk`);
      const filtered = await exported(api, `Patient/$export?_type=Patient&_since=${since}&_typeFilter=${filter}`);
      assert.deepEqual(filtered, [`Patient/${patient.id}`]);
    },
  },
  {
    name: '$export can be called off; without respond-async it is refused',
    open: 'of Bulk Data Access, not of R4',
    run: async (api) => {
      const address = await started(api, '$export?_type=Patient');
      assert.equal((await api.ask(`DELETE ${address}`)).status, 202);
      assert.equal((await api.ask(`GET ${address}`)).status, 404);
      assert.ok((await api.ask('GET $export?_type=Patient')).status >= 400);
    },
  },
];
