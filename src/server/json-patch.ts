import { firstDifference } from '../fhir/canonical.ts';
import { cloneExact } from '../fhir/exact-json.ts';
import { refuse } from './refusal.ts';

interface PatchOperation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly value?: unknown;
}

type Holder = Record<string, unknown> | unknown[];

const OPERATIONS_MAX = 1000;
const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/** Applies a JSON Patch to a copy. Throws 400 for a patch that is none, 422 for one that does not fit. Rule: RFC 6902, RFC 6901. */
export function applyJsonPatch<T>(document: T, patch: unknown): T {
  if (!Array.isArray(patch)) throw refuse(400, 'structure', 'a JSON Patch is a list of operations');
  if (patch.length > OPERATIONS_MAX) throw refuse(400, 'too-costly', 'the patch has too many operations');
  const root = { document: cloneExact(document) as unknown };
  for (const each of patch as readonly PatchOperation[]) applyOne(root, each);
  return root.document as T;
}

function applyOne(root: { document: unknown }, { op, path, from, value }: PatchOperation): void {
  const to = pointer(path);
  if (op === 'add') insert(root, to, cloneExact(value));
  else if (op === 'remove') take(root, to);
  else if (op === 'replace') {
    take(root, to);
    insert(root, to, cloneExact(value));
  } else if (op === 'move') insert(root, to, take(root, pointer(from)));
  else if (op === 'copy') insert(root, to, cloneExact(find(root, pointer(from))));
  else if (op === 'test') {
    if (firstDifference(find(root, to), value) !== undefined)
      throw refuse(422, 'processing', 'a test of the patch fails');
  } else throw refuse(400, 'value', 'the patch has an unknown operation');
}

function pointer(path: unknown): string[] {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/')))
    throw refuse(400, 'value', 'a patch path is a JSON pointer');
  const steps = path
    .split('/')
    .slice(1)
    .map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'));
  if (steps.some((step) => FORBIDDEN_NAMES.has(step))) throw refuse(400, 'value', 'a patch path names no element');
  return steps;
}

const unfit = (): Error => refuse(422, 'processing', 'a patch path does not exist');

function child(holder: unknown, step: string): unknown {
  if (Array.isArray(holder)) return holder[indexOf(holder, step, holder.length - 1)];
  if (typeof holder === 'object' && holder !== null && Object.hasOwn(holder, step))
    return (holder as Record<string, unknown>)[step];
  throw unfit();
}

function indexOf(list: readonly unknown[], step: string, max: number): number {
  if (step === '-') return list.length;
  if (!/^(0|[1-9]\d*)$/.test(step) || Number(step) > max) throw unfit();
  return Number(step);
}

const find = (root: { document: unknown }, steps: readonly string[]): unknown => steps.reduce(child, root.document);

function parentOf(root: { document: unknown }, steps: readonly string[]): Holder {
  const parent = find(root, steps.slice(0, -1));
  if (typeof parent !== 'object' || parent === null) throw unfit();
  return parent as Holder;
}

function take(root: { document: unknown }, steps: readonly string[]): unknown {
  if (steps.length === 0) throw unfit();
  const parent = parentOf(root, steps);
  const step = steps.at(-1)!;
  const value = child(parent, step);
  if (Array.isArray(parent)) {
    if (step === '-') throw unfit();
    parent.splice(Number(step), 1);
  } else delete parent[step];
  return value;
}

function insert(root: { document: unknown }, steps: readonly string[], value: unknown): void {
  if (steps.length === 0) {
    root.document = value;
    return;
  }
  const parent = parentOf(root, steps);
  const step = steps.at(-1)!;
  if (Array.isArray(parent)) parent.splice(indexOf(parent, step, parent.length), 0, value);
  else parent[step] = value;
}
