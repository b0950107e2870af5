import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actor, HUB } from '../../../../src/model/actor.ts';
import { type Exports, startExports } from '../../../../src/server/operations/exports.ts';
import { type Answer, type Ask, askAs } from '../support/ask.ts';
import { organization } from '../support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from '../support/test-store.ts';

const ASYNC = { prefer: 'respond-async', accept: 'application/fhir+json' };
const obs = (patient: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'mood' },
  subject: { reference: `Patient/${patient}` },
  ...more,
});

describe.each(ENGINES)('bulk export on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  let other: Ask;
  let exports: Exports;
  const people: string[] = [];
  const addressOf = (url: string) => url.slice('http://hub.test/fhir/R4/'.length);

  /** Lines of one file, by the service: NDJSON is no JSON. */
  const lines = async (url: string, actor: Actor = client('org-a')): Promise<Record<string, unknown>[]> => {
    const response = await hub.fhir.handle(
      { method: 'GET', path: addressOf(url).split('/'), query: [], headers: { accept: 'application/fhir+ndjson' } },
      actor,
    );
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('application/fhir+ndjson');
    return (response.body ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };
  const kickOff = async (as: Ask, request: string, body?: unknown): Promise<Answer> => {
    const answer = await as(request, body, ASYNC);
    hub.clock.ms += 3000;
    return answer;
  };
  const run = async (as: Ask, request: string, body?: unknown) => {
    const started = await kickOff(as, request, body);
    expect(started.status).toBe(202);
    const url = started.headers['content-location']!;
    await exports.drain();
    const done = await as(`GET ${addressOf(url)}`);
    expect(done.status).toBe(200);
    return { url, manifest: done.body };
  };
  const typesIn = (manifest: { output: { type: string }[] }) => manifest.output.map(({ type }) => type);

  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
    other = askAs(hub.fhir, client('org-b'));
    exports = startExports({ database: hub.database, clock: hub.clock, pollMs: 3_600_000 });
    for (let n = 0; n < 3; n++) {
      const { body } = await ask('POST Patient', { resourceType: 'Patient', name: [{ family: `Test${n}` }] });
      people.push(body.id);
      await ask('POST Observation', obs(body.id));
      await ask('POST Observation', obs(body.id, { status: 'preliminary' }));
    }
    await ask('POST Organization', { resourceType: 'Organization', name: 'Clinic' });
    hub.clock.ms += 1000;
  });
  afterAll(async () => {
    await exports?.stop();
    await hub?.close();
  });

  it('answers 202 with progress until the files are planned, then the manifest', async () => {
    const started = await kickOff(ask, 'GET $export?_type=Patient,Observation');
    expect(started.status).toBe(202);
    const address = addressOf(started.headers['content-location']!);
    const waiting = await ask(`GET ${address}`);
    expect(waiting.status).toBe(202);
    expect(waiting.headers['x-progress']).toContain('of 2');
    await exports.drain();
    const { status, body, headers } = await ask(`GET ${address}`);
    expect(status).toBe(200);
    expect(headers.expires).toBeDefined();
    expect(body).toMatchObject({ requiresAccessToken: true, deleted: [], error: [] });
    expect(body.request).toContain('$export?_type=');
    expect(body.output.map(({ type, count }: { type: string; count: number }) => [type, count])).toEqual([
      ['Patient', 3],
      ['Observation', 6],
    ]);
    const read = await lines(body.output[0].url);
    expect(read.map(({ id }) => id).toSorted()).toEqual(people.toSorted());
    expect(read[0]).toEqual((await ask(`GET Patient/${read[0]!.id}`)).body);
  });

  it('a client gets what it may see and no more, and nobody fetches the export of another', async () => {
    const { url, manifest } = await run(other, 'GET $export');
    expect(typesIn(manifest)).toEqual(['Organization']);
    expect((await ask(`GET ${addressOf(url)}`)).status).toBe(404);
    expect((await ask(`GET ${addressOf(manifest.output[0].url)}`)).status).toBe(404);
    expect((await ask(`DELETE ${addressOf(url)}`)).status).toBe(404);
  });

  it('Patient level holds the compartments only, Group level the members', async () => {
    const patients = await run(ask, 'GET Patient/$export');
    expect(typesIn(patients.manifest)).toEqual(expect.arrayContaining(['Observation', 'Patient']));
    expect(typesIn(patients.manifest)).not.toContain('Organization');
    const group = await ask('POST Group', {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: [
        { entity: { reference: `Patient/${people[0]}` } },
        { entity: { reference: `Patient/${people[1]}` }, inactive: true },
      ],
    });
    hub.clock.ms += 1000;
    const { manifest } = await run(ask, `GET Group/${group.body.id}/$export?_type=Patient,Observation`);
    expect((await lines(manifest.output[0].url)).map(({ id }) => id)).toEqual([people[0]]);
    expect(await lines(manifest.output[1].url)).toHaveLength(2);
    expect((await kickOff(other, `GET Group/${group.body.id}/$export`)).status).toBe(404);
  });

  it('_typeFilter narrows one type; several are alternatives', async () => {
    const one = await run(ask, 'GET $export?_type=Observation&_typeFilter=Observation%3Fstatus%3Dfinal');
    expect(one.manifest.output[0].count).toBe(3);
    const two = await run(ask, 'POST $export', {
      resourceType: 'Parameters',
      parameter: [
        { name: '_type', valueString: 'Observation' },
        { name: '_typeFilter', valueString: `Observation?status=final&patient=${people[0]}` },
        { name: '_typeFilter', valueString: `Observation?patient=${people[1]}` },
      ],
    });
    expect(two.manifest.output[0].count).toBe(3);
  });

  it('_since gives what changed and lists what was deleted', async () => {
    hub.clock.ms += 1000;
    const since = new Date(hub.clock.ms).toISOString();
    const made = await ask('POST Observation', obs(people[2]!));
    const gone = await ask('POST Observation', obs(people[2]!));
    hub.clock.ms += 1000;
    await ask(`DELETE Observation/${gone.body.id}`);
    hub.clock.ms += 1000;
    const { manifest } = await run(ask, `GET $export?_type=Observation&_since=${since}`);
    expect((await lines(manifest.output[0].url)).map(({ id }) => id)).toEqual([made.body.id]);
    const [bundle] = await lines(manifest.deleted[0].url);
    expect(bundle).toMatchObject({
      type: 'transaction',
      entry: [{ request: { method: 'DELETE', url: `Observation/${gone.body.id}` } }],
    });
  });

  it('holds resources as they stood at the transaction time', async () => {
    const { body } = await ask('POST Patient', { resourceType: 'Patient', name: [{ family: 'Before' }] });
    hub.clock.ms += 1000;
    const started = await kickOff(ask, `GET Patient/$export?_type=Patient`);
    await ask(`PUT Patient/${body.id}`, { ...body, name: [{ family: 'After' }] });
    const late = await ask('POST Patient', { resourceType: 'Patient', name: [{ family: 'Late' }] });
    await exports.drain();
    const { body: manifest } = await ask(`GET ${addressOf(started.headers['content-location']!)}`);
    const read = await lines(manifest.output[0].url);
    expect(read.find(({ id }) => id === body.id)).toMatchObject({
      name: [{ family: 'Before' }],
      meta: { versionId: '1' },
    });
    expect(read.map(({ id }) => id)).not.toContain(late.body.id);
  });

  it('a resource that came under the scope after the transaction time is not given as it stood before', async () => {
    const limited: Actor = { ...client('org-a', ['system/Observation.rs?status=final']), id: 'late' };
    const narrow = askAs(hub.fhir, limited);
    const { body } = await ask('POST Observation', obs(people[0]!, { status: 'preliminary' }));
    hub.clock.ms += 1000;
    const started = await kickOff(narrow, 'GET $export?_type=Observation');
    await ask(`PUT Observation/${body.id}`, { ...body, status: 'final' });
    await exports.drain();
    const { body: manifest } = await narrow(`GET ${addressOf(started.headers['content-location']!)}`);
    const given = await lines(manifest.output[0].url, limited);
    expect(given.map(({ status }) => status)).not.toContain('preliminary');
    expect(given.map(({ id }) => id)).not.toContain(body.id);
    await ask(`DELETE Observation/${body.id}`);
  });

  it('the owner can tell who fetched what; what is closed between planning and fetching is not in the file', async () => {
    const task = (owner: string) => ({
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      for: { reference: `Patient/${people[0]}` },
      owner: { reference: `Organization/${owner}` },
    });
    for (const id of ['org-b', 'org-c']) await hub.store.put(organization(id), HUB);
    const { body } = await ask('POST Task', task('org-b'));
    hub.clock.ms += 1000;
    const { manifest } = await run(other, 'GET $export?_type=Task');
    const asOther = client('org-b');
    expect((await lines(manifest.output[0].url, asOther)).map(({ id }) => id)).toEqual([body.id]);
    const known = await ask(`GET AuditEvent?_source=urn:handoff:access-log&patient=${people[0]}&action=R&agent=org-b`);
    expect(JSON.stringify(known.body.entry)).toContain(`Task/${body.id}`);
    await ask(`PUT Task/${body.id}`, { ...task('org-c'), id: body.id });
    expect(await lines(manifest.output[0].url, asOther)).toEqual([]);
  });

  it('DELETE cancels: neither status nor files remain', async () => {
    const { url, manifest } = await run(ask, 'GET $export?_type=Patient');
    expect((await ask(`DELETE ${addressOf(url)}`)).status).toBe(202);
    expect((await ask(`GET ${addressOf(url)}`)).status).toBe(404);
    expect((await ask(`GET ${addressOf(manifest.output[0].url)}`)).status).toBe(404);
    const queued = await kickOff(ask, 'GET $export');
    expect((await ask(`DELETE ${addressOf(queued.headers['content-location']!)}`)).status).toBe(202);
    await exports.drain();
    expect((await ask(`GET ${addressOf(queued.headers['content-location']!)}`)).status).toBe(404);
  });

  it('an export that a crashed hub had begun is finished by another, and the first one writes no more', async () => {
    const started = await kickOff(ask, 'GET $export?_type=Patient');
    const now = hub.clock.ms;
    const held = await hub.database.write<{ id: string; lease: number }>('export.claim', { now, leaseMs: 60_000 });
    await exports.drain();
    expect((await ask(`GET ${addressOf(started.headers['content-location']!)}`)).status).toBe(202);
    hub.clock.ms += 60_001;
    await exports.drain();
    const done = await ask(`GET ${addressOf(started.headers['content-location']!)}`);
    expect(done.status).toBe(200);
    const late = { id: held.id, lease: held.lease, parts: [], next: undefined, now: hub.clock.ms, leaseMs: 60_000 };
    expect(await hub.database.write('export.save', late)).toBe(false);
    expect((await ask(`GET ${addressOf(started.headers['content-location']!)}`)).body).toEqual(done.body);
  });

  it('an export is forgotten when its time is over', async () => {
    const { url } = await run(ask, 'GET $export?_type=Patient');
    hub.clock.ms += 25 * 3_600_000;
    expect((await ask(`GET ${addressOf(url)}`)).status).toBe(404);
  });

  it.each([
    ['GET $export', { accept: 'application/fhir+json' }, 400],
    ['GET $export?_outputFormat=csv', ASYNC, 400],
    ['GET $export?_type=Nothing', ASYNC, 400],
    ['GET $export?_since=yesterday', ASYNC, 400],
    ['GET $export?_typeFilter=Observation?nothing=1', ASYNC, 400],
    ['GET $export?_type=Patient&_typeFilter=Observation?status=final', ASYNC, 400],
    ['GET $export?_unknown=1', ASYNC, 400],
    ['GET Patient/$export?_type=Organization', ASYNC, 400],
    ['GET Group/none/$export', ASYNC, 404],
    ['PUT $export', ASYNC, 405],
  ])('%s is refused', async (request, headers, status) => {
    expect((await ask(request, undefined, headers)).status).toBe(status);
  });

  it('a scope limits what is exported, and one more than a client may have is refused', async () => {
    const limited: Actor = { ...client('org-a', ['system/Observation.rs?status=final']), id: 'limited' };
    const narrow = askAs(hub.fhir, limited);
    const { manifest } = await run(narrow, 'GET $export');
    expect(typesIn(manifest)).toEqual(['Observation']);
    expect((await lines(manifest.output[0].url, limited)).every(({ status }) => status === 'final')).toBe(true);
    expect((await kickOff(narrow, 'GET $export?_type=Patient')).status).toBe(403);
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push((await kickOff(narrow, 'GET $export')).status);
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429]);
  });
});
