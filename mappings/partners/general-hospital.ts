import type { PartnerRows } from '../../src/mapping/partner-rows.ts';
import { first } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { cwe } from '../datatypes/coded.ts';
import { extension } from '../datatypes/shape.ts';
import { dateTime, st } from '../datatypes/text.ts';

/**
 * General Hospital: its engine sends the legal status of a psychiatric stay in ZPV, and writes the ward's own remarks into PV2-12,
 * which are not to be read by other organizations. Rule: agreed with its integration team; golden case `z-segment`.
 */
export const GENERAL_HOSPITAL: PartnerRows = {
  rows: {
    'PV2[Encounter]': { drop: ['PV2-12'] },
  },
  segments: [
    {
      name: 'ZPV[Encounter]',
      segment: 'ZPV',
      on: 'Encounter',
      rows: [
        {
          from: 'ZPV-2',
          to: 'extension[ZPV-2]',
          as: first(extension(hubExtension('legal-status'), 'valueCodeableConcept', cwe)),
        },
        {
          from: 'ZPV-3',
          to: 'extension[ZPV-3]',
          as: first(extension(hubExtension('legal-status-until'), 'valueDateTime', dateTime)),
        },
        { from: 'ZPV-4', to: 'extension[ZPV-4]', as: first(extension(hubExtension('court-file'), 'valueString', st)) },
      ],
      decisions: [{ from: 'ZPV-1', not: 'structural', why: 'orders the segments' }],
    },
  ],
};
