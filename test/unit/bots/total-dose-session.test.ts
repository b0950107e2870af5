import type {
  DetectedIssue,
  MedicationAdministration,
  Observation,
  Procedure,
  Resource,
  Task,
} from '@medplum/fhirtypes';
import { describe, expect, test } from 'vitest';
import { make } from '../../../bots/total-dose-session/bot.ts';
import { minutesLater } from '../../../bots/total-dose-session/dose.ts';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { codeIn, concept, DETECTED_ISSUE, SESSION_CODE } from '../../../src/model/codes.ts';
import { FakeFhir } from './fake-fhir.ts';

const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
const UCUM = 'http://unitsofmeasure.org';
const LOINC = 'http://loinc.org';
const subject = { reference: 'Patient/lake' };
const partOf = [{ reference: 'Procedure/session' }];
const at = (time: string) => `2026-11-22T${time}:00-06:00`;

const session = (more: Partial<Procedure> = {}): Procedure & { id: string } => ({
  resourceType: 'Procedure',
  id: 'session',
  status: 'completed',
  code: concept(SESSION_CODE, 'dose-session'),
  subject,
  performedPeriod: { start: at('15:10') },
  ...more,
});

type Given = MedicationAdministration & { id: string };
const device = (
  id: string,
  time: string,
  mg: number | undefined = 28,
  more: Partial<MedicationAdministration> = {},
): Given => ({
  resourceType: 'MedicationAdministration',
  id,
  status: 'completed',
  subject,
  partOf,
  medicationCodeableConcept: { coding: [{ system: RXNORM, code: '2201625' }] },
  effectivePeriod: { start: at(time) },
  dosage: { dose: { value: mg, system: UCUM, code: 'mg' } },
  ...more,
});
const two = [device('a', '15:10'), device('b', '15:15')];

const pressure = (id: string, time: string, more: Partial<Observation> = {}): Observation & { id: string } => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: LOINC, code: '85354-9' }] },
  subject,
  partOf,
  effectiveDateTime: at(time),
  component: ['8480-6', '8462-4'].map((code) => ({
    code: { coding: [{ system: LOINC, code }] },
    valueQuantity: { value: 120, system: UCUM, code: 'mm[Hg]' },
  })),
  ...more,
});
const single = (id: string, code: Observation['code'], time: string): Observation & { id: string } => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code,
  subject,
  partOf,
  effectiveDateTime: at(time),
  valueQuantity: { value: 5 },
});
const complete = [
  pressure('before', '15:00'),
  pressure('forty', '15:50'),
  pressure('leaving', '17:20'),
  single('oxygen', { coding: [{ system: LOINC, code: '59408-5' }] }, '15:50'),
  single('sedation', concept(SESSION_CODE, 'sedation'), '16:00'),
  single('dissociation', { text: 'CADSS total' }, '16:00'),
];

const bot = make({ now: () => Date.parse('2026-11-22T23:25:00Z') });
async function play(...changes: (Resource & { id: string })[]): Promise<FakeFhir> {
  const fhir = new FakeFhir([session()]);
  await go(fhir, ...changes);
  return fhir;
}
async function go(fhir: FakeFhir, ...changes: (Resource & { id: string })[]) {
  for (const each of changes) fhir.put(each as Given);
  for (const each of changes) await bot(fhir.client, fhir.event(each));
}
const observation = (fhir: FakeFhir, code: keyof typeof SESSION_CODE.codes) =>
  fhir.all<Observation>('Observation').find((each) => codeIn(SESSION_CODE, each.code) === code);
const issue = (fhir: FakeFhir, code: keyof typeof DETECTED_ISSUE.codes) =>
  fhir.all<DetectedIssue>('DetectedIssue').find((each) => codeIn(DETECTED_ISSUE, each.code) === code);
const tasks = (fhir: FakeFhir) => fhir.all<Task>('Task');

describe('the total of a session', () => {
  test('two devices of 28 mg are 56 mg, once, and no administration more', async () => {
    const fhir = await play(...two, ...complete);
    expect(observation(fhir, 'total-dose')).toMatchObject({
      status: 'final',
      valueQuantity: { value: 56, code: 'mg' },
      effectivePeriod: { start: at('15:10'), end: at('15:15') },
      partOf: [
        { reference: 'Procedure/session' },
        { reference: 'MedicationAdministration/a' },
        { reference: 'MedicationAdministration/b' },
      ],
    });
    expect(fhir.all('MedicationAdministration')).toHaveLength(2);
    expect(fhir.all('DetectedIssue')).toEqual([]);
    expect(tasks(fhir)).toEqual([]);
  });

  test('a repeat writes nothing, whichever resource of the session it comes from', async () => {
    const fhir = await play(...two, ...complete);
    const before = fhir.writes;
    for (const each of [...two, ...complete, session()]) await bot(fhir.client, fhir.event(each));
    expect(fhir.writes).toBe(before);
  });

  test('does not depend on the order in which the server lists the administrations', async () => {
    const fhir = await play(...two, ...complete);
    const before = fhir.writes;
    const { searchResources } = fhir;
    fhir.searchResources = async (type, query) => (await searchResources.call(fhir, type, query)).reverse();
    await bot(fhir.client, fhir.event(session()));
    expect(fhir.writes).toBe(before);
  });

  test('any order of arrival ends the same', async () => {
    const said = (fhir: FakeFhir) => {
      const { value } = observation(fhir, 'total-dose')!.valueQuantity!;
      return [
        value,
        observation(fhir, 'minimum-observation-ends')?.valueDateTime,
        tasks(fhir).filter((each) => each.status === 'requested'),
      ];
    };
    const forward = await play(...two, ...complete);
    const backward = new FakeFhir([session()]);
    for (const each of [...complete, ...two].reverse()) await go(backward, each);
    expect(said(backward)).toEqual(said(forward));
  });

  test.each<[string, Partial<MedicationAdministration>, number | undefined, boolean]>([
    [
      'stopped counts with its actual amount',
      { status: 'stopped', dosage: { dose: { value: 10.5, system: UCUM, code: 'mg' } } },
      38.5,
      true,
    ],
    ['not done counts as nothing', { status: 'not-done' }, 28, false],
    ['entered in error is not there', { status: 'entered-in-error' }, 28, false],
    ['of unknown outcome makes the total unknown', { status: 'unknown' }, undefined, true],
    ['without an amount makes the total unknown', { dosage: { dose: { unit: 'mg' } } }, undefined, false],
    ['in mL makes the total unknown', { dosage: { dose: { value: 0.2, system: UCUM, code: 'mL' } } }, undefined, false],
    [
      'in mg/kg makes the total unknown',
      { dosage: { dose: { value: 0.5, system: UCUM, code: 'mg/kg' } } },
      undefined,
      false,
    ],
    [
      'of another drug makes the total unknown',
      { medicationCodeableConcept: { coding: [{ system: RXNORM, code: '6130' }] } },
      undefined,
      false,
    ],
  ])('a device that was %s', async (_, more, total, incomplete) => {
    const fhir = await play(two[0]!, device('b', '15:15', 28, more));
    const found = observation(fhir, 'total-dose');
    expect(found?.valueQuantity?.value).toBe(total);
    expect(found?.dataAbsentReason?.text).toBe(total === undefined ? 'unknown' : undefined);
    expect(found?.extension?.[0]?.valueBoolean ?? false).toBe(incomplete);
    expect(issue(fhir, 'dose-total-unusual')?.status).toBe('preliminary');
  });

  test('adds decimals without dust', async () => {
    const fhir = await play(device('a', '15:10', 0.1), device('b', '15:15', 0.2));
    expect(observation(fhir, 'total-dose')?.valueQuantity?.value).toBe(0.3);
  });

  test('while a device is being given it is preliminary, and nobody is asked', async () => {
    const fhir = await play(device('a', '15:10'), device('b', '15:15', 28, { status: 'in-progress' }));
    expect(observation(fhir, 'total-dose')?.status).toBe('preliminary');
    expect(observation(fhir, 'minimum-observation-ends')?.dataAbsentReason?.text).toBe('unknown');
    expect(fhir.all('DetectedIssue')).toEqual([]);
    await go(fhir, device('b', '15:15'));
    expect(observation(fhir, 'total-dose')).toMatchObject({ status: 'final', valueQuantity: { value: 56 } });
  });

  test('carries the labels of its administrations', async () => {
    const fhir = await play(device('a', '15:10', 28, { meta: { security: part2Labels() } }));
    for (const each of [observation(fhir, 'total-dose'), issue(fhir, 'dose-total-unusual'), tasks(fhir)[0]]) {
      expect(each?.meta?.security).toEqual(part2Labels());
    }
  });
});

describe('an unusual total', () => {
  test.each([
    [[28], true],
    [[28, 28], false],
    [[28, 28, 28], false],
    [[28, 28, 28, 28], true],
    [[56], false],
    [[70], true],
  ])('esketamine %j flagged: %s', async (amounts, flagged) => {
    const fhir = await play(...amounts.map((mg, i) => device(`d${i}`, `15:${10 + 5 * i}`, mg)));
    expect(issue(fhir, 'dose-total-unusual') !== undefined).toBe(flagged);
    expect(tasks(fhir)).toHaveLength(flagged ? 1 : 0);
  });

  test('is an issue over the administrations and a Task with a deadline; nothing is altered', async () => {
    const fhir = await play(two[0]!);
    expect(issue(fhir, 'dose-total-unusual')).toMatchObject({
      status: 'preliminary',
      severity: 'high',
      implicated: [{ reference: 'Procedure/session' }, { reference: 'MedicationAdministration/a' }],
    });
    expect(tasks(fhir)[0]).toMatchObject({
      status: 'requested',
      focus: { reference: 'Procedure/session' },
      for: subject,
      restriction: { period: { end: '2026-11-23T23:25:00.000Z' } },
    });
    expect((await fhir.readResource('MedicationAdministration', 'a')).meta?.versionId).toBe('1');
  });

  test('that is corrected closes the issue with its mitigation and cancels the Task; the total is corrected', async () => {
    const fhir = await play(two[0]!);
    await go(fhir, two[1]!);
    expect(issue(fhir, 'dose-total-unusual')).toMatchObject({
      status: 'final',
      mitigation: [{ action: { text: 'The administrations were corrected' } }],
    });
    expect(tasks(fhir)).toMatchObject([{ status: 'cancelled', statusReason: { text: 'The total was corrected' } }]);
    expect(observation(fhir, 'total-dose')).toMatchObject({ status: 'corrected', valueQuantity: { value: 56 } });
    await go(fhir, device('b', '15:15', 28, { status: 'entered-in-error' }));
    expect(tasks(fhir).map((each) => each.status)).toEqual(['cancelled', 'requested']);
  });

  test('a person reviewed is not asked again for the same total', async () => {
    const fhir = await play(two[0]!);
    fhir.put({ ...tasks(fhir)[0]!, status: 'completed' });
    await go(fhir, device('a', '15:10', 28, { note: [{ text: 'Only one device was given.' }] }));
    expect(tasks(fhir).map((each) => each.status)).toEqual(['completed']);
    await go(fhir, device('a', '15:10', 14));
    expect(tasks(fhir).map((each) => each.status)).toEqual(['completed', 'requested']);
  });

  const infusion = (mg: number) =>
    device('iv', '15:10', mg, {
      medicationCodeableConcept: { coding: [{ system: RXNORM, code: '6130' }] },
      effectivePeriod: { start: at('15:10'), end: at('15:50') },
    });
  const weight = (value: number, code: string): Observation & { id: string } => ({
    ...single('weight', { coding: [{ system: LOINC, code: '29463-7' }] }, '14:50'),
    valueQuantity: { value, system: UCUM, code },
  });
  test.each<[string, number, [number, string] | undefined, boolean]>([
    ['0.5 mg/kg', 35, [70, 'kg'], false],
    ['just over 1 mg/kg', 71, [70, 'kg'], true],
    ['over 1 mg/kg with the weight in pounds', 60, [110, '[lb_av]'], true],
    ['with an unknown weight', 71, undefined, false],
  ])('racemic ketamine %s', async (_, mg, kg, flagged) => {
    const fhir = new FakeFhir([session(), ...(kg ? [weight(...kg)] : [])]);
    await go(fhir, infusion(mg));
    expect(issue(fhir, 'dose-total-unusual') !== undefined).toBe(flagged);
  });

  test('a dose that was refused whole is a total of nothing, and no unusual one', async () => {
    const fhir = await play(device('a', '15:10', 28, { status: 'not-done' }));
    expect(observation(fhir, 'total-dose')?.valueQuantity?.value).toBe(0);
    expect(fhir.all('DetectedIssue')).toEqual([]);
    expect(observation(fhir, 'minimum-observation-ends')).toBeUndefined();
  });

  test('a session entered in error takes back all that was derived of it', async () => {
    const fhir = await play(two[0]!);
    await go(fhir, device('a', '15:10', 28, { status: 'entered-in-error' }));
    expect(fhir.all<Observation>('Observation').map((each) => each.status)).toEqual([
      'entered-in-error',
      'entered-in-error',
    ]);
    expect(fhir.all<DetectedIssue>('DetectedIssue').every((each) => each.status === 'final')).toBe(true);
    expect(tasks(fhir).map((each) => each.status)).toEqual(['cancelled']);
  });
});

describe('minimum observation ends', () => {
  test('two hours after the last device, in the words and the offset of its source', async () => {
    const fhir = await play(...two);
    expect(observation(fhir, 'minimum-observation-ends')).toMatchObject({
      code: { text: 'minimum observation ends' },
      valueDateTime: at('17:15'),
    });
  });

  test.each<[string, Partial<MedicationAdministration>]>([
    ['has a date only', { effectivePeriod: { start: '2026-11-22' } }],
    ['has no readable time', { effectivePeriod: { end: '2026-11-22' } }],
    [
      'is an infusion without an end',
      { dosage: { route: { coding: [{ code: '47625008' }] }, dose: { value: 28, system: UCUM, code: 'mg' } } },
    ],
  ])('is unknown when the last administration %s', async (_, more) => {
    const fhir = await play(two[0]!, device('b', '15:15', 28, more));
    const found = observation(fhir, 'minimum-observation-ends');
    expect(found?.valueDateTime).toBeUndefined();
    expect(found?.dataAbsentReason?.text).toBe('unknown');
  });

  test('nothing that is written says that the patient may leave', async () => {
    const fhir = await play(...two, ...complete);
    const text = JSON.stringify([...fhir.all('Observation'), ...fhir.all('DetectedIssue')]);
    expect(text).not.toMatch(/may (now )?(leave|go)|can (leave|go)|safe to|ready for discharge/i);
  });

  test.each([
    ['2026-11-01T00:30:00-05:00', '2026-11-01T02:30:00-05:00'],
    ['2026-11-22T23:15:00+05:30', '2026-11-23T01:15:00+05:30'],
    ['2026-11-22T23:15:00.250Z', '2026-11-23T01:15:00Z'],
  ])('120 minutes after %s is %s', (from, to) => expect(minutesLater(from, 120)).toBe(to));
});

describe('observations of the session', () => {
  test('what is missing is listed, and the list closes when it is recorded', async () => {
    const fhir = await play(...two, ...complete.slice(0, 4));
    expect(issue(fhir, 'observation-incomplete')).toMatchObject({
      status: 'preliminary',
      evidence: [{ code: [{ text: 'Sedation' }] }, { code: [{ text: 'Dissociation' }] }],
    });
    await go(fhir, ...complete.slice(4));
    expect(issue(fhir, 'observation-incomplete')).toMatchObject({
      status: 'final',
      mitigation: [{ action: { text: 'The missing observations were recorded' } }],
    });
  });

  test('pressures as two observations of one moment count; one alone, a withdrawn one and one at another time do not', async () => {
    const half = (id: string, code: string, time: string) => single(id, { coding: [{ system: LOINC, code }] }, time);
    const fhir = await play(
      ...two,
      half('s', '8480-6', '15:00'),
      half('d', '8462-4', '15:00'),
      half('alone', '8480-6', '15:50'),
      pressure('wrong', '17:20', { status: 'entered-in-error' }),
      pressure('yesterday', '17:20', { effectiveDateTime: '2026-11-21T17:20:00-06:00' }),
    );
    const missing = issue(fhir, 'observation-incomplete')?.evidence?.map((each) => each.code?.[0]?.text);
    expect(missing?.slice(0, 2)).toEqual(['Blood pressure at about 40 minutes', 'Blood pressure before leaving']);
  });

  test('an observation that names no session belongs to the session of those hours', async () => {
    const fhir = await play(...two, ...complete.slice(1));
    const { partOf: _, ...loose } = complete[0]!;
    await go(fhir, loose as Observation & { id: string });
    expect(issue(fhir, 'observation-incomplete')?.status).toBe('final');
  });
});
