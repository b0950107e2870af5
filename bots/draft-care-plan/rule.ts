import type {
  CarePlan,
  CarePlanActivity,
  CareTeam,
  CodeableConcept,
  Condition,
  Goal,
  QuestionnaireResponse,
  QuestionnaireResponseItem,
  QuestionnaireResponseItemAnswer,
  Reference,
} from '@medplum/fhirtypes';
import { jsonHash } from '../../src/fhir/canonical.ts';
import { QUESTIONNAIRE } from '../../src/model/codes.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { derived, fromItem, itemOf, keyOf, referenceTo } from '../derived.ts';

/**
 * linkIds of part 1: `goals` (one answer a goal), `problems` (codes or words), `strengths`, `barriers`.
 * Of part 2: `interventions`, `education`, `medication-management` (each answer an activity; a reference is referenced),
 * `review-date`. Items may stand in groups.
 */
const ACTIVITIES: Readonly<Record<string, string>> = {
  interventions: 'Intervention',
  education: 'Education and tools',
  'medication-management': 'Medication management',
  'review-date': 'Review of the plan',
};
const NOTES: Readonly<Record<string, string>> = { problems: 'Problems', strengths: 'Strengths', barriers: 'Barriers' };

export type Part = 'part-1' | 'part-2';

/** Which part of the plan a response answers; undefined: neither. */
export function partOf(response: QuestionnaireResponse): Part | undefined {
  const url = response.questionnaire?.split('|')[0];
  if (url === QUESTIONNAIRE.planPart1) return 'part-1';
  return url === QUESTIONNAIRE.planPart2 ? 'part-2' : undefined;
}

/** One plan for each patient record and program episode. */
export const planKey = (patient: string, episode: string | undefined): string =>
  `plan/${patient}/${episode ?? 'no-episode'}`;

export interface PlanFacts {
  readonly key: string;
  /** Every response the plan rests on, current versions. */
  readonly responses: readonly QuestionnaireResponse[];
  readonly conditions: readonly Condition[];
  readonly careTeams: readonly CareTeam[];
  readonly plan?: CarePlan | undefined;
  /** Goals written for this plan before. */
  readonly goals: readonly Goal[];
}

const STANDING = ['completed', 'amended'];

/** The response of a part that counts: the one authored last of those that stand. */
function current(part: Part, responses: readonly QuestionnaireResponse[]): QuestionnaireResponse | undefined {
  return responses
    .filter((each) => partOf(each) === part && STANDING.includes(each.status))
    .sort((a, b) => `${a.authored ?? ''}/${a.id}`.localeCompare(`${b.authored ?? ''}/${b.id}`))
    .at(-1);
}

/** Both parts stand: active. One: draft. None: entered in error. What a person made of it since is not undone. */
function statusOf(facts: PlanFacts): CarePlan['status'] {
  const parts = (['part-1', 'part-2'] as const).filter((part) => current(part, facts.responses) !== undefined);
  const before = facts.plan?.status ?? 'draft';
  if (!['draft', 'active', 'entered-in-error'].includes(before)) return before;
  return parts.length === 2 ? 'active' : parts.length === 1 ? 'draft' : 'entered-in-error';
}

/**
 * The Goals of the plan as part 1 states them now: each goal in the patient's own words is one Goal; one that is no longer named is
 * cancelled, never deleted; what a person recorded on a Goal stays. Rule: R41.
 */
export function decideGoals(facts: PlanFacts): { readonly goal: Goal; readonly standing: Goal | undefined }[] {
  const part1 = current('part-1', facts.responses);
  const named = part1 === undefined ? [] : [...new Set(wordsOf(part1, 'goals'))];
  const keys = new Map(named.map((words) => [goalKey(facts.key, words), words]));
  const made = [...keys].map(([key, words]) => {
    const standing = facts.goals.find((each) => keyOf(each) === key);
    return { goal: goalOf(key, words, part1!, facts, standing), standing };
  });
  const dropped = facts.goals
    .filter((each) => !keys.has(keyOf(each) ?? '') && ['proposed', 'planned', 'active'].includes(each.lifecycleStatus))
    .map((standing) => ({ goal: droppedGoal(standing, part1, facts), standing }));
  return [...made, ...dropped];
}

const goalKey = (plan: string, words: string): string =>
  `goal/${plan}/${jsonHash(words.toLowerCase().replace(/\s+/g, ' ').trim()).slice(0, 16)}`;

export const isGoalOf = (plan: string, goal: Goal): boolean => keyOf(goal)?.startsWith(`goal/${plan}/`) === true;

function goalOf(
  key: string,
  words: string,
  part1: QuestionnaireResponse,
  facts: PlanFacts,
  standing: Goal | undefined,
): Goal {
  const addresses = addressed(part1, facts.conditions);
  const author = part1.author ?? part1.source;
  return derived<Goal>(
    key,
    {
      resourceType: 'Goal',
      lifecycleStatus: lifecycle(statusOf(facts), standing),
      statusReason: undefined,
      description: { text: words },
      subject: part1.subject as Goal['subject'],
      expressedBy: allowed(author, ['Patient', 'Practitioner', 'PractitionerRole', 'RelatedPerson']),
      addresses: addresses.length > 0 ? addresses : standing?.addresses,
      extension: [
        ...(standing?.extension ?? []).filter((each) => each.url !== DERIVED_FROM),
        { url: DERIVED_FROM, valueReference: referenceTo(part1) },
      ],
    },
    [part1],
    standing,
  );
}

/** Goal has no element for its source. */
const DERIVED_FROM = hubExtension('derived-from');

function lifecycle(plan: CarePlan['status'], standing: Goal | undefined): Goal['lifecycleStatus'] {
  const ours = ['proposed', 'active', 'cancelled', 'entered-in-error'];
  if (standing !== undefined && !ours.includes(standing.lifecycleStatus)) return standing.lifecycleStatus;
  return plan === 'active' ? 'active' : 'proposed';
}

function droppedGoal(standing: Goal, part1: QuestionnaireResponse | undefined, facts: PlanFacts): Goal {
  const withdrawn = part1 === undefined;
  return derived<Goal>(
    keyOf(standing)!,
    {
      ...standing,
      lifecycleStatus: withdrawn ? 'entered-in-error' : 'cancelled',
      statusReason: withdrawn ? 'Part 1 was withdrawn' : 'No longer named in part 1',
    },
    facts.responses,
    standing,
  );
}

/**
 * The plan as both parts state it now. It is the same whichever part came first. Activities and notes that did not come from the
 * parts stay. Undefined when neither part stands and there is no plan. Success does not mean that anybody agreed to it.
 */
export function decidePlan(facts: PlanFacts, goals: readonly Reference<Goal>[]): CarePlan | undefined {
  const [part1, part2] = [current('part-1', facts.responses), current('part-2', facts.responses)];
  const first = part1 ?? part2 ?? facts.responses[0];
  const { plan } = facts;
  if (first === undefined || (plan === undefined && part1 === undefined && part2 === undefined)) return undefined;
  const addresses = part1 === undefined ? [] : addressed(part1, facts.conditions);
  const since = [part1?.authored, part2?.authored].filter((each) => each !== undefined).sort()[0];
  const kept = (plan?.goal ?? []).filter((each) => !goals.some(({ reference }) => reference === each.reference));
  const whole: { readonly [K in keyof CarePlan]: CarePlan[K] | undefined } = {
    resourceType: 'CarePlan',
    text: NARRATIVE[statusOf(facts)] ?? plan?.text,
    status: statusOf(facts),
    intent: 'plan',
    category: plan?.category ?? [ASSESS_PLAN],
    title: plan?.title ?? 'Treatment plan',
    subject: first.subject as CarePlan['subject'],
    encounter: plan?.encounter ?? part1?.encounter ?? part2?.encounter,
    period: since === undefined ? plan?.period : { ...plan?.period, start: since },
    created: since ?? plan?.created,
    author: (part1?.author ?? part1?.source ?? plan?.author) as CarePlan['author'],
    contributor: listed([...(plan?.contributor ?? []), part2?.author as Reference]) as CarePlan['contributor'],
    careTeam: listed([...(plan?.careTeam ?? []), ...facts.careTeams.map((each) => referenceTo(each))]),
    addresses: listed([...(plan?.addresses ?? []), ...addresses]) as CarePlan['addresses'],
    supportingInfo: listed([
      ...(plan?.supportingInfo ?? []),
      ...facts.responses.map((each) => referenceTo(each)),
    ])?.sort((a, b) => (a.reference ?? '').localeCompare(b.reference ?? '')),
    goal: listed([...kept, ...goals]),
    activity: some([...activities(part2, plan), ...(plan?.activity ?? []).filter((each) => !isOurs(each))]),
    note: some([...notes(part1), ...(plan?.note ?? []).filter((each) => itemOf(each) === undefined)]),
  };
  return derived<CarePlan>(facts.key, whole, facts.responses, plan);
}

const ASSESS_PLAN: CodeableConcept = {
  coding: [{ system: 'http://hl7.org/fhir/us/core/CodeSystem/careplan-category', code: 'assess-plan' }],
};

const narrative = (words: string): CarePlan['text'] => ({
  status: 'generated',
  div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${words}</p></div>`,
});

/** US Core asks for a text; it says where the plan stands and repeats nothing of what is in it. */
const NARRATIVE: Partial<Record<string, CarePlan['text']>> = {
  draft: narrative('Treatment plan. One of its two parts is there.'),
  active: narrative('Treatment plan. Both parts are there.'),
  'entered-in-error': narrative('Treatment plan. Both parts were withdrawn.'),
};

/** Each answer of part 2 is one activity. One that is no longer named is cancelled unless work on it was recorded. */
function activities(part2: QuestionnaireResponse | undefined, plan: CarePlan | undefined): CarePlanActivity[] {
  const before = (plan?.activity ?? []).filter(isOurs);
  const now = Object.keys(ACTIVITIES).flatMap((linkId) =>
    (part2 === undefined ? [] : answersOf(part2, linkId)).map((answer) => activity(linkId, answer)),
  );
  const merged = now.map((each) => {
    const standing = before.find((old) => sameActivity(old, each));
    return standing === undefined || standing.detail?.status === 'cancelled' ? each : standing;
  });
  const dropped = before
    .filter((old) => old.detail !== undefined && !now.some((each) => sameActivity(old, each)))
    .map((old) =>
      old.detail?.status === 'not-started'
        ? { ...old, detail: { ...old.detail, status: 'cancelled', statusReason: { text: 'No longer in part 2' } } }
        : old,
    );
  return [...merged, ...dropped] as CarePlanActivity[];
}

const isOurs = (each: CarePlanActivity): boolean => itemOf(each) !== undefined;
const sameActivity = (a: CarePlanActivity, b: CarePlanActivity): boolean =>
  itemOf(a) === itemOf(b) &&
  a.detail?.description === b.detail?.description &&
  a.reference?.reference === b.reference?.reference;

function activity(linkId: string, answer: QuestionnaireResponseItemAnswer): CarePlanActivity {
  const extension = fromItem(linkId);
  if (answer.valueReference !== undefined)
    return { extension, reference: answer.valueReference as NonNullable<CarePlanActivity['reference']> };
  const date = answer.valueDate ?? answer.valueDateTime;
  return {
    extension,
    detail: {
      code: {
        text: ACTIVITIES[linkId]!,
        ...(answer.valueCoding === undefined ? {} : { coding: [answer.valueCoding] }),
      },
      status: date === undefined ? 'not-started' : 'scheduled',
      description: wordOf(answer) ?? '',
      ...(date === undefined ? {} : { scheduledTiming: { event: [date] } }),
    },
  };
}

function notes(part1: QuestionnaireResponse | undefined): NonNullable<CarePlan['note']> {
  if (part1 === undefined) return [];
  return Object.entries(NOTES).flatMap(([linkId, title]) => {
    const words = wordsOf(part1, linkId);
    const time = part1.authored === undefined ? {} : { time: part1.authored };
    return words.length === 0 ? [] : [{ extension: fromItem(linkId), ...time, text: `${title}: ${words.join('; ')}` }];
  });
}

/** The patient's own Conditions that a chosen problem names by code or by words. */
function addressed(part1: QuestionnaireResponse, conditions: readonly Condition[]): Reference<Condition>[] {
  const problems = answersOf(part1, 'problems');
  return [...conditions]
    .sort((a, b) => (a.id ?? '').localeCompare(b.id ?? ''))
    .filter((each) => problems.some((answer) => names(answer, each.code)))
    .map((each) => referenceTo(each));
}

function names(answer: QuestionnaireResponseItemAnswer, code: CodeableConcept | undefined): boolean {
  const codings = code?.coding ?? [];
  const { system, code: value } = answer.valueCoding ?? {};
  if (value !== undefined && codings.some((each) => each.system === system && each.code === value)) return true;
  const words = wordOf(answer)?.trim().toLowerCase();
  return [code?.text, ...codings.map((each) => each.display)].some((each) => each?.trim().toLowerCase() === words);
}

function answersOf(response: QuestionnaireResponse, linkId: string): QuestionnaireResponseItemAnswer[] {
  const within = (items: readonly QuestionnaireResponseItem[] | undefined): QuestionnaireResponseItemAnswer[] =>
    (items ?? []).flatMap((item) => [...(item.linkId === linkId ? (item.answer ?? []) : []), ...within(item.item)]);
  return within(response.item);
}

const wordsOf = (response: QuestionnaireResponse, linkId: string): string[] =>
  answersOf(response, linkId).flatMap((each) => wordOf(each)?.trim() || []);

function wordOf({ valueString, valueCoding, valueDate, valueDateTime }: QuestionnaireResponseItemAnswer) {
  return valueString ?? valueCoding?.display ?? valueCoding?.code ?? valueDate ?? valueDateTime;
}

function allowed<R extends Reference>(reference: R | undefined, types: readonly string[]) {
  return types.some((type) => reference?.reference?.startsWith(`${type}/`)) ? (reference as never) : undefined;
}

/** References without repeats, or nothing: FHIR has no empty lists. */
function listed<R extends Reference>(references: readonly (R | undefined)[]): R[] | undefined {
  const byTarget = new Map(references.flatMap((each) => (each?.reference ? [[each.reference, each] as const] : [])));
  return some([...byTarget.values()]);
}

const some = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);
