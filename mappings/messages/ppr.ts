import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { annotationOf } from '../datatypes/note.ts';
import { MSH, PRT_TEAM, ROL_TEAM, SFT } from '../segments/envelope.ts';
import { NTE_NOTE, OBR_REPORT, OBX_OBSERVATION } from '../segments/observation.ts';
import { NTE_SERVICE, OBR_SERVICE, ORC_SERVICE, TQ1_SERVICE } from '../segments/order.ts';
import { PD1_PATIENT, PID_PATIENT } from '../segments/pid.ts';
import { GOL_GOAL, PRB_CONDITION, PTH_CARE_PLAN, VAR_NOTE } from '../segments/problem.ts';
import { PV1_ENCOUNTER, PV2_ENCOUNTER } from '../segments/pv1.ts';
import { orderNumber } from './medication-order.ts';
import { notesAfter } from './notes-after.ts';
import { stateObservation } from './observation.ts';
import { stateServiceRequest } from './order.ts';
import { named, type OrderGroup, orderGroups } from './order-group.ts';
import { onlyPatient } from './patient.ts';
import { type Stated, stateGoal, statePathway, stateProblem, varianceOf } from './problem.ts';
import { stateTeam } from './team.ts';
import { contextVisit } from './visit.ts';

const MAPS = [
  MSH,
  SFT,
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
  TQ1_SERVICE,
  NTE_SERVICE,
  OBR_REPORT,
  OBX_OBSERVATION,
  NTE_NOTE,
];

/** Problem, goal and pathway that the next segments belong to. */
interface Place {
  pathway: Stated | undefined;
  problem: Stated | undefined;
  goal: Stated | undefined;
  /** The problem or goal that observations belong to: a pathway has none of its own. */
  observed: Draft | undefined;
  /** The one that notes and variances are about. */
  last: Stated | undefined;
  /** An NTE belongs to the observation before it. */
  isObservation: boolean;
  /** Notes of each, gathered: a list is stated whole. */
  readonly notes: Map<Draft, Json[]>;
}

/** What a message is about first of all: the others stand under it. */
type Top = 'PRB' | 'GOL' | 'PTH';

const CARE = new Set(['PRB', 'GOL', 'PTH', 'ROL', 'PRT']);

/** States problems, goals and pathways, and the orders that stand among them. */
function care(scope: Scope, top: Top): void {
  const patient = onlyPatient(scope);
  const encounter = contextVisit(patient, scope);
  const place: Place = {
    pathway: undefined,
    problem: undefined,
    goal: undefined,
    observed: undefined,
    last: undefined,
    isObservation: false,
    notes: new Map(),
  };
  const context = { patient, encounter, top, scope };
  let isOrder = false;
  let group: Segment[] = [];
  let seen = 0;
  for (const segment of scope.message.segments()) {
    // An order group ends with the next problem, goal, pathway or role.
    if (CARE.has(segment.name)) {
      orders(group, place, context);
      group = [];
      isOrder = false;
    } else if (segment.name === 'ORC' || segment.name === 'OBR') isOrder = true;
    if (isOrder) group.push(segment);
    else step(segment, place, context);
    if (segment.name === 'PRB' || segment.name === 'GOL' || segment.name === 'PTH') seen += 1;
  }
  orders(group, place, context);
  if (seen === 0 && scope.message.headerSegment !== undefined) {
    scope.place(scope.message.headerSegment, 9);
    scope.issue('map.required-missing', 'neither problem nor goal nor pathway: only the patient is carried');
  }
  for (const [draft, notes] of place.notes) draft.snapshot('note[NTE]', notes);
}

interface Context {
  readonly patient: Draft;
  readonly encounter: Draft | undefined;
  readonly top: Top;
  readonly scope: Scope;
}

function step(segment: Segment, place: Place, context: Context): void {
  const { name } = segment;
  const { patient, scope } = context;
  if (name === 'NTE') {
    if (!place.isObservation) note(place, annotationOf(segment, scope));
    return;
  }
  place.isObservation = name === 'OBX';
  if (name === 'PRB') problem(segment, place, context);
  else if (name === 'GOL') goal(segment, place, context);
  else if (name === 'PTH') pathway(segment, place, context);
  else if (name === 'VAR') note(place, varianceOf(segment, scope));
  else if (name === 'ROL' || name === 'PRT') stateTeam([segment], patient, scope);
  else if (name === 'OBX') finding(segment, place, context);
}

/** Under a goal or a pathway the problem's action code says what becomes of the link; of its own it is stated. */
function problem(segment: Segment, place: Place, { patient, encounter, top, scope }: Context): void {
  const stated = stateProblem(segment, patient, encounter, scope);
  place.problem = stated;
  place.last = stated;
  place.observed = stated?.draft;
  if (top !== 'GOL') place.goal = undefined;
  if (stated === undefined) return;
  const above = top === 'GOL' ? place.goal : top === 'PTH' ? place.pathway : undefined;
  if (above !== undefined) linkTo(above, 'addresses', stated);
}

function goal(segment: Segment, place: Place, { patient, top, scope }: Context): void {
  if (top === 'GOL') {
    place.problem = undefined;
    place.pathway = undefined;
  }
  place.goal = stateGoal(segment, patient, top === 'GOL' ? undefined : place.problem, scope);
  place.last = place.goal;
  place.observed = place.goal?.draft;
  if (top === 'PTH' && place.pathway !== undefined && place.goal !== undefined)
    linkTo(place.pathway, 'goal', place.goal);
}

function pathway(segment: Segment, place: Place, { patient, encounter, top, scope }: Context): void {
  if (top === 'PTH') {
    place.problem = undefined;
    place.goal = undefined;
  }
  place.pathway = statePathway(
    segment,
    patient,
    encounter,
    top === 'GOL' ? undefined : place.problem,
    place.goal,
    scope,
  );
  place.last = place.pathway;
}

/** Links what stands under a goal or pathway to it, or takes that back: a slot for each. */
function linkTo(above: Stated, element: 'addresses' | 'goal', below: Stated): void {
  const slot = `${element}[${below.draft.id}]`;
  if (below.act === 'unlink') above.draft.delete(slot);
  else if (above.act !== 'delete' && below.act !== 'delete' && below.act !== 'none')
    above.draft.snapshot(slot, [below.draft.reference]);
}

function note(place: Place, annotation: Json | undefined): void {
  if (place.last === undefined || annotation === undefined) return;
  const { draft } = place.last;
  place.notes.set(draft, [...(place.notes.get(draft) ?? []), annotation]);
}

/** OBX under a problem is its evidence, under a goal its outcome. Keyed by what it stands under, so that a correction replaces it. */
function finding(obx: Segment, place: Place, { patient, encounter, scope }: Context): void {
  const under = place.observed;
  const order = under === undefined ? undefined : { system: `urn:handoff:within:${under.type}`, value: under.id };
  const hangsOn = { patient, encounter, order, time: undefined, status: undefined, isSeries: true } as const;
  const observation = stateObservation(obx, hangsOn, notesAfter(obx), scope);
  if (observation === undefined || under === undefined) return;
  if (under.type === 'Condition') under.snapshot(`evidence[${observation.id}]`, [{ detail: [observation.reference] }]);
  else if (under.type === 'Goal') under.snapshot(`outcomeReference[${observation.id}]`, [observation.reference]);
}

function orders(segments: readonly Segment[], place: Place, { patient, encounter, scope }: Context): void {
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
  run: (scope) => care(scope, 'PRB'),
};

/** PGL: goals, with the problems they are for. */
export const PGL: MessageMap = {
  name: 'PGL',
  events: ['PGL^PC6', 'PGL^PC7', 'PGL^PC8'],
  maps: MAPS,
  run: (scope) => care(scope, 'GOL'),
};

/** PPP: pathways, with the problems and goals on them. */
export const PPP: MessageMap = {
  name: 'PPP',
  events: ['PPP^PCB', 'PPP^PCC', 'PPP^PCD'],
  maps: MAPS,
  run: (scope) => care(scope, 'PTH'),
};
