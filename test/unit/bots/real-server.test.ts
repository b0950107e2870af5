import type { Communication, DetectedIssue, ServiceRequest, Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { BUSINESS_STATUS, codeIn, concept, TASK_CODE, TASK_PART, type TaskCode } from '../../../src/model/codes.ts';
import { consent, owned } from '../rules/people.ts';
import { HubKit } from './hub-kit.ts';
import { appointment, note, patient } from './network.ts';

let hub: HubKit;
beforeEach(async () => {
  hub = await HubKit.open();
});
afterEach(async () => {
  await hub.store.close();
});

const tasks = async (code: TaskCode) =>
  (await hub.all<Task>('Task')).filter((each) => codeIn(TASK_CODE, each.code) === code);
const eventFor = (organization: string, kind: string) =>
  hub.events.find((each) => each.organization === organization && each.kind === kind)!;

describe('a safety note on the real server', () => {
  const acknowledged = (task: Task, role: string) => ({
    ...task,
    status: 'accepted',
    output: [
      ...(task.output ?? []),
      { type: concept(TASK_PART, 'acknowledged-by'), valueReference: { reference: `PractitionerRole/${role}` } },
    ],
  });
  const riversideTask = async () =>
    (await tasks('acknowledge-safety-note')).find((each) => each.owner?.reference === 'Organization/riverside')!;

  it('reaches responder and informed, climbs while only machines answer, and ends with a named person', async () => {
    await hub.put(hub.client('lakeside'), note('lakeside', 'dissociation'));
    expect((await hub.run()).sort()).toEqual(['safety-note → harbor', 'safety-note → riverside']);
    const released = await hub.released(eventFor('riverside', 'safety-note'));
    expect(released!.bundle.entry!.map((each) => each.resource!.resourceType)).toEqual(
      expect.arrayContaining(['Communication', 'Task', 'Patient']),
    );
    expect(await hub.arrived(eventFor('riverside', 'safety-note'))).toEqual([]);
    expect((await riversideTask()).status).toBe('received');

    expect(await hub.pass(59)).toEqual([]);
    expect(await hub.pass(62)).toEqual(expect.arrayContaining(['escalation → riverside', 'escalation → lakeside']));
    const task = await riversideTask();
    const put = (who: ReturnType<HubKit['user']>, resource: object) => hub.ask(who)(`PUT Task/${task.id}`, resource);
    expect((await put(hub.client('riverside'), acknowledged(task, 'riverside-duty'))).status).toBe(403);
    expect((await put(hub.user('lakeside', 'lakeside-duty'), acknowledged(task, 'lakeside-duty'))).status).toBe(403);
    expect(
      (await put(hub.user('harbor', 'harbor-psychiatrist'), acknowledged(task, 'harbor-psychiatrist'))).status,
    ).not.toBe(200);
    expect((await put(hub.user('riverside', 'riverside-duty'), { ...task, status: 'accepted' })).status).toBe(422);
    expect((await put(hub.user('riverside', 'riverside-duty'), acknowledged(task, 'riverside-duty'))).status).toBe(200);
    expect(await hub.run()).toContain('acknowledgement → lakeside');
    expect((await hub.pass(600)).filter((each) => each.endsWith('riverside'))).toEqual([]);
    expect((await put(hub.user('riverside', 'riverside-duty'), task)).status).toBe(403);
  });

  it('of a Part 2 program stays without a consent and goes, with the notice, under one (H3)', async () => {
    const labelled = { ...note('riverside', 'agitation'), meta: { security: part2Labels() } };
    await hub.put(hub.client('riverside'), labelled);
    await hub.run();
    const event = eventFor('lakeside', 'safety-note');
    expect(await hub.released(event)).toBeUndefined();
    const permit = owned(
      'riverside',
      consent(
        'riverside',
        'lakeside',
        {},
        { dateTime: '2026-03-01T00:00:00Z', patient: { reference: patient('riverside') as 'Patient/x' } },
      ),
    );
    await hub.put(hub.client('riverside'), permit.resource);
    const released = await hub.released(event);
    expect(released!.bundle.entry!.map((each) => each.resource!.resourceType)).toEqual(
      expect.arrayContaining(['Communication', 'Task', 'Consent', 'DocumentReference']),
    );
    const seen = await hub.ask(hub.user('lakeside', 'lakeside-duty'))(
      'GET Task?status=requested&code=acknowledge-safety-note',
    );
    expect(seen.body.entry.length).toBeGreaterThan(0);
    await hub.put(hub.client('riverside'), { ...permit.resource, status: 'inactive' });
    expect(await hub.released(event)).toBeUndefined();
    const gone = await hub.ask(hub.user('lakeside', 'lakeside-duty'))(
      'GET Task?status=requested&code=acknowledge-safety-note',
    );
    expect(gone.body.entry ?? []).toEqual([]);
  });
});

describe('a referral to the clinic on the real server (R10)', () => {
  it('waits until the psychiatrist has the notice; until then the clinic sees and gets nothing', async () => {
    const request: ServiceRequest = {
      resourceType: 'ServiceRequest',
      id: 'request',
      status: 'active',
      intent: 'order',
      subject: { reference: patient('riverside') as 'Patient/x' },
      requester: { reference: 'Organization/riverside' },
      performer: [{ reference: 'Organization/lakeside' }],
      authoredOn: '2026-03-02T10:00:00Z',
    };
    const task: Task = {
      resourceType: 'Task',
      id: 'referral',
      status: 'requested',
      intent: 'order',
      code: concept(TASK_CODE, 'accept-referral'),
      focus: { reference: 'ServiceRequest/request' },
      for: { reference: patient('riverside') },
      requester: { reference: 'Organization/riverside' },
      owner: { reference: 'Organization/lakeside' },
      authoredOn: '2026-03-02T10:00:00Z',
    };
    // The clinic does not treat the person yet.
    const [episode] = await hub.all('EpisodeOfCare', '&_id=episode-lakeside');
    await hub.put(hub.client('lakeside'), { ...episode!, status: 'cancelled' } as never);
    await hub.put(hub.client('riverside'), request);
    await hub.put(hub.client('riverside'), task);
    expect(await hub.run()).toEqual(['notice → harbor']);
    const [waiting] = await hub.all<Task>('Task', '&_id=referral');
    expect(codeIn(BUSINESS_STATUS, waiting!.businessStatus)).toBe('waiting-outpatient-notice');
    expect(await hub.pass(10)).toEqual([]);
    const asClinic = hub.ask(hub.client('lakeside'));
    for (const path of ['Task/referral', 'ServiceRequest/request']) {
      expect((await asClinic(`GET ${path}`)).status).toBe(404);
    }
    expect((await asClinic('PUT Task/referral', { ...waiting!, status: 'accepted' })).status).toBe(404);

    expect(await hub.arrived(eventFor('harbor', 'notice'))).toEqual(['referral → lakeside']);
    const released = await hub.released(eventFor('lakeside', 'referral'));
    expect(released!.bundle.entry!.map((each) => each.resource!.resourceType)).toEqual(
      expect.arrayContaining(['ServiceRequest', 'Task', 'Patient']),
    );
    const [open] = await hub.all<Task>('Task', '&_id=referral');
    expect((await asClinic('GET ServiceRequest/request')).status).toBe(200);
    await hub.put(hub.client('lakeside'), {
      ...open!,
      status: 'accepted',
      businessStatus: concept(BUSINESS_STATUS, 'accepted'),
    });
    expect((await hub.run()).sort()).toEqual(['notice → harbor', 'referral-answer → riverside']);
    expect(await hub.pass(60)).toEqual([]);
  });
});

describe('a dose onto a group on the real server (R04)', () => {
  it('asks both schedulers; each sees its Task and a busy interval, and nothing of the other', async () => {
    await hub.put(
      hub.client('riverside'),
      appointment('riverside', 'group', 'group', '2026-03-03T18:00:00Z', '2026-03-03T20:00:00Z'),
    );
    await hub.put(
      hub.client('lakeside'),
      appointment('lakeside', 'dose', 'dose', '2026-03-03T18:30:00Z', '2026-03-03T20:30:00Z'),
    );
    const told = await hub.run();
    expect(told.filter((each) => each.startsWith('conflict')).sort()).toEqual([
      'conflict → lakeside',
      'conflict → riverside',
    ]);
    for (const [own, other] of [
      ['lakeside', 'group'],
      ['riverside', 'dose'],
    ] as const) {
      const mine = await hub.ask(hub.client(own))('GET Task?code=resolve-schedule-conflict');
      const visible = mine.body.entry
        .map((each: { resource: Task }) => each.resource)
        .filter((each: Task) => each.owner?.reference === `Organization/${own}`);
      expect(visible).toHaveLength(1);
      expect((await hub.ask(hub.client(own))(`GET Appointment/${other}`)).status).toBe(404);
      const issue = await hub.ask(hub.client(own))('GET DetectedIssue');
      expect(JSON.stringify(issue.body)).not.toContain(`Appointment/${other}`);
      const released = await hub.released(eventFor(own, 'conflict'));
      expect(JSON.stringify(released!.bundle)).not.toContain(`Appointment/${other}`);
    }
    await hub.put(
      hub.client('lakeside'),
      appointment('lakeside', 'dose', 'dose', '2026-03-03T20:30:00Z', '2026-03-03T22:30:00Z'),
    );
    await hub.run();
    expect((await hub.all<DetectedIssue>('DetectedIssue')).map((each) => each.status)).toEqual(['final']);
    expect((await tasks('resolve-schedule-conflict')).map((each) => each.status)).toEqual(['completed', 'completed']);
    expect((await hub.all<Communication>('Communication')).map((each) => each.topic?.coding?.[0]?.code)).toEqual([
      'scheduled',
    ]);
  });
});
