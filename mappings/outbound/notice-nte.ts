import type { SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { NOTICE_PATH } from '../../src/mapping/outbound/scene.ts';
import { consentLines } from './consent-text.ts';

/**
 * The 42 CFR 2.32 notice of a disclosure, word for word, where the structure takes notes. A message that may not leave without
 * it and has no such place is refused.
 */
export const NOTICE_NTE: SegmentPlan = {
  segment: 'NTE',
  each: ({ event }) => (event.notice === undefined ? [] : [{ notice: { value: event.notice, path: NOTICE_PATH } }]),
  rows: [
    { to: 'NTE-1', give: (_, { index }) => [[`${index}`]] },
    {
      to: 'NTE-3',
      give: (subject, writing) => [[[`${subject.notice?.value}`, ...consentLines(writing)].join('\n')]],
      type: 'FT',
      carries: ['notice'],
      required: true,
    },
  ],
};
