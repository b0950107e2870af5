import type { Immunization } from '@medplum/fhirtypes';
import { type DataMap, every, first, isNoneOf, type SegmentMap, valued } from '../../src/mapping/row.ts';
import { cwe, known, systemOf } from '../datatypes/coded.ts';
import { location } from '../datatypes/directory.ts';
import { ei } from '../datatypes/identifier.ts';
import { eip } from '../datatypes/role.ts';
import { date, dateTime, st } from '../datatypes/text.ts';
import { namedOrganizationKey, organizationKey } from '../keys.ts';
import { BODY_PART, BODY_SITE } from '../tables/body-part.ts';
import { NO_ORDER_NUMBER } from '../tables/immunization.ts';
import { ROUTE } from '../tables/route.ts';

/** RXA → Immunization, of vaccination messages only. Rule: v2-to-FHIR IG 1.0.0, segment RXA[Immunization]; CDC IIS guide for OBX. */
export const RXA_IMMUNIZATION = {
  name: 'RXA[Immunization]',
  segment: 'RXA',
  rows: [
    { from: 'RXA-3', to: 'occurrenceDateTime', as: first(dateTime) },
    { from: 'RXA-5', to: 'vaccineCode', as: first(cwe) },
    { from: 'RXA-15', to: 'lotNumber', as: first(st) },
    { from: 'RXA-16', to: 'expirationDate', as: first(date) },
    { from: 'RXA-17', to: 'manufacturer', as: first(maker()) },
    { from: 'RXA-18', to: 'statusReason', as: first(cwe) },
    { from: 'RXA-19', to: 'reasonCode', as: every(cwe) },
    {
      from: 'RXA-22',
      to: 'recorded',
      as: first(dateTime),
      note: 'not only with RXA-21 A: a correction is recorded too',
    },
    { from: 'RXA-27', to: 'location', as: first(location) },
  ],
  hand: [
    { from: 'RXA-2', to: 'identifier', by: 'part of the key where one order has several' },
    { from: 'RXA-4', to: 'occurrenceDateTime', by: 'the end of the act: the same moment' },
    { from: 'RXA-6', to: 'doseQuantity', by: 'amount; 999 is unknown' },
    { from: 'RXA-7', to: 'doseQuantity', by: 'unit' },
    { from: 'RXA-9', to: 'reportOrigin', by: 'NIP001: where the record comes from; other words are notes' },
    { from: 'RXA-10', to: 'performer', by: 'who gave it (AP)' },
    { from: 'RXA-11', to: 'location', by: 'where, when RXA-27 is empty' },
    { from: 'RXA-20', to: 'status', by: 'PA is completed and subpotent; without it a refusal reason is not-done' },
    { from: 'RXA-21', to: 'status', by: 'D is entered-in-error; U changes the record in place' },
    { from: 'RXA-28', to: 'location', by: 'address of RXA-27' },
  ],
  decisions: [{ from: 'RXA-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<Immunization>;

export const RXR_IMMUNIZATION = {
  name: 'RXR[Immunization]',
  segment: 'RXR',
  rows: [
    { from: 'RXR-1', to: 'route', as: first(known(ROUTE)) },
    { from: 'RXR-2', to: 'site', as: first(known(BODY_PART)), when: { path: 'RXR-2.3', isNoneOf: ['HL70163'] } },
    { from: 'RXR-2', to: 'site', as: first(known(BODY_SITE)), when: { path: 'RXR-2.3', isOneOf: ['HL70163'] } },
  ],
} as const satisfies SegmentMap<Immunization>;

export const ORC_IMMUNIZATION = {
  name: 'ORC[Immunization]',
  segment: 'ORC',
  rows: [
    { from: 'ORC-2', to: 'identifier[ORC-2]', as: first(ei('PLAC')), when: isNoneOf('ORC-2', NO_ORDER_NUMBER) },
    { from: 'ORC-3', to: 'identifier[ORC-3]', as: first(ei('FILL')), when: isNoneOf('ORC-3', NO_ORDER_NUMBER) },
    { from: 'ORC-4', to: 'identifier[ORC-4.1]', as: first(eip(1, 'PLAC')) },
    { from: 'ORC-4', to: 'identifier[ORC-4.2]', as: first(eip(2, 'FILL')), when: valued('ORC-4.2') },
    { from: 'ORC-9', to: 'recorded', as: first(dateTime), note: 'RXA-22 goes first: RXA runs later' },
  ],
  hand: [
    { from: 'ORC-12', to: 'performer', by: 'ordering provider (OP)' },
    { from: 'ORC-28', to: 'meta', by: 'confidentiality raises the label' },
  ],
  decisions: [
    { from: 'ORC-1', not: 'structural', why: 'vaccinations are stated as they stand' },
    { from: 'ORC-10', not: 'superseded', why: 'who typed it: the journal and the Provenance name the source' },
    { from: 'ORC-17', not: 'superseded', why: 'where it was typed: the journal and the Provenance name the source' },
    { from: 'ORC-2', not: 'structural', why: '9999: the sender says that there is no number' },
    { from: 'ORC-3', not: 'structural', why: '9999: the sender says that there is no number' },
  ],
} as const satisfies SegmentMap<Immunization>;

/** RXA-17: a manufacturer by its code (MVX), else by its words. */
function maker(): DataMap {
  return {
    name: 'CWE[Organization]',
    parts: [1, 2, 3, 9],
    read: (node, scope) => {
      const code = node.get(1);
      const name = node.get(2) ?? node.get(9) ?? code;
      if (name === undefined) return undefined;
      const named = node.get(3);
      if (code === undefined || named === undefined) {
        const draft = scope.draft(namedOrganizationKey(scope.owner, name));
        draft.set('name', name);
        return { ...draft.reference, display: name };
      }
      const system = systemOf(named, scope);
      const draft = scope.draft(organizationKey(scope.owner, { system, value: code }));
      draft.snapshot('identifier', [{ system, value: code }]);
      draft.set('name', name);
      return { ...draft.reference, display: name };
    },
  };
}
