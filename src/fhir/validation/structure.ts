import type { Reference, Resource } from '@medplum/fhirtypes';
import type { Definitions, ElementDefinition, ElementType, TypeDefinition } from '../definitions.ts';
import { choiceKeys } from '../path/compile.ts';
import { bindingTest, reportBinding } from './bindings.ts';
import { type Check, type Checker, isObject, report, stepOf } from './check.ts';
import { checkDomainResource, checkInsideContainer } from './contained.ts';
import { invariantChecker } from './invariants.ts';
import { narrativeFault } from './narrative.ts';
import { type Property, primitiveProperty } from './primitive-property.ts';
import { PRIMITIVES } from './primitives.ts';
import { checkReference } from './references.ts';

/** A mandatory element. */
export interface Required {
  readonly name: string;
  /** JSON keys of which one must be there. */
  readonly keys: readonly string[];
}

const compiled = new WeakMap<Definitions, Map<string, Checker>>();

/** The checker of a type, compiled on first use: structure, cardinality, types, bindings, references, invariants. */
export function typeChecker(definitions: Definitions, name: string): Checker {
  let byName = compiled.get(definitions);
  if (byName === undefined) {
    byName = new Map();
    compiled.set(definitions, byName);
  }
  let checker = byName.get(name);
  if (checker === undefined) {
    checker = compileType(definitions, name);
    byName.set(name, checker);
  }
  return checker;
}

function compileType(definitions: Definitions, name: string): Checker {
  const type = definitions.type(name);
  if (type === undefined) throw new Error(`no definition of the type ${name}`);
  const properties = propertiesOf(definitions, type);
  const required = requiredOf(type);
  const choices = type.elements
    .filter((element) => element.choice)
    .map((element) => choiceKeys(element).map(({ key }) => key));
  const invariants = type.invariants && invariantChecker(type.invariants, name, definitions);
  const isResource = type.kind === 'resource';
  const isExtension = name === 'Extension';

  return (value, check) => {
    if (!isObject(value)) {
      report(check, 'structure', 'json-shape', 'must be a JSON object');
      return;
    }
    let members = 0;
    for (const key of Object.keys(value)) {
      // Not JSON, but what building an object leaves behind; it means the same as its absence.
      if (value[key] === undefined) continue;
      members++;
      const property = properties.get(key);
      if (property !== undefined) property(value, check);
      else if (!(isResource && key === 'resourceType'))
        report(check, 'structure', 'unknown-element', 'is no element of this type', key);
    }
    if (members === 0 || (!isResource && members === 1 && value.id !== undefined)) {
      report(check, 'structure', 'ele-1', 'must have a value or children (ele-1)');
    }
    for (const { name: element, keys: alternatives } of required) {
      if (!isPresent(value, alternatives)) report(check, 'required', 'required', 'is required', element);
    }
    for (const alternatives of choices) checkChoice(value, alternatives, check);
    if (isExtension) checkExtension(value, check);
    invariants?.(value, check);
  };
}

/** True when one of the keys, or the `_` sibling of one, is there. */
function isPresent(holder: Record<string, unknown>, keys: readonly string[]): boolean {
  for (const key of keys) if (holder[key] !== undefined || holder[`_${key}`] !== undefined) return true;
  return false;
}

/** The mandatory elements of a type with the JSON keys they may stand under. */
export function requiredOf(type: TypeDefinition): Required[] {
  return type.elements
    .filter((element) => element.min > 0)
    .map((element) => ({
      name: element.name,
      keys: element.choice ? choiceKeys(element).map(({ key }) => key) : [element.name],
    }));
}

function checkChoice(value: Record<string, unknown>, keys: readonly string[], check: Check): void {
  let found = 0;
  for (const key of keys) if (value[key] !== undefined || value[`_${key}`] !== undefined) found++;
  if (found > 1) report(check, 'structure', 'choice', 'holds more than one type of a choice element');
}

/** ext-1: nested extensions or a value, not both and not neither. */
function checkExtension(value: Record<string, unknown>, check: Check): void {
  const hasValue = Object.keys(value).some((key) => /^_?value/.test(key) && value[key] !== undefined);
  if (hasValue === (value.extension !== undefined)) {
    report(check, 'invariant', 'ext-1', 'must have either a value or extensions (ext-1)');
  }
}

function propertiesOf(definitions: Definitions, type: TypeDefinition): Map<string, Property> {
  const properties = new Map<string, Property>();
  for (const element of type.elements) {
    const keyed = element.choice
      ? choiceKeys(element).map(({ key }, index) => ({ key, elementType: element.types[index]! }))
      : [{ key: element.name, elementType: element.types[0] ?? { code: element.nested ?? 'Element' } }];
    for (const { key, elementType } of keyed) addProperty(properties, definitions, element, key, elementType);
  }
  return properties;
}

function addProperty(
  properties: Map<string, Property>,
  definitions: Definitions,
  element: ElementDefinition,
  key: string,
  type: ElementType,
): void {
  const code = element.nested ?? type.code;
  const test = code === 'xhtml' ? narrativeFault : PRIMITIVES[code];
  if (test === undefined) {
    properties.set(key, complexProperty(definitions, element, key, code, type));
    return;
  }
  const property = primitiveProperty(definitions, element, key, code, test, (value, check) =>
    typeChecker(definitions, 'Element')(value, check),
  );
  properties.set(key, property);
  // A sibling beside its value is read with it; alone it stands for the element.
  properties.set(`_${key}`, (holder, check) => {
    if (holder[key] === undefined) property(holder, check);
  });
}

function complexProperty(
  definitions: Definitions,
  element: ElementDefinition,
  key: string,
  code: string,
  type: ElementType,
): Property {
  const checkItem = itemChecker(definitions, element, code, type);
  const step = stepOf(element, key, code);
  return (holder, check) => {
    const value = holder[key];
    check.trail.push(step);
    if (element.list) checkList(value, element, check, checkItem);
    else if (Array.isArray(value)) report(check, 'structure', 'json-shape', 'must not be a list');
    else checkItem(value, check);
    check.trail.pop();
  };
}

function checkList(value: unknown, element: ElementDefinition, check: Check, checkItem: Checker): void {
  if (!Array.isArray(value)) {
    report(check, 'structure', 'json-shape', 'must be a list');
    return;
  }
  if (value.length === 0) report(check, 'structure', 'json-shape', 'must not be an empty list');
  if (element.max >= 0 && value.length > element.max)
    report(check, 'structure', 'max', `may have at most ${element.max}`);
  for (let index = 0; index < value.length; index++) {
    check.trail.push(index);
    checkItem(value[index], check);
    check.trail.pop();
  }
}

/** What is checked on each value of a complex element: its type, then what the element itself adds. */
function itemChecker(definitions: Definitions, element: ElementDefinition, code: string, type: ElementType): Checker {
  const steps: Checker[] = [];
  if (code === 'Resource') {
    steps.push(element.name === 'contained' ? checkContainedResource : checkInnerResource);
  } else {
    // Types may contain themselves, so the inner checker is looked up when it is first needed.
    let inner: Checker | undefined;
    steps.push((value, check) => {
      inner ??= typeChecker(definitions, code);
      inner(value, check);
    });
  }
  if (code === 'Reference')
    steps.push((value, check) => isObject(value) && checkReference(value as Reference, type.targets, check));
  if (type.simple) {
    steps.push((value, check) => {
      if (isObject(value) && value.comparator !== undefined) {
        report(check, 'invariant', 'sqty-1', 'must not have a comparator (sqty-1)', 'comparator');
      }
    });
  }
  const binding = element.binding === undefined ? undefined : bindingTest(definitions, element.binding, code);
  if (binding !== undefined) {
    steps.push((value, check) => {
      if (isObject(value) && !binding(value)) reportBinding(check, element.binding!);
    });
  }
  if (element.invariants !== undefined) {
    const invariants = invariantChecker(element.invariants, element.choice ? undefined : code, definitions);
    steps.push((value, check) => isObject(value) && invariants(value, check));
  }
  const [only] = steps;
  if (steps.length === 1 && only !== undefined) return only;
  return (value, check) => {
    for (const step of steps) step(value, check);
  };
}

/** A contained resource shares its root with the one around it. */
function checkContainedResource(value: unknown, check: Check): void {
  const { resource } = check;
  check.resource = value as Resource;
  checkResource(value, check);
  check.resource = resource;
  checkInsideContainer(value, check);
}

/** A resource inside another that is not contained (Bundle entry, Parameters): its own root. */
function checkInnerResource(value: unknown, check: Check): void {
  const { resource, root, bundle } = check;
  check.bundle = resource.resourceType === 'Bundle' ? resource : bundle;
  check.resource = value as Resource;
  check.root = value as Resource;
  checkResource(value, check);
  check.resource = resource;
  check.root = root;
  check.bundle = bundle;
}

/** Any resource, by its resourceType. */
export function checkResource(value: unknown, check: Check): void {
  if (!isObject(value)) {
    report(check, 'structure', 'json-shape', 'must be a JSON object');
    return;
  }
  const type = value.resourceType;
  if (typeof type !== 'string' || !check.definitions.isResourceType(type)) {
    report(check, 'structure', 'resource-type', 'is no resource type of R4', 'resourceType');
    return;
  }
  typeChecker(check.definitions, type)(value, check);
  if (check.definitions.type(type)?.base === 'DomainResource') checkDomainResource(value, check);
}
