import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { eiKey } from '../datatypes/identifier.ts';
import { humanName } from '../datatypes/person.ts';
import {
  carePlanKey,
  goalKey,
  numberedConditionKey,
  unnumberedCarePlanKey,
  unnumberedGoalKey,
  unnumberedProblemKey,
} from '../keys.ts';
import { GOL_GOAL, PRB_CONDITION, PTH_CARE_PLAN } from '../segments/problem.ts';
import { ACTUAL_MOODS, PROBLEM_ACT, PROBLEM_LIFE_CYCLE, type ProblemAct, TRIGGER_ACT } from '../tables/problem.ts';
import { codeKey } from './clinical.ts';
import { raise } from './confidentiality.ts';
import { conceptAt, nodeOf } from './dosage.ts';

const CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/condition-category';

/** A problem, goal or pathway of a message, and what its segment does to it. */
export interface Stated {
  readonly draft: Draft;
  readonly act: ProblemAct;
}

/** The action code of PRB-1, GOL-1 or PTH-1; where it is missing or unknown, the trigger's. Rule: DOMAIN §C1 PPR. */
function actOf(segment: Segment, scope: Scope): ProblemAct {
  const code = segment.get(1)?.trim().toUpperCase();
  const found = code === undefined ? undefined : PROBLEM_ACT[code];
  if (found !== undefined) return found;
  scope.place(segment, 1);
  scope.issue('map.code-unmapped', 'no known action code: the trigger decides');
  return TRIGGER_ACT[scope.trigger] ?? 'state';
}

function keyed(segment: Segment, field: number, scope: Scope) {
  const node = nodeOf(segment, field, scope);
  return node === undefined ? undefined : eiKey(node, scope);
}

function unkeyed(segment: Segment, what: string, scope: Scope): undefined {
  scope.place(segment, 4);
  scope.issue('map.key-missing', `a ${what} without id, code or words is not carried`);
  return undefined;
}

/**
 * PRB → Condition on the problem list. One whose mood is no event is a wish or an expectation: it is parked and never becomes a problem
 * the patient has. DE takes the record back. Undefined when nothing identifies it.
 */
export function stateProblem(
  prb: Segment,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): Stated | undefined {
  const mood = prb.get(28)?.trim().toUpperCase();
  if (mood && !ACTUAL_MOODS.has(mood)) {
    scope.place(prb, 28);
    scope.park(`PRB[${prb.occurrence}]`, 'map.mood-unsupported', 'a problem that is not an event');
    return undefined;
  }
  const number = keyed(prb, 4, scope);
  const code = conceptAt(prb, 3, scope);
  if (number === undefined && code === undefined) return unkeyed(prb, 'problem', scope);
  const key =
    number === undefined
      ? unnumberedProblemKey(scope.owner, patient.id, codeKey(code!))
      : numberedConditionKey(scope.owner, number);
  const condition = scope.draft(key, patient.id);
  const act = actOf(prb, scope);
  condition.set('subject', patient.reference);
  raise(condition, prb, 25, scope);
  if (act === 'delete') {
    condition.set('verificationStatus', { coding: [{ system: VERIFICATION, code: 'entered-in-error' }] });
    // R4 con-4 and con-5: what has no clinical status has no end.
    condition.delete('clinicalStatus');
    condition.delete('abatementDateTime');
    if (code !== undefined) condition.set('code', code);
    return { draft: condition, act };
  }
  if (act === 'state') {
    if (encounter !== undefined) condition.set('encounter', encounter.reference);
    condition.snapshot('category[PRB]', [{ coding: [{ system: CATEGORY, code: 'problem-list-item' }] }]);
    scope.apply(PRB_CONDITION, prb, condition);
    disciplines(prb, condition, scope);
    clinicalStatus(prb, condition, scope);
    // A problem that was taken back and comes again is there again.
    if (!condition.has('verificationStatus')) condition.delete('verificationStatus');
  } else if (code !== undefined) condition.default('code', code);
  return { draft: condition, act };
}

function disciplines(prb: Segment, condition: Draft, scope: Scope): void {
  const found = prb.repetitions(11).flatMap((repetition) => {
    scope.place(prb, 11);
    const concept = conceptOf(new Node(repetition), scope);
    return concept === undefined
      ? []
      : [{ url: hubExtension('problem-discipline'), valueCodeableConcept: concept as unknown as Json }];
  });
  if (found.length > 0) condition.snapshot('extension[PRB-11]', found);
}

const ENDED = new Set(['inactive', 'resolved', 'remission']);

/** PRB-14 and PRB-9 together: R4 lets only an ended problem have an end (con-4), and an ended one states its own. */
function clinicalStatus(prb: Segment, condition: Draft, scope: Scope): void {
  const resolved = prb.get(9)?.trim();
  const stated = prb.get(14)?.trim();
  scope.place(prb, 14);
  const found = stated ? scope.code(PROBLEM_LIFE_CYCLE, stated) : undefined;
  const concept = (code: string): Json => ({ coding: [{ system: CLINICAL, code }] });
  if (resolved) {
    const isEnded = found !== undefined && ENDED.has(found.code);
    if (found !== undefined && !isEnded) {
      scope.place(prb, 9);
      scope.issue('map.contradiction', 'a problem with a date of resolution is not active: it is taken as resolved');
    }
    condition.set('clinicalStatus', isEnded ? { coding: [{ ...found }] } : concept('resolved'));
    scope.place(prb, 9);
    condition.set('abatementDateTime', scope.time(resolved, 'dateTime'));
    return;
  }
  if (found !== undefined) {
    condition.set('clinicalStatus', { coding: [{ ...found }] });
    if (!ENDED.has(found.code)) condition.delete('abatementDateTime');
  } else condition.default('clinicalStatus', concept('active'));
}

/** GOL → Goal, for the problem it stands under. LI and UN state that relation and nothing else. */
export function stateGoal(gol: Segment, patient: Draft, problem: Stated | undefined, scope: Scope): Stated | undefined {
  const number = keyed(gol, 4, scope);
  const description = conceptAt(gol, 3, scope);
  if (number === undefined && description === undefined) return unkeyed(gol, 'goal', scope);
  const goal = scope.draft(
    number === undefined
      ? unnumberedGoalKey(scope.owner, patient.id, codeKey(description!))
      : goalKey(scope.owner, number),
    patient.id,
  );
  const act = actOf(gol, scope);
  goal.set('subject', patient.reference);
  goal.default('lifecycleStatus', 'active');
  if (act === 'delete') {
    goal.set('lifecycleStatus', 'entered-in-error');
    if (description !== undefined) goal.set('description', description);
  } else if (act === 'state') {
    scope.apply(GOL_GOAL, gol, goal);
    goalDetails(gol, goal, scope);
  } else if (description !== undefined) goal.default('description', description);
  if (problem !== undefined) link(goal, act, problem.draft);
  return { draft: goal, act };
}

/** Goal.addresses, one slot for each problem: unlinking one leaves the others. */
function link(goal: Draft, act: ProblemAct, problem: Draft): void {
  if (act === 'unlink') goal.delete(`addresses[${problem.id}]`);
  else if (act !== 'none') goal.snapshot(`addresses[${problem.id}]`, [problem.reference]);
}

function goalDetails(gol: Segment, goal: Draft, scope: Scope): void {
  const due = gol.get(8)?.trim();
  scope.place(gol, 8);
  const date = due ? scope.time(due, 'date') : undefined;
  if (typeof date === 'string') goal.snapshot('target[GOL-8]', [{ dueDate: date }]);
  const comment = gol.field(17).text?.trim();
  if (comment) goal.snapshot('note[GOL-17]', [{ text: comment }]);
  const mood = gol.get(22)?.trim().toUpperCase();
  if (mood === 'PRP') goal.set('lifecycleStatus', 'proposed');
  const name = nodeOf(gol, 21, scope);
  const person = name === undefined ? undefined : humanName(name, scope);
  if (person === undefined) return;
  const words = [...(person.given ?? []), person.family].filter((part) => part !== undefined).join(' ');
  goal.snapshot('extension[GOL-21]', [{ url: hubExtension('goal-target'), valueString: words }]);
}

/** PTH → CarePlan, for the problem or goal it stands under. */
export function statePathway(
  pth: Segment,
  patient: Draft,
  encounter: Draft | undefined,
  problem: Stated | undefined,
  goal: Stated | undefined,
  scope: Scope,
): Stated | undefined {
  const number = keyed(pth, 3, scope);
  const pathway = conceptAt(pth, 2, scope);
  if (number === undefined && pathway === undefined) return unkeyed(pth, 'pathway', scope);
  const plan = scope.draft(
    number === undefined
      ? unnumberedCarePlanKey(scope.owner, patient.id, codeKey(pathway!))
      : carePlanKey(scope.owner, number),
    patient.id,
  );
  const act = actOf(pth, scope);
  plan.set('subject', patient.reference);
  plan.default('status', 'active');
  plan.default('intent', 'plan');
  if (act === 'delete') plan.set('status', 'entered-in-error');
  else if (act === 'state') {
    if (encounter !== undefined) plan.set('encounter', encounter.reference);
    scope.apply(PTH_CARE_PLAN, pth, plan);
    const title = pth.get(2, 1, 2)?.trim() || pth.get(2, 1, 9)?.trim();
    if (title) plan.set('title', title);
  }
  for (const [element, of] of [
    ['addresses', problem],
    ['goal', goal],
  ] as const) {
    if (of === undefined) continue;
    if (act === 'unlink') plan.delete(`${element}[${of.draft.id}]`);
    else if (act !== 'none') plan.snapshot(`${element}[${of.draft.id}]`, [of.draft.reference]);
  }
  return { draft: plan, act };
}

/** VAR → Annotation: its kind and words, who documented it and when it was. Undefined when it says nothing. */
export function varianceOf(variance: Segment, scope: Scope): Json | undefined {
  const kind = conceptAt(variance, 5, scope) as
    | { text?: string; coding?: { display?: string; code?: string }[] }
    | undefined;
  const words = variance
    .repetitions(6)
    .map((repetition) => repetition.text?.trim())
    .filter((text): text is string => !!text);
  const label = kind?.text ?? kind?.coding?.[0]?.display ?? kind?.coding?.[0]?.code;
  const text = [label, words.join('\n') || undefined].filter((part) => part !== undefined).join(': ');
  if (text === '') return undefined;
  const note: Record<string, Json> = {};
  const author = nodeOf(variance, 4, scope);
  const name = author === undefined ? undefined : [author.get(3), author.get(2)].filter((part) => part !== undefined);
  if (name !== undefined && name.length > 0) note.authorString = name.join(' ');
  const at = variance.get(3)?.trim() || variance.get(2)?.trim();
  scope.place(variance, variance.get(3)?.trim() ? 3 : 2);
  const time = at ? scope.time(at, 'dateTime') : undefined;
  if (time !== undefined) note.time = typeof time === 'string' ? time : time.value;
  return { ...note, text };
}
