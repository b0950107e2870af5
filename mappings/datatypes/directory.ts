import type { HumanName, Organization, Practitioner, Reference } from '@medplum/fhirtypes';
import { nationalSystem } from '../../src/mapping/authority.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { Node } from '../../src/mapping/node.ts';
import type { DataMap } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension, PERSON_NAME } from '../../src/model/systems.ts';
import { locationKey, namedOrganizationKey, organizationKey, practitionerKey } from '../keys.ts';
import { NAME_TYPE } from '../tables/person.ts';
import { checkDigit, eiIdentifier, facility, identifierType } from './identifier.ts';
import { assemblyOrder, periodOf } from './person.ts';
import { codeText } from './text.ts';

const json = (value: object): Json => value as Json;

/** The name of an XCN: family at 2, given at 3 and so on; its use, period and order as the guide has them. */
function xcnName(node: Node, scope: Scope) {
  const family = node.get(2);
  const given = [node.get(3), node.get(4)].filter((part) => part !== undefined);
  const suffix = [node.get(5), node.get(7), node.get(21)].filter((part) => part !== undefined);
  const prefix = node.get(6);
  if (family === undefined && given.length === 0) return undefined;
  const kind = node.get(10);
  const use = kind === undefined ? undefined : lookUp(NAME_TYPE, kind, scope.partner)?.code;
  const order = node.get(18);
  const period = periodOf(node, scope, 17, 19, 20);
  return {
    ...(use !== undefined && { use: use as NonNullable<HumanName['use']> }),
    ...(family !== undefined && { family }),
    ...(given.length > 0 && { given }),
    ...(prefix !== undefined && { prefix: [prefix] }),
    ...(suffix.length > 0 && { suffix }),
    ...(period !== undefined && { period }),
    ...((order === 'G' || order === 'F') && { extension: [assemblyOrder(order)] }),
  };
}

function shown(name: { family?: string; given?: string[]; prefix?: string[]; suffix?: string[] }): string {
  return [...(name.prefix ?? []), ...(name.given ?? []), name.family, ...(name.suffix ?? [])]
    .filter((part) => part !== undefined)
    .join(' ');
}

/** Where a person's id has its parts: XCN, or CNN, whose assigner is spread over three parts. */
interface IdentityShape {
  readonly authority: (node: Node) => readonly [string | undefined, string | undefined, string | undefined];
  readonly type: number;
}

const XCN: IdentityShape = {
  authority: (node) => {
    const hd = node.part(9);
    return [hd.get(1), hd.get(2), hd.get(3)];
  },
  type: 13,
};
const CNN: IdentityShape = { authority: (node) => [node.get(9), node.get(10), node.get(11)], type: 99 };

/** XCN → Practitioner, stated beside; without an id only the name travels, as the reference's display. */
export const practitionerOf = (node: Node, scope: Scope): Reference<Practitioner> | undefined =>
  personOf(node, XCN, scope);

/** CNN → Practitioner (the first component of an NDL). */
export const namedPractitioner = (node: Node, scope: Scope): Reference<Practitioner> | undefined =>
  personOf(node, CNN, scope);

function personOf(node: Node, shape: IdentityShape, scope: Scope): Reference<Practitioner> | undefined {
  const value = node.get(1);
  const name = xcnName(node, scope);
  const display = name === undefined ? undefined : shown(name);
  if (value === undefined) return name === undefined ? undefined : shownPerson(name);
  const type = codeText(node.get(shape.type));
  // The assigning authority of an NPI is often the registry's own name; the type decides.
  const system =
    nationalSystem(type) ?? scope.authority(...shape.authority(node))?.system ?? nationalOfSource(node.get(8));
  if (system === undefined)
    return name === undefined ? { identifier: { value } } : { ...shownPerson(name), identifier: { value } };
  const draft = scope.draft(practitionerKey(scope.owner, { system, value }));
  const extension = shape === XCN ? [...checkDigit(node.get(11)), ...facility(node.part(14).get(1))] : [];
  draft.snapshot('identifier', [
    json({
      ...(extension.length > 0 && { extension }),
      ...(type !== undefined && { type: identifierType(type) }),
      system,
      value,
    }),
  ]);
  if (name !== undefined) draft.snapshot('name', [json(name)]);
  return display === undefined ? draft.reference : { ...draft.reference, display };
}

/** Somebody nobody numbered: no Practitioner is stated, so the parts of the name stay with the reference that shows it. */
function shownPerson(name: HumanName): Reference<Practitioner> {
  return { extension: [{ url: PERSON_NAME, valueHumanName: name }], display: shown(name) };
}

function nationalOfSource(source: string | undefined): string | undefined {
  return source === 'NPI' ? nationalSystem('NPI') : undefined;
}

const XCN_PARTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 17, 18, 19, 20, 21];

export const practitioner: DataMap = {
  name: 'XCN[Practitioner]',
  parts: XCN_PARTS,
  read: (node, scope) => practitionerOf(node, scope) as Json | undefined,
};

/** XON → Organization, stated beside; keyed by its id, else by its name in capitals. */
export function organizationOf(node: Node, scope: Scope): Reference<Organization> | undefined {
  const name = node.get(1);
  const value = node.get(10) ?? node.get(3);
  if (value === undefined) return name === undefined ? undefined : namedOrganization(name, scope);
  const hd = node.part(6);
  const type = codeText(node.get(7));
  const system = nationalSystem(type) ?? scope.authority(hd.get(1), hd.get(2), hd.get(3))?.system;
  if (system === undefined) return name === undefined ? { identifier: { value } } : namedOrganization(name, scope);
  const draft = scope.draft(organizationKey(scope.owner, { system, value }));
  const extension = [...checkDigit(node.get(4)), ...facility(node.part(8).get(1))];
  draft.snapshot('identifier', [
    json({
      ...(extension.length > 0 && { extension }),
      ...(type !== undefined && { type: identifierType(type) }),
      system,
      value,
    }),
  ]);
  const kind = node.get(2);
  if (kind !== undefined)
    draft.snapshot('extension[XON.2]', [{ url: hubExtension('name-type'), valueCode: codeText(kind)! }]);
  if (name !== undefined) draft.set('name', name);
  return name === undefined ? draft.reference : { ...draft.reference, display: name };
}

export function namedOrganization(name: string, scope: Scope): Reference<Organization> {
  const draft = scope.draft(namedOrganizationKey(scope.owner, name));
  draft.set('name', name);
  return { ...draft.reference, display: name };
}

export const organization: DataMap = {
  name: 'XON[Organization]',
  parts: [1, 2, 3, 4, 6, 7, 8, 10],
  read: (node, scope) => organizationOf(node, scope) as Json | undefined,
};

const PHYSICAL = 'http://terminology.hl7.org/CodeSystem/location-physical-type';

/** Levels of a place from the outside in: physical type. */
const LEVELS = [
  ['si', 'Site'],
  ['bu', 'Building'],
  ['lvl', 'Level'],
  ['wa', 'Ward'],
  ['ro', 'Room'],
  ['bd', 'Bed'],
] as const;

/** PL parts in the order of LEVELS, and NDL's, which stand elsewhere. */
const PL_PARTS = [4, 7, 8, 1, 2, 3] as const;
const NDL_PARTS = [7, 10, 11, 4, 5, 6] as const;

/** PL → a chain of Locations, each part of the one around it; the reference is to the innermost. */
export function locationOf(node: Node, scope: Scope): Reference | undefined {
  const found = placeOf(
    PL_PARTS.map((part) => node.get(part)),
    scope,
  );
  const description = node.get(9);
  if (found === undefined) return description === undefined ? undefined : { display: description };
  if (description !== undefined) found.draft.set('description', description);
  const whole = eiIdentifier(node.part(10), scope);
  if (whole !== undefined) found.draft.append('identifier', json(whole));
  return { ...found.draft.reference, display: description ?? found.words };
}

/** NDL-4 to -11 → the place a named person worked at. */
export const placeOfNdl = (node: Node, scope: Scope): Reference | undefined => {
  const found = placeOf(
    NDL_PARTS.map((part) => node.get(part)),
    scope,
  );
  return found === undefined ? undefined : { ...found.draft.reference, display: found.words };
};

function placeOf(texts: readonly (string | undefined)[], scope: Scope): { draft: Draft; words: string } | undefined {
  const path: (string | undefined)[] = [];
  const words: string[] = [];
  let inner: Draft | undefined;
  for (const [index, value] of texts.entries()) {
    path.push(value);
    if (value === undefined) continue;
    words.push(value);
    const [code, display] = LEVELS[index]!;
    const draft = scope.draft(locationKey(scope.owner, ...path));
    draft.snapshot('identifier', [{ value }]);
    draft.set('name', value);
    draft.set('mode', 'instance');
    draft.set('physicalType', { coding: [{ system: PHYSICAL, code, display }] });
    if (inner !== undefined) draft.set('partOf', inner.reference);
    inner = draft;
  }
  return inner === undefined ? undefined : { draft: inner, words: words.join(' ') };
}

export const location: DataMap = {
  name: 'PL[Location]',
  parts: [1, 2, 3, 4, 7, 8, 9, 10],
  read: (node, scope) => locationOf(node, scope) as Json | undefined,
};
