import type { Encounter, Patient, ServiceRequest, Task } from '@medplum/fhirtypes';
import { describe, expect, test } from 'vitest';
import { make } from '../../../bots/watch-discharge/bot.ts';
import { isWatched } from '../../../bots/watch-discharge/rule.ts';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { concept, LEVEL_OF_CARE, OBLIGATIONS, TASK_CODE } from '../../../src/model/codes.ts';
import { ACT_CODE_SYSTEM } from '../../../src/model/labels.ts';
import { FakeFhir } from './fake-fhir.ts';

const subject = { reference: 'Patient/genh' };
const stay = (more: Partial<Encounter> = {}): Encounter & { id: string } => ({
  resourceType: 'Encounter',
  id: 'stay',
  status: 'finished',
  class: { system: ACT_CODE_SYSTEM, code: 'IMP' },
  subject,
  serviceProvider: { reference: 'Organization/general-hospital' },
  period: { start: '2026-11-11T09:10:00-05:00', end: '2026-11-14T11:00:00-05:00' },
  ...more,
});
const request = (more: Partial<ServiceRequest> = {}): ServiceRequest & { id: string } => ({
  resourceType: 'ServiceRequest',
  id: 'request',
  status: 'active',
  intent: 'order',
  subject,
  authoredOn: '2026-11-13',
  ...more,
});
const referral = (status: Task['status'], more: Partial<Task> = {}): Task & { id: string } => ({
  resourceType: 'Task',
  id: 'referral',
  status,
  intent: 'order',
  code: concept(TASK_CODE, 'accept-referral'),
  focus: { reference: 'ServiceRequest/request' },
  for: subject,
  ...more,
});
const patient: Patient & { id: string } = { resourceType: 'Patient', id: 'genh' };

const NOW = '2026-11-14T16:05:00.000Z';
let clock = NOW;
const bot = make({ now: () => Date.parse(clock) });
const network = () => {
  clock = NOW;
  return new FakeFhir([patient, { ...patient, id: 'riv' }], [['genh', 'riv']]);
};
async function happens(fhir: FakeFhir, resource: (Encounter | Task) & { id: string }) {
  await bot(fhir.client, fhir.event(fhir.put(resource as Encounter & { id: string })));
}
const reviews = (fhir: FakeFhir) => fhir.all<Task>('Task').filter((each) => each.id !== 'referral');

describe('a psychiatric discharge', () => {
  test('without an accepted referral asks the hospital to review it, with a deadline, and changes nothing else', async () => {
    const fhir = network();
    await happens(fhir, stay());
    expect(reviews(fhir)).toMatchObject([
      {
        status: 'requested',
        focus: { reference: 'Encounter/stay' },
        for: subject,
        owner: { reference: 'Organization/general-hospital' },
        requester: { display: 'Handoff' },
        restriction: { period: { end: '2026-11-15T16:05:00.000Z' } },
        input: [{ valueString: 'Accepted referral' }],
      },
    ]);
    expect(OBLIGATIONS).toContain(reviews(fhir)[0]?.code?.coding?.[0]?.code);
    expect((await fhir.readResource('Encounter', 'stay')).meta?.versionId).toBe('1');
  });

  test.each<[Task['status'], number]>([
    ['requested', 1],
    ['received', 1],
    ['rejected', 1],
    ['cancelled', 1],
    ['failed', 1],
    ['accepted', 0],
    ['in-progress', 0],
    ['completed', 0],
  ])('with a referral that is %s: %i review', async (status, count) => {
    const fhir = network();
    fhir.put(request());
    fhir.put(referral(status));
    await happens(fhir, stay());
    expect(reviews(fhir)).toHaveLength(count);
  });

  test.each<[string, Partial<ServiceRequest>, number]>([
    ['of the day of admission', { authoredOn: '2026-11-11' }, 0],
    ['from before the admission', { authoredOn: '2026-11-10' }, 1],
    ['from before, but for this stay', { authoredOn: '2026-11-10', encounter: { reference: 'Encounter/stay' } }, 0],
    ['to a dosing clinic', { performerType: concept(LEVEL_OF_CARE, 'dosing') }, 1],
  ])('with an accepted referral %s', async (_, more, count) => {
    const fhir = network();
    fhir.put(request(more));
    fhir.put(referral('accepted'));
    await happens(fhir, stay());
    expect(reviews(fhir)).toHaveLength(count);
  });

  test('counts a referral of the same person under another record', async () => {
    const fhir = network();
    fhir.put(request({ subject: { reference: 'Patient/riv' } }));
    fhir.put(referral('accepted', { for: { reference: 'Patient/riv' } }));
    await happens(fhir, stay());
    expect(reviews(fhir)).toEqual([]);
  });

  test.each<[string, Partial<Encounter>]>([
    ['that goes on', { status: 'in-progress' }],
    ['of an outpatient', { class: { system: ACT_CODE_SYSTEM, code: 'AMB' } }],
    ['of surgery', { serviceType: { coding: [{ code: 'SUR' }] } }],
    ['that ended by death', { hospitalization: { dischargeDisposition: { coding: [{ code: '20' }] } } }],
    ['of years ago', { period: { start: '2021-01-01', end: '2021-01-09' } }],
  ])('a stay %s asks nobody', async (_, more) => {
    const fhir = network();
    await happens(fhir, stay(more));
    expect(reviews(fhir)).toEqual([]);
  });

  test('a service the table does not list is watched', () => {
    expect(isWatched(stay({ serviceType: { coding: [{ code: 'PSY' }] } }))).toBe(true);
    expect(isWatched(stay({ serviceType: { coding: [{ code: 'BHU4' }] } }))).toBe(true);
  });

  test('the Task carries the labels of the stay', async () => {
    const fhir = network();
    await happens(fhir, stay({ meta: { security: part2Labels() } }));
    expect(reviews(fhir)[0]?.meta?.security).toEqual(part2Labels());
  });
});

describe('afterwards', () => {
  test('the same discharge again, or with a corrected time, raises nothing new and moves no deadline', async () => {
    const fhir = network();
    await happens(fhir, stay());
    const before = fhir.writes;
    clock = '2026-11-14T20:00:00.000Z';
    await bot(fhir.client, fhir.event(stay()));
    expect(fhir.writes).toBe(before);
    await happens(fhir, stay({ period: { start: '2026-11-11T09:10:00-05:00', end: '2026-11-14T11:30:00-05:00' } }));
    expect(reviews(fhir).map((each) => each.restriction?.period?.end)).toEqual(['2026-11-15T16:05:00.000Z']);
  });

  test('an accepted referral completes the Task and says which', async () => {
    const fhir = network();
    await happens(fhir, stay());
    fhir.put(request());
    await happens(fhir, referral('accepted'));
    expect(reviews(fhir)).toMatchObject([
      {
        status: 'completed',
        statusReason: { text: 'A referral has been accepted' },
        output: [{ valueReference: { reference: 'ServiceRequest/request' } }],
      },
    ]);
  });

  test('a cancelled discharge cancels the Task; the next discharge raises another', async () => {
    const fhir = network();
    await happens(fhir, stay());
    await happens(fhir, stay({ status: 'in-progress', period: { start: '2026-11-11T09:10:00-05:00' } }));
    expect(reviews(fhir)).toMatchObject([
      { status: 'cancelled', statusReason: { text: 'The discharge was cancelled' } },
    ]);
    await happens(fhir, stay());
    expect(reviews(fhir).map((each) => each.status)).toEqual(['cancelled', 'requested']);
  });

  test('a referral that fails after it was accepted asks again', async () => {
    const fhir = network();
    await happens(fhir, stay());
    fhir.put(request());
    await happens(fhir, referral('accepted'));
    await happens(fhir, referral('failed', { statusReason: { text: 'Did not come' } }));
    expect(reviews(fhir).map((each) => each.status)).toEqual(['completed', 'requested']);
  });

  test.each<Task['status']>(['accepted', 'completed', 'rejected'])(
    'a review a person %s is left alone',
    async (status) => {
      const fhir = network();
      await happens(fhir, stay());
      const [task] = reviews(fhir);
      fhir.put({ ...task!, status, statusReason: { text: 'Goes home to her sister' } });
      await happens(fhir, stay({ length: { value: 3, unit: 'd', system: 'http://unitsofmeasure.org', code: 'd' } }));
      fhir.put(request());
      await happens(fhir, referral('accepted'));
      expect(reviews(fhir).map((each) => each.status)).toEqual([status]);
    },
  );
});
