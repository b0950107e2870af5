import { compareDates, looksLikeDate } from './dates.ts';
import { booleanNodes, NONE, type Nodes, nodesEqual, plainOf, type Run } from './nodes.ts';

/** The closure of a binary operator. Rule: FHIRPath 2.0.0, section 6 Operations. */
export function binaryOperator(op: string, left: Run, right: Run): Run {
  switch (op) {
    case 'and':
      return (input, scope) => {
        const a = truth(left(input, scope));
        if (a === false) return booleanNodes(false);
        return logic(a, truth(right(input, scope)), false, true);
      };
    case 'or':
      return (input, scope) => {
        const a = truth(left(input, scope));
        if (a === true) return booleanNodes(true);
        return logic(a, truth(right(input, scope)), true, false);
      };
    case 'implies':
      return (input, scope) => {
        const a = truth(left(input, scope));
        if (a === false) return booleanNodes(true);
        const b = truth(right(input, scope));
        if (b === true) return booleanNodes(true);
        return a === undefined || b === undefined ? NONE : booleanNodes(false);
      };
    case 'xor':
      return (input, scope) => {
        const a = truth(left(input, scope));
        const b = truth(right(input, scope));
        return a === undefined || b === undefined ? NONE : booleanNodes(a !== b);
      };
    case '|':
      return (input, scope) => union(left(input, scope), right(input, scope));
    default: {
      const operate = OPERATORS[op];
      if (operate === undefined) throw new Error(`FHIRPath: unknown operator ${op}`);
      return (input, scope) => operate(left(input, scope), right(input, scope));
    }
  }
}

/** Three-valued: undefined is "empty". Any single item that is no boolean counts as true. */
function truth(nodes: Nodes): boolean | undefined {
  if (nodes.length === 0) return undefined;
  const value = plainOf(nodes[0]);
  return typeof value === 'boolean' ? value : true;
}

function logic(a: boolean | undefined, b: boolean | undefined, decisive: boolean, neutral: boolean): Nodes {
  if (a === decisive || b === decisive) return booleanNodes(decisive);
  return a === undefined || b === undefined ? NONE : booleanNodes(neutral);
}

/** Both lists without duplicates. */
export function union(a: Nodes, b: Nodes): Nodes {
  if (b.length === 0 && a.length <= 1) return a;
  const out: unknown[] = [];
  for (const node of a) if (!has(out, node)) out.push(node);
  for (const node of b) if (!has(out, node)) out.push(node);
  return out;
}

function has(nodes: Nodes, wanted: unknown): boolean {
  for (const node of nodes) if (nodesEqual(node, wanted)) return true;
  return false;
}

const OPERATORS: Readonly<Record<string, (a: Nodes, b: Nodes) => Nodes>> = {
  '=': equal,
  '!=': (a, b) => negate(equal(a, b)),
  '~': (a, b) => booleanNodes(a.length === b.length && a.every((node) => has(b, node))),
  '!~': (a, b) => booleanNodes(!(a.length === b.length && a.every((node) => has(b, node)))),
  '<': (a, b) => ordered(a, b, (order) => order < 0),
  '>': (a, b) => ordered(a, b, (order) => order > 0),
  '<=': (a, b) => ordered(a, b, (order) => order <= 0),
  '>=': (a, b) => ordered(a, b, (order) => order >= 0),
  in: (a, b) => (a.length === 0 ? NONE : booleanNodes(a.every((node) => has(b, node)))),
  contains: (a, b) => (b.length === 0 ? NONE : booleanNodes(b.every((node) => has(a, node)))),
  '&': (a, b) => [text(a) + text(b)],
  '+': (a, b) => arithmetic(a, b, (x, y) => (x as number) + (y as number)),
  '-': (a, b) => arithmetic(a, b, (x, y) => (x as number) - (y as number)),
  '*': (a, b) => arithmetic(a, b, (x, y) => (x as number) * (y as number)),
  '/': (a, b) => arithmetic(a, b, (x, y) => (x as number) / (y as number)),
};

function equal(a: Nodes, b: Nodes): Nodes {
  if (a.length === 0 || b.length === 0) return NONE;
  if (a.length !== b.length) return booleanNodes(false);
  return booleanNodes(a.every((node, index) => nodesEqual(node, b[index])));
}

function negate(nodes: Nodes): Nodes {
  return nodes.length === 0 ? NONE : booleanNodes(nodes[0] !== true);
}

function text(nodes: Nodes): string {
  const value = plainOf(nodes[0]);
  return value === undefined || typeof value === 'object' ? '' : String(value);
}

function arithmetic(a: Nodes, b: Nodes, operate: (x: unknown, y: unknown) => unknown): Nodes {
  const x = plainOf(a[0]);
  const y = plainOf(b[0]);
  const comparable = typeof x === typeof y && (typeof x === 'number' || typeof x === 'string');
  return comparable ? [operate(x, y)] : NONE;
}

/**
 * Order of two single values. Values that cannot be told apart (dates of different precision that overlap, quantities in
 * different units) count as equal: FHIRPath would give "empty", and an invariant must not refuse what it cannot compare.
 */
function ordered(a: Nodes, b: Nodes, test: (order: number) => boolean): Nodes {
  const x = plainOf(a[0]);
  const y = plainOf(b[0]);
  if (x === undefined || y === undefined) return NONE;
  return booleanNodes(test(orderOf(x, y)));
}

function orderOf(x: unknown, y: unknown): number {
  if (typeof x === 'number' && typeof y === 'number') return x - y;
  if (typeof x === 'string' && typeof y === 'string') {
    if (looksLikeDate(x) && looksLikeDate(y)) return compareDates(x, y);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (typeof x === 'object' && typeof y === 'object') {
    const left = x as { value?: number; code?: string; unit?: string; system?: string };
    const right = y as typeof left;
    const sameUnit = left.code === right.code && (left.code !== undefined || left.unit === right.unit);
    if (sameUnit && left.value !== undefined && right.value !== undefined) return left.value - right.value;
  }
  return 0;
}
