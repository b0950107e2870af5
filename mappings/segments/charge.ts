import type { ChargeItem } from '@medplum/fhirtypes';
import { every, first, type SegmentMap } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { cwe } from '../datatypes/coded.ts';
import { location, organization, practitioner } from '../datatypes/directory.ts';
import { ei } from '../datatypes/identifier.ts';
import { codedOrganization } from '../datatypes/role.ts';
import { extension, holding } from '../datatypes/shape.ts';
import { dateTime, st } from '../datatypes/text.ts';

const ORDERED = {
  function: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0443', code: 'OP' }] },
};

/** FT1 → ChargeItem. The guide has no such map; this is ours. Rule: DOMAIN §C1 DFT, R39. */
export const FT1_CHARGE: SegmentMap<ChargeItem> = {
  name: 'FT1[ChargeItem]',
  segment: 'FT1',
  rows: [
    { from: 'FT1-5', to: 'enteredDate', as: first(dateTime) },
    { from: 'FT1-9', to: 'note', as: every(holding('text', st)) },
    { from: 'FT1-13', to: 'costCenter', as: first(codedOrganization) },
    {
      from: 'FT1-16',
      to: 'extension[FT1-16]',
      as: first(extension(hubExtension('charged-at'), 'valueReference', location)),
    },
    { from: 'FT1-19', to: 'reason', as: every(cwe) },
    { from: 'FT1-20', to: 'performer', as: every(holding('actor', practitioner)) },
    { from: 'FT1-21', to: 'performer', as: every(holding('actor', practitioner, ORDERED)), note: 'who ordered it' },
    { from: 'FT1-23', to: 'identifier[FT1-23]', as: first(ei('FILL')) },
    { from: 'FT1-24', to: 'enterer', as: first(practitioner) },
    {
      from: 'FT1-26',
      to: 'extension',
      as: every(extension(hubExtension('procedure-modifier'), 'valueCodeableConcept', cwe)),
      note: 'a modifier is no other code for the same thing: not in code.coding',
    },
    { from: 'FT1-29', to: 'productCodeableConcept', as: first(cwe) },
    { from: 'FT1-32', to: 'performingOrganization', as: first(codedOrganization) },
    { from: 'FT1-33', to: 'requestingOrganization', as: first(organization) },
    {
      from: 'FT1-38',
      to: 'extension[FT1-38]',
      as: first(extension(hubExtension('referral-number'), 'valueString', st)),
    },
    {
      from: 'FT1-39',
      to: 'extension[FT1-39]',
      as: first(extension(hubExtension('authorization-number'), 'valueString', st)),
    },
    {
      from: 'FT1-42',
      to: 'identifier[FT1-42]',
      as: first(holding('value', st, { type: { text: 'Prescription number' } })),
    },
  ],
  hand: [
    { from: 'FT1-2', to: 'identifier', by: 'transaction id: the key' },
    { from: 'FT1-4', to: 'occurrenceDateTime', by: 'a moment or a period' },
    { from: 'FT1-6', to: 'status', by: 'CG billable, CD takes it back; payments are no charges' },
    { from: 'FT1-7', to: 'code', by: 'what is charged' },
    { from: 'FT1-8', to: 'code', by: 'its words' },
    { from: 'FT1-10', to: 'quantity', by: 'quantity; of a credit, what it credits' },
    { from: 'FT1-11', to: 'priceOverride', by: 'extended amount' },
    { from: 'FT1-12', to: 'extension', by: 'amount of one' },
    { from: 'FT1-22', to: 'extension', by: 'cost of one' },
    { from: 'FT1-25', to: 'code', by: 'procedure code' },
    { from: 'FT1-31', to: 'identifier', by: 'of a credit: the charge it takes back' },
    { from: 'FT1-41', to: 'code', by: 'revenue code' },
    { from: 'FT1-43', to: 'extension', by: 'quantity of the product' },
  ],
  decisions: [
    { from: 'FT1-1', not: 'structural', why: 'orders the segments' },
    { from: 'FT1-3', not: 'structural', why: 'groups transactions for posting' },
  ],
};
