import type { Definitions } from '../src/mapping/message-map.ts';
import { heedingAccess } from './messages/access.ts';
import { RAS } from './messages/administration.ts';
import { ADT, ADT_LINK, ADT_MERGE, ADT_SWAP } from './messages/adt.ts';
import { BAR, DFT } from './messages/charge.ts';
import { RDS } from './messages/dispense.ts';
import { MDM } from './messages/document.ts';
import { RDE } from './messages/medication-order.ts';
import { ORDER } from './messages/order.ts';
import { OUL } from './messages/oul.ts';
import { PGL, PPP, PPR } from './messages/ppr.ts';
import { REF, RRI } from './messages/referral.ts';
import { ORU } from './messages/result.ts';
import { SIU_BLOCK } from './messages/schedule-block.ts';
import { SIU_CHANGE } from './messages/schedule-change.ts';
import { SIU } from './messages/siu.ts';
import { VXU } from './messages/vaccination.ts';

import { GENERAL_HOSPITAL } from './partners/general-hospital.ts';
import { LAKESIDE } from './partners/lakeside.ts';

const IDENTITY = 'changes which patient, account or visit a record belongs to; there is no map for it';

/** Everything the hub maps. A change here changes the version that Provenance names. */
export const DEFINITIONS: Definitions = {
  version: '1',
  messages: [
    ADT,
    ADT_MERGE,
    ADT_LINK,
    ADT_SWAP,
    REF,
    RRI,
    SIU,
    SIU_CHANGE,
    SIU_BLOCK,
    RDE,
    RAS,
    RDS,
    MDM,
    ORU,
    ORDER,
    OUL,
    VXU,
    PPR,
    PGL,
    PPP,
    DFT,
    BAR,
  ].map(heedingAccess),
  partners: { 'general-hospital': GENERAL_HOSPITAL, lakeside: LAKESIDE },
  unsafe: {
    'ORU^R40': 'an alarm needs a person at once, unless the partner has a map for it',
    ...Object.fromEntries(
      ['A19', 'A20', 'A23', 'A29', 'A35', 'A36', 'A41', 'A42', 'A43', 'A44', 'A45', 'A48', 'A49', 'A50', 'A51'].map(
        (trigger) => [`ADT^${trigger}`, IDENTITY],
      ),
    ),
  },
  administrative: ['ACK', 'NMD', 'NMR', 'MCF'],
};
