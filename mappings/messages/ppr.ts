import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { annotationOf } from '../datatypes/note.ts';
import { MSH, PRT_TEAM, ROL_TEAM } from '../segments/envelope.ts';
import { NTE_NOTE, OBR_REPORT, OBX_OBSERVATION } from '../segments/observation.ts';
import { OBR_SERVICE, ORC_SERVICE } from '../segments/order.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { GOL_GOAL, PRB_CONDITION, PTH_CARE_PLAN, VAR_NOTE } from '../segments/problem.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { orderNumber } from './medication-order.ts';
import { notesAfter } from './notes-after.ts';
import { stateObservation } from './observation.ts';
import { stateServiceRequest } from './order.ts';
import { named, type OrderGroup, orderGroups } from './order-group.ts';
import { onlyPatient } from './patient.ts';
import { link, type Stated, stateGoal, statePathway, stateProblem, varianceOf } from './problem.ts';
import { stateTeam } from './team.ts';
import { contextVisit } from './visit.ts';

const MAPS = [
  MSH,
  PID_PATIENT,
  PD1_PATIENT,
  PV1_ENCOUNTER,
  PV2_ENCOUNTER,
  PRB_CONDITION,
  GOL_GOAL,
  PTH_CARE_PLAN,
  VAR_NOTE,
  ROL_TEAM,
  PRT_TEAM,
  ORC_SERVICE,
  OBR_SERVICE,
  OBR_REPORT,
  OBX_OBSERVATION,
  NTE_NOTE,
];

/** Problem, goal and pathway that the next segments belong to. */
interface Place {
  problem: Stated | undefined;
  goal: Stated | undefined;
  /** The problem or goal that observations belong to: a pathway has none of its own. */
  observed: Draft | undefined;
  /** The one that notes and variances are about. */
  last: Stated | undefined;
  /** Notes of each, gathered: a list is stated whole. */
  readonly notes: Map<Draft, Json[]>;
}

/** Everything before the first order belongs to problems, goals and pathways; an order group belongs to the message. */
function care(scope: Scope, isOfGoals: boolean): void {
  const patient = onlyPatient(scope);
  const encounter = contextVisit(patient, scope);
  const place: Place = { problem: undefined, goal: undefined, observed: undefined, last: undefined, notes: new Map() };
  let seen = 0;
  const segments = scope.message.segments();
  for (const [index, segment] of segments.entries()) {
    // An order group ends with the next problem, goal or pathway.
    if (segment.name === 'ORC' || segment.name === 'OBR') {
      if (!startsOrders(segments, index)) continue;
      orders(ordersFrom(segments, index), place, patient, encounter, scope);
      continue;
    }
    if (isInOrders(segments, index)) continue;
    if (segment.name === 'PRB' || segment.name === 'GOL' || segment.name === 'PTH') seen += 1;
    step(segment, place, patient, encounter, isOfGoals, scope);
  }
  if (seen === 0 && scope.message.headerSegment !== undefined) {
    scope.place(scope.message.headerSegment, 9);
    scope.issue('map.required-missing', 'neither problem nor goal nor pathway: only the patient is carried');
  }
  for (const [draft, notes] of place.notes) draft.snapshot('note[NTE]', notes);
}

const CARE = new Set(['PRB', 'GOL', 'PTH', 'ROL', 'PRT']);
const ORDERS = new Set(['ORC', 'OBR']);

/** True when the last order or care segment before this one is an order. */
function isInOrders(segments: readonly Segment[], index: number): boolean {
  if (CARE.has(segments[index]!.name)) return false;
  for (let at = index - 1; at >= 0; at -= 1) {
    if (ORDERS.has(segments[at]!.name)) return true;
    if (CARE.has(segments[at]!.name)) return false;
  }
  return false;
}

const startsOrders = (segments: readonly Segment[], index: number): boolean => !isInOrders(segments, index);

function ordersFrom(segments: readonly Segment[], index: number): Segment[] {
  const rest = segments.slice(index);
  const end = rest.findIndex((segment) => CARE.has(segment.name));
  return end < 0 ? rest : rest.slice(0, end);
}

function step(
  segment: Segment,
  place: Place,
  patient: Draft,
  encounter: Draft | undefined,
  isOfGoals: boolean,
  scope: Scope,
): void {
  const { name } = segment;
  if (name === 'PRB') {
    place.problem = stateProblem(segment, patient, encounter, scope);
    if (!isOfGoals) place.goal = undefined;
    // Under a goal (PGL) the problem's action code says what becomes of the link.
    else if (place.problem !== undefined && place.goal !== undefined)
      link(
        place.goal.draft,
        place.problem.act === 'unlink' ? 'unlink' : place.goal.act === 'delete' ? 'none' : 'link',
        place.problem.draft,
      );
    place.last = place.problem;
    place.observed = place.problem?.draft;
  } else if (name === 'GOL') {
    if (isOfGoals) place.problem = undefined;
    place.goal = stateGoal(segment, patient, isOfGoals ? undefined : place.problem, scope);
    place.last = place.goal;
    place.observed = place.goal?.draft;
  } else if (name === 'PTH') {
    place.last = statePathway(segment, patient, encounter, isOfGoals ? undefined : place.problem, place.goal, scope);
  } else if (name === 'NTE') {
    if (!isOfObservation(segment, scope)) note(place, annotationOf(segment, scope));
  } else if (name === 'VAR') note(place, varianceOf(segment, scope));
  else if (name === 'ROL' || name === 'PRT') stateTeam([segment], patient, scope);
  else if (name === 'OBX') finding(segment, place, patient, encounter, scope);
}

function isOfObservation(nte: Segment, scope: Scope): boolean {
  const segments = scope.message.segments();
  let at = nte.index;
  while (segments[at]?.name === 'NTE') at -= 1;
  return segments[at]?.name === 'OBX';
}

function note(place: Place, annotation: Json | undefined): void {
  if (place.last === undefined || annotation === undefined) return;
  const { draft } = place.last;
  place.notes.set(draft, [...(place.notes.get(draft) ?? []), annotation]);
}

/** OBX under a problem is its evidence, under a goal its outcome. Keyed by what it stands under, so that a correction replaces it. */
function finding(obx: Segment, place: Place, patient: Draft, encounter: Draft | undefined, scope: Scope): void {
  const under = place.observed;
  const order = under === undefined ? undefined : { system: `urn:handoff:within:${under.type}`, value: under.id };
  const context = { patient, encounter, order, time: undefined, status: undefined, isSeries: true } as const;
  const observation = stateObservation(obx, context, notesAfter(obx, scope.message.segments()), scope);
  if (observation === undefined || under === undefined) return;
  if (under.type === 'Condition') under.snapshot(`evidence[${observation.id}]`, [{ detail: [observation.reference] }]);
  else if (under.type === 'Goal') under.snapshot(`outcomeReference[${observation.id}]`, [observation.reference]);
}

function orders(
  segments: readonly Segment[],
  place: Place,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  for (const group of orderGroups(segments)) {
    const order = numberOf(group, scope);
    if (order === undefined) {
      scope.place(group.orc ?? group.segments[0]!, 2);
      scope.issue('map.key-missing', 'an order without a number is not carried');
      continue;
    }
    const request = stateServiceRequest(order, group, patient, encounter, scope);
    if (place.problem !== undefined)
      request.snapshot(`reasonReference[${place.problem.draft.id}]`, [place.problem.draft.reference]);
  }
}

const numberOf = (group: OrderGroup, scope: Scope) =>
  orderNumber(group.orc, scope) ?? orderNumber(named(group, 'OBR')[0], scope);

/** PPR: problems with their goals, pathways and variances. Rule: DOMAIN §C1 PPR. */
export const PPR: MessageMap = {
  name: 'PPR',
  events: ['PPR^PC1', 'PPR^PC2', 'PPR^PC3'],
  maps: MAPS,
  run: (scope) => care(scope, false),
};

/** PGL: goals, with the problems they are for. */
export const PGL: MessageMap = {
  name: 'PGL',
  events: ['PGL^PC6', 'PGL^PC7', 'PGL^PC8'],
  maps: MAPS,
  run: (scope) => care(scope, true),
};
