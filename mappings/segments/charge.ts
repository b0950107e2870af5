import type { ChargeItem } from '@medplum/fhirtypes';
import { every, first, type SegmentMap } from '../../src/mapping/row.ts';
import { cwe } from '../datatypes/coded.ts';
import { practitioner } from '../datatypes/directory.ts';
import { codedOrganization } from '../datatypes/role.ts';
import { holding } from '../datatypes/shape.ts';
import { dateTime } from '../datatypes/text.ts';

/** FT1 → ChargeItem. The guide has no such map; this is ours. Rule: DOMAIN §C1 DFT, R39. */
export const FT1_CHARGE: SegmentMap<ChargeItem> = {
  name: 'FT1[ChargeItem]',
  segment: 'FT1',
  rows: [
    { from: 'FT1-5', to: 'enteredDate', as: first(dateTime) },
    { from: 'FT1-13', to: 'costCenter', as: first(codedOrganization) },
    { from: 'FT1-19', to: 'reason', as: every(cwe) },
    { from: 'FT1-20', to: 'performer', as: every(holding('actor', practitioner)) },
    { from: 'FT1-21', to: 'enterer', as: first(practitioner), note: 'FT1-24 goes first: who entered it' },
    { from: 'FT1-24', to: 'enterer', as: first(practitioner) },
  ],
  hand: [
    { from: 'FT1-2', to: 'identifier', by: 'transaction id: part of the key' },
    { from: 'FT1-4', to: 'occurrenceDateTime', by: 'a moment or a period' },
    { from: 'FT1-6', to: 'status', by: 'CG billable, CD takes it back' },
    { from: 'FT1-7', to: 'code', by: 'what is charged' },
    { from: 'FT1-8', to: 'code', by: 'its words' },
    { from: 'FT1-10', to: 'quantity', by: 'quantity' },
    { from: 'FT1-11', to: 'priceOverride', by: 'amount' },
    { from: 'FT1-12', to: 'priceOverride', by: 'amount of one' },
    { from: 'FT1-16', to: 'extension', by: 'assigned place' },
    { from: 'FT1-22', to: 'priceOverride', by: 'cost of one' },
    { from: 'FT1-23', to: 'identifier', by: 'filler order: part of the key' },
    { from: 'FT1-25', to: 'code', by: 'procedure code' },
    { from: 'FT1-26', to: 'code', by: 'modifiers of the procedure' },
    { from: 'FT1-29', to: 'productCodeableConcept', by: 'NDC' },
    { from: 'FT1-31', to: 'identifier', by: 'reference of the reversed charge' },
  ],
  decisions: [{ from: 'FT1-1', not: 'structural', why: 'orders the segments' }],
};
