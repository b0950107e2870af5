import type { Reference } from '@medplum/fhirtypes';
import type { Node } from '../../src/mapping/node.ts';
import type { DataMap } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { locationKey, namedOrganizationKey, organizationKey, practitionerRoleKey } from '../keys.ts';
import { namedPractitioner, placeOfNdl } from './directory.ts';
import { eiIdentifier } from './identifier.ts';

/** EIP: the placer's id in its first component, the filler's in its second; each an EI of sub-components. */
export function eip(part: 1 | 2, type: 'PLAC' | 'FILL'): DataMap {
  return {
    name: `EIP[Identifier-${part === 1 ? 'Placer' : 'Filler'}AssignedIdentifier]`,
    parts: [part],
    read: (node, scope) => eiIdentifier(node.part(part), scope, type) as Json | undefined,
  };
}

/** NDL → PractitionerRole: a person (CNN), the place they worked at, and when. Without an id the name is the reference's display. */
export const ndl: DataMap = {
  name: 'NDL[PractitionerRole]',
  parts: [1, 2, 3, 4, 5, 6, 7, 10, 11],
  read: (node, scope) => roleOf(node, scope) as Json | undefined,
};

function roleOf(node: Node, scope: Scope): Reference | undefined {
  const person = namedPractitioner(node.part(1), scope);
  if (person?.reference === undefined) return person;
  const place = placeOfNdl(node, scope);
  const role = scope.draft(practitionerRoleKey(scope.owner, person.reference, place?.reference));
  role.set('practitioner', person as Json);
  if (place !== undefined) role.snapshot('location', [place as Json]);
  for (const [part, element] of [
    [2, 'period.start'],
    [3, 'period.end'],
  ] as const) {
    const text = node.get(part);
    if (text !== undefined) role.set(element, scope.time(text, 'dateTime'));
  }
  return person.display === undefined ? role.reference : { ...role.reference, display: person.display };
}

/** CWE naming an organization: keyed by its code, else by its words. */
export const codedOrganization: DataMap = {
  name: 'CWE[Organization]',
  parts: [1, 2, 3, 9],
  read: (node, scope) => {
    const code = node.get(1);
    const name = node.get(2) ?? node.get(9) ?? code;
    if (name === undefined) return undefined;
    const system = code === undefined ? undefined : scope.authority(node.get(3) ?? 'organization')?.system;
    const draft = scope.draft(
      code === undefined || system === undefined
        ? namedOrganizationKey(scope.owner, name)
        : organizationKey(scope.owner, { system, value: code }),
    );
    if (code !== undefined && system !== undefined) draft.snapshot('identifier', [{ system, value: code }]);
    draft.set('name', name);
    return { ...draft.reference, display: name };
  },
};

/** LA2 (RXA-11): a place, with the same first parts as PL. */
export const codedLocation: DataMap = {
  name: 'CWE[Location]',
  parts: [1, 2],
  read: (node, scope) => {
    const code = node.get(1);
    const name = node.get(2) ?? code;
    if (name === undefined) return undefined;
    const draft = scope.draft(locationKey(scope.owner, 'coded', code ?? name));
    draft.set('name', name);
    return { ...draft.reference, display: name };
  },
};
