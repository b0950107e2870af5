import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '../../../src/model/actor.ts';
import { makeFhirService } from '../../../src/server/service.ts';
import { type Answer, type Ask, askAs, matchesOf } from './support/ask.ts';
import { observation, patient } from './support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

const BASE = 'http://hub.test/fhir/R4';
const URN = 'urn:uuid:11111111-1111-4111-8111-111111111111';
const PATCH = { 'content-type': 'application/json-patch+json' };
const issuesOf = ({ status, body }: Answer) => ({ status, issue: body.issue });
const post = (resource: { resourceType: string }, fullUrl?: string) => ({
  ...(fullUrl ? { fullUrl } : {}),
  resource,
  request: { method: 'POST', url: resource.resourceType },
});
const transaction = (...entry: object[]) => ({ resourceType: 'Bundle', type: 'transaction', entry });

describe.each(ENGINES)('what a write refers to, on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  let anna: string;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
    anna = (await ask('POST Patient', patient())).body.id;
  });
  afterAll(() => hub?.close());
  const about = (more: object = {}) => observation(`Patient/${anna}`, more);
  const goal = async (): Promise<string> =>
    (
      await ask('POST Goal', {
        resourceType: 'Goal',
        lifecycleStatus: 'active',
        description: { text: 'x' },
        subject: { reference: `Patient/${anna}` },
      })
    ).body.id;
  const plan = (...goals: string[]) => ({
    resourceType: 'CarePlan',
    status: 'active',
    intent: 'plan',
    subject: { reference: `Patient/${anna}` },
    goal: goals.map((id) => ({ reference: `Goal/${id}` })),
  });

  it('what does not exist, what is deleted and what the writer may not see are refused in the same words', async () => {
    const gone = (await ask('POST Patient', patient())).body.id;
    await ask(`DELETE Patient/${gone}`);
    const foreign = (await askAs(hub.fhir, client('org-b'))('POST Patient', patient())).body.id;
    const answers = [];
    for (const id of ['never-was', gone, foreign])
      answers.push(issuesOf(await ask('POST Observation', observation(`Patient/${id}`))));
    expect(answers[0]).toMatchObject({
      status: 422,
      issue: [{ severity: 'error', code: 'not-found', expression: ['Observation.subject.reference'] }],
    });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(JSON.stringify(answers)).not.toContain(foreign);
  });

  it('each reference that leads nowhere is told with its place, those of contained resources and extensions too', async () => {
    const refused = await ask(
      'POST Observation',
      about({
        extension: [{ url: 'http://test.example/e', valueReference: { reference: 'Device/none' } }],
        contained: [{ resourceType: 'Specimen', id: 's', subject: { reference: 'Patient/none' } }],
        specimen: { reference: '#s' },
        hasMember: [{ reference: 'Observation/none' }],
      }),
    );
    expect(refused.body.issue.map(({ expression }: { expression: string[] }) => expression[0])).toEqual([
      'Observation.extension[0].valueReference.reference',
      'Observation.contained[0].subject.reference',
      'Observation.hasMember[0].reference',
    ]);
  });

  it('a version must exist as well', async () => {
    const member = (version: string) =>
      about({ hasMember: [{ reference: `Observation/${first}/_history/${version}` }] });
    const { body } = await ask('POST Observation', about());
    const first = body.id;
    await ask(`PUT Observation/${first}`, { ...body, status: 'amended' });
    for (const version of ['1', '2']) expect((await ask('POST Observation', member(version))).status).toBe(201);
    for (const version of ['3', '0', 'x']) expect((await ask('POST Observation', member(version))).status).toBe(422);
  });

  it('an address under the own base is a local one: checked, kept relative and found', async () => {
    expect((await ask('POST Observation', observation(`${BASE}/Patient/none`))).status).toBe(422);
    const { body, status } = await ask('POST Observation', observation(`${BASE}/Patient/${anna}`));
    expect([status, body.subject.reference]).toEqual([201, `Patient/${anna}`]);
    expect(matchesOf(await ask(`GET Observation?subject=Patient/${anna}&_id=${body.id}`))).toEqual([body.id]);
  });

  it('other servers, identifiers, canonicals and what is contained are not looked up', async () => {
    const made = await ask(
      'POST Observation',
      about({
        contained: [{ resourceType: 'Device', id: 'd' }],
        device: { reference: '#d' },
        performer: [
          { reference: 'http://elsewhere.example/fhir/Practitioner/1' },
          { type: 'Practitioner', identifier: { system: 'urn:x', value: '1' } },
        ],
        extension: [{ url: 'http://test.example/e', valueCanonical: 'Questionnaire/none' }],
      }),
    );
    expect(made.status).toBe(201);
  });

  it('an update and a patch keep what the stored version refers to already, and add nothing that is not there', async () => {
    const [kept, other] = [await goal(), await goal()];
    const { body } = await ask('POST CarePlan', plan(kept));
    const own = askAs(hub.fhir, { ...client('org-a'), kind: 'hub' });
    expect((await own(`DELETE Goal/${kept}`)).status).toBe(204);
    const path = `CarePlan/${body.id}`;
    expect((await ask(`PUT ${path}`, { ...body, title: 'x' })).status).toBe(200);
    expect((await ask(`PATCH ${path}`, [{ op: 'add', path: '/title', value: 'y' }], PATCH)).status).toBe(200);
    expect((await ask(`PUT ${path}`, { ...plan(kept, other), id: body.id })).status).toBe(200);
    const added = (id: string) => [{ op: 'add', path: '/goal/-', value: { reference: `Goal/${id}` } }];
    expect(issuesOf(await ask(`PATCH ${path}`, added('none'), PATCH))).toMatchObject({
      status: 422,
      issue: [{ expression: ['CarePlan.goal[2].reference'] }],
    });
  });

  it('the entries of a transaction count, those that it deletes do not', async () => {
    const doomed = await goal();
    const made = await ask(
      'POST ',
      transaction(post(observation(URN, { focus: [{ reference: 'Patient/by-client' }] })), post(patient(), URN), {
        resource: patient({ id: 'by-client', link: [{ type: 'seealso', other: { reference: URN } }] }),
        request: { method: 'PUT', url: 'Patient/by-client' },
      }),
    );
    expect(made.status).toBe(200);
    const refused = await ask(
      'POST ',
      transaction(post(patient()), post(plan(doomed)), { request: { method: 'DELETE', url: `Goal/${doomed}` } }),
    );
    expect(issuesOf(refused)).toMatchObject({
      status: 422,
      issue: [{ code: 'not-found', expression: ['Bundle.entry[1].resource.goal[0].reference'] }],
    });
    expect((await ask(`GET Goal/${doomed}`)).status).toBe(200);
  });

  it('in a batch the entry alone is refused', async () => {
    const done = await ask('POST ', {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [post(observation('Patient/none')), post(about())],
    });
    const codes = done.body.entry.map(({ response }: { response: { status: string } }) => response.status.slice(0, 3));
    expect(codes).toEqual(['422', '201']);
  });

  it('a temporary id that no entry has, and criteria outside a transaction, lead nowhere', async () => {
    const place = (expression: string) => ({ status: 422, issue: [{ code: 'not-found', expression: [expression] }] });
    const alone = await ask('POST Observation', observation(URN));
    expect(issuesOf(alone)).toMatchObject(place('Observation.subject.reference'));
    const criteria = await ask('POST Observation', observation('Patient?identifier=urn:x|1'));
    expect(issuesOf(criteria)).toMatchObject(place('Observation.subject.reference'));
    const missing = await ask('POST ', transaction(post(patient(), `${URN}0`), post(observation(URN))));
    expect(issuesOf(missing)).toMatchObject(place('Bundle.entry[1].resource.subject.reference'));
    const batch = await ask('POST ', { ...transaction(post(patient(), URN), post(observation(URN))), type: 'batch' });
    expect(batch.body.entry[1].response).toMatchObject({ status: '422', outcome: { issue: [{ code: 'not-found' }] } });
  });

  it('a Provenance may be about what is gone, a stored Bundle is read within itself', async () => {
    const gone = await goal();
    await ask(`DELETE Goal/${gone}`);
    const provenance = (id: string) => ({
      resourceType: 'Provenance',
      target: [{ reference: `Goal/${id}/_history/1` }],
      recorded: '2026-03-02T10:00:00Z',
      agent: [{ who: { display: 'x' } }],
    });
    expect((await ask('POST Provenance', provenance(gone))).status).toBe(201);
    expect((await ask('POST Provenance', provenance('none'))).status).toBe(422);
    const collection = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ fullUrl: URN, resource: observation('urn:uuid:22222222-2222-4222-8222-222222222222') }],
    };
    expect((await ask('POST Bundle', collection)).status).toBe(201);
  });

  it('an app of one patient points at no record of another, though its person may see it', async () => {
    const ben = (await ask('POST Patient', patient())).body.id;
    const app: Actor = { ...client('org-a', ['patient/*.cruds']), kind: 'user', app: 'app', launchPatient: anna };
    const asApp = askAs(hub.fhir, app);
    expect((await asApp('POST Observation', about({ focus: [{ reference: `Patient/${ben}` }] }))).status).toBe(422);
    expect((await asApp('POST Observation', about({ focus: [{ reference: `Patient/${anna}` }] }))).status).toBe(201);
  });

  it('the hub and its bots are not asked: a note must not be lost because something it names is gone', async () => {
    for (const kind of ['hub', 'bot'] as const) {
      const own = askAs(hub.fhir, { ...client('org-a'), kind });
      expect((await own('POST Observation', about({ hasMember: [{ reference: 'Observation/none' }] }))).status).toBe(
        201,
      );
    }
  });

  it('with references: type only the type is asked', async () => {
    const { database, clock } = hub;
    const lenient = askAs(makeFhirService({ database, clock, base: BASE, references: 'type' }), client('org-a'));
    expect((await lenient('POST Observation', about({ hasMember: [{ reference: 'Observation/none' }] }))).status).toBe(
      201,
    );
    expect((await lenient('POST Observation', about({ hasMember: [{ reference: 'Patient/none' }] }))).status).toBe(422);
    expect((await lenient('POST Observation', about({ hasMember: [{ reference: URN }] }))).status).toBe(422);
  });
});
