import type { Communication, OperationOutcome, Practitioner, PractitionerRole, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { careTeam, directoryOf } from '../../fixtures/demo/directory.ts';
import { generalHospital, lakeside, riverside } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';
import { type App, until } from '../../fixtures/demo/world.ts';
import { concept, TASK_PART } from '../../src/model/codes.ts';
import { ackOf, Network, WAIT_MS } from './network.ts';

const DAY = calendar('2026-03-02');
const [GENERAL, PROGRAM, CLINIC] = [generalHospital(DAY), riverside(DAY), lakeside(DAY)];

/** Long enough that no ladder step falls into a slow run. */
const patient = (settings: Record<string, unknown>) => ({
  ...settings,
  safety: {
    ...(settings.safety as object),
    E1: { ackSec: 3600, onCallSec: 3600, ladder: [{ step: 'duty', afterSec: 0 }] },
  },
});

describe('a safety note is acknowledged by a named person of the organization it was sent to, and by nobody else', () => {
  let network: Network;
  let task: Task;
  let program: App;
  let clinic: App;
  const people: Record<string, App> = {};

  beforeAll(async () => {
    network = await Network.start({ change: patient });
    program = await network.app('riverside');
    clinic = await network.app('lakeside');
    for (const organization of ['riverside', 'lakeside', 'harbor-psychiatry'])
      await (await network.app(organization)).do('POST', '', directoryOf(organization));
    for (const role of ['riverside-therapist', 'riverside-coordinator', 'lakeside-prescriber', 'harbor-psychiatrist'])
      people[role] = await network.person(role);
    await send('general-hospital', 'general-mllp', GENERAL.admission);
    await send('riverside', 'riverside-mllp', PROGRAM.registration);
    const own = (await program.search('Patient?identifier=https://riverside.example/sid/mrn|R5521')).find(
      (each) => each.resourceType === 'Patient' && each.meta?.source !== undefined,
    );
    const [any] = await program.search('Patient?identifier=https://riverside.example/sid/mrn|R5521');
    await program.do('POST', 'CareTeam', careTeam((own ?? any)?.id ?? ''));
    await send('lakeside', 'lakeside-mllp', CLINIC.registration);
    await send('lakeside', 'lakeside-mllp', CLINIC.dissociation);
    const found = await until(async () => {
      const [first] = (await demands()).filter((each) => each.owner?.reference === 'Organization/riverside');
      return first?.status === 'received' && first;
    }, WAIT_MS);
    if (!found) throw new Error('no delivered obligation');
    task = found;
  });
  afterAll(() => network.stop());

  async function send(partner: string, feed: string, message: string): Promise<void> {
    expect(ackOf(await network.world.send(partner, feed, message)).code).toBe('AA');
  }

  const demands = async (): Promise<Task[]> =>
    (await network.operator.search<Task>('Task?_count=200')).filter(
      (each) => each.code?.coding?.[0]?.code === 'acknowledge-safety-note',
    );
  const now = (): Promise<Task> => network.operator.do<Task>('GET', `Task/${task.id}`);

  const by = (role: string): NonNullable<Task['output']> => [
    { type: concept(TASK_PART, 'acknowledged-by'), valueReference: { reference: `PractitionerRole/${role}` } },
    { type: concept(TASK_PART, 'acknowledged-at'), valueInstant: new Date().toISOString() },
  ];

  /** The transition with everything right except what the test leaves out. */
  async function answer(app: App, named: string | undefined, status: Task['status'] = 'accepted') {
    const current = await now();
    const output = [...(current.output ?? []), ...(named === undefined ? [] : by(named))];
    const { status: http, body } = await app.request('PUT', `Task/${task.id}`, {
      ...current,
      status,
      lastModified: new Date().toISOString(),
      ...(output.length > 0 ? { output } : {}),
    });
    return { http, failure: failureOf(body) };
  }

  const failureOf = (body: unknown): string | undefined =>
    (body as OperationOutcome).issue?.[0]?.details?.coding?.[0]?.code;

  async function stillOpen(): Promise<void> {
    const current = await now();
    expect(current.status).toBe('received');
    expect(current.restriction?.period?.end).toBe(task.restriction?.period?.end);
    expect(JSON.stringify(current.output ?? '')).not.toContain('acknowledged');
  }

  test('delivered is not acknowledged: AA of the engine leaves it open, for the program as for the psychiatrist', async () => {
    expect(task.businessStatus?.coding?.[0]?.code).toBe('delivered');
    const owners = (await demands()).map((each) => each.owner?.reference).sort();
    expect(owners).toEqual(['Organization/harbor-psychiatry', 'Organization/riverside']);
    await stillOpen();
  });

  test("a system's token is refused, the program's own and the sender's and the operator's", async () => {
    expect(await answer(program, 'riverside-therapist')).toEqual({ http: 403, failure: 'forbidden.not-a-person' });
    expect((await answer(clinic, 'riverside-therapist')).http).toBeGreaterThanOrEqual(400);
    expect((await answer(network.operator, 'riverside-therapist')).http).toBe(403);
    await stillOpen();
  });

  test("the sender's own staff is refused", async () => {
    const { http, failure } = await answer(people['lakeside-prescriber'] as App, 'lakeside-prescriber');
    expect([403, 404]).toContain(http);
    if (http === 403) expect(failure).toBe('forbidden.own-note');
    await stillOpen();
  });

  test('a member of another organization is refused, whoever he names', async () => {
    for (const named of ['harbor-psychiatrist', 'riverside-therapist'])
      expect([403, 404]).toContain((await answer(people['harbor-psychiatrist'] as App, named)).http);
    await stillOpen();
  });

  test('an answer that names nobody, or somebody else, is refused', async () => {
    const therapist = people['riverside-therapist'] as App;
    expect(await answer(therapist, undefined)).toMatchObject({ failure: 'invalid.person-missing' });
    expect(await answer(therapist, 'riverside-coordinator')).toEqual({ http: 403, failure: 'forbidden.other-person' });
    expect(await answer(therapist, undefined, 'rejected')).toMatchObject({ failure: 'invalid.person-missing' });
    await stillOpen();
  });

  test('nobody signs for another beforehand, without answering', async () => {
    const current = await now();
    for (const app of [program, people['riverside-coordinator'] as App]) {
      const signed = { ...current, output: [...(current.output ?? []), ...by('riverside-therapist')] };
      const { status, body } = await app.request('PUT', `Task/${task.id}`, signed);
      expect([status, failureOf(body)]).toEqual([403, 'forbidden.not-an-answer']);
    }
    await stillOpen();
  });

  test('it is not withdrawn, deleted, handed on, given more time', async () => {
    const therapist = people['riverside-therapist'] as App;
    for (const status of ['cancelled', 'entered-in-error', 'draft'] as const)
      expect((await answer(therapist, 'riverside-therapist', status)).failure).toBe('forbidden.obligation-kept');
    expect((await therapist.request('DELETE', `Task/${task.id}`)).status).toBe(403);
    const current = await now();
    const later = { period: { ...current.restriction?.period, end: '2031-01-01T00:00:00Z' } };
    expect((await therapist.request('PUT', `Task/${task.id}`, { ...current, restriction: later })).status).toBe(403);
    const { restriction: _none, ...without } = current;
    expect((await therapist.request('PUT', `Task/${task.id}`, without)).status).toBe(403);
    const away = { ...current, owner: { reference: 'Organization/harbor-psychiatry' } };
    expect((await therapist.request('PUT', `Task/${task.id}`, away)).status).toBe(403);
    const patch = await therapist.request(
      'PATCH',
      `Task/${task.id}`,
      [{ op: 'replace', path: '/status', value: 'accepted' }],
      {
        'content-type': 'application/json-patch+json',
      },
    );
    expect(patch.status).toBeGreaterThanOrEqual(400);
    await stillOpen();
  });

  test('a read receipt, and a reply that names no person, acknowledge nothing', async () => {
    const id = task.focus?.reference?.split('/')[1] ?? '';
    const note = await network.operator.do<Communication>('GET', `Communication/${id}`);
    const receipt = { ...note, received: new Date().toISOString() };
    for (const app of [people['riverside-therapist'] as App, program, network.operator])
      expect((await app.request('PUT', `Communication/${id}`, receipt)).status).toBeGreaterThanOrEqual(400);
    const reply: Communication = {
      resourceType: 'Communication',
      status: 'completed',
      inResponseTo: [{ reference: `Communication/${id}` }],
      payload: [{ contentString: 'Thank you.' }],
    };
    const nameless = await program.request('POST', 'Communication', reply);
    expect(nameless.status).toBeGreaterThanOrEqual(400);
    expect(failureOf(nameless.body)).toBe('invalid.person-missing');
    await (people['riverside-therapist'] as App).request('POST', 'Communication', {
      ...reply,
      sender: { reference: 'PractitionerRole/riverside-therapist' },
    });
    await network.quiet();
    await stillOpen();
  });

  test('somebody who is no longer active is refused: the role, and the person', async () => {
    const therapist = people['riverside-therapist'] as App;
    const role = await program.do<PractitionerRole>('GET', 'PractitionerRole/riverside-therapist');
    await program.do('PUT', `PractitionerRole/${role.id}`, { ...role, active: false });
    expect([401, 403]).toContain((await answer(therapist, 'riverside-therapist')).http);
    await stillOpen();
    await program.do('PUT', `PractitionerRole/${role.id}`, { ...role, active: true });
    const person = await program.do<Practitioner>('GET', 'Practitioner/riverside-therapist-person');
    await program.do('PUT', `Practitioner/${person.id}`, { ...person, active: false });
    expect([401, 403]).toContain((await answer(therapist, 'riverside-therapist')).http);
    await stillOpen();
    await program.do('PUT', `Practitioner/${person.id}`, { ...person, active: true });
  });

  test('the hub ends and starts again: the same one obligation, the same deadline', async () => {
    expect(await network.world.stopHub()).toBe(0);
    await network.world.startHub();
    await network.quiet();
    expect((await demands()).filter((each) => each.owner?.reference === 'Organization/riverside')).toHaveLength(1);
    await stillOpen();
  });

  test('a named clinician of the program acknowledges; the sender is told who', async () => {
    expect(await answer(people['riverside-therapist'] as App, 'riverside-therapist')).toMatchObject({ http: 200 });
    const told = await until(
      () => network.world.received.lakeside?.find(({ message }) => /acknowledged/i.test(message))?.message,
      WAIT_MS,
    );
    expect(told).toMatch(/Reyes/);
    expect(told).not.toMatch(/not acknowledged/i);
  });

  test('it stays acknowledged: a replay, a repeat and every attempt to take it back change nothing', async () => {
    await network.quiet();
    const before = await now();
    expect(before.status).toBe('accepted');
    expect(before.restriction?.period?.end).toBe(task.restriction?.period?.end);
    const deliveries = (await network.outbox()).length;
    expect((await network.cli('replay', '--all')).code).toBe(0);
    await send('lakeside', 'lakeside-mllp', CLINIC.dissociation);
    await network.quiet();
    const therapist = people['riverside-therapist'] as App;
    expect((await answer(therapist, undefined, 'requested')).failure).toBe('forbidden.answered');
    const { output: _who, ...nameless } = before;
    expect((await therapist.request('PUT', `Task/${task.id}`, nameless)).status).toBe(403);
    expect((await answer(people['riverside-coordinator'] as App, 'riverside-coordinator')).failure).toBe(
      'forbidden.answered',
    );
    const after = await now();
    expect(after).toEqual(before);
    expect(await demands()).toHaveLength(2);
    expect((await network.outbox()).length).toBe(deliveries);
  });
});
