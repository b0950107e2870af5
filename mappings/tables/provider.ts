import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { against, same } from './table.ts';

/** Tables 0443 (ROL-3) and 0286 (PRD-1) in their own systems: R4 has no better code for "primary care" or "consulting". */
export const PROVIDER_ROLE: ConceptTable = {
  id: '0443',
  name: 'ProviderRole',
  codes: same('0443', {
    AD: 'Admitting Provider',
    AI: 'Assistant/Alternate Interpreter',
    AP: 'Administering Provider',
    AT: 'Attending Provider',
    CLP: 'Collecting Provider',
    CP: 'Consulting Provider',
    DP: 'Dispensing Provider',
    EP: 'Entering Provider',
    FHCP: 'Family Health Care Professional',
    IP: 'Initiating Provider',
    MDIR: 'Medical Director',
    OP: 'Ordering Provider',
    PH: 'Pharmacist',
    PI: 'Primary Interpreter',
    PP: 'Primary Care Provider',
    RO: 'Responsible Observer',
    RP: 'Referring Provider',
    RT: 'Referred to Provider',
    TN: 'Technician',
    TR: 'Transcriptionist',
    VP: 'Verifying Provider',
    VPS: 'Verifying Pharmaceutical Supplier',
    VTS: 'Verifying Treatment Supplier',
  }),
  decisions: against(
    'superseded',
    'roles in a team; the targets of the guide are participations in an act, or kinds of people',
    '*',
  ),
};

/** PRD-1. PP is the outpatient provider who must not be surprised. Rule: R10. */
export const REFERRAL_ROLE: ConceptTable = {
  id: '0286',
  name: 'ProviderRole[PRD]',
  codes: same('0286', {
    CP: 'Consulting Provider',
    PP: 'Primary Care Provider',
    RP: 'Referring Provider',
    RT: 'Referred to Provider',
  }),
};
