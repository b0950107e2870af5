import type { Account } from '@medplum/fhirtypes';
import type { SegmentMap } from '../../src/mapping/row.ts';

/** UB2 → condition codes of the account's bill: 41 is partial hospitalization, 92 intensive outpatient. Rule: DOMAIN §B1, §D2. */
export const UB2_ACCOUNT: SegmentMap<Account> = {
  name: 'UB2[Account]',
  segment: 'UB2',
  rows: [],
  hand: [
    { from: 'UB2-3', to: 'extension', by: 'condition codes' },
    { from: 'UB2-6', to: 'extension', by: 'value codes and amounts' },
    { from: 'UB2-7', to: 'extension', by: 'occurrence codes and dates' },
    { from: 'UB2-8', to: 'extension', by: 'occurrence spans' },
  ],
  decisions: [{ from: 'UB2-1', not: 'structural', why: 'orders the segments' }],
};

/** UB1 is UB2's predecessor: its condition codes stand at 7. */
export const UB1_ACCOUNT: SegmentMap<Account> = {
  name: 'UB1[Account]',
  segment: 'UB1',
  rows: [],
  hand: [
    { from: 'UB1-7', to: 'extension', by: 'condition codes' },
    { from: 'UB1-10', to: 'extension', by: 'value codes and amounts' },
  ],
  decisions: [{ from: 'UB1-1', not: 'structural', why: 'orders the segments' }],
};
