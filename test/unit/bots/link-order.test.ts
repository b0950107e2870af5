import type {
  Appointment,
  CarePlan,
  Communication,
  MedicationRequest,
  Organization,
  Resource,
  ServiceRequest,
  Task,
} from '@medplum/fhirtypes';
import { describe, expect, test } from 'vitest';
import { make } from '../../../bots/link-order/bot.ts';
import { changesOf } from '../../../bots/link-order/rule.ts';
import {
  APPOINTMENT_KIND,
  BUSINESS_STATUS,
  type BusinessStatus,
  codeIn,
  concept,
  LEVEL_OF_CARE,
  TASK_CODE,
} from '../../../src/model/codes.ts';
import { FakeFhir } from './fake-fhir.ts';

const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
const order = (more: Partial<MedicationRequest> = {}, mg = 56): MedicationRequest & { id: string } => ({
  resourceType: 'MedicationRequest',
  id: 'order',
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/lake' },
  requester: { reference: 'Organization/lakeside' },
  medicationCodeableConcept: { coding: [{ system: RXNORM, code: '2201625', display: 'Spravato nasal spray' }] },
  dosageInstruction: [
    {
      timing: { code: { text: 'Twice weekly' } },
      doseAndRate: [{ doseQuantity: { value: mg, system: 'http://unitsofmeasure.org', code: 'mg' } }],
    },
  ],
  ...more,
});
const plan = (more: Partial<CarePlan> = {}): CarePlan & { id: string } => ({
  resourceType: 'CarePlan',
  id: 'plan',
  status: 'active',
  intent: 'plan',
  category: [{ coding: [{ code: 'assess-plan' }] }],
  subject: { reference: 'Patient/riv' },
  activity: [{ detail: { status: 'not-started', description: 'Skills group' } }],
  ...more,
});
const request: ServiceRequest & { id: string } = {
  resourceType: 'ServiceRequest',
  id: 'request',
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/riv' },
  requester: { reference: 'Organization/riverside' },
  performerType: concept(LEVEL_OF_CARE, 'dosing'),
  authoredOn: '2026-11-20T10:00:00Z',
};
const referral = (
  status: Task['status'],
  business: BusinessStatus,
  more: Partial<Task> = {},
): Task & { id: string } => ({
  resourceType: 'Task',
  id: 'referral',
  status,
  intent: 'order',
  code: concept(TASK_CODE, 'accept-referral'),
  businessStatus: concept(BUSINESS_STATUS, business),
  focus: { reference: 'ServiceRequest/request' },
  for: { reference: 'Patient/riv' },
  ...more,
});
const dose = (status: Appointment['status'], day: number): Appointment & { id: string } => ({
  resourceType: 'Appointment',
  id: `dose-${day}`,
  status,
  appointmentType: concept(APPOINTMENT_KIND, 'dose'),
  start: `2026-11-${day}T21:00:00Z`,
  end: `2026-11-${day}T23:00:00Z`,
  participant: [{ status: 'accepted', actor: { reference: 'Patient/lake' } }],
});
const organizations: Organization[] = ['riverside', 'lakeside'].map((id) => ({
  resourceType: 'Organization',
  id,
  name: id,
}));

const bot = make({ now: () => Date.parse('2026-11-21T16:00:00Z') });
const network = (...resources: Resource[]) => new FakeFhir([...organizations, ...resources], [['riv', 'lake']]);
async function happens(fhir: FakeFhir, resource: Resource & { id: string }) {
  await bot(fhir.client, fhir.event(fhir.put(resource as Task & { id: string })));
}
const references = (fhir: FakeFhir) =>
  fhir.all<CarePlan>('CarePlan').map((each) => each.activity?.flatMap(({ reference }) => reference?.reference ?? []));
const standing = (fhir: FakeFhir) => {
  const task = fhir.all<Task>('Task')[0]!;
  return [task.status, codeIn(BUSINESS_STATUS, task.businessStatus)];
};

describe('an order and the plan', () => {
  test('the order becomes an activity of the program’s active plan, once, beside the others', async () => {
    const fhir = network(plan());
    await happens(fhir, order());
    await happens(fhir, order({ note: [{ text: 'second version' }] }));
    expect(references(fhir)).toEqual([['MedicationRequest/order']]);
    expect(fhir.all<CarePlan>('CarePlan')[0]?.activity).toHaveLength(2);
    expect((await fhir.readResource('MedicationRequest', 'order')).meta?.versionId).toBe('2');
  });

  test('a plan that becomes active after the order takes it up', async () => {
    const fhir = network(order());
    await happens(fhir, plan());
    expect(references(fhir)).toEqual([['MedicationRequest/order']]);
  });

  test('nothing of the dose is copied into the other organization’s plan', async () => {
    const fhir = network(plan());
    await happens(fhir, order());
    expect(JSON.stringify(fhir.all('CarePlan'))).not.toMatch(/56|esketamine|Spravato/i);
  });

  test.each<[string, Partial<MedicationRequest>]>([
    ['of another drug', { medicationCodeableConcept: { text: 'Sertraline' } }],
    ['that is a draft', { status: 'draft' }],
    ['entered in error', { status: 'entered-in-error' }],
    ['that is a proposal', { intent: 'proposal' }],
  ])('an order %s is not linked', async (_, more) => {
    const fhir = network(plan());
    await happens(fhir, order(more));
    expect(references(fhir)).toEqual([[]]);
  });

  test('a draft plan waits; a plan of another kind and another person’s are left alone', async () => {
    const fhir = network(
      plan({ status: 'draft' }),
      { ...plan({ category: [{ text: 'Dosing series' }] }), id: 'series' },
      { ...plan({ subject: { reference: 'Patient/other' } }), id: 'other' },
    );
    await happens(fhir, order());
    expect(references(fhir)).toEqual([[], [], []]);
  });
});

describe('the referral', () => {
  test('an order moves the accepted referral to in-progress, and a repeat writes nothing', async () => {
    const fhir = network(request, referral('accepted', 'accepted'));
    await happens(fhir, order());
    expect(standing(fhir)).toEqual(['in-progress', 'accepted']);
    const before = fhir.writes;
    await bot(fhir.client, fhir.event(order()));
    expect(fhir.writes).toBe(before);
  });

  test('an acceptance that arrives after the order moves on at once', async () => {
    const fhir = network(request, order());
    await happens(fhir, referral('accepted', 'accepted'));
    expect(standing(fhir)).toEqual(['in-progress', 'accepted']);
  });

  test.each<[Appointment[], BusinessStatus]>([
    [[dose('booked', 22)], 'visit-scheduled'],
    [[dose('cancelled', 22)], 'visit-cancelled'],
    [[dose('cancelled', 22), dose('booked', 24)], 'visit-scheduled'],
    [[dose('noshow', 22), dose('booked', 24)], 'visit-noshow'],
    [[dose('noshow', 22), dose('fulfilled', 24)], 'interim-note'],
    [[dose('fulfilled', 22), dose('booked', 24)], 'interim-note'],
    [[dose('fulfilled', 10), dose('booked', 24)], 'visit-scheduled'],
  ])('appointments %#: business status', async (appointments, business) => {
    for (const order of [appointments, appointments.toReversed()]) {
      const fhir = network(request, referral('accepted', 'accepted'));
      for (const each of order) await happens(fhir, each as Appointment & { id: string });
      expect(standing(fhir)).toEqual(['in-progress', business]);
      expect(fhir.all<Appointment>('Appointment').every((each) => each.meta?.versionId === '1')).toBe(true);
    }
  });

  test.each<[Task['status'], BusinessStatus]>([
    ['requested', 'sent'],
    ['rejected', 'declined'],
    ['completed', 'outcome-final'],
    ['accepted', 'cancellation-requested'],
    ['in-progress', 'awaiting-information'],
  ])('one that is %s, %s, stays', async (status, business) => {
    const fhir = network(request, referral(status, business));
    await happens(fhir, order());
    await happens(fhir, dose('booked', 22));
    expect(standing(fhir)).toEqual([status, business]);
  });

  test('a referral to a program is not touched by a dose', async () => {
    const fhir = network(
      { ...request, performerType: concept(LEVEL_OF_CARE, 'php') },
      referral('accepted', 'accepted'),
    );
    await happens(fhir, order());
    expect(standing(fhir)).toEqual(['accepted', 'accepted']);
  });
});

describe('a change of an order', () => {
  const notices = (fhir: FakeFhir) => fhir.all<Communication>('Communication');

  test('reaches the referring program once, with the old and the new', async () => {
    const fhir = network(request, referral('accepted', 'accepted'));
    await happens(fhir, order());
    expect(notices(fhir)).toEqual([]);
    await happens(fhir, order({}, 84));
    await bot(fhir.client, fhir.event(await fhir.readResource('MedicationRequest', 'order')));
    expect(notices(fhir)).toMatchObject([
      {
        status: 'completed',
        subject: { reference: 'Patient/lake' },
        about: [{ reference: 'MedicationRequest/order' }],
        sender: { reference: 'Organization/lakeside' },
        recipient: [{ reference: 'Organization/riverside' }],
        payload: [{ contentString: 'esketamine. Dose: was 56 mg, Twice weekly, is 84 mg, Twice weekly.' }],
      },
    ]);
    await happens(fhir, order({}, 56));
    expect(notices(fhir)).toHaveLength(2);
  });

  test('a stop is told as a stop; a note on the order is no change', () => {
    const version = (n: number, more: Partial<MedicationRequest>) => order({ meta: { versionId: `${n}` }, ...more });
    const versions = [version(3, { status: 'stopped' }), version(1, {}), version(2, { note: [{ text: 'x' }] })];
    expect(changesOf(versions)).toEqual([
      { version: '3', event: 'stopped', words: 'esketamine. Status: was active, is stopped.' },
    ]);
  });

  test('without a referring program nobody is told', async () => {
    const fhir = network();
    await happens(fhir, order());
    await happens(fhir, order({}, 84));
    expect(notices(fhir)).toEqual([]);
  });
});
