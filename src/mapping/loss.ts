import { type Leaf, segmentLeaves } from '../hl7/leaves.ts';
import { printLocation } from '../hl7/location.ts';
import type { Message, Segment } from '../hl7/tree.ts';
import type { Issue } from '../model/assertion.ts';
import { compileCondition, parsePath, rowName } from './compile.ts';
import type { MessageMap } from './message-map.ts';
import type { Decision, SegmentMap } from './row.ts';
import type { Scope } from './scope.ts';

/** Everything of a message with content that reached no row, one issue a place. */
export type LossReport = (message: Message, scope: Scope) => Issue[];

interface Carrier {
  readonly name: string;
  readonly component: number;
  readonly parts: 'all' | ReadonlySet<number>;
  readonly everyRepetition: boolean;
  /** Not carried, and somebody decided so. */
  readonly decided?: Decision;
  readonly applies: ((segment: Segment, scope: Scope) => boolean) | undefined;
}

/** Field → what carries it. */
type Carriers = Map<number, Carrier[]>;

/** What becomes of one leaf: the rows that carry it, or why it is not carried; neither: it is lost. */
export interface Fate {
  readonly carried: readonly string[];
  readonly decided: string | undefined;
}

/** Tells the fate of the leaves of one message map's segments, from its rows alone. Undefined: the map has no such segment. */
export type FateOf = (leaf: Leaf, scope: Scope) => Fate | undefined;

export function compileFate(map: MessageMap): FateOf {
  const bySegment = compileCarriers(map);
  return (leaf, scope) => {
    const carriers = bySegment.get(leaf.segment.name);
    if (carriers === undefined) return undefined;
    const found = carriers.get(leaf.field)?.filter((carrier) => carries(carrier, leaf, scope)) ?? [];
    return {
      carried: found.flatMap((carrier) => (carrier.decided === undefined ? [carrier.name] : [])),
      decided: found
        .map(({ decided }) => decided && `${decided.not}: ${decided.why}`)
        .find((text) => text !== undefined),
    };
  };
}

function compileCarriers(map: MessageMap): Map<string, Carriers> {
  const bySegment = new Map<string, Carriers>();
  for (const segmentMap of map.maps) addCarriers(bySegment, segmentMap);
  return bySegment;
}

/** The loss report of one message map, derived from its rows: nothing is recorded while mapping. */
export function compileLoss(map: MessageMap): LossReport {
  const bySegment = compileCarriers(map);
  return (message, scope) => {
    const issues: Issue[] = [];
    for (const segment of message.segments()) {
      const carriers = bySegment.get(segment.name);
      if (carriers === undefined) {
        if (segment.name !== '')
          issues.push(lost(`${segment.name}[${segment.occurrence}]`, 'the segment reached no row'));
        continue;
      }
      for (const leaf of segmentLeaves(segment)) report(leaf, carriers.get(leaf.field), scope, issues);
    }
    return issues;
  };
}

function addCarriers<T>(bySegment: Map<string, Carriers>, map: SegmentMap<T>): void {
  let carriers = bySegment.get(map.segment);
  if (carriers === undefined) {
    carriers = new Map();
    bySegment.set(map.segment, carriers);
  }
  const add = (from: string, carrier: Omit<Carrier, 'component'>) => {
    const { field, component } = parsePath(from);
    carriers.set(field, [...(carriers.get(field) ?? []), { component, ...carrier }]);
  };
  for (const row of map.rows) {
    const { parts } = row.as.map;
    add(row.from, {
      name: rowName(map.name, row),
      parts: parts === 'all' ? 'all' : new Set(parts),
      everyRepetition: row.as.arity === 'every',
      applies: row.when === undefined ? undefined : compileCondition(row.when),
    });
  }
  const whole = { parts: 'all', everyRepetition: true, applies: undefined } as const;
  for (const row of map.hand ?? []) add(row.from, { ...whole, name: `${rowName(map.name, row)} (${row.by})` });
  for (const decision of map.decisions ?? []) {
    const name = `${map.name} ${decision.from}: ${decision.why}`;
    if (decision.not === 'structural') add(decision.from, { ...whole, name });
    else add(decision.from, { ...whole, name, decided: decision });
  }
}

function report(leaf: Leaf, carriers: readonly Carrier[] | undefined, scope: Scope, issues: Issue[]): void {
  if (leaf.isDelete || leaf.text.trim() === '') return;
  const found = carriers?.filter((carrier) => carries(carrier, leaf, scope)) ?? [];
  if (found.some((carrier) => carrier.decided === undefined)) return;
  const location = printLocation(leaf.location);
  const decided = found[0]?.decided;
  if (decided === undefined) issues.push(lost(location, 'the content reached no row'));
  else
    issues.push({ severity: 'information', code: 'map.not-carried', location, text: `${decided.not}: ${decided.why}` });
}

function carries(carrier: Carrier, leaf: Leaf, scope: Scope): boolean {
  if (leaf.repetition > 1 && !carrier.everyRepetition) return false;
  // A row of one component reads its sub-components as parts.
  const part = carrier.component === 0 ? leaf.component : leaf.component === carrier.component ? leaf.subcomponent : 0;
  if (part === 0) return false;
  if (carrier.parts !== 'all' && !carrier.parts.has(part)) return false;
  return carrier.applies === undefined || carrier.applies(leaf.segment, scope);
}

const lost = (location: string, text: string): Issue => ({ severity: 'warning', code: 'map.unmapped', location, text });
