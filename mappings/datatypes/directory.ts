import type { Organization, Practitioner, Reference } from '@medplum/fhirtypes';
import { nationalSystem } from '../../src/mapping/authority.ts';
import type { Node } from '../../src/mapping/node.ts';
import type { DataMap } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { locationKey, namedOrganizationKey, organizationKey, practitionerKey } from '../keys.ts';
import { identifierType } from './identifier.ts';
import { codeText } from './text.ts';

const json = (value: object): Json => value as Json;

/** XCN shifted to where XPN has its parts: family at 2, given at 3 and so on. */
function xcnName(node: Node) {
  const family = node.get(2);
  const given = [node.get(3), node.get(4)].filter((part) => part !== undefined);
  const suffix = [node.get(5), node.get(7), node.get(21)].filter((part) => part !== undefined);
  const prefix = node.get(6);
  if (family === undefined && given.length === 0) return undefined;
  return {
    ...(family !== undefined && { family }),
    ...(given.length > 0 && { given }),
    ...(prefix !== undefined && { prefix: [prefix] }),
    ...(suffix.length > 0 && { suffix }),
  };
}

function shown(name: { family?: string; given?: string[]; prefix?: string[]; suffix?: string[] }): string {
  return [...(name.prefix ?? []), ...(name.given ?? []), name.family, ...(name.suffix ?? [])]
    .filter((part) => part !== undefined)
    .join(' ');
}

/** XCN → Practitioner, stated beside; without an id only the name travels, as the reference's display. */
export function practitionerOf(node: Node, scope: Scope): Reference<Practitioner> | undefined {
  const value = node.get(1);
  const name = xcnName(node);
  const display = name === undefined ? undefined : shown(name);
  if (value === undefined) return display === undefined ? undefined : { display };
  const type = codeText(node.get(13));
  const hd = node.part(9);
  // The assigning authority of an NPI is often the registry's own name; the type decides.
  const system =
    nationalSystem(type) ?? scope.authority(hd.get(1), hd.get(2), hd.get(3))?.system ?? nationalOfSource(node.get(8));
  if (system === undefined)
    return display === undefined ? { identifier: { value } } : { display, identifier: { value } };
  const draft = scope.draft(practitionerKey(scope.owner, { system, value }));
  draft.snapshot('identifier', [json({ ...(type !== undefined && { type: identifierType(type) }), system, value })]);
  if (name !== undefined) draft.snapshot('name', [json(name)]);
  return display === undefined ? draft.reference : { ...draft.reference, display };
}

function nationalOfSource(source: string | undefined): string | undefined {
  return source === 'NPI' ? nationalSystem('NPI') : undefined;
}

const XCN_PARTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 21];

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
  draft.snapshot('identifier', [json({ ...(type !== undefined && { type: identifierType(type) }), system, value })]);
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
  parts: [1, 3, 6, 7, 10],
  read: (node, scope) => organizationOf(node, scope) as Json | undefined,
};

const PHYSICAL = 'http://terminology.hl7.org/CodeSystem/location-physical-type';

/** Levels of a PL from the outside in: part of PL, physical type. */
const LEVELS = [
  [4, 'si', 'Site'],
  [7, 'bu', 'Building'],
  [8, 'lvl', 'Level'],
  [1, 'wa', 'Ward'],
  [2, 'ro', 'Room'],
  [3, 'bd', 'Bed'],
] as const;

/** PL → a chain of Locations, each part of the one around it; the reference is to the innermost. */
export function locationOf(node: Node, scope: Scope): Reference | undefined {
  const path: (string | undefined)[] = [];
  const words: string[] = [];
  let inner: { reference: string } | undefined;
  for (const [part, code, display] of LEVELS) {
    const value = node.get(part);
    path.push(value);
    if (value === undefined) continue;
    words.push(value);
    const draft = scope.draft(locationKey(scope.owner, ...path));
    draft.set('name', value);
    draft.set('mode', 'instance');
    draft.set('physicalType', { coding: [{ system: PHYSICAL, code, display }] });
    if (inner !== undefined) draft.set('partOf', inner);
    inner = draft.reference;
  }
  const description = node.get(9);
  if (inner === undefined) return description === undefined ? undefined : { display: description };
  return { ...inner, display: description ?? words.join(' ') };
}

export const location: DataMap = {
  name: 'PL[Location]',
  parts: [1, 2, 3, 4, 7, 8, 9],
  read: (node, scope) => locationOf(node, scope) as Json | undefined,
};
