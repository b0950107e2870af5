import type { Extension, Identifier } from '@medplum/fhirtypes';
import { nationalSystem, unlistedSystem } from '../../src/mapping/authority.ts';
import type { Node } from '../../src/mapping/node.ts';
import type { DataMap } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { v2System } from '../tables/table.ts';
import { codeText, putTime } from './text.ts';

const IDENTIFIER_TYPE = v2System('0203');

export function identifierType(code: string): NonNullable<Identifier['type']> {
  return { coding: [{ system: IDENTIFIER_TYPE, code }] };
}

const CONTROL = /[\u0000-\u001f]/;

/** System and value of a CX: what a natural key is made of. Undefined without a value a human can read, or without any assigner. */
export function cxKey(
  node: Node,
  scope: Scope,
): { system: string; value: string; type: string | undefined } | undefined {
  const value = node.get(1);
  if (value === undefined || CONTROL.test(value)) return undefined;
  const type = node.get(5);
  const hd = node.part(4);
  const [namespace, universal] = [hd.get(1), hd.get(2)];
  const national = namespace === undefined && universal === undefined ? nationalSystem(type) : undefined;
  const system = national ?? scope.authority(namespace, universal, hd.get(3))?.system;
  return system === undefined ? undefined : { system, value, type };
}

export function checkDigit(digit: string | undefined): Extension[] {
  return digit === undefined
    ? []
    : [{ url: 'http://hl7.org/fhir/StructureDefinition/identifier-checkDigit', valueString: digit }];
}

/** Where an identifier was assigned, besides by whom. */
export function facility(name: string | undefined): Extension[] {
  return name === undefined ? [] : [{ url: hubExtension('assigning-facility'), valueString: name }];
}

/** CX → Identifier. The assigner is the system; the check digit travels as an extension. Rule: v2-to-FHIR IG, CX[Identifier]. */
export function cxIdentifier(node: Node, scope: Scope, use?: Identifier['use']): Identifier | undefined {
  const value = node.get(1);
  if (value === undefined) return undefined;
  const identifier: Identifier & Record<string, unknown> = {};
  if (use !== undefined) identifier.use = use;
  const type = codeText(node.get(5));
  if (type !== undefined) identifier.type = identifierType(type);
  const system = cxKey(node, scope)?.system;
  if (system !== undefined) identifier.system = system;
  identifier.value = value;
  const period: Record<string, unknown> = {};
  const start = node.get(7);
  const end = node.get(8);
  if (start !== undefined) putTime(period, 'start', scope.time(start, 'dateTime'), scope);
  if (end !== undefined) putTime(period, 'end', scope.time(end, 'dateTime'), scope);
  if (Object.keys(period).length > 0) identifier.period = period as NonNullable<Identifier['period']>;
  const extension = [...checkDigit(node.get(2)), ...facility(node.part(6).get(1) ?? node.part(6).get(2))];
  if (extension.length > 0) identifier.extension = extension;
  return identifier;
}

export const cx: DataMap = {
  name: 'CX[Identifier]',
  parts: [1, 2, 4, 5, 6, 7, 8],
  read: (node, scope) => cxIdentifier(node, scope) as Json | undefined,
};

/**
 * CX of PID-2 or PID-4, somebody else's number of the patient: without an assigner it is a number of that field, and not of the partner's
 * default assigner, which would make it another patient's record number. Where PID-3 is empty it is all there is, and read like it.
 * Rule: HL7 v2.5.1 §3.4.2.2, .4; H7.
 */
export function externalCx(field: 2 | 4): DataMap {
  return {
    ...cx,
    read: (node, scope) => {
      const identifier = cxIdentifier(node, scope);
      if (identifier === undefined) return undefined;
      const hd = node.part(4);
      const isAssigned = [hd.get(1), hd.get(2)].some((part) => part !== undefined);
      const isAll = !scope.message.segment('PID')?.field(3).hasContent;
      if (isAssigned || isAll || nationalSystem(node.get(5)) !== undefined) return identifier as Json;
      return { ...identifier, system: unlistedSystem(scope.partner.id, `PID-${field}`) } as unknown as Json;
    },
  };
}

/** EI: entity identifier (1), namespace (2), universal id (3) and its type (4). Without any assigner it is the sender's own. */
export function eiKey(node: Node, scope: Scope): { system: string; value: string } | undefined {
  const value = node.get(1);
  if (value === undefined) return undefined;
  const system = scope.authority(node.get(2), node.get(3), node.get(4))?.system;
  return { system: system ?? unlistedSystem(scope.partner.id, 'entity'), value };
}

export function eiIdentifier(node: Node, scope: Scope, type?: string): Identifier | undefined {
  const key = eiKey(node, scope);
  if (key === undefined) return undefined;
  return { ...(type !== undefined && { type: identifierType(type) }), system: key.system, value: key.value };
}

/** EI as Identifier, typed PLAC (placer) or FILL (filler) where the field says so. */
export function ei(type?: 'PLAC' | 'FILL' | 'VN'): DataMap {
  return {
    name: 'EI[Identifier]',
    parts: [1, 2, 3, 4],
    read: (node, scope) => eiIdentifier(node, scope, type) as Json | undefined,
  };
}
