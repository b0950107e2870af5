import type { Definitions, Profile, ProfileElement } from '../definitions.ts';
import { compilePath } from '../path/compile.ts';
import { nodesEqual, type Run, type Scope } from '../path/nodes.ts';
import { scopeOf } from '../search-values.ts';
import { bindingTest } from './bindings.ts';
import { type Check, isObject, report, stepOf } from './check.ts';
import { checkReference } from './references.ts';

/** A profile as a tree: children by element name, slices of an element by slice name. */
interface Node {
  readonly name: string;
  rules: ProfileElement | undefined;
  readonly children: Map<string, Node>;
  readonly slices: Map<string, Node>;
}

/** One value of an element where it stands. `type` is known for the values of a choice. */
interface Occurrence {
  readonly key: string;
  readonly index: number | undefined;
  readonly value: unknown;
  readonly type: string | undefined;
}

const trees = new WeakMap<Profile, Node>();
const runs = new Map<string, Run>();

/**
 * Checks a resource against the profiles it claims in `meta.profile` and against `more`: cardinality, types, reference
 * targets, fixed values and patterns, required bindings, slices, extensions, invariants. A profile that is not held here
 * gives an informational issue: nothing is known about it. Slices told apart by resolving references are not checked.
 */
export function checkProfiles(resource: Record<string, unknown>, check: Check, more: readonly string[]): void {
  const meta = resource.meta;
  const claimed: unknown[] = isObject(meta) && Array.isArray(meta.profile) ? meta.profile : [];
  for (const claim of new Set([...claimed, ...more])) {
    if (typeof claim !== 'string') continue;
    const profile = check.definitions.profile(claim.split('|')[0]!);
    if (profile === undefined) {
      report(
        check,
        'not-supported',
        'profile-unknown',
        'claims a profile that is not held here',
        'meta',
        'information',
      );
    } else if (profile.type !== resource.resourceType) {
      report(check, 'invalid', 'profile-type', `claims a profile of ${profile.type}`, 'meta');
    } else {
      checkValue(treeOf(profile), { key: '', index: undefined, value: resource, type: profile.type }, check);
    }
  }
}

function treeOf(profile: Profile): Node {
  let tree = trees.get(profile);
  if (tree === undefined) {
    tree = newNode('');
    for (const element of profile.elements) nodeAt(tree, element.id).rules = element;
    trees.set(profile, tree);
  }
  return tree;
}

function newNode(name: string): Node {
  return { name, rules: undefined, children: new Map(), slices: new Map() };
}

function nodeAt(root: Node, id: string): Node {
  let node = root;
  for (const segment of id === '' ? [] : id.split('.')) {
    const [name, slice] = segment.split(':') as [string, string | undefined];
    node = childOf(node.children, name);
    if (slice !== undefined) node = childOf(node.slices, slice);
  }
  return node;
}

function childOf(nodes: Map<string, Node>, name: string): Node {
  let child = nodes.get(name);
  if (child === undefined) {
    child = newNode(name);
    nodes.set(name, child);
  }
  return child;
}

function checkValue(node: Node, occurrence: Occurrence, check: Check): void {
  const { rules } = node;
  const { value } = occurrence;
  if (rules !== undefined) checkRules(rules, occurrence, check);
  if (!isObject(value)) return;
  for (const child of node.children.values()) checkElement(child, value, check);
}

function checkElement(node: Node, holder: Record<string, unknown>, check: Check): void {
  const occurrences = occurrencesOf(node.name, holder);
  checkCount(node.rules, occurrences.length, node.name.replace('[x]', ''), check);
  for (const occurrence of occurrences) at(occurrence, check, () => checkValue(node, occurrence, check));
  if (node.slices.size > 0) checkSlices(node, occurrences, check);
}

function checkCount(rules: ProfileElement | undefined, count: number, name: string, check: Check): void {
  if (rules?.min !== undefined && count < rules.min)
    report(check, 'required', 'profile-min', `needs at least ${rules.min}`, name);
  if (rules?.max !== undefined && rules.max >= 0 && count > rules.max) {
    report(check, 'structure', 'profile-max', `may have at most ${rules.max}`, name);
  }
}

function at(occurrence: Occurrence, check: Check, run: () => void): void {
  const length = check.trail.length;
  if (occurrence.key !== '') check.trail.push(stepAt(occurrence, check));
  if (occurrence.index !== undefined) check.trail.push(occurrence.index);
  run();
  check.trail.length = length;
}

function stepAt({ key, type }: Occurrence, check: Check): string {
  if (type === undefined) return key;
  return stepOf({ name: key.slice(0, -type.length), choice: true }, key, typeName(type, check.definitions));
}

/** The values of an element, of whichever type for a choice; a primitive without value counts by its extensions. */
function occurrencesOf(name: string, holder: Record<string, unknown>): Occurrence[] {
  const result: Occurrence[] = [];
  const stem = name.endsWith('[x]') ? name.slice(0, -3) : undefined;
  const keys =
    stem === undefined
      ? [name]
      : new Set(
          Object.keys(holder)
            .map((key) => key.replace(/^_/, ''))
            .filter((key) => key.startsWith(stem) && /^[A-Z]/.test(key.slice(stem.length))),
        );
  for (const key of keys) {
    const value = holder[key] ?? (holder[`_${key}`] === undefined ? undefined : {});
    const type = stem === undefined ? undefined : key.slice(stem.length);
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) result.push({ key, index, value: item, type });
    } else if (value !== undefined) result.push({ key, index: undefined, value, type });
  }
  return result;
}

function checkRules(rules: ProfileElement, occurrence: Occurrence, check: Check): void {
  const { value, type } = occurrence;
  if (rules.fixed !== undefined && !nodesEqual(value, rules.fixed)) {
    report(check, 'value', 'profile-fixed', 'is not the value the profile fixes');
  }
  if (rules.pattern !== undefined && !matchesPattern(value, rules.pattern)) {
    report(check, 'value', 'profile-pattern', 'does not have what the profile demands');
  }
  if (rules.types !== undefined) checkTypes(rules.types, value, type, check);
  if (
    rules.binding !== undefined &&
    bindingTest(check.definitions, rules.binding, bindable(value))?.(value) === false
  ) {
    report(check, 'code-invalid', 'profile-binding', `the code is not in the required value set ${rules.binding}`);
  }
  for (const invariant of rules.invariants ?? []) {
    const run = runOf(invariant.expression, typeName(type, check.definitions), check.definitions);
    const result = run([value], scopeAt(check, value));
    // Only "false" refuses: published profile invariants give "empty" for the types they do not speak of.
    if (result[0] === false)
      report(check, 'invariant', invariant.key, `${invariant.human} (${invariant.key})`, undefined, invariant.severity);
  }
}

function checkTypes(
  types: NonNullable<ProfileElement['types']>,
  value: unknown,
  type: string | undefined,
  check: Check,
): void {
  if (type !== undefined && !types.some(({ code }) => sameType(code, type))) {
    report(check, 'structure', 'profile-type', `must be ${types.map(({ code }) => code).join(' or ')}`);
  }
  const [only] = types;
  if (types.length !== 1 || only === undefined || !isObject(value)) return;
  if (only.code === 'Reference' && only.targets !== undefined) {
    const targets = only.targets.map((target) => targetType(target, check.definitions));
    if (!targets.includes(undefined)) checkReference(value, targets as string[], check);
  }
  const profile = check.definitions.profile(only.profiles?.[0] ?? '');
  if (only.code === 'Extension' && profile !== undefined && value.url === profile.url) {
    checkValue(treeOf(profile), { key: '', index: undefined, value, type: 'Extension' }, check);
  }
}

/** A target may be a profile; then the type it constrains. */
function targetType(target: string, definitions: Definitions): string | undefined {
  if (definitions.isResourceType(target)) return target;
  const url = target.includes('/') ? target : `http://hl7.org/fhir/StructureDefinition/${target}`;
  return definitions.profile(url)?.type;
}

function sameType(code: string, type: string): boolean {
  return code === type || code[0]!.toUpperCase() + code.slice(1) === type;
}

/** `DateTime` of `effectiveDateTime` is the type `dateTime`. */
function typeName(type: string | undefined, definitions: Definitions): string {
  if (type === undefined) return '';
  return definitions.type(type) === undefined ? type[0]!.toLowerCase() + type.slice(1) : type;
}

function bindable(value: unknown): string {
  if (!isObject(value)) return 'code';
  return value.coding !== undefined || value.text !== undefined ? 'CodeableConcept' : 'Coding';
}

function runOf(expression: string, type: string, definitions: Definitions): Run {
  const key = `${type}|${expression}`;
  let run = runs.get(key);
  if (run === undefined) {
    run = compilePath(expression, type, definitions).run;
    runs.set(key, run);
  }
  return run;
}

function scopeAt(check: Check, value: unknown): Scope {
  return { ...scopeOf(check.root), resource: check.resource, rootResource: check.root, context: value };
}

/** True when a value has everything a pattern has; it may have more. Rule: FHIR R4 ElementDefinition.pattern. */
function matchesPattern(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && pattern.every((wanted) => value.some((item) => matchesPattern(item, wanted)));
  }
  if (!isObject(pattern)) return value === pattern;
  return isObject(value) && Object.keys(pattern).every((key) => matchesPattern(value[key], pattern[key]));
}

function checkSlices(node: Node, occurrences: readonly Occurrence[], check: Check): void {
  const slicing = node.rules?.slicing;
  const unmatched = new Set(occurrences);
  for (const slice of node.slices.values()) {
    const matched = occurrences.filter((occurrence) =>
      isInSlice(slice, occurrence, slicing?.discriminator ?? [], check),
    );
    for (const occurrence of matched) unmatched.delete(occurrence);
    if (slicing?.discriminator.some(({ path }) => path.includes('resolve()'))) return;
    checkCount(slice.rules, matched.length, node.name.replace('[x]', ''), check);
    for (const occurrence of matched) at(occurrence, check, () => checkValue(slice, occurrence, check));
  }
  if (slicing?.rules !== 'closed') return;
  for (const occurrence of unmatched) {
    at(occurrence, check, () => report(check, 'structure', 'profile-slice', 'is none of the kinds the profile allows'));
  }
}

type Discriminators = NonNullable<ProfileElement['slicing']>['discriminator'];

function isInSlice(slice: Node, occurrence: Occurrence, discriminators: Discriminators, check: Check): boolean {
  const { value, type } = occurrence;
  const extensionUrl = slice.rules?.types?.find(({ code }) => code === 'Extension')?.profiles?.[0];
  if (extensionUrl !== undefined) return isObject(value) && value.url === extensionUrl;
  return discriminators.every((discriminator) => {
    if (discriminator.type === 'type')
      return slice.rules?.types?.some(({ code }) => type !== undefined && sameType(code, type)) ?? false;
    if (discriminator.path === '$this') return satisfies(slice, value, check);
    const [name] = discriminator.path.split('.') as [string];
    const child = slice.children.get(name) ?? slice.children.get(`${name}[x]`);
    if (child === undefined || !isObject(value)) return false;
    const values = occurrencesOf(child.name, value);
    return values.some((candidate) => satisfies(child, candidate.value, check));
  });
}

/** True when a value meets all rules of a node; finds out without reporting. */
function satisfies(node: Node, value: unknown, check: Check): boolean {
  const trial: Check = { ...check, trail: [...check.trail], issues: [] };
  checkValue(node, { key: '', index: undefined, value, type: undefined }, trial);
  return !trial.issues.some(({ severity }) => severity === 'error');
}
