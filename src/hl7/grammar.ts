import { type Hl7Issue, issue } from './issue.ts';
import { printLocation } from './location.ts';
import { compile, type GroupRule, type Rule } from './notation.ts';
import { STRUCTURE_OF, STRUCTURES } from './structures.ts';
import type { Message, Segment } from './tree.ts';

/** A group of segments as the structure nests them. Children keep message order; reading by name looks at one level. */
export class GroupNode {
  readonly name: string;
  readonly children: (Segment | GroupNode)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Segments that stand directly in this group. */
  segments(name: string): Segment[] {
    return this.children.filter((child): child is Segment => !(child instanceof GroupNode) && child.name === name);
  }

  segment(name: string): Segment | undefined {
    return this.segments(name)[0];
  }

  /** Groups that stand directly in this group. */
  groups(name: string): GroupNode[] {
    return this.children.filter((child): child is GroupNode => child instanceof GroupNode && child.name === name);
  }

  group(name: string): GroupNode | undefined {
    return this.groups(name)[0];
  }

  /** Every segment of that name in this group or below it, in message order of the groups. */
  all(name: string): Segment[] {
    return this.children.flatMap((child) => {
      if (child instanceof GroupNode) return child.all(name);
      return child.name === name ? [child] : [];
    });
  }

  /** Every group of that name below this one. */
  allGroups(name: string): GroupNode[] {
    return this.children.flatMap((child) => {
      if (!(child instanceof GroupNode)) return [];
      return child.name === name ? [child, ...child.allGroups(name)] : child.allGroups(name);
    });
  }
}

export interface StructureFound {
  /** Undefined: nobody here knows the trigger; the message groups as a flat list. */
  readonly structure: string | undefined;
  readonly issues: readonly Hl7Issue[];
}

/**
 * The structure a message has by its type and trigger (MSH-9.1, -9.2; EVN-1 when the trigger is missing). MSH-9.3 decides only
 * for a trigger that is not in the table; where it contradicts the table it is wrong, and that is an issue.
 */
export function structureOf(message: Message): StructureFound {
  const { messageType, structure: stated } = message.header;
  const trigger = message.header.triggerEvent ?? message.segment('EVN')?.get(1);
  if (messageType === 'ACK') return { structure: 'ACK', issues: [] };
  const known =
    messageType === undefined
      ? undefined
      : (STRUCTURE_OF.get(`${messageType}^${trigger}`) ?? onlyStructure(messageType, trigger));
  const isStatedKnown = stated !== undefined && STRUCTURES[stated] !== undefined && stated.slice(0, 3) === messageType;
  if (known === undefined && isStatedKnown) return { structure: stated, issues: [] };
  if (known === undefined) {
    return {
      structure: undefined,
      issues: [issue('warning', 'hl7.structure-unknown', 'no structure for this trigger', 'MSH[1]-9')],
    };
  }
  if (stated === undefined || stated === known || (isStatedKnown && STRUCTURES[stated] === STRUCTURES[known])) {
    return { structure: known, issues: [] };
  }
  return {
    structure: known,
    issues: [issue('warning', 'hl7.structure-mismatch', `the trigger's structure is ${known}`, 'MSH[1]-9[1].3')],
  };
}

/** Old senders leave the trigger out where the type has one structure only. */
function onlyStructure(type: string, trigger: string | undefined): string | undefined {
  if (trigger !== undefined) return undefined;
  const found = [
    ...new Set([...STRUCTURE_OF].filter(([key]) => key.startsWith(`${type}^`)).map(([, structure]) => structure)),
  ];
  return found.length === 1 ? found[0] : undefined;
}

const compiled = new Map<string, GroupRule>();

/** The rules of a structure, or undefined for a name that is none. */
export function structureRules(structure: string): GroupRule | undefined {
  const notation = Object.hasOwn(STRUCTURES, structure) ? STRUCTURES[structure] : undefined;
  if (notation === undefined) return undefined;
  const known = compiled.get(structure) ?? compile(structure, notation);
  compiled.set(structure, known);
  return known;
}

export interface Grouped {
  readonly root: GroupNode;
  readonly issues: readonly Hl7Issue[];
}

/** An instance of a group that is being filled. `at`: the furthest place reached in its rule, -1 before the first. */
interface Open {
  readonly rule: GroupRule;
  readonly node: GroupNode;
  /** Latest group of each name in it: a look at the children would be slow in a message of a million segments. */
  readonly groups: Map<string, GroupNode>;
  at: number;
}

function opened(rule: GroupRule, node: GroupNode, at: number): Open {
  return { rule, node, groups: new Map(), at };
}

/**
 * Nests the segments of a message as its structure says. Every segment gets a place: Z-segments stay with the segment before
 * them, one that comes too late or too early goes to the nearest open group that has a place for it, one the structure does not
 * know to the current group; each of the latter is an issue. It never drops or moves content between messages.
 */
export function groupMessage(
  message: Message,
  structure: string | undefined = structureOf(message).structure,
): Grouped {
  const rules = structure === undefined ? undefined : structureRules(structure);
  if (rules === undefined) {
    const root = new GroupNode('');
    root.children.push(...message.segments());
    return { root, issues: [] };
  }
  const stack: Open[] = [opened(rules, new GroupNode(rules.name), -1)];
  const issues: Hl7Issue[] = [];
  for (const segment of message.segments()) place(segment, stack, issues);
  const root = stack[0]!.node;
  reportMissing(root, rules, issues);
  return { root, issues };
}

function place(segment: Segment, stack: Open[], issues: Hl7Issue[]): void {
  const { name } = segment;
  if (name === '' || name[0] === 'Z') {
    stack.at(-1)!.node.children.push(segment);
    return;
  }
  if (placeForward(segment, stack, 'strict')) return;
  const at = printLocation(segment.location);
  // A note or a participation belongs to what it follows; it must not carry the position past places that are still to come.
  if (name !== 'NTE' && name !== 'PRT') {
    if (placeForward(segment, stack, 'skipping') || placeForward(segment, stack, 'inside')) return;
    if (placeBackward(segment, stack)) {
      issues.push(
        issue('information', 'hl7.segment-unexpected', 'out of order; kept in the group that has a place for it', at),
      );
      return;
    }
  }
  stack.at(-1)!.node.children.push(segment);
  issues.push(
    issue(
      'warning',
      'hl7.segment-unexpected',
      'the structure has no place for it; kept with the segment before it',
      at,
    ),
  );
}

/**
 * `strict`: past no required place. `skipping`: past required places. `inside`: also into a required group that lacks its first
 * segment, but not into a new repetition of it: what lacks its first segment more likely belongs to the repetition before.
 */
type Mode = 'strict' | 'skipping' | 'inside';

/** From the innermost open group outwards: a place after the last one, or a new repetition of it. */
function placeForward(segment: Segment, stack: Open[], mode: Mode): boolean {
  for (let depth = stack.length - 1; depth >= 0; depth -= 1) {
    const { rule, at } = stack[depth]!;
    for (let i = Math.max(at, 0); i < rule.items.length; i += 1) {
      const item = rule.items[i]!;
      if (i > at || (item.repeats && mode !== 'inside')) {
        const path = entry(item, segment.name, mode);
        if (path !== undefined) {
          stack.length = depth + 1;
          enter(segment, stack, i, path);
          return true;
        }
      }
      if (mode === 'strict' && i > at && item.required) return false;
    }
  }
  return false;
}

/**
 * A place that was passed already, in the nearest open group that has one. What is open stays open, so that the segments after
 * the stray one find their places; only a new repetition of a group becomes the current group.
 */
function placeBackward(segment: Segment, stack: Open[]): boolean {
  for (let depth = stack.length - 1; depth >= 0; depth -= 1) {
    const open = stack[depth]!;
    for (let i = open.at; i >= 0; i -= 1) {
      const item = open.rule.items[i]!;
      const node = item.kind === 'segment' ? open.node : item.repeats ? undefined : open.groups.get(item.name);
      if (node !== undefined && takes(item, segment.name)) {
        node.children.push(segment);
        return true;
      }
      const path = node === undefined ? entry(item, segment.name, 'inside') : undefined;
      if (path === undefined) continue;
      const { at } = open;
      stack.length = depth + 1;
      enter(segment, stack, i, path);
      open.at = at;
      return true;
    }
  }
  return false;
}

/** Whether a segment of that name may stand directly there. */
function takes(item: Rule, name: string): boolean {
  if (item.kind === 'segment') return item.names.includes(name);
  return item.items.some((inner) => inner.kind === 'segment' && inner.names.includes(name));
}

/** Indices from an item down to the segment rule that takes the name: [] for a segment, [i, j …] through groups. */
function entry(item: Rule, name: string, mode: Mode): readonly number[] | undefined {
  if (item.kind === 'segment') return item.names.includes(name) ? HERE : undefined;
  for (let i = 0; i < item.items.length; i += 1) {
    const inner = item.items[i]!;
    const path = entry(inner, name, mode);
    if (path !== undefined) return [i, ...path];
    // Only a group that must be there is entered without its first segment: an optional one begins with it.
    if (inner.required && (mode !== 'inside' || !item.required)) return undefined;
  }
  return undefined;
}

const HERE: readonly number[] = [];

/** Opens the groups on the way and puts the segment into the last of them. */
function enter(segment: Segment, stack: Open[], index: number, path: readonly number[]): void {
  let open = stack.at(-1)!;
  open.at = index;
  for (const next of path) {
    const rule = open.rule.items[open.at] as GroupRule;
    const node = new GroupNode(rule.name);
    open.node.children.push(node);
    open.groups.set(rule.name, node);
    open = opened(rule, node, next);
    stack.push(open);
  }
  open.node.children.push(segment);
}

/** Required places that stayed empty, in every group that is there. */
function reportMissing(node: GroupNode, rule: GroupRule, issues: Hl7Issue[]): void {
  for (const item of rule.items) {
    if (item.kind === 'segment') {
      const isThere = !item.required || item.names.some((name) => node.segment(name) !== undefined);
      if (!isThere)
        issues.push(issue('warning', 'hl7.segment-missing', `${item.names.join(' or ')} is required in ${node.name}`));
      continue;
    }
    const groups = node.groups(item.name);
    if (groups.length === 0 && item.required) {
      issues.push(issue('warning', 'hl7.segment-missing', `a group ${item.name} is required in ${node.name}`));
    }
    for (const group of groups) reportMissing(group, item, issues);
  }
}
