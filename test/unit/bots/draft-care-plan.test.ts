import type { CarePlan, Condition, EpisodeOfCare, Goal, QuestionnaireResponse } from '@medplum/fhirtypes';
import { describe, expect, test } from 'vitest';
import { make } from '../../../bots/draft-care-plan/bot.ts';
import { TREATMENT_PLAN_PART_1, TREATMENT_PLAN_PART_2 } from '../../../bots/draft-care-plan/questionnaires.ts';
import { canonicalJson } from '../../../src/fhir/canonical.ts';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { validate } from '../../../src/fhir/validate.ts';
import { concept, LEVEL_OF_CARE, QUESTIONNAIRE } from '../../../src/model/codes.ts';
import { R4 } from '../fhir/r4.ts';
import { FakeFhir } from './fake-fhir.ts';

const subject = { reference: 'Patient/riv' };
const item = (linkId: string, ...words: string[]) => ({
  linkId,
  answer: words.map((valueString) => ({ valueString })),
});

const part1 = (more: Partial<QuestionnaireResponse> = {}): QuestionnaireResponse & { id: string } => ({
  resourceType: 'QuestionnaireResponse',
  id: 'one',
  questionnaire: QUESTIONNAIRE.planPart1,
  status: 'completed',
  subject,
  author: subject as never,
  authored: '2026-11-16T15:00:00-05:00',
  item: [
    item('goals', 'Sleep through the night', 'Go back to work'),
    { linkId: 'problems', answer: [{ valueCoding: { system: ICD, code: 'F33.2' } }] },
    item('strengths', 'Stubborn'),
    item('barriers', 'No car'),
  ],
  ...more,
});

const part2 = (more: Partial<QuestionnaireResponse> = {}): QuestionnaireResponse & { id: string } => ({
  resourceType: 'QuestionnaireResponse',
  id: 'two',
  questionnaire: `${QUESTIONNAIRE.planPart2}|1`,
  status: 'completed',
  subject,
  author: { reference: 'PractitionerRole/therapist' },
  authored: '2026-11-23T15:00:00-05:00',
  item: [
    item('interventions', 'Skills group three times a week'),
    item('education', 'Sleep diary'),
    { linkId: 'review-date', answer: [{ valueDate: '2026-11-30' }] },
  ],
  ...more,
});

const ICD = 'http://hl7.org/fhir/sid/icd-10-cm';
const episode: EpisodeOfCare = {
  resourceType: 'EpisodeOfCare',
  id: 'episode',
  status: 'active',
  patient: subject,
  type: [concept(LEVEL_OF_CARE, 'php')],
  period: { start: '2026-11-15T08:00:00-05:00' },
};
const condition: Condition = {
  resourceType: 'Condition',
  id: 'depression',
  subject,
  code: { coding: [{ system: ICD, code: 'F33.2' }] },
};

const bot = make({ now: () => Date.parse('2026-11-23T21:00:00Z') });

async function submit(fhir: FakeFhir, response: QuestionnaireResponse & { id: string }) {
  await bot(fhir.client, fhir.event(fhir.put(response)));
}

const plans = (fhir: FakeFhir) => fhir.all<CarePlan>('CarePlan');
const goals = (fhir: FakeFhir) => fhir.all<Goal>('Goal');
/** What is said, whatever the order of elements and the ids of what was made. */
const stateOf = (fhir: FakeFhir) =>
  [...plans(fhir), ...goals(fhir)]
    .map(({ meta: _, ...rest }) => canonicalJson(rest).replaceAll(/made-\d+/g, 'made'))
    .sort();

describe('part 1 alone', () => {
  test('gives a draft plan with one proposed goal for each of the patient’s, and the problem’s condition', async () => {
    const fhir = new FakeFhir([episode, condition]);
    await submit(fhir, part1());
    const [plan] = plans(fhir);
    expect(plan).toMatchObject({
      status: 'draft',
      subject,
      author: subject,
      supportingInfo: [{ reference: 'QuestionnaireResponse/one' }],
      addresses: [{ reference: 'Condition/depression' }],
    });
    expect(plan?.category?.[0]?.coding?.[0]?.code).toBe('assess-plan');
    expect(goals(fhir).map((each) => [each.description.text, each.lifecycleStatus])).toEqual([
      ['Sleep through the night', 'proposed'],
      ['Go back to work', 'proposed'],
    ]);
    expect(plan?.goal).toHaveLength(2);
    expect(plan?.note?.map((each) => each.text)).toContain('Barriers: No car');
  });

  test('carries the labels of the response', async () => {
    const fhir = new FakeFhir([episode]);
    await submit(fhir, part1({ meta: { security: part2Labels() } }));
    for (const each of [...plans(fhir), ...goals(fhir)]) expect(each.meta?.security).toEqual(part2Labels());
  });

  test('is another organization’s business when the condition is of another record of the person', async () => {
    const fhir = new FakeFhir([{ ...condition, subject: { reference: 'Patient/hospital' } }], [['riv', 'hospital']]);
    await submit(fhir, part1());
    expect(plans(fhir)[0]?.addresses).toBeUndefined();
  });
});

describe('both parts', () => {
  test('make the same plan active, with activities and the therapist as contributor', async () => {
    const fhir = new FakeFhir([episode, condition]);
    await submit(fhir, part1());
    await submit(fhir, part2());
    expect(plans(fhir)).toHaveLength(1);
    const [plan] = plans(fhir);
    expect(plan).toMatchObject({ status: 'active', contributor: [{ reference: 'PractitionerRole/therapist' }] });
    expect(plan?.activity?.map((each) => each.detail?.description)).toEqual([
      'Skills group three times a week',
      'Sleep diary',
      '2026-11-30',
    ]);
    expect(goals(fhir).every((each) => each.lifecycleStatus === 'active')).toBe(true);
  });

  test('end in the same state whichever came first', async () => {
    const [forward, backward] = [new FakeFhir([episode, condition]), new FakeFhir([episode, condition])];
    await submit(forward, part1());
    await submit(forward, part2());
    await submit(backward, part2());
    expect(plans(backward)[0]?.status).toBe('draft');
    await submit(backward, part1());
    expect(stateOf(backward)).toEqual(stateOf(forward));
  });

  test('meet in one plan when the episode became known between them', async () => {
    const fhir = new FakeFhir();
    await submit(fhir, part1());
    fhir.put(episode as EpisodeOfCare & { id: string });
    await submit(fhir, part2());
    expect(plans(fhir).map((each) => each.status)).toEqual(['active']);
  });

  test('a later episode begins a plan of its own', async () => {
    const fhir = new FakeFhir([episode]);
    await submit(fhir, part1());
    await submit(fhir, part2());
    fhir.put({ ...episode, status: 'finished', period: { ...episode.period, end: '2027-01-10' } } as never);
    fhir.put({ ...episode, id: 'second', period: { start: '2027-03-01' } } as never);
    await submit(fhir, part1({ id: 'three', authored: '2027-03-02T10:00:00-05:00' }));
    expect(plans(fhir).map((each) => each.status)).toEqual(['active', 'draft']);
  });
});

describe('a repeat or a change', () => {
  test('the same response again writes nothing', async () => {
    const fhir = new FakeFhir([episode, condition]);
    await submit(fhir, part1());
    await submit(fhir, part2());
    const before = fhir.writes;
    for (const response of [part1(), part2()]) await bot(fhir.client, fhir.event(response));
    expect(fhir.writes).toBe(before);
  });

  test('an amended part 1 keeps the history: a goal no longer named is cancelled, a person’s record on a goal stays', async () => {
    const fhir = new FakeFhir([episode]);
    await submit(fhir, part1());
    await submit(fhir, part2());
    const [kept] = goals(fhir);
    fhir.put({ ...kept!, note: [{ text: 'Slept six hours' }] });
    await submit(
      fhir,
      part1({ status: 'amended', item: [item('goals', 'sleep through  the night', 'See my sister')] }),
    );
    expect(goals(fhir).map((each) => [each.description.text, each.lifecycleStatus])).toEqual([
      ['sleep through  the night', 'active'],
      ['Go back to work', 'cancelled'],
      ['See my sister', 'active'],
    ]);
    expect(goals(fhir)[0]?.note).toEqual([{ text: 'Slept six hours' }]);
    expect((await fhir.readVersion('Goal', goals(fhir)[1]!.id, '1')).resourceType).toBe('Goal');
  });

  test('a plan that a person completed is not made active again', async () => {
    const fhir = new FakeFhir([episode]);
    await submit(fhir, part1());
    await submit(fhir, part2());
    fhir.put({ ...plans(fhir)[0]!, status: 'completed' });
    await submit(fhir, part1({ status: 'amended' }));
    expect(plans(fhir)[0]?.status).toBe('completed');
  });

  test('activities of others and progress of our own survive an amended part 2', async () => {
    const fhir = new FakeFhir([episode]);
    await submit(fhir, part1());
    await submit(fhir, part2());
    const plan = plans(fhir)[0]!;
    const [first, ...rest] = plan.activity!;
    const begun = { ...first!, detail: { ...first!.detail!, status: 'in-progress' as const } };
    fhir.put({ ...plan, activity: [begun, ...rest, { reference: { reference: 'MedicationRequest/order' } }] });
    await submit(fhir, part2({ status: 'amended', item: [item('interventions', 'Individual therapy')] }));
    expect(plans(fhir)[0]?.activity?.map((each) => each.detail?.status ?? each.reference?.reference)).toEqual([
      'not-started',
      'in-progress',
      'cancelled',
      'scheduled',
      'MedicationRequest/order',
    ]);
  });

  test('a withdrawn part 2 takes the plan back to draft; both withdrawn: entered in error', async () => {
    const fhir = new FakeFhir([episode]);
    await submit(fhir, part1());
    await submit(fhir, part2());
    await submit(fhir, part2({ status: 'entered-in-error' }));
    expect(plans(fhir)[0]?.status).toBe('draft');
    await submit(fhir, part1({ status: 'entered-in-error' }));
    expect(plans(fhir)[0]?.status).toBe('entered-in-error');
    expect(goals(fhir).every((each) => each.lifecycleStatus === 'entered-in-error')).toBe(true);
  });

  test('somebody else’s write in between makes it fail, to be tried again', async () => {
    const fhir = new FakeFhir([episode]);
    await submit(fhir, part1());
    const { updateResource } = fhir;
    fhir.updateResource = async (resource, options) => {
      fhir.put({ ...(await fhir.readResource(resource.resourceType, resource.id)), language: 'en' } as never);
      return updateResource.call(fhir, resource, options);
    };
    fhir.put(part2());
    await expect(bot(fhir.client, fhir.event(part2()))).rejects.toThrow('412');
  });
});

test('the two questionnaires are valid', () => {
  for (const each of [TREATMENT_PLAN_PART_1, TREATMENT_PLAN_PART_2]) {
    expect(validate(R4, each).filter(({ severity }) => severity === 'error')).toEqual([]);
  }
});
