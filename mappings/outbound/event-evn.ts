import type { SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { v2Time } from '../../src/mapping/outbound/time.ts';

/** EVN-2 is the instant of the event, which is the receiver's stamp for "later wins". EVN-1 was withdrawn in 2.7. */
export const EVENT_EVN = (trigger: string): SegmentPlan => ({
  segment: 'EVN',
  each: () => [{}],
  rows: [
    { to: 'EVN-1', give: () => [[trigger]], until: '2.7' },
    {
      to: 'EVN-2',
      give: (_, { event, endpoint, partner }) => {
        const time = v2Time(event.at, partner.zone, endpoint.dialect?.offset !== false);
        return time === undefined ? undefined : [[time.text]];
      },
      type: 'TS',
      required: true,
    },
  ],
});
