import type { Segment } from '../../src/hl7/tree.ts';
import { Annotated } from '../../src/mapping/annotated.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { locationOf, practitionerOf } from '../datatypes/directory.ts';
import { decimal } from '../datatypes/text.ts';
import { RESOURCE_STATUS } from '../tables/scheduling.ts';
import { codeKey } from './clinical.ts';
import { plus } from './schedule-time.ts';

const SHAPES = {
  AIG: { start: 8, amount: 11, unit: 12, status: 14 },
  AIL: { start: 6, amount: 9, unit: 10, status: 12 },
  AIP: { start: 6, amount: 9, unit: 10, status: 12 },
} as const;

/**
 * Participants by segment type: the list a message states is a snapshot of that type, and of that type alone. A resource taken
 * off (action D) is not in it. AIG without an actor FHIR knows travels as words.
 */
export function resourcesOf(scope: Scope): Map<string, readonly Json[]> {
  const found = new Map<string, readonly Json[]>();
  for (const name of ['AIP', 'AIL', 'AIG'] as const) {
    const segments = scope.message.segments(name);
    if (segments.length === 0) continue;
    const participants = segments
      .filter((segment) => segment.get(2) !== 'D')
      .flatMap((segment) => participantsOf(segment, name, scope));
    found.set(name, participants);
  }
  return found;
}

function participantsOf(segment: Segment, name: keyof typeof SHAPES, scope: Scope): Json[] {
  const shape = SHAPES[name];
  const status = statusOf(segment, shape.status, scope);
  const period = periodOf(segment, shape, scope);
  const type = typeOf(segment, name, scope);
  return segment.repetitions(3).flatMap((repetition): Json[] => {
    if (!repetition.hasContent || repetition.isDelete) return [];
    scope.place(segment, 3);
    const actor = actorOf(new Node(repetition), name, scope);
    if (actor === undefined) return [];
    return [{ ...(type !== undefined && { type: [type] }), actor, status, ...(period !== undefined && { period }) }];
  });
}

function actorOf(node: Node, name: keyof typeof SHAPES, scope: Scope): Json | undefined {
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
