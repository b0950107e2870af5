import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { ACT_CODE_SYSTEM, CONFIDENTIALITY_SYSTEM } from '../../src/model/labels.ts';
import { INTEGRITY, PURPOSE, SENSITIVITY } from './sensitivity.ts';
import { against, codes } from './table.ts';

/**
 * Tables 0177, 0272, 0952. ETH is alcohol or drug (ActCode ETH), not alcohol only (ETHUD), as the guide has it; PSY is ActCode's, not
 * the deprecated v3-Confidentiality one. Rule: DOMAIN §C2, §E2.
 */
export const CONFIDENTIALITY: ConceptTable = {
  id: '0177',
  name: 'ConfidentialityCode',
  codes: {
    ...PURPOSE,
    ...INTEGRITY,
    ...SENSITIVITY,
    ...codes(CONFIDENTIALITY_SYSTEM, {
      V: 'V',
      R: 'R',
      U: 'N',
      UWM: 'R',
      N: 'N',
      L: 'L',
      M: 'M',
      VR: 'V',
      RE: 'R',
      '1': 'V',
      '2': 'R',
      '3': 'N',
    }),
    ...codes(ACT_CODE_SYSTEM, {
      AID: 'HIV',
      HIV: 'HIV',
      EMP: 'EMP',
      ETH: 'ETH',
      SUD: 'SUD',
      PSY: 'PSY',
      VIP: 'CEL',
      SDV: 'SDV',
      CEL: 'CEL',
      B: 'B',
      D: 'SPI',
      I: 'SPI',
      T: 'SPI',
      BH: 'BH',
      MH: 'MH',
      PSYTHPN: 'PSYTHPN',
      '42CFRPart2': '42CFRPart2',
    }),
  },
  decisions: [
    ...against('unsafe', 'ETHUD is alcohol only, and would under-label drugs', 'ETH'),
    ...against('contradicts-r4', 'no code of v3-Confidentiality any more; ActCode has it', 'PSY', 'AID', 'HIV'),
    ...against('contradicts-r4', 'no security label of R4; ActCode has celebrities', 'VIP'),
    ...against('superseded', 'usual control is normal confidentiality', 'U'),
    ...against('unsafe', 'a code of its own that no reader of labels knows would restrict nothing', 'UWM'),
  ],
};

/** TXA-18, with the codes of 0177. */
export const DOCUMENT_CONFIDENTIALITY: ConceptTable = {
  ...CONFIDENTIALITY,
  id: '0272',
  name: 'DocumentConfidentialityStatus',
  decisions: against('superseded', 'v3-Confidentiality, which R4 binds labels to, has them', 'V', 'R', 'U'),
};

/** ARV-3 and the like from v2.8. */
export const CONFIDENTIALITY_CLASSIFICATION: ConceptTable = {
  ...CONFIDENTIALITY,
  id: '0952',
  name: 'ConfidentialityClassification',
};

/** ARV-3, table 0717: what must not be seen by everybody, as a label. NO restricts nothing, and lifts nothing either. */
export const ACCESS_RESTRICTION: ConceptTable = {
  id: '0717',
  name: 'AccessRestrictionValue',
  codes: {
    ...codes(CONFIDENTIALITY_SYSTEM, { ALL: 'R', SMD: 'R' }),
    ...codes(ACT_CODE_SYSTEM, {
      DEM: 'DEMO',
      DRG: 'DRGIS',
      HIV: 'HIV',
      LOC: 'LOCIS',
      OO: 'NOLIST',
      'PID-7': 'DOB',
      'PID-17': 'REL',
      PSY: 'PSY',
      STD: 'STD',
    }),
  },
};

/** Restrictions of table 0717 that are about the person's data and not about care. */
export const OF_THE_PERSON: ReadonlySet<string> = new Set(['DEM', 'LOC', 'NO', 'OI', 'OO', 'PID', 'PID-7', 'PID-17']);
/** Codes of table 0717 that restrict nothing. */
export const NO_RESTRICTION: ReadonlySet<string> = new Set(['NO', 'OI']);
