import { choiceOf } from '../fhir/choice.ts';
import type { ElementAssertion, ResourceAssertions, Stamp } from '../model/assertion.ts';
import type { Json } from '../model/json.ts';
import type { FhirResource } from './engine.ts';

/** What one source said last about one element. `value` absent: it said that there is none. */
export interface ElementState {
  readonly stamp: Stamp;
  readonly source: string;
  readonly value?: Json;
  /** A listed row: it may change what a FHIR actor wrote. */
  readonly overFhir?: true;
}

/** Everything ever said about a resource by messages, and which elements a FHIR actor has taken over since. */
export interface FoldState {
  readonly owner: string;
  readonly program?: string;
  readonly patient?: string;
  /** False while only an identity statement or a group names it: nothing to materialise. */
  readonly asserted: boolean;
  readonly labels: readonly { readonly system: string; readonly code: string }[];
  /** Element → value while nobody has stated one; where messages differ the least text, so that their order does not matter. */
  readonly defaults?: Readonly<Record<string, Json>>;
  /** `path` or `path[slot]` → the latest statement. */
  readonly elements: Readonly<Record<string, ElementState>>;
  /**
   * Group → what its latest whole snapshot says of this resource, which it leaves out. Held apart from the elements, because a
   * later message that names the resource again takes it back whole.
   */
  readonly removed?: Readonly<Record<string, Removal>>;
  /** Top-level element → what a FHIR actor made of it, and when (ISO). `value` absent: removed. */
  readonly fhir: Readonly<Record<string, { readonly at: string; readonly value?: Json }>>;
}

export interface Removal {
  readonly stamp: Stamp;
  readonly source: string;
  readonly elements: readonly ElementAssertion[];
}

/**
 * A listed row beats what a FHIR actor wrote up to this much later by the hub's clock: senders' clocks differ, and an acceptance must
 * not be lost to a clock that runs behind. An answer older than that is stale and does not undo a person's decision (H10).
 */
const CLOCK_SKEW_MS = 5 * 60_000;

export const emptyFold = (owner: string): FoldState => ({
  owner,
  asserted: false,
  labels: [],
  elements: {},
  fhir: {},
});

/** Order of two statements: negative when `a` is older. Total, so that any order of arrival ends the same. Rule: model/assertion `Stamp`. */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  const sequence = (a.sequence ?? 0) - (b.sequence ?? 0);
  if (sequence !== 0) return sequence;
  const [one, other] = [a.serial ?? '', b.serial ?? ''];
  if (one !== other) return one < other ? -1 : 1;
  return a.hash === b.hash ? 0 : a.hash < b.hash ? -1 : 1;
}

/** The state after one message's statements; the same object when nothing in it is newer. */
export function foldAssertions(state: FoldState, said: ResourceAssertions, stamp: Stamp, source: string): FoldState {
  const elements = foldElements(state, said.elements, stamp, source);
  const labels = unionLabels(state.labels, said.labels);
  const defaults = unionDefaults(state.defaults, said.defaults);
  const isKnown = elements === state.elements && labels === state.labels && defaults === state.defaults;
  if (state.asserted && isKnown) return state;
  return {
    ...state,
    owner: said.owner,
    ...(said.program !== undefined ? { program: said.program } : {}),
    ...(said.patient !== undefined ? { patient: said.patient } : {}),
    asserted: true,
    labels,
    ...(defaults === undefined ? {} : { defaults }),
    elements,
  };
}

function unionDefaults(known: FoldState['defaults'], more: ResourceAssertions['defaults']): FoldState['defaults'] {
  let merged: Record<string, Json> | undefined;
  for (const { element, value } of more ?? []) {
    const had = (merged ?? known)?.[element];
    if (had !== undefined && JSON.stringify(had) <= JSON.stringify(value)) continue;
    merged ??= { ...known };
    merged[element] = value;
  }
  return merged ?? known;
}

/** Only the elements: what a group's removal or an identity statement says. */
export function foldElements(
  state: FoldState,
  said: readonly ElementAssertion[],
  stamp: Stamp,
  source: string,
): FoldState['elements'] {
  let elements: Record<string, ElementState> | undefined;
  for (const each of said) {
    const known = (elements ?? state.elements)[each.element];
    if (known && compareStamps(stamp, known.stamp) < 0) continue;
    if (each.overFhir !== true && isTakenOver(state, each.element)) continue;
    const next: ElementState = {
      stamp,
      source,
      ...(each.op === 'delete' ? {} : { value: each.value as Json }),
      ...(each.overFhir ? { overFhir: true as const } : {}),
    };
    if (known && compareStamps(stamp, known.stamp) === 0 && JSON.stringify(known) === JSON.stringify(next)) continue;
    elements ??= { ...state.elements };
    elements[each.element] = next;
  }
  return elements ?? state.elements;
}

/** The state with, or without, one group's removal; the same object when that is so already. */
export function withRemoval(state: FoldState, group: string, removal: Removal | undefined): FoldState {
  const known = state.removed?.[group];
  if (JSON.stringify(known) === JSON.stringify(removal)) return state;
  const { [group]: _gone, ...others } = state.removed ?? {};
  return { ...state, removed: removal ? { ...others, [group]: removal } : others };
}

/** The elements as they count: what groups say by leaving the resource out is folded in by its stamp. */
function effective(state: FoldState): FoldState {
  let elements = state.elements;
  for (const group of Object.keys(state.removed ?? {}).sort()) {
    const { stamp, source, elements: said } = state.removed![group]!;
    elements = foldElements({ ...state, elements }, said, stamp, source);
  }
  return elements === state.elements ? state : { ...state, elements };
}

const isTakenOver = (state: FoldState, element: string): boolean => Object.hasOwn(state.fhir, topOf(element));

function unionLabels(known: FoldState['labels'], more: FoldState['labels']): FoldState['labels'] {
  const missing = more.filter((label) => !known.some((k) => k.system === label.system && k.code === label.code));
  if (missing.length === 0) return known;
  return [...known, ...missing].sort((a, b) => (`${a.system}|${a.code}` < `${b.system}|${b.code}` ? -1 : 1));
}

/** `path[slot]`: the part before the bracket, and the part in it. */
function pathOf(element: string): string {
  const bracket = element.indexOf('[');
  return bracket < 0 ? element : element.slice(0, bracket);
}
function slotOf(element: string): string | undefined {
  const bracket = element.indexOf('[');
  return bracket < 0 ? undefined : element.slice(bracket + 1, -1);
}
const topOf = (element: string): string => pathOf(element).split('.', 1)[0]!;

/** Records that a FHIR actor's write changed these top-level elements. */
export function takeOver(
  state: FoldState,
  before: FhirResource | undefined,
  after: FhirResource,
  at: string,
): FoldState {
  const fhir = { ...state.fhir };
  for (const name of new Set([...Object.keys(before ?? {}), ...Object.keys(after)])) {
    if (name === 'resourceType' || name === 'id' || name === 'meta') continue;
    if (JSON.stringify(before?.[name]) === JSON.stringify(after[name])) continue;
    fhir[name] = after[name] === undefined ? { at } : { at, value: after[name] as Json };
  }
  return { ...state, fhir };
}

/**
 * The resource that the state says, without `meta`. Elements come in one fixed order, so that equal states give equal text.
 * It may lack required elements: then it is a placeholder, and nothing is stored.
 */
export function materialise(type: string, id: string, folded: FoldState): FhirResource {
  const state = effective(folded);
  const root: Record<string, Json> = {};
  const said = inOrder(chosen(standing(state.elements)));
  for (const [path, slots] of gather(said)) place(root, path, slots, parentStamp(state, path));
  for (const [path, value] of Object.entries(state.defaults ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    placeDefault(root, path, value);
  }
  for (const name of Object.keys(state.fhir).sort()) {
    const taken = state.fhir[name]!;
    delete root[name];
    if (taken.value !== undefined) root[name] = taken.value;
    const since = new Date(Date.parse(taken.at) - CLOCK_SKEW_MS).toISOString();
    const over = said.filter(
      ([element, { overFhir, stamp }]) => overFhir && topOf(element) === name && stamp.at > since,
    );
    if (over.length > 0 && taken.value !== undefined) root[name] = structuredClone(taken.value) as Json;
    for (const [path, slots] of gather(over)) {
      if (path === name && Array.isArray(taken.value) && slots.every(([slot]) => slot !== undefined))
        add(root, name, slots);
      else place(root, path, slots, undefined);
    }
  }
  return { resourceType: type, id, ...root };
}

/**
 * A slot may have parts (`participant[AIP/x]` of `participant[AIP]`): what was said of a part is void once its slot was stated whole
 * later, as with the parts of an element.
 */
function standing(elements: FoldState['elements']): [string, ElementState][] {
  return Object.entries(elements).filter(([element, { stamp }]) => {
    const slash = element.endsWith(']') ? element.indexOf('/') : -1;
    const whole = slash < 0 ? undefined : elements[`${element.slice(0, slash)}]`];
    return whole === undefined || compareStamps(stamp, whole.stamp) >= 0;
  });
}

/**
 * Of each choice (`value[x]`) the type that was stated last: a correction from a quantity to a text leaves no quantity behind, and a
 * delete of the one ends the other. Types stated by one message are that message's business.
 */
function chosen(said: (readonly [string, ElementState])[]): (readonly [string, ElementState])[] {
  const latest = new Map<string, Stamp>();
  for (const [element, { stamp }] of said) {
    const choice = choiceOf(pathOf(element))?.[0];
    const known = choice === undefined ? undefined : latest.get(choice);
    if (choice !== undefined && (known === undefined || compareStamps(stamp, known) > 0)) latest.set(choice, stamp);
  }
  if (latest.size === 0) return said;
  const types = new Set<string>();
  for (const [element, { stamp }] of said) {
    const [choice, type] = choiceOf(pathOf(element)) ?? [];
    if (choice !== undefined && type !== undefined && compareStamps(stamp, latest.get(choice)!) === 0) types.add(type);
  }
  return said.filter(([element]) => {
    const type = choiceOf(pathOf(element))?.[1];
    return type === undefined || types.has(type);
  });
}

/** Slots beside what the FHIR actor has in the list; what stands there already is not repeated. */
function add(
  root: Record<string, Json>,
  name: string,
  slots: readonly (readonly [string | undefined, ElementState])[],
): void {
  const list = [...(root[name] as readonly Json[])];
  const held = new Set(list.map((item) => JSON.stringify(item)));
  for (const [, { value }] of slots) {
    for (const item of Array.isArray(value) ? (value as readonly Json[]) : []) {
      if (!held.has(JSON.stringify(item))) list.push(item);
    }
  }
  root[name] = list;
}

/** Puts a value where there is none yet, and nowhere below something that is no object. */
function placeDefault(root: Record<string, Json>, path: string, value: Json): void {
  const steps = path.split('.');
  let into = root;
  for (const step of steps.slice(0, -1)) {
    const next = into[step] ?? {};
    if (typeof next !== 'object' || Array.isArray(next)) return;
    into[step] = next;
    into = next as Record<string, Json>;
  }
  const last = steps.at(-1)!;
  if (into[last] === undefined) into[last] = value;
}

/** Shallow paths first; then by path; slots in their own order. */
function inOrder(said: readonly (readonly [string, ElementState])[]): (readonly [string, ElementState])[] {
  const depths = said.map((each) => ({ each, depth: depthOf(each[0]) }));
  depths.sort((a, b) => a.depth - b.depth || (a.each[0] < b.each[0] ? -1 : a.each[0] > b.each[0] ? 1 : 0));
  return depths.map(({ each }) => each);
}

function depthOf(element: string): number {
  const path = pathOf(element);
  let depth = 0;
  for (let at = path.indexOf('.'); at >= 0; at = path.indexOf('.', at + 1)) depth++;
  return depth;
}

function gather(
  said: readonly (readonly [string, ElementState])[],
): Map<string, (readonly [string | undefined, ElementState])[]> {
  const paths = new Map<string, (readonly [string | undefined, ElementState])[]>();
  for (const [element, state] of said) {
    const path = pathOf(element);
    const slots = paths.get(path);
    if (slots) slots.push([slotOf(element), state]);
    else paths.set(path, [[slotOf(element), state]]);
  }
  return paths;
}

/** The latest statement about an element above this one: an older statement about a part is void then. */
function parentStamp(state: FoldState, path: string): Stamp | undefined {
  let latest: Stamp | undefined;
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const parent = state.elements[path.slice(0, dot)]?.stamp;
    if (parent && (!latest || compareStamps(parent, latest) > 0)) latest = parent;
  }
  return latest;
}

function place(
  root: Record<string, Json>,
  path: string,
  slots: readonly (readonly [string | undefined, ElementState])[],
  notBefore: Stamp | undefined,
): void {
  const live = slots.filter(([, state]) => !notBefore || compareStamps(state.stamp, notBefore) >= 0);
  if (live.length === 0) return;
  const steps = path.split('.');
  const name = steps.pop()!;
  const values = live.filter(([, state]) => state.value !== undefined);
  const slotted = live.some(([slot]) => slot !== undefined);
  const target = parentOf(root, steps, values.length > 0);
  if (!target) return;
  if (!slotted) {
    const value = values[0]?.[1].value;
    if (value === undefined || (Array.isArray(value) && value.length === 0)) delete target[name];
    else target[name] = value;
    return;
  }
  const list = values.flatMap(([, { value }]) => (Array.isArray(value) ? (value as Json[]) : [value as Json]));
  if (list.length > 0) target[name] = list;
  else delete target[name];
}

function parentOf(
  root: Record<string, Json>,
  steps: readonly string[],
  make: boolean,
): Record<string, Json> | undefined {
  let at = root;
  for (const step of steps) {
    let next = at[step];
    if (Array.isArray(next)) next = next[0] as Json;
    if (typeof next !== 'object' || next === null) {
      if (!make) return undefined;
      const made: Record<string, Json> = {};
      at[step] = made;
      at = made;
      continue;
    }
    // Values belong to the state and are not changed.
    const copy = { ...(next as Record<string, Json>) };
    if (Array.isArray(at[step])) at[step] = [copy, ...(at[step] as Json[]).slice(1)];
    else at[step] = copy;
    at = copy;
  }
  return at;
}
