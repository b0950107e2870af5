import type { Address, ContactPoint, Extension, HumanName } from '@medplum/fhirtypes';
import { Several } from '../../src/mapping/annotated.ts';
import { lookUp } from '../../src/mapping/concept-table.ts';
import type { Node } from '../../src/mapping/node.ts';
import type { DataMap } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { ADDRESS_TYPES, ADDRESS_USES, NAME_TYPE, TELECOM_EQUIPMENT, TELECOM_USE } from '../tables/person.ts';
import { putTime, whole } from './text.ts';

/** Effective and expiry date, or a DR before them; undefined when there is neither. */
export function periodOf(
  node: Node,
  scope: Scope,
  range: number,
  start: number,
  end: number,
): Record<string, unknown> | undefined {
  const period: Record<string, unknown> = {};
  const from = node.get(start) ?? (range > 0 ? node.part(range).get(1) : undefined);
  const to = node.get(end) ?? (range > 0 ? node.part(range).get(2) : undefined);
  if (from !== undefined) putTime(period, 'start', scope.time(from, 'dateTime'), scope);
  if (to !== undefined) putTime(period, 'end', scope.time(to, 'dateTime'), scope);
  return Object.keys(period).length > 0 ? period : undefined;
}

/** Table 0444: given name first, or family name first. */
export function assemblyOrder(order: 'G' | 'F'): Extension {
  return {
    url: 'http://hl7.org/fhir/StructureDefinition/humanname-assembly-order',
    valueCode: order === 'G' ? 'NL1' : 'NL3',
  };
}

const FAMILY_PARTS = [
  [2, 'own-prefix'],
  [3, 'own-name'],
  [4, 'partner-prefix'],
  [5, 'partner-name'],
] as const;

/** FN: what a family name is made of, beside it. */
function familyParts(fn: Node): { extension: Extension[] } | undefined {
  const extension = FAMILY_PARTS.flatMap(([part, name]) => {
    const text = fn.get(part);
    return text === undefined
      ? []
      : [{ url: `http://hl7.org/fhir/StructureDefinition/humanname-${name}`, valueString: text }];
  });
  return extension.length === 0 ? undefined : { extension };
}

/** XPN → HumanName. Degree and professional suffix are suffixes. Rule: v2-to-FHIR IG, XPN[HumanName]. */
export function humanName(node: Node, scope: Scope): HumanName | undefined {
  const name: HumanName = {};
  const type = node.get(7);
  if (type !== undefined) {
    const use = scope.code(NAME_TYPE, type)?.code;
    if (use !== undefined) name.use = use as NonNullable<HumanName['use']>;
  }
  const family = node.get(1);
  const given = [node.get(2), node.get(3)].filter((part) => part !== undefined);
  const prefix = node.get(5);
  const suffix = [node.get(4), node.get(6), node.get(14)].filter((part) => part !== undefined);
  if (family !== undefined) {
    name.family = family;
    const parts = familyParts(node.part(1));
    if (parts !== undefined) (name as Record<string, unknown>)._family = parts;
  }
  if (given.length > 0) name.given = given;
  if (prefix !== undefined) name.prefix = [prefix];
  if (suffix.length > 0) name.suffix = suffix;
  if (family === undefined && given.length === 0 && suffix.length === 0 && prefix === undefined) return undefined;
  const period = periodOf(node, scope, 10, 12, 13);
  if (period !== undefined) name.period = period as NonNullable<HumanName['period']>;
  const order = node.get(11);
  if (order === 'G' || order === 'F') {
    name.extension = [assemblyOrder(order)];
  }
  return name;
}

export const xpn: DataMap = {
  name: 'XPN[HumanName]',
  parts: [1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15],
  read: (node, scope) => {
    const name = humanName(node, scope) as Json | undefined;
    const called = node.get(15);
    if (called === undefined) return name;
    const nickname = { use: 'nickname', given: [called] };
    return name === undefined ? nickname : new Several([name, nickname]);
  },
};

/** XPN with a fixed use where the sender gives no type (aliases, contacts). */
export const xpnString: DataMap = {
  name: 'XPN[string]',
  parts: [1, 2],
  read: (node) => [node.get(2), node.get(1)].filter((part) => part !== undefined).join(' ') || undefined,
};

const HV = 'http://hl7.org/fhir/StructureDefinition/iso21090-AD-use';

/** XAD → Address. Rule: v2-to-FHIR IG, XAD[Address]. */
export function addressOf(node: Node, scope: Scope): Address | undefined {
  const address: Address = {};
  const street = node.part(1);
  // SAD: the whole line, then street and number where the whole does not hold them already.
  const street1 = street.get(1);
  const parts = [street.get(2), street.get(3)].filter((part) => part !== undefined && !street1?.includes(part));
  const line = [street1, ...parts, node.get(2), node.get(19)].filter((part) => part !== undefined);
  if (line.length > 0) address.line = line;
  const city = node.get(3);
  const district = node.part(9).get(2) ?? node.get(9);
  const state = node.get(4);
  const postalCode = node.get(5);
  const country = node.get(6);
  if (city !== undefined) address.city = city;
  if (district !== undefined) address.district = district;
  if (state !== undefined) address.state = state;
  if (postalCode !== undefined) address.postalCode = postalCode;
  if (country !== undefined) address.country = country;
  const kind = node.get(7);
  if (kind !== undefined) {
    const use = lookUp(ADDRESS_USES, kind, scope.partner)?.code;
    const type = lookUp(ADDRESS_TYPES, kind, scope.partner)?.code;
    if (use !== undefined) address.use = use as NonNullable<Address['use']>;
    if (type !== undefined) address.type = type as NonNullable<Address['type']>;
    if (kind === 'HV') address.extension = [{ url: HV, valueCode: 'HV' }];
    else if (use === undefined && type === undefined)
      scope.issue('map.code-unmapped', 'no FHIR code for this value of table 0190');
  }
  const tract = node.get(10);
  if (tract !== undefined) {
    address.extension = [
      ...(address.extension ?? []),
      { url: 'http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract', valueString: tract },
    ];
  }
  const period = periodOf(node, scope, 12, 13, 14);
  if (period !== undefined) address.period = period as NonNullable<Address['period']>;
  return Object.keys(address).length > 0 ? address : undefined;
}

export const xad: DataMap = {
  name: 'XAD[Address]',
  parts: [1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 14, 19],
  read: (node, scope) => addressOf(node, scope) as Json | undefined,
};

/** Country, area, local number and extension as one text, or what the sender wrote in XTN.1 or XTN.12. */
function telephone(node: Node): string | undefined {
  const local = node.get(7);
  if (local === undefined) return node.get(12) ?? node.get(1) ?? node.get(4);
  const country = node.get(5);
  const area = node.get(6);
  const extension = node.get(8);
  const parts = [
    country === undefined ? undefined : `+${country.replace(/^\+/, '')}`,
    area,
    local,
    extension === undefined ? undefined : `X${extension}`,
  ];
  return parts.filter((part) => part !== undefined).join(' ');
}

/** XTN → ContactPoint. `fallback`: the use that the field itself means (PID-13 home, PID-14 work). */
export function contactPoint(node: Node, scope: Scope, fallback?: ContactPoint['use']): ContactPoint | undefined {
  const equipment = node.get(3);
  const use = node.get(2);
  const isMail = equipment === 'Internet' || equipment === 'X.400' || (equipment === undefined && use === 'NET');
  const value = isMail ? (node.get(4) ?? node.get(1)) : telephone(node);
  if (value === undefined) return undefined;
  const point: ContactPoint = {};
  const system = equipment === undefined ? undefined : scope.code(TELECOM_EQUIPMENT, equipment)?.code;
  point.system = (isMail ? 'email' : (system ?? (node.get(4) === value ? 'email' : 'phone'))) as NonNullable<
    ContactPoint['system']
  >;
  point.value = value;
  // A cell phone is known by its equipment, whatever it is used for.
  const mapped = equipment === 'CP' ? 'mobile' : use === undefined ? fallback : scope.code(TELECOM_USE, use)?.code;
  if (mapped !== undefined) point.use = mapped as NonNullable<ContactPoint['use']>;
  const rank = whole(node.get(18));
  if (rank !== undefined) point.rank = rank;
  const period = periodOf(node, scope, 0, 13, 14);
  if (period !== undefined) point.period = period as NonNullable<ContactPoint['period']>;
  const extension = CONTACT_PARTS.flatMap(([part, url]) => {
    const text = node.get(part);
    return text === undefined ? [] : [{ url, valueString: text }];
  });
  if (extension.length > 0) point.extension = extension;
  return point;
}

const CONTACT_PARTS = [
  [5, 'http://hl7.org/fhir/StructureDefinition/contactpoint-country'],
  [6, 'http://hl7.org/fhir/StructureDefinition/contactpoint-area'],
  [7, 'http://hl7.org/fhir/StructureDefinition/contactpoint-local'],
  [8, 'http://hl7.org/fhir/StructureDefinition/contactpoint-extension'],
  [9, hubExtension('contact-text')],
] as const;

/** XTN; a number without use code has the given one. */
export function xtn(use?: 'home' | 'work'): DataMap {
  return {
    name: 'XTN[ContactPoint]',
    parts: [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 18],
    read: (node, scope) => contactPoint(node, scope, use) as Json | undefined,
  };
}
