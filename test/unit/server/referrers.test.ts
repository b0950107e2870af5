import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFhirService } from '../../../src/server/service.ts';
import { type Answer, type Ask, askAs } from './support/ask.ts';
import { observation, patient } from './support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

const BASE = 'http://hub.test/fhir/R4';
const transaction = (...entry: object[]) => ({ resourceType: 'Bundle', type: 'transaction', entry });
const toDelete = (url: string) => ({ request: { method: 'DELETE', url } });

describe.each(ENGINES)('a deletion of what others refer to, on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  let anna: string;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
    anna = await made(patient());
  });
  afterAll(() => hub?.close());

  const made = async (resource: { resourceType: string }, as = ask): Promise<string> => {
    const { status, body } = await as(`POST ${resource.resourceType}`, resource);
    expect(status).toBe(201);
    return body.id;
  };
  const goal = (more: object = {}) =>
    made({
      resourceType: 'Goal',
      lifecycleStatus: 'active',
      description: { text: 'x' },
      subject: { reference: `Patient/${anna}` },
      ...more,
    } as never);
  const plan = (...goals: string[]) => ({
    resourceType: 'CarePlan',
    status: 'active',
    intent: 'plan',
    subject: { reference: `Patient/${anna}` },
    goal: goals.map((id) => ({ reference: `Goal/${id}` })),
  });
  const refused = (text: string) => ({
    status: 409,
    body: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'conflict', diagnostics: text }] },
  });

  it('is refused with how many they are, until none of them lives or says so any more', async () => {
    const target = await goal();
    const first = await made(plan(target, target));
    const second = await made(plan(target));
    expect(await ask(`DELETE Goal/${target}`)).toMatchObject(refused('2 resources refer to it'));
    expect((await ask(`GET Goal/${target}`)).status).toBe(200);
    expect((await ask(`DELETE CarePlan/${first}`)).status).toBe(204);
    expect(await ask(`DELETE Goal/${target}`)).toMatchObject(refused('1 resource refers to it'));
    expect((await ask(`PUT CarePlan/${second}`, { ...plan(await goal()), id: second })).status).toBe(200);
    expect((await ask(`DELETE Goal/${target}`)).status).toBe(204);
  });

  it('by criteria is refused alike, alone and in a transaction', async () => {
    const target = await goal({ identifier: [{ system: 'urn:test', value: 'by-criteria' }] });
    const referrer = await made(plan(target));
    const url = 'Goal?identifier=urn:test|by-criteria';
    expect(await ask(`DELETE ${url}`)).toMatchObject(refused('1 resource refers to it'));
    expect(await ask('POST ', transaction(toDelete(url)))).toMatchObject(refused('1 resource refers to it'));
    expect((await ask(`DELETE CarePlan/${referrer}`)).status).toBe(204);
    expect((await ask(`DELETE ${url}`)).status).toBe(204);
  });

  it('in one transaction goes with that of its referrers, or with an end of the reference, and not with one that stays', async () => {
    const target = await goal();
    const [first, second] = [await made(plan(target)), await made(plan(target))];
    const both = [toDelete(`Goal/${target}`), toDelete(`CarePlan/${first}`)];
    const update = (...goals: string[]) => ({
      resource: { ...plan(...goals), id: second, title: 'x' },
      request: { method: 'PUT', url: `CarePlan/${second}` },
    });
    const stays = await ask('POST ', transaction(...both, update(target)));
    expect(stays).toMatchObject(refused('1 resource refers to it'));
    expect(stays.body.issue[0].expression).toEqual(['Bundle.entry[0].resource']);
    expect((await ask('POST ', transaction(...both))).status).toBe(409);
    expect((await ask(`GET CarePlan/${first}`)).status).toBe(200);
    expect((await ask('POST ', transaction(...both, update(await goal())))).status).toBe(200);
    expect((await ask(`GET Goal/${target}`)).status).toBe(410);
  });

  it('in a batch refuses its entry alone', async () => {
    const target = await goal();
    await made(plan(target));
    const { body } = await ask('POST ', {
      ...transaction(toDelete(`Goal/${target}`), toDelete(`Goal/${await goal()}`)),
      type: 'batch',
    });
    const codes = body.entry.map(({ response }: { response: { status: string } }) => response.status.slice(0, 3));
    expect(codes).toEqual(['409', '204']);
  });

  it('tells nothing of referrers that the deleter may not see', async () => {
    const practitioner = () => made({ resourceType: 'Practitioner' });
    const [known, unknown, free] = [await practitioner(), await practitioner(), await practitioner()];
    const other = askAs(hub.fhir, client('org-b'));
    for (const id of [known, unknown])
      await made(patient({ generalPractitioner: [{ reference: `Practitioner/${id}` }] }), other);
    await made(patient({ generalPractitioner: [{ reference: `Practitioner/${known}` }] }));
    expect(await ask(`DELETE Practitioner/${known}`)).toMatchObject(refused('1 resource refers to it'));
    const plain = ({ status, body }: Answer) => ({ status, body });
    expect(plain(await ask(`DELETE Practitioner/${unknown}`))).toEqual(plain(await ask(`DELETE Practitioner/${free}`)));
  });

  it('tells nothing of referrers that the scopes do not open', async () => {
    const target = await goal();
    await made(plan(target));
    const narrow = askAs(hub.fhir, client('org-a', ['system/Goal.cruds']));
    expect((await narrow(`DELETE Goal/${target}`)).status).toBe(204);
  });

  it('is not held up by the record of what was done to it, nor by itself', async () => {
    const target = await made(observation(`Patient/${anna}`));
    const itself = {
      ...observation(`Patient/${anna}`),
      id: target,
      hasMember: [{ reference: `Observation/${target}` }],
    };
    expect((await ask(`PUT Observation/${target}`, itself)).status).toBe(200);
    const what = { reference: `Observation/${target}` };
    await made({
      resourceType: 'Provenance',
      target: [what],
      recorded: '2026-03-02T10:00:00Z',
      agent: [{ who: { display: 'x' } }],
    } as never);
    await made({
      resourceType: 'AuditEvent',
      type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' },
      recorded: '2026-03-02T10:00:00Z',
      agent: [{ requestor: true, who: { display: 'x' } }],
      source: { observer: { display: 'x' } },
      entity: [{ what }],
    } as never);
    expect((await ask(`DELETE Observation/${target}`)).status).toBe(204);
  });

  it('is not held up by a version that is gone, by another server or by another type under the same id', async () => {
    const target = await goal();
    const url = { reference: `http://elsewhere.example/fhir/Goal/${target}` };
    await made({ ...plan(), goal: [url] } as never);
    await ask(`PUT Observation/${target}`, { ...observation(`Patient/${anna}`), id: target });
    await made(observation(`Patient/${anna}`, { hasMember: [{ reference: `Observation/${target}` }] }) as never);
    expect((await ask(`DELETE Goal/${target}`)).status).toBe(204);
  });

  it('by the hub and its bots, or with references: type, is not asked', async () => {
    const { database, clock } = hub;
    const lenient = askAs(makeFhirService({ database, clock, base: BASE, references: 'type' }), client('org-a'));
    const own = (kind: 'hub' | 'bot') => askAs(hub.fhir, { ...client('org-a'), kind });
    for (const as of [lenient, own('hub'), own('bot')]) {
      const target = await goal();
      await made(plan(target));
      expect((await as(`DELETE Goal/${target}`)).status).toBe(204);
    }
  });

  it('of a Patient counts the records that are linked to it', async () => {
    const linked = await made(patient());
    const linking = await made(patient({ link: [{ type: 'seealso', other: { reference: `Patient/${linked}` } }] }));
    expect(await ask(`DELETE Patient/${linked}`)).toMatchObject(refused('1 resource refers to it'));
    expect((await ask(`DELETE Patient/${linking}`)).status).toBe(204);
    expect((await ask(`DELETE Patient/${linked}`)).status).toBe(204);
  });
});
