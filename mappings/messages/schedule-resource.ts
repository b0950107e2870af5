import type { Segment } from '../../src/hl7/tree.ts';
import { Annotated } from '../../src/mapping/annotated.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { locationOf, practitionerOf } from '../datatypes/directory.ts';
import { decimal } from '../datatypes/text.ts';
import { scheduledResourceKey } from '../keys.ts';
import { RESOURCE_STATUS } from '../tables/scheduling.ts';
import { codeKey } from './clinical.ts';
import { plus } from './schedule-time.ts';

/** Where a resource's segment has its start, duration, unit and status. */
export const SHAPES = {
  AIG: { start: 8, amount: 11, unit: 12, status: 14 },
  AIL: { start: 6, amount: 9, unit: 10, status: 12 },
  AIP: { start: 6, amount: 9, unit: 10, status: 12 },
} as const;

/** AIS, AIG, AIL or AIP → the element it is stated in, and the slot there. */
const SLOTS = {
  AIP: 'participant[AIP',
  AIL: 'participant[AIL',
  AIG: 'participant[AIG',
  AIS: 'serviceType[AIS-3',
} as const;

type Name = keyof typeof SLOTS;

/**
 * What a message says of an appointment's services and resources, by slot: `participant[AIP]` is all of one kind, `participant[AIP/x]`
 * one of them. A slot stated whole ends what older messages said of its parts. Undefined: the resource is taken off.
 */
export type ScheduledResources = ReadonlyMap<string, readonly Json[] | undefined>;

/** A booking: the services and resources of each kind that it lists are all there are of that kind. Action D leaves one out. */
export function wholeResources(scope: Scope): ScheduledResources {
  const found = new Map<string, readonly Json[] | undefined>();
  for (const name of Object.keys(SLOTS) as Name[]) {
    const segments = scope.message.segments(name);
    if (segments.length > 0) found.set(`${SLOTS[name]}]`, []);
    for (const segment of segments) if (segment.get(2)?.trim() !== 'D') add(found, segment, name, scope);
  }
  return found;
}

/** S18 and S19 state what they list; S20, S21 and S22 take it off. */
const TAKES_OFF = new Set(['S20', 'S21', 'S22']);

/**
 * A change of services or resources says nothing of those it does not list. Of each the action (AIS-2 and so on, else RGS-2) decides,
 * and the trigger where the message names no action at all; one without an action among others that have one is left as it is.
 */
export function changedResources(scope: Scope): ScheduledResources {
  const found = new Map<string, readonly Json[] | undefined>();
  const segments = scope.message.segments().filter(({ name }) => Object.hasOwn(SLOTS, name));
  const names = segments.some((segment) => actionOf(segment, scope) !== undefined);
  for (const segment of segments) {
    const action = actionOf(segment, scope) ?? (names ? undefined : TAKES_OFF.has(scope.trigger) ? 'D' : 'U');
    scope.place(segment, 2);
    if (action === 'D') {
      const off = new Map<string, readonly Json[] | undefined>();
      add(off, segment, segment.name as Name, scope);
      for (const slot of off.keys()) found.set(slot, undefined);
    } else if (action === 'A' || action === 'U') add(found, segment, segment.name as Name, scope);
    else if (action !== 'X')
      scope.issue('map.action-unclear', 'what becomes of this resource is not said: it stays as it was');
  }
  return found;
}

/** AIS-2 and so on, else RGS-2. A group that is updated says of an event that takes off nothing about a single resource. */
function actionOf(segment: Segment, scope: Scope): string | undefined {
  const own = segment.get(2)?.trim();
  if (own) return own;
  const group = segment.message.segments('RGS').findLast((rgs) => rgs.index < segment.index);
  const action = group?.get(2)?.trim();
  return !action || (action === 'U' && TAKES_OFF.has(scope.trigger)) ? undefined : action;
}

export function stateResources(resources: ScheduledResources, appointment: Draft): void {
  for (const [slot, items] of resources) {
    if (items === undefined) appointment.delete(slot);
    else appointment.snapshot(slot, items);
  }
}

/** The slot of one service or resource. Two segments about the same one (two roles of a person) share it. */
function add(found: Map<string, readonly Json[] | undefined>, segment: Segment, name: Name, scope: Scope): void {
  const items = name === 'AIS' ? servicesOf(segment, scope) : participantsOf(segment, name, scope);
  for (const [what, item] of items) {
    const slot = `${SLOTS[name]}/${scope.idOf(scheduledResourceKey(scope.owner, name, what))}]`;
    found.set(slot, [...(found.get(slot) ?? []), item]);
  }
}

function servicesOf(segment: Segment, scope: Scope): [string, Json][] {
  return segment.repetitions(3).flatMap((repetition): [string, Json][] => {
    if (!repetition.hasContent || repetition.isDelete) return [];
    scope.place(segment, 3);
    const concept = conceptOf(new Node(repetition), scope) as unknown as Json | undefined;
    return concept === undefined ? [] : [[codeKey(concept), concept]];
  });
}

function participantsOf(segment: Segment, name: keyof typeof SHAPES, scope: Scope): [string, Json][] {
  const shape = SHAPES[name];
  const status = statusOf(segment, shape.status, scope);
  const period = periodOf(segment, shape, scope);
  const type = typeOf(segment, name, scope);
  return segment.repetitions(3).flatMap((repetition): [string, Json][] => {
    if (!repetition.hasContent || repetition.isDelete) return [];
    scope.place(segment, 3);
    const actor = actorOf(new Node(repetition), name, scope);
    if (actor === undefined) return [];
    const participant = {
      ...(type !== undefined && { type: [type] }),
      actor,
      status,
      ...(period !== undefined && { period }),
    };
    return [[actorKey(actor), participant]];
  });
}

/** Who it is, without how it is shown. */
export function actorKey(actor: Json): string {
  const { reference, identifier, display } = actor as { reference?: string; identifier?: Json; display?: string };
  return reference ?? (identifier === undefined ? (display ?? '') : JSON.stringify(identifier));
}

/** The person, place or thing of AIP-3, AIL-3 or AIG-3. AIG without an actor FHIR knows travels as words. */
export function actorOf(node: Node, name: keyof typeof SHAPES, scope: Scope): Json | undefined {
  if (name === 'AIP') return practitionerOf(node, scope) as Json | undefined;
  if (name === 'AIL') return locationOf(node, scope) as Json | undefined;
  const concept = conceptOf(node, scope);
  if (concept === undefined) return undefined;
  return { display: concept.text ?? concept.coding?.[0]?.display ?? codeKey(concept as unknown as Json) };
}

function typeOf(segment: Segment, name: keyof typeof SHAPES, scope: Scope): Json | undefined {
  const element = segment.field(4).repetition(1);
  if (!element.hasContent || element.isDelete) return undefined;
  scope.place(segment, 4);
  const table = name === 'AIP' ? '0443' : undefined;
  return conceptOf(new Node(element), scope, table) as unknown as Json | undefined;
}

/** The resource's own answer. Without one it is accepted: the schedule is the owner's. */
function statusOf(segment: Segment, field: number, scope: Scope): string {
  const stated = segment.get(field)?.trim();
  if (!stated) return 'accepted';
  scope.place(segment, field);
  const mapped = lookUp(RESOURCE_STATUS, stated, scope.partner)?.code;
  if (mapped === undefined) scope.issue('map.code-unmapped', 'no FHIR code for this value of table 0278');
  return mapped ?? 'tentative';
}

const FACTORS: Readonly<Record<string, number>> = { S: 1 / 60, MIN: 1, M: 1, H: 60, HR: 60, D: 1440 };

function periodOf(segment: Segment, shape: (typeof SHAPES)[keyof typeof SHAPES], scope: Scope): Json | undefined {
  const text = segment.get(shape.start)?.trim();
  if (!text) return undefined;
  scope.place(segment, shape.start);
  const start = scope.time(text, 'dateTime');
  if (start === undefined) return undefined;
  const amount = decimal(segment.get(shape.amount)?.trim());
  const factor = FACTORS[segment.get(shape.unit)?.trim().toUpperCase() ?? 'MIN'];
  const value = start instanceof Annotated ? start.value : start;
  const end =
    amount === undefined || factor === undefined || String(value).length <= 10
      ? undefined
      : plus(start, amount * factor);
  return { start: value, ...(end !== undefined && { end }) };
}
