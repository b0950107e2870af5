import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import type { BusinessStatus } from '../../src/model/codes.ts';
import { codes, same } from './table.ts';

/** RF1-1 of an answer. Pending is received, not accepted; an expired referral has failed. Rule: DOMAIN §B7. */
export const REFERRAL_STATUS: Readonly<Record<string, { readonly status: string; readonly business: BusinessStatus }>> =
  {
    A: { status: 'accepted', business: 'accepted' },
    P: { status: 'received', business: 'received' },
    R: { status: 'rejected', business: 'declined' },
    E: { status: 'failed', business: 'cancelled' },
  };

export const REFERRAL_PRIORITY: ConceptTable = {
  id: '0280',
  name: 'ReferralPriority',
  codes: codes('http://hl7.org/fhir/request-priority', { S: 'stat', A: 'asap', R: 'routine' }),
};

export const REFERRAL_TYPE: ConceptTable = {
  id: '0281',
  name: 'ReferralType',
  codes: same('0281', {
    HOM: 'Home care',
    LAB: 'Laboratory',
    MED: 'Medical',
    PSY: 'Psychiatric',
    RAD: 'Radiology',
    SKN: 'Skilled nursing',
  }),
};

export const REFERRAL_DISPOSITION: ConceptTable = {
  id: '0282',
  name: 'ReferralDisposition',
  codes: same('0282', {
    AM: 'Assume management',
    RP: 'Return patient after evaluation',
    SO: 'Second opinion',
    WR: 'Send written report',
  }),
};

export const REFERRAL_CATEGORY: ConceptTable = {
  id: '0284',
  name: 'ReferralCategory',
  codes: same('0284', { A: 'Ambulatory', E: 'Emergency', I: 'Inpatient', O: 'Outpatient' }),
};
