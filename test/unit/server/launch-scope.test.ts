import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HUB } from '../../../src/model/actor.ts';
import {
  about,
  type Made,
  nameOf,
  OWNERS,
  type PatientId,
  population,
  predicate,
  resourceOf,
  SAME_AS_ANNA,
  TOKENS,
  type Token,
  TYPES,
  type Version,
  type World,
  worldOf,
} from './support/launch-world.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Holds a statement against many small stores and every kind of token. */
const always = (holds: (world: World, made: readonly Made[], token: Token) => Promise<void>) =>
  fc.assert(
    fc.asyncProperty(population, fc.constantFrom(...TOKENS), async (made, token) =>
      holds(await worldOf(made, token.scopes), made, token),
    ),
    { numRuns: 60 },
  );
const isPatient = (each: string): boolean => each.startsWith('Patient/');

describe('a token of one patient reaches what the plain predicate says', () => {
  it('by read, batch, search, compartment, chain and include', () =>
    always(async (world, made, token) => {
      const { records, patients } = predicate(made, token);
      for (const type of TYPES) {
        const all = records('s', type);
        const ofBen = records('s', type, about('ben'));
        expect(await world.reached(`GET ${type}`)).toEqual(all);
        expect(await world.reached(`POST ${type}/_search`, '_count=100', FORM)).toEqual(all);
        expect(await world.reached(`GET ${type}?subject=Patient/ben`)).toEqual(ofBen);
        expect(await world.reached(`GET ${type}?subject=Patient/cora`)).toEqual([]);
        const chained = await world.reached(`GET ${type}?subject:Patient.name=ben`);
        expect(chained).toEqual(patients('s').includes('Patient/ben') ? ofBen : []);
        const member = await world.reached(`GET Patient/ben/${type}`);
        expect(member).toEqual(patients('r').includes('Patient/ben') ? ofBen : []);
        const included = await world.reached(`GET ${type}?_include=${type}:subject`);
        expect(included.filter((each) => !isPatient(each))).toEqual(all);
        for (const each of included.filter(isPatient)) expect(patients('s')).toContain(each);
        const entry = made.map((each, at) => ({ request: { method: 'GET', url: nameOf(each, at) } }));
        const batch = await world.reached('POST ', { resourceType: 'Bundle', type: 'batch', entry });
        expect(batch.filter((each) => each.startsWith(`${type}/`))).toEqual(records('r', type));
      }
      const system = await world.reached('GET ?_type=Observation,Condition&_count=100');
      expect(system).toEqual(TYPES.flatMap((type) => records('s', type)).sort());
    }));

  it('by everything, reverse include and _has', () =>
    always(async (world, made, token) => {
      const { records, patients, open } = predicate(made, token);
      for (const id of Object.keys(OWNERS)) {
        const seen = patients('r').includes(`Patient/${id}`);
        expect((await world.ask(`GET Patient/${id}`)).status).toBe(
          seen ? 200 : token.opens('Patient', 'r', { subject: 'anna', category: 'survey' }) ? 404 : 403,
        );
        const same = SAME_AS_ANNA.includes(id) ? SAME_AS_ANNA : [id];
        const whole = TYPES.flatMap((type) => records('s', type, about(...same))).sort();
        const found = await world.reached(`GET Patient/${id}/$everything`);
        expect(found.filter((each) => !/^(Patient|Provenance)\//.test(each))).toEqual(seen ? whole : []);
      }
      const heads = patients('s').map((each) => each.slice('Patient/'.length));
      const reversed = await world.reached('GET Patient?_revinclude=Observation:subject&_revinclude=Condition:subject');
      const pointing = TYPES.flatMap((type) => records('s', type, about(...heads))).sort();
      expect(reversed.filter((each) => !isPatient(each))).toEqual(pointing);
      const holders = made.filter(
        (each) => each.type === 'Observation' && open('s', each) && each.versions.at(-1)!.category === 'laboratory',
      );
      const has = await world.reached('GET Patient?_has:Observation:subject:category=laboratory');
      expect(has).toEqual(patients('s').filter((each) => holders.some(about(each.slice('Patient/'.length)))));
    }));

  it('by version and by history: a version about somebody else stays closed when the record was put right', () =>
    always(async (world, made, token) => {
      const { open, version } = predicate(made, token);
      for (const [at, each] of made.entries()) {
        const name = nameOf(each, at);
        expect((await world.ask(`GET ${name}`)).status === 200).toBe(open('r', each));
        // What said nothing new made no version: the hub's own history tells which there are.
        for (const { versionId, as } of await versionsOf(world, name)) {
          const expected = version(each, as);
          expect((await world.ask(`GET ${name}/_history/${versionId}`)).status === 200).toBe(expected);
          for (const path of [`${name}/_history`, `${each.type}/_history?_count=1000`, '_history?_count=1000']) {
            const { status, body } = await world.ask(`GET ${path}`);
            const mark = `"id":"${name.split('/')[1]}","meta":{"versionId":"${versionId}"`;
            expect(status === 200 && body!.includes(mark)).toBe(expected);
          }
        }
      }
    }));
});

interface Entry {
  readonly resource?: {
    readonly meta: { readonly versionId: string };
    readonly subject: { readonly reference: string };
    readonly category?: readonly { readonly coding: readonly { readonly code: string }[] }[];
  };
}

async function versionsOf(world: World, name: string): Promise<{ versionId: string; as: Version }[]> {
  const { body } = await world.ask(`GET ${name}/_history`, HUB);
  return (JSON.parse(body!) as { entry: Entry[] }).entry.flatMap(({ resource }) => {
    if (!resource) return [];
    const subject = resource.subject.reference.slice('Patient/'.length) as PatientId;
    const category = (resource.category?.[0]?.coding[0]?.code ?? 'survey') as Version['category'];
    return [{ versionId: resource.meta.versionId, as: { subject, category } }];
  });
}

describe('a token of one patient writes into that person’s record and no other', () => {
  const SURVEY = { subject: 'anna', category: 'survey' } as const;
  const made: Made[] = [
    { type: 'Observation', versions: [SURVEY], deleted: false },
    { type: 'Observation', versions: [{ ...SURVEY, subject: 'ben' }], deleted: false },
    { type: 'Observation', versions: [{ ...SURVEY, category: 'laboratory' }], deleted: false },
  ];
  const body = (id: string, version: Version) => resourceOf('Observation', id, version);
  const toBen = [{ op: 'replace', path: '/subject/reference', value: 'Patient/ben' }];
  const PATCH = { 'content-type': 'application/json-patch+json' };

  it.each([['patient/Observation.cruds'], ['patient/Observation.cruds?category=survey']])('%s', async (scope) => {
    const world = await worldOf(made, [scope]);
    const status = async (request: string, resource?: object, headers = {}) =>
      (await world.ask(request, world.actor, resource, headers)).status;
    const bens = body('Observation-1', { ...SURVEY, subject: 'ben' });
    expect(await status('POST Observation', body('x', SURVEY))).toBe(201);
    expect(await status('POST Observation', body('x', { ...SURVEY, subject: 'ben' }))).toBe(403);
    expect(await status('PUT Observation/new', body('new', { ...SURVEY, subject: 'ben' }))).toBe(403);
    expect(await status('PUT Observation/Observation-0', body('Observation-0', { ...SURVEY, subject: 'ben' }))).toBe(
      403,
    );
    expect(await status('PATCH Observation/Observation-0', toBen, PATCH)).toBe(403);
    // Somebody else's record is not taken over by saying that it is hers.
    expect(await status('PUT Observation/Observation-1', body('Observation-1', SURVEY))).toBe(403);
    expect(await status('PUT Observation/Observation-1', bens)).toBe(403);
    expect(await status('PATCH Observation/Observation-1', toBen, PATCH)).toBe(404);
    await status('DELETE Observation/Observation-1');
    expect((await world.ask('GET Observation/Observation-1', HUB)).status).toBe(200);
    await status('DELETE Observation?subject=Patient/ben');
    expect((await world.ask('GET Observation/Observation-1', HUB)).status).toBe(200);
    expect(await status('PUT Observation?_id=Observation-1', bens)).toBe(403);
    for (const type of ['batch', 'transaction']) {
      const entry = [{ resource: bens, request: { method: 'PUT', url: 'Observation/Observation-1' } }];
      const answer = await world.ask('POST ', world.actor, { resourceType: 'Bundle', type, entry });
      expect(type === 'batch' ? answer.body : String(answer.status)).toContain('403');
    }
    expect(await status('POST Patient', { resourceType: 'Patient', name: [{ family: 'New' }] })).toBe(403);
  });

  it('a scope with a search covers neither a write that leaves it nor a delete of what is outside of it', async () => {
    const world = await worldOf(made, ['user/Observation.cruds?category=survey']);
    const out = body('Observation-0', { ...SURVEY, category: 'laboratory' });
    expect((await world.ask('PUT Observation/Observation-0', world.actor, out)).status).toBe(403);
    const into = body('Observation-2', SURVEY);
    expect((await world.ask('PUT Observation/Observation-2', world.actor, into)).status).toBe(403);
    await world.ask('DELETE Observation/Observation-2');
    expect((await world.ask('GET Observation/Observation-2', HUB)).status).toBe(200);
    expect((await world.ask('DELETE Observation/Observation-0')).status).toBe(204);
  });

  it('an app makes no export of one patient, no subscription, and reads no kept access by a scope of a part', async () => {
    const world = await worldOf(made, ['patient/*.cruds', 'user/Subscription.cruds']);
    for (const path of ['$export', 'Patient/$export'])
      expect((await world.ask(`GET ${path}`, world.actor, undefined, { prefer: 'respond-async' })).status).toBe(403);
    const own = { kind: 'user', id: 'doc', organization: 'org-a', scopes: ['user/*.rs'] } as const;
    const kickOff = await world.ask('GET $export', own, undefined, { prefer: 'respond-async' });
    const status = kickOff.headers['content-location']!.slice('http://hub.test/fhir/R4/'.length);
    expect([(await world.ask(`GET ${status}`, own)).status, (await world.ask(`GET ${status}`)).status]).toEqual([
      202, 404,
    ]);
    const subscription = {
      resourceType: 'Subscription',
      status: 'requested',
      reason: 'x',
      criteria: 'Observation?status=final',
      channel: { type: 'rest-hook', endpoint: 'https://app.example/hook', payload: 'application/fhir+json' },
    };
    expect((await world.ask('POST Subscription', world.actor, subscription)).status).toBe(403);
    for (const path of ['AuditEvent?_source=urn:handoff:access-log', 'AuditEvent/access-1'])
      expect((await world.ask(`GET ${path}`)).status).toBe(403);
  });

  it('what is everybody’s can be resolved, and nothing of it changed', async () => {
    const world = await worldOf([], ['patient/*.cruds']);
    const location = { resourceType: 'Location', id: 'room', name: 'Room' };
    await world.ask('PUT Location/room', HUB, location);
    expect((await world.ask('GET Location/room')).status).toBe(200);
    expect((await world.ask('PUT Location/room', world.actor, { ...location, name: 'Other' })).status).toBe(403);
    expect((await world.ask('POST Location', world.actor, location)).status).toBe(403);
  });
});
