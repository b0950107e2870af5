import type { Appointment, CarePlan, DetectedIssue, Resource, Slot, Task } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { make } from '../../../bots/detect-conflict/bot.ts';
import { busyOf, overlap, proposalsOf } from '../../../bots/detect-conflict/rule.ts';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { APPOINTMENT_KIND, codeIn, concept, TASK_PART } from '../../../src/model/codes.ts';
import { hubExtension } from '../../../src/model/systems.ts';
import { SAFETY_POLICY } from '../../../src/rules/safety-policy.ts';
import { FakeFhir } from './fake-fhir.ts';
import { appointment, network, PERSON, patient, writtenBy } from './network.ts';

const NOW = Date.parse('2026-11-20T15:00:00Z');
const bot = make({ now: () => NOW });

type Any = Resource & { id: string };

function server(...resources: Any[]): FakeFhir {
  const own = resources.flatMap((each) =>
    each.resourceType === 'Appointment' ? [writtenBy(each.id.split('-')[0]!, `Appointment/${each.id}`)] : [],
  );
  return new FakeFhir([...network(), ...resources, ...own], [PERSON]);
}

const slot = (id: string, start: string, end: string, status: Slot['status'] = 'free'): Slot & { id: string } => ({
  resourceType: 'Slot',
  id,
  status,
  serviceType: [concept(APPOINTMENT_KIND, 'dose')],
  schedule: { reference: 'Schedule/lakeside' },
  start,
  end,
});
const SCHEDULE: Any = {
  resourceType: 'Schedule',
  id: 'lakeside',
  actor: [{ reference: 'PractitionerRole/lakeside-duty' }],
};

const GROUP = appointment('riverside', 'riverside-group', 'group', '2026-11-24T18:00:00Z', '2026-11-24T20:00:00Z');
const DOSE = appointment('lakeside', 'lakeside-dose', 'dose', '2026-11-24T18:30:00Z', '2026-11-24T20:30:00Z');

const see = (fhir: FakeFhir, seen: Appointment & { id: string }) => bot(fhir.client, fhir.event(fhir.put(seen)));
const issues = (fhir: FakeFhir) => fhir.all<DetectedIssue>('DetectedIssue');
const inputs = (task: Task, part: 'busy-interval' | 'proposal' | 'no-free-time') =>
  (task.input ?? []).filter((each) => codeIn(TASK_PART, each.type) === part);

describe('a dose and a session (R04)', () => {
  it.each([
    ['a dose booked onto a group', [GROUP], DOSE],
    ['a group moved onto a dose', [DOSE], GROUP],
  ])('%s: one issue, one Task to each scheduler, however often it is seen', async (_title, standing, changed) => {
    const fhir = server(...standing, changed);
    for (const each of [changed, ...standing, changed]) await see(fhir, each);
    expect(issues(fhir)).toHaveLength(1);
    expect(issues(fhir)[0]).toMatchObject({
      status: 'preliminary',
      implicated: [{ reference: 'Appointment/lakeside-dose' }, { reference: 'Appointment/riverside-group' }],
    });
    const tasks = fhir.all<Task>('Task');
    expect(tasks.map((each) => [each.owner?.reference, each.for?.reference]).sort()).toEqual([
      ['Organization/lakeside', patient('lakeside')],
      ['Organization/riverside', patient('riverside')],
    ]);
  });

  it('each side learns when the other is busy and nothing else', async () => {
    const fhir = server(GROUP, DOSE);
    await see(fhir, DOSE);
    const [clinic, program] = ['lakeside', 'riverside'].map(
      (org) => fhir.all<Task>('Task').find((each) => each.owner?.reference === `Organization/${org}`)!,
    );
    expect(inputs(clinic!, 'busy-interval')[0]!.valuePeriod).toEqual({
      start: '2026-11-24T18:00:00.000Z',
      end: '2026-11-24T20:00:00.000Z',
    });
    // The dose with an hour of recovery.
    expect(inputs(program!, 'busy-interval')[0]!.valuePeriod).toEqual({
      start: '2026-11-24T18:30:00.000Z',
      end: '2026-11-24T21:30:00.000Z',
    });
    expect(JSON.stringify(program)).not.toMatch(/dose|lakeside/i);
    expect(JSON.stringify(clinic)).not.toMatch(/group|riverside/i);
  });

  it.each([
    ['the dose moved', { ...DOSE, start: '2026-11-24T20:00:00Z', end: '2026-11-24T22:00:00Z' }, 'rescheduled'],
    [
      'the dose moved by months',
      { ...DOSE, start: '2027-02-24T20:00:00Z', end: '2027-02-24T22:00:00Z' },
      'rescheduled',
    ],
    ['the dose cancelled', { ...DOSE, status: 'cancelled' as const }, 'cancelled'],
    ['the group moved', { ...GROUP, start: '2026-11-24T14:00:00Z', end: '2026-11-24T16:00:00Z' }, 'rescheduled'],
  ])('%s: the issue is final with its mitigation, the Tasks are done', async (_title, change, action) => {
    const fhir = server(GROUP, DOSE);
    await see(fhir, DOSE);
    await see(fhir, change);
    expect(issues(fhir)[0]).toMatchObject({
      status: 'final',
      mitigation: [{ action: { coding: [{ code: action }] } }],
    });
    expect(fhir.all<Task>('Task').map((each) => each.status)).toEqual(['completed', 'completed']);
    const writes = fhir.writes;
    await see(fhir, change);
    expect(fhir.writes).toBe(writes);
  });

  it('that collide again open the same issue and ask anew', async () => {
    const fhir = server(GROUP, DOSE);
    await see(fhir, DOSE);
    await see(fhir, { ...DOSE, start: '2026-11-24T20:00:00Z', end: '2026-11-24T22:00:00Z' });
    await see(fhir, { ...GROUP, start: '2026-11-24T20:30:00Z', end: '2026-11-24T22:00:00Z' });
    expect(issues(fhir)).toHaveLength(1);
    expect(issues(fhir)[0]!.status).toBe('preliminary');
    expect(fhir.all<Task>('Task').filter((each) => each.status === 'requested')).toHaveLength(2);
  });

  it('of which one is Part 2 belong to that record, so that consent decides what the other side learns (H4)', async () => {
    const fhir = server({ ...GROUP, meta: { security: part2Labels() } }, DOSE);
    await see(fhir, DOSE);
    expect(fhir.all<Task>('Task').map((each) => each.for?.reference)).toEqual([
      patient('riverside'),
      patient('riverside'),
    ]);
    expect(issues(fhir)[0]!.patient?.reference).toBe(patient('riverside'));
  });

  it('the hub touches no appointment', async () => {
    const fhir = server(GROUP, DOSE);
    await see(fhir, DOSE);
    expect(fhir.all<Appointment>('Appointment').map((each) => each.meta?.versionId)).toEqual(['1', '1']);
  });

  it('a longer recovery of the patient counts (R02)', async () => {
    const evening = { ...GROUP, start: '2026-11-24T22:00:00Z', end: '2026-11-24T23:00:00Z' };
    const plan: CarePlan & { id: string } = {
      resourceType: 'CarePlan',
      id: 'plan',
      status: 'active',
      intent: 'plan',
      subject: { reference: patient('riverside') as 'Patient/x' },
      extension: [{ url: hubExtension('recovery-minutes'), valueInteger: 240 }],
    };
    const [without, withPlan] = [server(evening, DOSE), server(evening, DOSE, plan)];
    await see(without, DOSE);
    await see(withPlan, DOSE);
    expect([issues(without).length, issues(withPlan).length]).toEqual([0, 1]);
  });
});

describe('proposals (R03)', () => {
  it('are published free afternoon slots of the clinic that leave the group whole, with reasons', async () => {
    const fhir = server(
      GROUP,
      DOSE,
      SCHEDULE,
      slot('morning', '2026-11-24T15:00:00Z', '2026-11-24T17:00:00Z'),
      slot('onto-group', '2026-11-24T19:00:00Z', '2026-11-24T21:00:00Z'),
      slot('taken', '2026-11-24T20:00:00Z', '2026-11-24T22:00:00Z', 'busy'),
      slot('short', '2026-11-24T20:30:00Z', '2026-11-24T21:30:00Z'),
      slot('good', '2026-11-24T21:00:00Z', '2026-11-24T23:00:00Z'),
      slot('next-day', '2026-11-25T20:00:00Z', '2026-11-25T22:00:00Z'),
      slot('partly-blocked', '2026-11-26T20:00:00Z', '2026-11-26T22:00:00Z'),
      slot('block', '2026-11-26T21:30:00Z', '2026-11-27T23:00:00Z', 'busy-unavailable'),
    );
    await see(fhir, DOSE);
    const task = fhir.all<Task>('Task').find((each) => each.owner?.reference === 'Organization/lakeside')!;
    expect(inputs(task, 'proposal').map((each) => each.valuePeriod?.start)).toEqual([
      '2026-11-24T21:00:00.000Z',
      '2026-11-25T20:00:00.000Z',
    ]);
    expect(inputs(task, 'proposal')[0]!.extension![0]!.valueString).toBe(
      'afternoon; every session stays whole; 60 min recovery; 60 min after the last session',
    );
  });

  it('without a published slot are "no free time known"', async () => {
    const fhir = server(GROUP, DOSE);
    await see(fhir, DOSE);
    for (const task of fhir.all<Task>('Task'))
      expect(inputs(task, 'no-free-time')[0]!.valueString).toBe('no free time known');
  });

  it('never touch a session, never start in the morning, always hold the whole block, whatever the week looks like', () => {
    const hour = fc.integer({ min: 0, max: 14 * 24 * 4 }).map((quarters) => NOW + quarters * 15 * 60_000);
    const span = fc.tuple(hour, fc.integer({ min: 1, max: 16 })).map(([start, quarters]) => ({
      start: new Date(start).toISOString(),
      end: new Date(start + quarters * 15 * 60_000).toISOString(),
    }));
    const recovery = fc.constantFrom(0, 60, 240);
    let proposed = 0;
    fc.assert(
      fc.property(
        fc.array(span, { maxLength: 8 }),
        fc.array(span, { maxLength: 20 }),
        span,
        recovery,
        (sessions, free, dose, recoveryMin) => {
          const slots = free.map(({ start, end }, index) => slot(`s${index}`, start, end));
          const facts = {
            slots,
            sessions,
            dose,
            recoveryMin,
            zone: 'America/Chicago',
            now: new Date(NOW).toISOString(),
            policy: SAFETY_POLICY,
          };
          for (const each of proposalsOf(facts)) {
            proposed++;
            const rest = {
              start: each.start,
              end: new Date(Date.parse(each.end) + recoveryMin * 60_000).toISOString(),
            };
            expect(sessions.some((session) => overlap(session, rest))).toBe(false);
            expect(free.some((one) => one.start === each.start && one.end >= each.end)).toBe(true);
            expect(Date.parse(each.end) - Date.parse(each.start)).toBe(120 * 60_000);
            const localHour = Number(
              new Intl.DateTimeFormat('en-US', {
                timeZone: 'America/Chicago',
                hour: 'numeric',
                hourCycle: 'h23',
              }).format(new Date(each.start)),
            );
            expect(localHour).toBeGreaterThanOrEqual(12);
          }
        },
      ),
      { numRuns: 300, seed: 3 },
    );
    expect(proposed).toBeGreaterThan(100);
  });
});

it('a dose blocks its whole monitored session, however short it was booked (R01)', () => {
  const short = { ...DOSE, end: '2026-11-24T19:00:00Z' };
  expect(busyOf(short, SAFETY_POLICY, 0)).toEqual({
    start: '2026-11-24T18:30:00.000Z',
    end: '2026-11-24T20:30:00.000Z',
  });
  expect(busyOf({ ...DOSE, status: 'cancelled' }, SAFETY_POLICY, 0)).toBeUndefined();
});
