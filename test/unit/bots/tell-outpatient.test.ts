import type {
  Communication,
  MedicationAdministration,
  MedicationRequest,
  Resource,
  ServiceRequest,
  Task,
} from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { make } from '../../../bots/tell-outpatient/bot.ts';
import {
  BUSINESS_STATUS,
  codeIn,
  concept,
  LEVEL_OF_CARE,
  LIFECYCLE,
  NOTICE_EXCEPTION,
  TASK_CODE,
  TASK_PART,
} from '../../../src/model/codes.ts';
import { isReleased } from '../../../src/rules/referral.ts';
import { FakeFhir } from './fake-fhir.ts';
import { appointment, network, PERSON, patient, writtenBy } from './network.ts';

const AT = '2026-11-20T15:00:00.000Z';
const minute = (minutes: number) => make({ now: () => Date.parse(AT) + minutes * 60_000 });

function server(to = 'lakeside', { withProvider = true }: { withProvider?: boolean } = {}): FakeFhir {
  const request: ServiceRequest & { id: string } = {
    resourceType: 'ServiceRequest',
    id: 'request',
    status: 'active',
    intent: 'order',
    subject: { reference: patient('riverside') as 'Patient/x' },
    requester: { reference: 'Organization/riverside' },
    performer: [{ reference: `Organization/${to}` }],
    authoredOn: AT,
  };
  const task: Task & { id: string } = {
    resourceType: 'Task',
    id: 'referral',
    status: 'requested',
    intent: 'order',
    code: concept(TASK_CODE, 'accept-referral'),
    focus: { reference: 'ServiceRequest/request' },
    for: { reference: patient('riverside') },
    requester: { reference: 'Organization/riverside' },
    owner: { reference: `Organization/${to}` },
    authoredOn: AT,
  };
  const people = network().filter((each) => withProvider || each.resourceType !== 'CareTeam');
  const fhir = new FakeFhir([...people, request, task], [PERSON]);
  fhir.clock = AT;
  return fhir;
}

const referral = (fhir: FakeFhir) => fhir.all<Task>('Task').find((each) => each.id === 'referral')!;
const told = (fhir: FakeFhir) =>
  fhir.all<Task>('Task').find((each) => codeIn(TASK_CODE, each.code) === 'told-outpatient-provider');
const notices = (fhir: FakeFhir) => fhir.all<Communication>('Communication');
const see = (fhir: FakeFhir, resource: Resource, minutes = 0) => minute(minutes)(fhir.client, fhir.event(resource));
const tick = (fhir: FakeFhir, minutes: number) =>
  minute(minutes)(fhir.client, { ...fhir.event(referral(fhir)), input: undefined });
const waits = (fhir: FakeFhir) =>
  codeIn(BUSINESS_STATUS, referral(fhir).businessStatus) === 'waiting-outpatient-notice';

describe('the gate of a ketamine referral (R10, H18)', () => {
  it('lets a referral to a program go at once and says so on the Task only', async () => {
    const fhir = server('general');
    await see(fhir, referral(fhir));
    expect(isReleased(referral(fhir))).toBe(true);
    expect(notices(fhir)).toEqual([]);
  });

  it('lets what a program accepted before it left go as well, and nothing of what it declined', async () => {
    for (const [status, leaves] of [
      ['accepted', true],
      ['rejected', false],
    ] as const) {
      const fhir = server('general');
      await see(fhir, fhir.put({ ...referral(fhir), status }));
      expect(isReleased(referral(fhir))).toBe(leaves);
    }
  });

  it('accepted by a dosing clinic before it could leave does not leave any more', async () => {
    const fhir = server();
    await see(fhir, fhir.put({ ...referral(fhir), status: 'accepted' }));
    expect(isReleased(referral(fhir))).toBe(false);
  });

  it('tells the outpatient provider first and waits, visibly, until that notice has arrived', async () => {
    const fhir = server();
    await see(fhir, referral(fhir));
    await see(fhir, referral(fhir), 1);
    expect([isReleased(referral(fhir)), waits(fhir)]).toEqual([false, true]);
    expect(notices(fhir)).toHaveLength(1);
    const [notice] = notices(fhir);
    expect(notice).toMatchObject({
      recipient: [{ reference: 'PractitionerRole/harbor-psychiatrist' }],
      about: [{ reference: 'ServiceRequest/request' }],
    });
    await see(fhir, fhir.put({ ...notice!, received: AT }), 2);
    expect([isReleased(referral(fhir)), waits(fhir)]).toEqual([true, false]);
    expect(told(fhir)?.status).toBe('completed');
    const writes = fhir.writes;
    await see(fhir, referral(fhir), 3);
    expect(fhir.writes).toBe(writes);
  });

  it('asks by what the request says as well as by who performs it', async () => {
    const fhir = server('general');
    const request = fhir.put({
      ...(await fhir.readResource('ServiceRequest', 'request')),
      code: concept(LEVEL_OF_CARE, 'dosing'),
    } as never);
    await see(fhir, request);
    expect(isReleased(referral(fhir))).toBe(false);
  });

  it('without an outpatient provider waits its configured time and then goes, the duty to tell staying open', async () => {
    const fhir = server('lakeside', { withProvider: false });
    await see(fhir, referral(fhir));
    expect(waits(fhir)).toBe(true);
    expect(notices(fhir)).toEqual([]);
    // Friday 10:00 in New York: one business day ends on Monday at 10:00.
    await tick(fhir, 3 * 24 * 60 - 1);
    expect(isReleased(referral(fhir))).toBe(false);
    await tick(fhir, 3 * 24 * 60);
    expect(isReleased(referral(fhir))).toBe(true);
    expect(told(fhir)).toMatchObject({ status: 'requested', owner: { reference: 'Organization/riverside' } });
  });

  it('opens by a coded exception of a clinician', async () => {
    const fhir = server('lakeside', { withProvider: false });
    await see(fhir, referral(fhir));
    const output = [
      {
        type: concept(TASK_PART, 'notice-exception'),
        valueCodeableConcept: concept(NOTICE_EXCEPTION, 'no-outpatient-provider'),
      },
    ];
    await see(fhir, fhir.put({ ...told(fhir)!, status: 'completed', output }), 5);
    expect(isReleased(referral(fhir))).toBe(true);
  });

  it('does not open by a reason on a Task nobody completed', async () => {
    const fhir = server('lakeside', { withProvider: false });
    await see(fhir, referral(fhir));
    const output = [
      {
        type: concept(TASK_PART, 'notice-exception'),
        valueCodeableConcept: concept(NOTICE_EXCEPTION, 'told-by-telephone'),
      },
    ];
    await see(fhir, fhir.put({ ...told(fhir)!, output }), 5);
    expect(isReleased(referral(fhir))).toBe(false);
  });

  it('does not open by a completed Task without a reason', async () => {
    const fhir = server('lakeside', { withProvider: false });
    await see(fhir, referral(fhir));
    await see(fhir, fhir.put({ ...told(fhir)!, status: 'completed' }), 5);
    expect(isReleased(referral(fhir))).toBe(false);
  });

  it('has nothing to decide about an answer that came before its referral', async () => {
    const fhir = server();
    const early = fhir.put({
      ...referral(fhir),
      id: 'early',
      status: 'accepted',
      focus: { reference: 'ServiceRequest/later' },
    });
    const writes = fhir.writes;
    await see(fhir, early);
    expect(fhir.writes).toBe(writes + 1);
    expect(notices(fhir).map((each) => codeIn(LIFECYCLE, each.topic))).toEqual(['accepted']);
  });

  it('does not open for a referral that was withdrawn meanwhile', async () => {
    const fhir = server();
    await see(fhir, referral(fhir));
    fhir.put({ ...referral(fhir), status: 'cancelled' });
    await see(fhir, fhir.put({ ...notices(fhir)[0]!, received: AT }), 2);
    expect(isReleased(referral(fhir))).toBe(false);
  });
});

describe('the outpatient provider hears of every act of the series once (R10)', () => {
  const order = (more: Partial<MedicationRequest> = {}): MedicationRequest & { id: string } => ({
    resourceType: 'MedicationRequest',
    id: 'order',
    status: 'active',
    intent: 'order',
    medicationCodeableConcept: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '2201625' }] },
    subject: { reference: patient('lakeside') as 'Patient/x' },
    requester: { reference: 'PractitionerRole/lakeside-duty' },
    dosageInstruction: [{ doseAndRate: [{ doseQuantity: { value: 56, unit: 'mg' } }] }],
    ...more,
  });
  const given: MedicationAdministration & { id: string } = {
    resourceType: 'MedicationAdministration',
    id: 'given',
    status: 'completed',
    medicationCodeableConcept: { text: 'esketamine' },
    subject: { reference: patient('lakeside') as 'Patient/x' },
    effectiveDateTime: AT,
    dosage: { dose: { value: 28, unit: 'mg' } },
  };
  const dose = appointment('lakeside', 'dose', 'dose', '2026-11-24T18:00:00Z', '2026-11-24T20:00:00Z');
  const half = { dosageInstruction: [{ doseAndRate: [{ doseQuantity: { value: 28, unit: 'mg' } }] }] };

  const events: [string, (fhir: FakeFhir) => Resource & { id: string }][] = [
    ['accepted', (fhir) => ({ ...referral(fhir), status: 'accepted' })],
    ['scheduled', () => dose],
    ['ordered', () => order()],
    ['first-dose', () => given],
    ['dose-changed', () => order(half)],
    ['paused', () => order({ ...half, status: 'on-hold' })],
    ['stopped', () => order({ ...half, status: 'stopped' })],
  ];

  it('each act in its turn, each once, whatever is seen again', async () => {
    const fhir = server();
    fhir.put(writtenBy('lakeside', 'Appointment/dose'));
    fhir.put(writtenBy('lakeside', 'MedicationAdministration/given'));
    const seen: (string | undefined)[] = [];
    for (const [, make] of events) {
      const stored = fhir.put(make(fhir) as never);
      for (const minutes of [0, 1]) await see(fhir, stored, minutes);
    }
    for (const each of [
      dose,
      { ...dose, start: '2026-11-25T18:00:00Z', end: '2026-11-25T20:00:00Z' },
      { ...given, id: 'second' },
    ]) {
      fhir.put(writtenBy('lakeside', `${each.resourceType}/${each.id}`));
      await see(fhir, fhir.put(each as never), 9);
    }
    for (const each of notices(fhir)) seen.push(codeIn(LIFECYCLE, each.topic));
    expect(seen).toEqual(events.map(([event]) => event));
    for (const each of notices(fhir))
      expect(each.recipient![0]!.reference).toBe('PractitionerRole/harbor-psychiatrist');
  });

  it('a dose changed back, a second pause and what follows are acts of their own, each once (H18)', async () => {
    const fhir = server();
    const paused = { status: 'on-hold' } as const;
    for (const [i, more] of [{}, half, {}, paused, {}, paused, half, {}].entries())
      for (const minutes of [2 * i, 2 * i + 1]) await see(fhir, fhir.put(order(more) as never), minutes);
    expect(notices(fhir).map((each) => codeIn(LIFECYCLE, each.topic))).toEqual([
      'ordered',
      'dose-changed',
      'dose-changed',
      'paused',
      'resumed',
      'paused',
      'dose-changed',
      'dose-changed',
    ]);
  });

  it('of what is no dosing clinic nothing is told', async () => {
    const fhir = server();
    await see(fhir, fhir.put(order({ requester: { reference: 'PractitionerRole/riverside-duty' } })));
    await see(fhir, fhir.put({ ...referral(fhir), status: 'accepted', owner: { reference: 'Organization/general' } }));
    expect(notices(fhir)).toEqual([]);
  });
});
