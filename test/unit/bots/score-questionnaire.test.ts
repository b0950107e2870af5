import type { Observation, Patient, Questionnaire, QuestionnaireResponse } from '@medplum/fhirtypes';
import { describe, expect, test } from 'vitest';
import { make } from '../../../bots/score-questionnaire/bot.ts';
import { INSTRUMENTS } from '../../../bots/score-questionnaire/instruments.ts';
import { instrumentOf, score } from '../../../bots/score-questionnaire/rule.ts';
import { PHQ9 } from '../../../fixtures/demo/directory.ts';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { FakeFhir } from './fake-fhir.ts';

const LOINC = 'http://loinc.org';
const instrument = (name: string) => INSTRUMENTS.find((each) => each.name === name)!;
const LA = ['LA6568-5', 'LA6569-3', 'LA6570-1', 'LA6571-9'];

type Answer = NonNullable<NonNullable<QuestionnaireResponse['item']>[number]['answer']>[number];
const coded = (value: number): Answer => ({ valueCoding: { system: LOINC, code: LA[value]! } });
const items = (name: string, answers: readonly (Answer | undefined)[]) =>
  Object.keys(instrument(name).items).flatMap((linkId, i) => (answers[i] ? [{ linkId, answer: [answers[i]] }] : []));

const response = (
  name: string,
  answers: readonly (Answer | undefined)[],
  more: Partial<QuestionnaireResponse> = {},
): QuestionnaireResponse & { id: string } => ({
  resourceType: 'QuestionnaireResponse',
  id: 'answers',
  status: 'completed',
  questionnaire: instrument(name).urls[0]!,
  subject: { reference: 'Patient/riv' },
  author: { reference: 'Patient/riv' },
  authored: '2026-11-16T15:00:00-05:00',
  item: items(name, answers),
  ...more,
});

const patient: Patient = { resourceType: 'Patient', id: 'riv', gender: 'female' };
const bot = make({ now: () => 0 });

async function submit(fhir: FakeFhir, each: QuestionnaireResponse & { id: string }) {
  await bot(fhir.client, fhir.event(fhir.put(each)));
}
const observation = (fhir: FakeFhir, code: string): Observation | undefined =>
  fhir.all<Observation>('Observation').find((each) => each.code.coding?.[0]?.code === code);

describe('scoring', () => {
  const nine = (...values: number[]) => values;
  test.each([
    ['PHQ-9', nine(0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 'minimal'],
    ['PHQ-9', nine(1, 1, 1, 1, 0, 0, 0, 0, 0), 4, 'minimal'],
    ['PHQ-9', nine(1, 1, 1, 1, 1, 0, 0, 0, 0), 5, 'mild'],
    ['PHQ-9', nine(2, 2, 2, 2, 2, 0, 0, 0, 0), 10, 'moderate'],
    ['PHQ-9', nine(3, 3, 3, 3, 3, 0, 0, 0, 0), 15, 'moderately severe'],
    ['PHQ-9', nine(3, 3, 3, 3, 3, 3, 2, 0, 0), 20, 'severe'],
    ['PHQ-9', nine(3, 3, 3, 3, 3, 3, 3, 3, 3), 27, 'severe'],
    ['PHQ-2', nine(1, 1), 2, 'negative screen'],
    ['PHQ-2', nine(2, 1), 3, 'positive screen'],
    ['GAD-7', nine(2, 2, 2, 2, 2, 0, 0), 10, 'moderate'],
    ['GAD-7', nine(3, 3, 3, 3, 3, 3, 3), 21, 'severe'],
  ])('%s with %j is %i, %s', (name, answers, total, words) => {
    expect(score(instrument(name), response(name, answers.map(coded)), undefined).total).toBe(total);
    expect(instrument(name).severity(total, undefined)).toBe(words);
  });

  test.each([
    ['male', 3, 'negative screen'],
    ['male', 4, 'positive screen (men: 4 or more)'],
    ['female', 2, 'negative screen'],
    ['female', 3, 'positive screen (women: 3 or more)'],
    [undefined, 3, 'positive screen (sex not known: 3 or more)'],
    ['unknown', 3, 'positive screen (sex not known: 3 or more)'],
  ])('AUDIT-C of %s at %i is a %s', (sex, total, words) => {
    expect(instrument('AUDIT-C').severity(total, sex)).toBe(words);
  });

  test('AUDIT-C adds the answers of each item’s own list', () => {
    const answers = ['LA18928-4', 'LA18930-0', 'LA18933-4'].map((code) => ({ valueCoding: { system: LOINC, code } }));
    expect(score(instrument('AUDIT-C'), response('AUDIT-C', answers), undefined).total).toBe(6);
    const swapped = ['LA18930-0', 'LA18928-4', 'LA18933-4'].map((code) => ({ valueCoding: { system: LOINC, code } }));
    expect(score(instrument('AUDIT-C'), response('AUDIT-C', swapped), undefined).total).toBeUndefined();
  });

  const ordinal = (valueDecimal: number) => [
    { url: 'http://hl7.org/fhir/StructureDefinition/ordinalValue', valueDecimal },
  ];
  test.each<[string, Answer, number | undefined]>([
    ['an integer', { valueInteger: 2 }, 2],
    ['an ordinal value on the coding', { valueCoding: { code: 'x', extension: ordinal(3) } }, 3],
    ['a code and the same ordinal value', { valueCoding: { ...coded(1).valueCoding!, extension: ordinal(1) } }, 1],
    [
      'a code and another ordinal value',
      { valueCoding: { ...coded(1).valueCoding!, extension: ordinal(2) } },
      undefined,
    ],
    ['an integer out of range', { valueInteger: 4 }, undefined],
    ['a fraction', { valueDecimal: 1.5 }, undefined],
    ['a code of another system', { valueCoding: { system: 'urn:other', code: LA[2]! } }, undefined],
    ['words', { valueString: 'Nearly every day' }, undefined],
  ])('an answer by %s', (_, answer, value) => {
    const scored = score(instrument('PHQ-2'), response('PHQ-2', [answer, coded(0)]), undefined);
    expect(scored.items.get('44250-9')).toBe(value);
    expect(scored.total).toBe(value);
  });

  test('an item answered twice differently is missing; the same answer twice counts once', () => {
    const twice = (value: number) =>
      response('PHQ-2', [], {
        item: [...items('PHQ-2', [coded(1), coded(1)]), { linkId: '/44250-9', answer: [coded(value)] }],
      });
    expect(score(instrument('PHQ-2'), twice(2), undefined).missing).toEqual(['44250-9']);
    expect(score(instrument('PHQ-2'), twice(1), undefined).total).toBe(2);
  });

  test('items and weights may be told by the Questionnaire alone', () => {
    const questionnaire: Questionnaire = {
      resourceType: 'Questionnaire',
      status: 'active',
      code: [{ system: LOINC, code: '55757-9' }],
      item: ['44250-9', '44255-8'].map((code, i) => ({
        linkId: `q${i}`,
        type: 'choice',
        code: [{ system: LOINC, code }],
        answerOption: [{ valueCoding: { code: 'often' }, extension: ordinal(2) }],
      })),
    };
    const answers = response('PHQ-2', [], {
      questionnaire: 'urn:local',
      item: [0, 1].map((i) => ({ linkId: `q${i}`, answer: [{ valueCoding: { code: 'often' } }] })),
    });
    expect(instrumentOf(answers, questionnaire)?.name).toBe('PHQ-2');
    expect(score(instrument('PHQ-2'), answers, questionnaire).total).toBe(4);
  });

  test('every LOINC code has a right check digit', () => {
    const codes = INSTRUMENTS.flatMap(({ panel, total, items: all }) => [panel, total[0], ...Object.keys(all)]);
    for (const code of codes) {
      const [digits = '', check] = code.split('-');
      const sum = [...digits].reverse().reduce((all, digit, i) => {
        const doubled = Number(digit) * (i % 2 === 0 ? 2 : 1);
        return all + (doubled > 9 ? doubled - 9 : doubled);
      }, 0);
      expect([code, String((10 - (sum % 10)) % 10)]).toEqual([code, check]);
    }
  });
});

describe('what is written', () => {
  const low = [...Array(8).fill(coded(0)), coded(1)];

  test('the total with its words and the response it came from; item 9 on its own although the total is low', async () => {
    const fhir = new FakeFhir([patient, PHQ9]);
    await submit(fhir, response('PHQ-9', low, { questionnaire: PHQ9.url! }));
    const nine = observation(fhir, '44260-8') as Observation & { id: string };
    expect(nine).toMatchObject({
      status: 'final',
      valueQuantity: { value: 1 },
      interpretation: [{ coding: [{ code: 'POS' }] }],
      derivedFrom: [{ reference: 'QuestionnaireResponse/answers' }],
    });
    expect(observation(fhir, '44261-6')).toMatchObject({
      status: 'final',
      category: [{ coding: [{ code: 'survey' }] }],
      subject: { reference: 'Patient/riv' },
      effectiveDateTime: '2026-11-16T15:00:00-05:00',
      valueQuantity: { value: 1, code: '{score}' },
      interpretation: [{ text: 'minimal' }],
      hasMember: [{ reference: `Observation/${nine.id}` }],
    });
  });

  test('with an item missing there is no total, not 0; item 9 is there all the same', async () => {
    const fhir = new FakeFhir([patient]);
    await submit(fhir, response('PHQ-9', [undefined, ...low.slice(1)]));
    expect(observation(fhir, '44261-6')).toBeUndefined();
    expect(observation(fhir, '44260-8')?.valueQuantity?.value).toBe(1);
  });

  test('a repeat writes nothing', async () => {
    const fhir = new FakeFhir([patient]);
    await submit(fhir, response('PHQ-9', low));
    const before = fhir.writes;
    await bot(fhir.client, fhir.event(response('PHQ-9', low)));
    expect(fhir.writes).toBe(before);
  });

  test('an amended response corrects the same Observations; entered in error takes them back; and it stays corrected', async () => {
    const fhir = new FakeFhir([patient]);
    await submit(fhir, response('PHQ-9', low));
    await submit(fhir, response('PHQ-9', [...low.slice(0, 8), coded(3)], { status: 'amended' }));
    expect(fhir.all('Observation')).toHaveLength(2);
    expect(observation(fhir, '44260-8')).toMatchObject({ status: 'corrected', valueQuantity: { value: 3 } });
    await submit(fhir, response('PHQ-9', low, { status: 'entered-in-error' }));
    expect(fhir.all<Observation>('Observation').map((each) => each.status)).toEqual([
      'entered-in-error',
      'entered-in-error',
    ]);
    await submit(fhir, response('PHQ-9', low));
    expect(observation(fhir, '44261-6')).toMatchObject({ status: 'corrected', valueQuantity: { value: 1 } });
  });

  test('an amendment that takes an answer away takes the total back', async () => {
    const fhir = new FakeFhir([patient]);
    await submit(fhir, response('PHQ-9', low));
    await submit(fhir, response('PHQ-9', low.slice(0, 8), { status: 'amended' }));
    expect(fhir.all<Observation>('Observation').map((each) => each.status)).toEqual([
      'entered-in-error',
      'entered-in-error',
    ]);
  });

  test('entered in error before it was ever scored writes nothing; an unknown instrument neither', async () => {
    const fhir = new FakeFhir([patient]);
    await submit(fhir, response('PHQ-9', low, { status: 'entered-in-error' }));
    await submit(fhir, response('PHQ-9', low, { questionnaire: 'urn:other' }));
    expect(fhir.all('Observation')).toEqual([]);
  });

  test('scores carry the labels of the response', async () => {
    const fhir = new FakeFhir([patient]);
    await submit(fhir, response('PHQ-9', low, { meta: { security: part2Labels() } }));
    for (const each of fhir.all<Observation>('Observation')) expect(each.meta?.security).toEqual(part2Labels());
  });
});
