import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { same } from './table.ts';

/** NK1-7. */
export const CONTACT_ROLE: ConceptTable = {
  id: '0131',
  name: 'ContactRole',
  codes: same('0131', {
    E: 'Employer',
    C: 'Emergency Contact',
    F: 'Federal Agency',
    I: 'Insurance Company',
    N: 'Next-of-Kin',
    S: 'State Agency',
    O: 'Other',
    U: 'Unknown',
  }),
};

/** PD1-7. */
export const LIVING_WILL: ConceptTable = {
  id: '0315',
  name: 'LivingWillCode',
  codes: same('0315', {
    Y: 'Yes, patient has a living will',
    F: 'Yes, patient has a living will but it is not on file',
    N: 'No, patient does not have a living will and no information was provided',
    I: 'No, patient does not have a living will but information was provided',
    U: 'Unknown',
  }),
};

/** PD1-11. */
export const PUBLICITY: ConceptTable = {
  id: '0215',
  name: 'PublicityCode',
  codes: same('0215', { F: 'Family only', N: 'No Publicity', O: 'Other', U: 'Unknown' }),
};

/** PRD-6. */
export const CONTACT_METHOD: ConceptTable = {
  id: '0185',
  name: 'PreferredMethodOfContact',
  codes: same('0185', {
    B: 'Beeper Number',
    C: 'Cellular Phone Number',
    E: 'E-Mail Address (for backward compatibility)',
    F: 'FAX Number',
    H: 'Home Phone Number',
    O: 'Office Phone Number',
  }),
};

/** XPN.11; the extension of R4 spells them NL1 and NL3. */
export const NAME_ASSEMBLY: ConceptTable = {
  id: '0444',
  name: 'NameAssemblyOrder',
  codes: same('0444', { G: 'Prefix Given Middle Family Suffix', F: 'Prefix Family Middle Given Suffix' }),
};
