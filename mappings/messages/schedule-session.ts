import type { Segment } from '../../src/hl7/tree.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import { eiKey } from '../datatypes/identifier.ts';
import { type IdentifierKey, sessionKey } from '../keys.ts';

/** SCH-2, the owner's number; only where there is none, SCH-1. Never a set id. */
function sessionOf(sch: Segment, scope: Scope): IdentifierKey {
  for (const field of [2, 1]) {
    const element = sch.field(field).repetition(1);
    if (!element.hasContent || element.isDelete) continue;
    scope.place(sch, field);
    const key = eiKey(new Node(element), scope);
    if (key !== undefined) return key;
  }
  throw new Refusal('map.key-missing', 'neither SCH-2 nor SCH-1 has a number', 'SCH[1]-2');
}

/** The SCH of a scheduling message, its session, and the group of all who take part in it. */
export function scheduled(scope: Scope): {
  readonly sch: Segment;
  readonly session: IdentifierKey;
  readonly group: string;
} {
  const sch = scope.message.segment('SCH');
  if (sch === undefined) throw new Refusal('map.key-missing', 'a scheduling message without SCH', 'SCH[1]');
  const session = sessionOf(sch, scope);
  return { sch, session, group: scope.idOf(sessionKey(scope.owner, session)) };
}

/** One member of a session: a PID and what belongs to it. */
export interface PatientGroup {
  readonly pid: Segment;
  pd1: Segment | undefined;
  pv1: Segment | undefined;
  pv2: Segment | undefined;
  readonly dg1: Segment[];
  readonly obx: Segment[];
}

/** Each PID with what follows it, up to the next PID or the resources. */
export function patientGroups(segments: readonly Segment[]): PatientGroup[] {
  const groups: PatientGroup[] = [];
  for (const segment of segments) {
    const group = groups.at(-1);
    if (segment.name === 'RGS') break;
    if (segment.name === 'PID')
      groups.push({ pid: segment, pd1: undefined, pv1: undefined, pv2: undefined, dg1: [], obx: [] });
    else if (group === undefined) continue;
    else if (segment.name === 'PD1') group.pd1 ??= segment;
    else if (segment.name === 'PV1') group.pv1 ??= segment;
    else if (segment.name === 'PV2') group.pv2 ??= segment;
    else if (segment.name === 'DG1') group.dg1.push(segment);
    else if (segment.name === 'OBX') group.obx.push(segment);
  }
  return groups;
}
