import type { CarePlan, Communication, Encounter, Goal, Observation, Resource, Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { part2Labels } from '../../../src/fhir/labels.ts';
import {
  codeIn,
  concept,
  LEVEL_OF_CARE,
  QUESTIONNAIRE,
  SESSION_CODE,
  TASK_CODE,
  TASK_PART,
} from '../../../src/model/codes.ts';
import { ACT_CODE_SYSTEM } from '../../../src/model/labels.ts';
import { HubKit } from './hub-kit.ts';
import { patient } from './network.ts';

let hub: HubKit;
beforeEach(async () => {
  hub = await HubKit.open();
});
afterEach(async () => {
  await hub.store.close();
});

const says = async (organization: string, ...resources: Resource[]) => {
  for (const each of resources) await hub.put(hub.client(organization), each);
  return hub.run();
};
const subject = (organization: string) => ({ reference: patient(organization) as `Patient/${string}` });
const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
const drug = { coding: [{ system: RXNORM, code: '2201625' }] };

/** Every version in the store but those of Provenance. */
const versions = async (): Promise<string[]> => {
  const found: string[] = [];
  for (const type of ['CarePlan', 'Goal', 'Observation', 'DetectedIssue', 'Task', 'Communication'] as const) {
    for (const each of await hub.all(type)) found.push(`${type}/${each.id}/${each.meta?.versionId}`);
  }
  return found.sort();
};

const plan = (part: 1 | 2, items: Record<string, string>): Resource => ({
  resourceType: 'QuestionnaireResponse',
  id: `plan-part-${part}`,
  status: 'completed',
  questionnaire: part === 1 ? QUESTIONNAIRE.planPart1 : QUESTIONNAIRE.planPart2,
  subject: subject('riverside'),
  authored: `2026-03-0${part}T10:00:00Z`,
  item: Object.entries(items).map(([linkId, valueString]) => ({ linkId, answer: [{ valueString }] })),
});

it('both parts of a plan become one active CarePlan of the program, labelled as its source, and the clinic’s order is tied to it', async () => {
  await says('riverside', { ...plan(1, { goals: 'Sleep' }), meta: { security: part2Labels() } });
  await says('riverside', plan(2, { interventions: 'Skills group' }));
  await says('lakeside', {
    resourceType: 'MedicationRequest',
    id: 'order',
    status: 'active',
    intent: 'order',
    subject: subject('lakeside'),
    requester: { reference: 'Organization/lakeside' },
    medicationCodeableConcept: drug,
  });
  const [carePlan, ...others] = await hub.all<CarePlan>('CarePlan');
  expect(others).toEqual([]);
  expect(carePlan).toMatchObject({ status: 'active', meta: { security: part2Labels() } });
  expect(carePlan?.activity?.map((each) => each.detail?.description ?? each.reference?.reference)).toEqual([
    'Skills group',
    'MedicationRequest/order',
  ]);
  expect((await hub.all<Goal>('Goal')).map((each) => each.lifecycleStatus)).toEqual(['active']);
  expect((await hub.ask(hub.client('riverside'))(`GET CarePlan/${carePlan?.id}`)).status).toBe(200);
  expect((await hub.ask(hub.client('lakeside'))(`GET CarePlan/${carePlan?.id}`)).status).toBe(404);
});

it('a PHQ-9 with item 9 has its scores', async () => {
  const items = ['44250-9', '44255-8', '44259-0', '44254-1', '44251-7', '44258-2', '44252-5', '44253-3', '44260-8'].map(
    (linkId) => ({ linkId, answer: [{ valueInteger: linkId === '44260-8' ? 1 : 0 }] }),
  );
  await says('riverside', {
    resourceType: 'QuestionnaireResponse',
    id: 'phq',
    status: 'completed',
    questionnaire: QUESTIONNAIRE.phq9,
    subject: subject('riverside'),
    authored: '2026-03-02T09:00:00Z',
    item: items,
  });
  const scores = (await hub.all<Observation>('Observation')).map((each) => [
    each.code.coding?.[0]?.code,
    each.valueQuantity?.value,
  ]);
  expect(scores.sort()).toEqual([
    ['44260-8', 1],
    ['44261-6', 1],
  ]);
});

it('a discharge without an accepted referral is the hospital’s to review until one is accepted', async () => {
  const stay: Encounter = {
    resourceType: 'Encounter',
    id: 'stay',
    status: 'finished',
    class: { system: ACT_CODE_SYSTEM, code: 'IMP' },
    subject: subject('general'),
    serviceProvider: { reference: 'Organization/general' },
    period: { start: '2026-02-20T09:00:00Z', end: '2026-03-02T09:00:00Z' },
  };
  const reviews = async () =>
    (await hub.all<Task>('Task')).filter((each) => codeIn(TASK_CODE, each.code) === 'review-discharge');
  expect(await says('general', stay)).toContain('escalation → general');
  expect(await reviews()).toMatchObject([{ status: 'requested', owner: { reference: 'Organization/general' } }]);
  const referral: Task = {
    resourceType: 'Task',
    id: 'referral',
    status: 'accepted',
    intent: 'order',
    code: concept(TASK_CODE, 'accept-referral'),
    focus: { reference: 'ServiceRequest/request' },
    for: subject('general'),
    requester: { reference: 'Organization/general' },
    owner: { reference: 'Organization/riverside' },
    output: [{ type: concept(TASK_PART, 'released-at'), valueInstant: '2026-03-01T09:00:00Z' }],
  };
  await says('general', {
    resourceType: 'ServiceRequest',
    id: 'request',
    status: 'active',
    intent: 'order',
    subject: subject('general'),
    requester: { reference: 'Organization/general' },
    performer: [{ reference: 'Organization/riverside' }],
    performerType: concept(LEVEL_OF_CARE, 'php'),
    authoredOn: '2026-03-01T09:00:00Z',
  });
  await hub.put({ kind: 'hub', id: 'test', scopes: ['system/*.cruds'] }, referral);
  await hub.run();
  expect((await reviews()).map((each) => each.status)).toEqual(['completed']);
});

it('a dose session has one total, and every change of it again writes nothing', async () => {
  const device = (n: number): Resource => ({
    resourceType: 'MedicationAdministration',
    id: `device-${n}`,
    status: 'completed',
    subject: subject('lakeside'),
    partOf: [{ reference: 'Procedure/session' }],
    medicationCodeableConcept: drug,
    effectivePeriod: { start: `2026-03-02T09:${n}0:00-06:00` },
    dosage: { dose: { value: 28, system: 'http://unitsofmeasure.org', code: 'mg' } },
  });
  await says('lakeside', {
    resourceType: 'Procedure',
    id: 'session',
    status: 'completed',
    code: concept(SESSION_CODE, 'dose-session'),
    subject: subject('lakeside'),
    performedPeriod: { start: '2026-03-02T09:10:00-06:00' },
  });
  await says('lakeside', device(1), device(2));
  const total = (await hub.all<Observation>('Observation')).find(
    (each) => codeIn(SESSION_CODE, each.code) === 'total-dose',
  );
  expect(total).toMatchObject({ status: 'final', valueQuantity: { value: 56 } });
  const ends = (await hub.all<Observation>('Observation')).find(
    (each) => codeIn(SESSION_CODE, each.code) === 'minimum-observation-ends',
  );
  expect(ends?.valueDateTime).toBe('2026-03-02T11:20:00-06:00');
  const before = await versions();
  await says('lakeside', { ...device(2), note: [{ text: 'Patient watched television.' }] } as Resource);
  expect(await versions()).toEqual(before);
});

it('a changed order reaches the program that referred, with the old and the new, once', async () => {
  const order = (mg: number): Resource => ({
    resourceType: 'MedicationRequest',
    id: 'order',
    status: 'active',
    intent: 'order',
    subject: subject('lakeside'),
    requester: { reference: 'Organization/lakeside' },
    medicationCodeableConcept: drug,
    dosageInstruction: [
      { doseAndRate: [{ doseQuantity: { value: mg, system: 'http://unitsofmeasure.org', code: 'mg' } }] },
    ],
  });
  const referral = (status: Task['status']): Task => ({
    resourceType: 'Task',
    id: 'referral',
    status,
    intent: 'order',
    code: concept(TASK_CODE, 'accept-referral'),
    focus: { reference: 'ServiceRequest/request' },
    for: subject('riverside'),
    requester: { reference: 'Organization/riverside' },
    owner: { reference: 'Organization/lakeside' },
    output: [{ type: concept(TASK_PART, 'released-at'), valueInstant: '2026-03-01T09:00:00Z' }],
  });
  await says('riverside', {
    resourceType: 'ServiceRequest',
    id: 'request',
    status: 'active',
    intent: 'order',
    subject: subject('riverside'),
    requester: { reference: 'Organization/riverside' },
    performer: [{ reference: 'Organization/lakeside' }],
    performerType: concept(LEVEL_OF_CARE, 'dosing'),
    authoredOn: '2026-03-01T09:00:00Z',
  });
  await hub.put({ kind: 'hub', id: 'test', scopes: ['system/*.cruds'] }, referral('accepted'));
  await says('lakeside', order(56));
  expect((await hub.ask(hub.client('riverside'))('GET Task/referral')).body.status).toBe('in-progress');
  expect(await says('lakeside', order(84))).toContain('notice → riverside');
  const notices = (await hub.all<Communication>('Communication')).filter(
    (each) => each.recipient?.[0]?.reference === 'Organization/riverside',
  );
  expect(notices.map((each) => each.payload?.[0]?.contentString)).toEqual(['esketamine. Dose: was 56 mg, is 84 mg.']);
  const { body } = await hub.ask(hub.client('lakeside'))('GET MedicationRequest/order');
  expect(body.meta.versionId).toBe('2');
});
