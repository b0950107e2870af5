import type { PartnerRows } from '../../src/mapping/partner-rows.ts';
import { first } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { xpnString } from '../datatypes/person.ts';
import { extension } from '../datatypes/shape.ts';
import { yesNo } from '../datatypes/text.ts';

/**
 * Lakeside: who takes the patient home stands in ZDS of its registrations; PID-9 holds the name on the chart's cover, which is the
 * patient's usual name and no alias. Rule: agreed with its integration team; golden case `z-segment`.
 */
export const LAKESIDE: PartnerRows = {
  rows: {
    'PID[Patient]': {
      drop: ['PID-9 → name'],
      add: [
        {
          from: 'PID-9',
          to: 'extension[PID-9]',
          as: first(extension(hubExtension('chart-name'), 'valueString', xpnString)),
        },
      ],
    },
  },
  segments: [
    {
      name: 'ZDS[Encounter]',
      segment: 'ZDS',
      on: 'Encounter',
      rows: [
        {
          from: 'ZDS-2',
          to: 'extension[ZDS-2]',
          as: first(extension(hubExtension('escort'), 'valueString', xpnString)),
        },
        {
          from: 'ZDS-3',
          to: 'extension[ZDS-3]',
          as: first(extension(hubExtension('escort-confirmed'), 'valueBoolean', yesNo)),
        },
      ],
      decisions: [{ from: 'ZDS-1', not: 'structural', why: 'orders the segments' }],
    },
  ],
};
