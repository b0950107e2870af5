import type { Bundle, Resource } from '@medplum/fhirtypes';
import { putEntry, transaction } from '../fhir/bundle.ts';
import type { Definitions } from '../fhir/definitions.ts';
import { missingRequired } from '../fhir/validate.ts';
import type { ElementAssertion, Issue, ResourceAssertions } from '../model/assertion.ts';
import type { Json } from '../model/json.ts';
import type { MappedMessage } from './map-message.ts';

type Tree = Record<string, unknown>;

/** One message as resources, as if nothing were stored before it. */
export function foldResource(assertions: ResourceAssertions): Resource & { id: string } {
  const resource: Tree = { resourceType: assertions.type, id: assertions.id };
  if (assertions.labels.length > 0) resource.meta = { security: assertions.labels.map((label) => ({ ...label })) };
  const slots = new Map<string, { slot: string; items: readonly Json[] }[]>();
  for (const assertion of assertions.elements) fold(resource, assertion, slots);
  for (const [path, parts] of slots) {
    parts.sort((a, b) => (a.slot < b.slot ? -1 : a.slot > b.slot ? 1 : 0));
    const items = parts.flatMap((part) => part.items);
    if (items.length > 0) put(resource, path, items);
  }
  for (const { element, value } of assertions.defaults ?? []) {
    if (at(resource, element) === undefined) put(resource, element, value);
  }
  return resource as unknown as Resource & { id: string };
}

const SLOT = /^([^[]+)\[(.*)\]$/s;

function fold(
  resource: Tree,
  assertion: ElementAssertion,
  slots: Map<string, { slot: string; items: readonly Json[] }[]>,
): void {
  if (assertion.op === 'delete') return;
  const slotted = SLOT.exec(assertion.element);
  if (slotted !== null || assertion.op === 'snapshot') {
    const path = slotted?.[1] ?? assertion.element;
    const items = assertion.op === 'snapshot' ? assertion.value : [assertion.value];
    slots.set(path, [...(slots.get(path) ?? []), { slot: slotted?.[2] ?? '', items }]);
    return;
  }
  put(resource, assertion.element, assertion.value);
}

function put(resource: Tree, path: string, value: unknown): void {
  const steps = path.split('.');
  const last = steps.pop()!;
  let into = resource;
  for (const step of steps) {
    into[step] ??= {};
    into = into[step] as Tree;
  }
  into[last] = value;
}

function at(resource: Tree, path: string): unknown {
  return path.split('.').reduce<unknown>((value, step) => (value as Tree | undefined)?.[step], resource);
}

/**
 * Folds one mapped message to a transaction Bundle of PUTs. A refused message gives an empty Bundle and its reason as an issue.
 * With the definitions, a resource that lacks a required element is left out with `map.incomplete`: the message alone cannot complete it.
 * Merges and links of patients show as `Patient.link`. Nothing here looks at a store: a delete has nothing to act on.
 */
export function toBundle(
  mapped: MappedMessage,
  definitions?: Definitions,
): { readonly bundle: Bundle; readonly issues: readonly Issue[] } {
  const issues: Issue[] = [...mapped.issues];
  if (mapped.refused !== undefined) {
    issues.push({ severity: 'error', ...mapped.refused });
    return { bundle: transaction([]), issues };
  }
  for (const part of mapped.parked) {
    const { code, location, text } = part;
    issues.push(
      location === undefined ? { severity: 'error', code, text } : { severity: 'error', code, location, text },
    );
  }
  const resources = new Map(mapped.resources.map((each) => [each.id, foldResource(each)]));
  for (const statement of mapped.identity) {
    if (statement.op === 'merge') {
      link(resources.get(statement.survivor), statement.loser, 'replaces');
      link(resources.get(statement.loser), statement.survivor, 'replaced-by');
      const loser = resources.get(statement.loser) as unknown as Tree | undefined;
      if (loser !== undefined) loser.active = false;
    } else if (statement.op === 'link') {
      link(resources.get(statement.patient), statement.other, 'seealso');
      link(resources.get(statement.other), statement.patient, 'seealso');
    }
  }
  const complete = [...resources.values()].filter((resource) => {
    const missing = definitions === undefined ? [] : missingRequired(definitions, resource);
    for (const location of missing) {
      issues.push({
        severity: 'warning',
        code: 'map.incomplete',
        location,
        text: 'a required element this message does not state',
      });
    }
    return missing.length === 0;
  });
  return { bundle: transaction(complete.map(putEntry)), issues };
}

function link(patient: Resource | undefined, other: string, type: string): void {
  if (patient === undefined) return;
  const tree = patient as unknown as Tree;
  const links = (tree.link as Json[] | undefined) ?? [];
  tree.link = [...links, { other: { reference: `Patient/${other}` }, type }];
}
