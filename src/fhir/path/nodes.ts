/** A primitive that carries an id or extensions (`_birthDate`), with or without a value. */
export class Primitive {
  readonly value: unknown;
  readonly extra: object;

  constructor(value: unknown, extra: object) {
    this.value = value;
    this.extra = extra;
  }
}

/** A collection of FHIRPath: JSON values, and `Primitive` where the JSON has a sibling. */
export type Nodes = readonly unknown[];

/** What an expression may look at besides its focus. */
export interface Scope {
  /** The resource the focus is in (`%resource`), and the one that contains that, if any (`%rootResource`). */
  readonly resource: unknown;
  readonly rootResource: unknown;
  /** `%context`: the node the expression was called on. */
  readonly context: unknown;
  readonly self?: unknown;
  readonly index?: number;
  /** Resolves a reference to a resource that is at hand; absent or `undefined`: not available. */
  readonly resolve?: (reference: unknown) => unknown;
}

export type Run = (focus: Nodes, scope: Scope) => Nodes;

export const NONE: Nodes = [];
export const TRUE: Nodes = [true];
export const FALSE: Nodes = [false];

export function booleanNodes(value: boolean): Nodes {
  return value ? TRUE : FALSE;
}

/** The plain value of a node; `undefined` for a primitive that has only extensions. */
export function plainOf(node: unknown): unknown {
  return node instanceof Primitive ? node.value : node;
}

/** Appends what an element holds: nothing, one node, or one per list item, primitives joined with their siblings. */
export function readElement(parent: unknown, name: string, out: unknown[], siblingName = `_${name}`): void {
  if (typeof parent !== 'object' || parent === null) return;
  if (parent instanceof Primitive) {
    readElement(parent.extra, name, out, siblingName);
    return;
  }
  const record = parent as Record<string, unknown>;
  const value = record[name];
  const sibling = record[siblingName];
  if (sibling !== undefined) {
    readWithSibling(value, sibling, out);
  } else if (Array.isArray(value)) {
    for (const item of value) if (item !== null && item !== undefined) out.push(item);
  } else if (value !== undefined && value !== null) {
    out.push(value);
  }
}

function readWithSibling(value: unknown, sibling: unknown, out: unknown[]): void {
  if (!Array.isArray(value) && !Array.isArray(sibling)) {
    out.push(join(value, sibling));
    return;
  }
  const values = Array.isArray(value) ? value : [];
  const siblings = Array.isArray(sibling) ? sibling : [];
  for (let index = 0; index < Math.max(values.length, siblings.length); index++) {
    const node = join(values[index], siblings[index]);
    if (node !== undefined && node !== null) out.push(node);
  }
}

function join(value: unknown, sibling: unknown): unknown {
  return typeof sibling === 'object' && sibling !== null ? new Primitive(value ?? undefined, sibling) : value;
}

/** Appends all child nodes, as FHIRPath `children()` sees them. */
export function readChildren(parent: unknown, out: unknown[]): void {
  const record = parent instanceof Primitive ? parent.extra : parent;
  if (typeof record !== 'object' || record === null) return;
  const members = record as Record<string, unknown>;
  for (const key of Object.keys(members)) {
    if (key === 'resourceType') continue;
    if (!key.startsWith('_')) readElement(members, key, out);
    else if (members[key.slice(1)] === undefined) readElement(members, key.slice(1), out);
  }
}

/** Deep equality of JSON values as FHIRPath `=` wants it; order of members does not count. */
export function nodesEqual(a: unknown, b: unknown): boolean {
  const left = plainOf(a);
  const right = plainOf(b);
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const leftKeys = Object.keys(left);
  if (leftKeys.length !== Object.keys(right).length) return false;
  return leftKeys.every((key) =>
    nodesEqual((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  );
}

/** A collection as a condition: empty is false, one boolean is itself, anything else is true. */
export function isTrue(nodes: Nodes): boolean {
  if (nodes.length === 0) return false;
  const first = plainOf(nodes[0]);
  return nodes.length > 1 || typeof first !== 'boolean' || first;
}
