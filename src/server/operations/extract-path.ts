import type { Definitions, ElementDefinition } from '../../fhir/definitions.ts';

type Json = Record<string, unknown>;

/** An element as a path names it. `property`: its JSON name. */
interface Step {
  readonly element: ElementDefinition;
  readonly property: string;
  readonly type: string;
}

/** Steps of `Patient.name.given` below its type; undefined when R4 has no such element, or a step names a slice. */
export function stepsOf(definitions: Definitions, path: string): Step[] | undefined {
  const [root = '', ...names] = path.split('.');
  if (names.length === 0 || names.length > 12) return undefined;
  const steps: Step[] = [];
  let type = root;
  for (const name of names) {
    const step = stepOf(definitions, type, name);
    if (!step) return undefined;
    steps.push(step);
    type = step.type;
  }
  return steps;
}

function stepOf(definitions: Definitions, type: string, name: string): Step | undefined {
  const plain = definitions.element(type, name.replace(/\[x\]$/, ''));
  if (plain)
    return { element: plain, property: name, type: plain.nested ?? (plain.choice ? '' : (plain.types[0]?.code ?? '')) };
  // `valueQuantity` names one type of the choice `value[x]`.
  for (let at = name.length - 1; at > 0; at--) {
    if (!/[A-Z]/.test(name[at]!)) continue;
    const element = definitions.element(type, name.slice(0, at));
    if (!element?.choice) continue;
    const of = element.types.find(({ code }) => code.toLowerCase() === name.slice(at).toLowerCase());
    if (of) return { element, property: name, type: of.code };
  }
  return undefined;
}

const isList = ({ max }: ElementDefinition): boolean => max !== 1;

/** Goes to (and makes) the object that holds the last step. `fresh`: the last list gets a new entry. */
export function openObject(root: Json, steps: readonly Step[], fresh: boolean): Json {
  let at = root;
  for (const [index, { element, property }] of steps.entries()) {
    if (isList(element)) {
      at[property] ??= [];
      const list = at[property] as Json[];
      if (list.length === 0 || (fresh && index === steps.length - 1)) list.push({});
      at = list.at(-1)!;
    } else {
      at[property] ??= {};
      at = at[property] as Json;
    }
  }
  return at;
}

/** Writes one value at the last step. False: the element cannot hold a value of this type. */
export function putValue(root: Json, steps: readonly Step[], type: string, value: unknown): boolean {
  const last = steps.at(-1)!;
  const made = last.element.choice && last.type === '' ? chosen(last, type, value) : coerced(last.type, type, value);
  if (made === undefined) return false;
  const [property, plain] = Array.isArray(made) ? (made as [string, unknown]) : [last.property, made];
  const holder = openObject(root, steps.slice(0, -1), false);
  if (isList(last.element)) {
    holder[property] ??= [];
    const list = holder[property] as unknown[];
    if (!list.some((each) => JSON.stringify(each) === JSON.stringify(plain))) list.push(plain);
  } else holder[property] = plain;
  return true;
}

/** A choice element takes the type of the answer, or the one of its types the answer turns into. */
function chosen({ element, property }: Step, type: string, value: unknown): [string, unknown] | undefined {
  const name = property.replace(/\[x\]$/, '');
  for (const { code } of element.types) {
    const plain = coerced(code, type, value);
    if (plain !== undefined && (code.toLowerCase() === type.toLowerCase() || type === 'Coding' || type === 'Date'))
      return [`${name}${code[0]!.toUpperCase()}${code.slice(1)}`, plain];
  }
  return undefined;
}

const TEXTS = new Set(['string', 'markdown', 'uri', 'url', 'canonical', 'code', 'id', 'oid', 'uuid']);

function coerced(to: string, type: string, value: unknown): unknown {
  if (type === 'Coding') {
    const { code, display } = value as { code?: string; display?: string };
    if (to === 'Coding') return value;
    if (to === 'CodeableConcept') return { coding: [value] };
    if (to === 'code' || to === 'uri') return code;
    return to === 'string' ? (display ?? code) : undefined;
  }
  if (typeof value === 'string') {
    if (to === 'date') return /^\d{4}(-\d{2}(-\d{2})?)?/.exec(value)?.[0];
    if (to === 'dateTime' || to === 'instant' || to === 'time') return type === 'String' ? undefined : value;
    if (to === 'CodeableConcept') return { text: value };
    return TEXTS.has(to) ? value : undefined;
  }
  if (typeof value === 'number') {
    if (to === 'decimal' || to === 'Quantity' || to === 'SimpleQuantity') return to === 'decimal' ? value : { value };
    return ['integer', 'positiveInt', 'unsignedInt'].includes(to) && Number.isInteger(value) ? value : undefined;
  }
  if (typeof value === 'boolean') return to === 'boolean' ? value : undefined;
  return to === type ? value : undefined;
}
