import type { Segment } from '../hl7/tree.ts';
import type { Json } from '../model/json.ts';
import { Annotated, Several } from './annotated.ts';
import type { Draft } from './draft.ts';
import { Node } from './node.ts';
import type { Condition, Row, SegmentMap } from './row.ts';
import type { AnySegmentMap, CompiledMap, Scope } from './scope.ts';

type Step = (segment: Segment, draft: Draft, scope: Scope) => void;
type Test = (segment: Segment, scope: Scope) => boolean;

const compiled = new WeakMap<object, CompiledMap>();

/** The closure of a segment map, made once. A row whose path cannot be read throws here, at start, and not at a message. */
export function compileMap(map: AnySegmentMap): CompiledMap {
  const known = compiled.get(map);
  if (known !== undefined) return known;
  const steps = (map as SegmentMap<never>).rows.map((row) => compileRow(map, row));
  const run: CompiledMap = (segment, draft, scope) => {
    for (let i = 0; i < steps.length; i += 1) steps[i]!(segment, draft, scope);
  };
  compiled.set(map, run);
  return run;
}

const PATH = /^([A-Z][A-Z0-9]{2})-(\d{1,3})(?:\.(\d{1,2}))?$/;

/** `PID-3.4` as numbers; component 0 means the whole field. */
export function parsePath(path: string): { segment: string; field: number; component: number } {
  const found = PATH.exec(path);
  if (found === null) throw new TypeError(`not a field path: ${path}`);
  return { segment: found[1]!, field: Number(found[2]), component: Number(found[3] ?? 0) };
}

/** How a row is named to people: where it stands, what it reads and what it states. */
export const rowName = (map: string, row: { readonly from: string; readonly to: string }): string =>
  `${map} ${row.from} → ${row.to}`;

function compileRow<T>(of: AnySegmentMap, row: Row<T>): Step {
  const { segment: named, field, component } = parsePath(row.from);
  if (named !== of.segment) throw new TypeError(`row ${row.from} stands in a map of ${of.segment}`);
  const { map, arity } = row.as;
  const hasSlot = row.to.endsWith(']');
  const target = arity === 'every' && !hasSlot ? `${row.to}[${row.from}]` : row.to;
  const test = row.when === undefined ? undefined : compileCondition(row.when);
  const { overFhir } = row;
  const name = rowName(of.name, row);
  return (segment, draft, scope) => {
    const element = segment.field(field);
    if (element.start === element.end) return;
    if (test !== undefined && !test(segment, scope)) return;
    if (element.isDelete) {
      if (draft.has(target)) return;
      draft.delete(target, overFhir);
      scope.trace?.({ segment, field, draft, element: target, row: name });
      return;
    }
    scope.place(segment, field);
    if (arity === 'first') {
      const value = map.read(new Node(element.repetition(1), component), scope);
      if (value === undefined) return;
      if (hasSlot) draft.snapshot(target, [plain(value)], overFhir);
      else draft.set(target, value instanceof Several ? value.values[0] : value, overFhir);
      scope.trace?.({ segment, field, draft, element: target, row: name });
      return;
    }
    const values: Json[] = [];
    for (const repetition of element.repetitions()) {
      const value = map.read(new Node(repetition, component), scope);
      if (value instanceof Several) values.push(...value.values);
      else if (value !== undefined) values.push(plain(value));
    }
    if (values.length === 0) return;
    draft.snapshot(target, values, overFhir);
    scope.trace?.({ segment, field, draft, element: target, row: name });
  };
}

/** Lists hold values only: a primitive in a list has no extension of its own here. */
function plain(value: Json | Annotated | Several): Json {
  if (value instanceof Several) return value.values[0]!;
  return value instanceof Annotated ? value.value : value;
}

function textAt(segment: Segment, field: number, component: number): string | undefined {
  return segment.get(field, 1, component === 0 ? 1 : component);
}

export function compileCondition(condition: Condition): Test {
  if ('all' in condition) {
    const tests = condition.all.map(compileCondition);
    return (segment, scope) => tests.every((test) => test(segment, scope));
  }
  if ('event' in condition) {
    const events = new Set(condition.event);
    return (_, scope) => events.has(scope.trigger);
  }
  if ('valued' in condition) {
    const { field, component } = parsePath(condition.valued);
    return (segment) =>
      component === 0 ? segment.field(field).state === 'value' : textAt(segment, field, component) !== undefined;
  }
  if ('absent' in condition) {
    const { field, component } = parsePath(condition.absent);
    return (segment) =>
      component === 0 ? segment.field(field).state !== 'value' : textAt(segment, field, component) === undefined;
  }
  const { field, component } = parsePath(condition.path);
  const isIn = 'isOneOf' in condition;
  const values = new Set(isIn ? condition.isOneOf : condition.isNoneOf);
  return (segment) => {
    const text = textAt(segment, field, component);
    return text === undefined ? !isIn : values.has(text) === isIn;
  };
}
