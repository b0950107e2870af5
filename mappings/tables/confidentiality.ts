import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { ACT_CODE_SYSTEM, CONFIDENTIALITY_SYSTEM } from '../../src/model/labels.ts';
import { codes } from './table.ts';

/**
 * Tables 0177, 0272, 0952. ETH is alcohol or drug (ActCode ETH), not alcohol only (ETHUD), as the guide has it; PSY is ActCode's, not
 * the deprecated v3-Confidentiality one. Rule: DOMAIN §C2, §E2.
 */
export const CONFIDENTIALITY: ConceptTable = {
  id: '0177',
  name: 'ConfidentialityCode',
  codes: {
    ...codes(CONFIDENTIALITY_SYSTEM, {
      V: 'V',
      R: 'R',
      U: 'N',
      UWM: 'N',
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
      VIP: 'VIP',
      SDV: 'SDV',
      CEL: 'SPI',
      B: 'SPI',
      D: 'SPI',
      I: 'SPI',
      T: 'SPI',
      BH: 'BH',
      MH: 'MH',
      PSYTHPN: 'PSYTHPN',
      '42CFRPart2': '42CFRPart2',
    }),
  },
};
