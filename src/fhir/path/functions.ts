import {
  booleanNodes,
  isTrue,
  NONE,
  type Nodes,
  nodesEqual,
  Primitive,
  plainOf,
  type Run,
  readChildren,
  readElement,
  type Scope,
} from './nodes.ts';
import { union } from './operators.ts';

/** Functions whose argument is evaluated once per item, with `$this` and `$index`. `bare`: may be called without. */
export const ITERATORS: Readonly<Record<string, { bare?: true; compile(of: Run, inner: Run | undefined): Run }>> = {
  where: { compile: (of, inner) => each(of, inner, (nodes, keep) => nodes.filter(keep)) },
  exists: { bare: true, compile: (of, inner) => each(of, inner, (nodes, keep) => booleanNodes(nodes.some(keep))) },
  all: { compile: (of, inner) => each(of, inner, (nodes, keep) => booleanNodes(nodes.every(keep))) },
  select: {
    compile: (of, inner) => (input, scope) =>
      of(input, scope).flatMap((node, index) => inner!([node], itemScope(scope, node, index))),
  },
};

function each(
  of: Run,
  inner: Run | undefined,
  apply: (nodes: Nodes, keep: (node: unknown, index: number) => boolean) => Nodes,
): Run {
  if (inner === undefined) return (input, scope) => apply(of(input, scope), () => true);
  return (input, scope) =>
    apply(of(input, scope), (node, index) => isTrue(inner([node], itemScope(scope, node, index))));
}

function itemScope(scope: Scope, self: unknown, index: number): Scope {
  return { ...scope, self, index };
}

type Maker = (of: Run, args: readonly Run[]) => Run;

/** Functions on the whole collection. Arguments are evaluated on the focus of the call. */
export const FUNCTIONS: Readonly<Record<string, Maker>> = {
  empty: onNodes((nodes) => booleanNodes(nodes.length === 0)),
  not: onNodes((nodes) => (nodes.length === 0 ? NONE : booleanNodes(!isTrue(nodes)))),
  hasValue: onNodes((nodes) => booleanNodes(nodes.length === 1 && isValue(nodes[0]))),
  count: onNodes((nodes) => [nodes.length]),
  first: onNodes((nodes) => nodes.slice(0, 1)),
  last: onNodes((nodes) => nodes.slice(-1)),
  tail: onNodes((nodes) => nodes.slice(1)),
  distinct: onNodes((nodes) => union(nodes, NONE)),
  isDistinct: onNodes((nodes) => booleanNodes(isDistinct(nodes))),
  allTrue: onNodes((nodes) => booleanNodes(nodes.every((node) => plainOf(node) === true))),
  allFalse: onNodes((nodes) => booleanNodes(nodes.every((node) => plainOf(node) === false))),
  children: onNodes((nodes) => {
    const out: unknown[] = [];
    for (const node of nodes) readChildren(node, out);
    return out;
  }),
  descendants: onNodes(descendants),
  toInteger: onValue((value) => (/^[+-]?\d+$/.test(String(value)) ? Number(value) : undefined)),
  toString: onValue(String),
  length: onValue((value) => String(value).length),
  trace: (of) => of,
  // The structural rules of narratives are checked by the validator itself (`narrative.ts`).
  htmlChecks: () => () => booleanNodes(true),
  startsWith: onText((text, other) => text.startsWith(other)),
  endsWith: onText((text, other) => text.endsWith(other)),
  contains: onText((text, other) => text.includes(other)),
  matches: (of, [pattern]) => {
    const cache = new Map<string, RegExp>();
    return (input, scope) => {
      const text = plainOf(of(input, scope)[0]);
      const source = plainOf(pattern?.(input, scope)[0]);
      if (typeof text !== 'string' || typeof source !== 'string') return NONE;
      let expression = cache.get(source);
      if (expression === undefined) {
        // R4's patterns are written to match the whole string, with or without anchors.
        expression = new RegExp(`^(?:${source})$`, 's');
        cache.set(source, expression);
      }
      return booleanNodes(expression.test(text));
    };
  },
  replaceMatches:
    (of, [pattern, by]) =>
    (input, scope) => {
      const text = plainOf(of(input, scope)[0]);
      if (typeof text !== 'string') return NONE;
      const source = String(plainOf(pattern?.(input, scope)[0]));
      return [text.replace(new RegExp(source, 'g'), String(plainOf(by?.(input, scope)[0]) ?? ''))];
    },
  substring:
    (of, [start, count]) =>
    (input, scope) => {
      const text = plainOf(of(input, scope)[0]);
      const from = start?.(input, scope)[0];
      if (typeof text !== 'string' || typeof from !== 'number' || from >= text.length) return NONE;
      const length = count?.(input, scope)[0];
      return [typeof length === 'number' ? text.slice(from, from + length) : text.slice(from)];
    },
  combine:
    (of, [other]) =>
    (input, scope) => [...of(input, scope), ...(other?.(input, scope) ?? NONE)],
  union:
    (of, [other]) =>
    (input, scope) =>
      union(of(input, scope), other?.(input, scope) ?? NONE),
  intersect:
    (of, [other]) =>
    (input, scope) => {
      const others = other?.(input, scope) ?? NONE;
      return union(
        of(input, scope).filter((node) => others.some((candidate) => nodesEqual(node, candidate))),
        NONE,
      );
    },
  extension:
    (of, [url]) =>
    (input, scope) => {
      const wanted = url?.(input, scope)[0];
      const out: unknown[] = [];
      for (const node of of(input, scope)) readElement(node, 'extension', out);
      return out.filter((extension) => (extension as { url?: unknown }).url === wanted);
    },
  resolve: (of) => (input, scope) => {
    const resolve = scope.resolve;
    if (resolve === undefined) return NONE;
    return of(input, scope).flatMap((node) => resolve(node) ?? []);
  },
};

function onNodes(compute: (nodes: Nodes) => Nodes): Maker {
  return (of) => (input, scope) => compute(of(input, scope));
}

function onValue(compute: (value: unknown) => unknown): Maker {
  return onNodes((nodes) => {
    const value = plainOf(nodes[0]);
    const result = value === undefined || typeof value === 'object' ? undefined : compute(value);
    return result === undefined ? NONE : [result];
  });
}

function onText(test: (text: string, other: string) => boolean): Maker {
  return (of, [argument]) =>
    (input, scope) => {
      const text = plainOf(of(input, scope)[0]);
      const other = plainOf(argument?.(input, scope)[0]);
      return typeof text === 'string' && typeof other === 'string' ? booleanNodes(test(text, other)) : NONE;
    };
}

function isValue(node: unknown): boolean {
  const value = plainOf(node);
  return value !== undefined && value !== null && typeof value !== 'object';
}

function isDistinct(nodes: Nodes): boolean {
  const plain = nodes.map(plainOf);
  if (plain.every((value) => typeof value !== 'object')) return new Set(plain).size === plain.length;
  return union(nodes, NONE).length === nodes.length;
}

function descendants(nodes: Nodes): Nodes {
  const out: unknown[] = [];
  let level: Nodes = nodes;
  while (level.length > 0) {
    const next: unknown[] = [];
    for (const node of level) if (typeof node === 'object' || node instanceof Primitive) readChildren(node, next);
    out.push(...next);
    level = next;
  }
  return out;
}
