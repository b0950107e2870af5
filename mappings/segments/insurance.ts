import type { Coverage } from '@medplum/fhirtypes';
import { first, type SegmentMap } from '../../src/mapping/row.ts';
import { ofTable, translated } from '../datatypes/coded.ts';
import { holding } from '../datatypes/shape.ts';
import { dateTime, st } from '../datatypes/text.ts';
import { RELATIONSHIP } from '../tables/person.ts';

/** IN1 → Coverage. Rule: v2-to-FHIR IG 1.0.0, segment IN1[Coverage]. */
export const IN1_COVERAGE = {
  name: 'IN1[Coverage]',
  segment: 'IN1',
  rows: [
    { from: 'IN1-2', to: 'identifier[IN1-2]', as: first(holding('value', st)) },
    { from: 'IN1-12', to: 'period.start', as: first(dateTime) },
    { from: 'IN1-13', to: 'period.end', as: first(dateTime) },
    { from: 'IN1-15', to: 'type', as: first(ofTable('0086')) },
    { from: 'IN1-17', to: 'relationship', as: first(translated(RELATIONSHIP)) },
    { from: 'IN1-8', to: 'class[IN1-8]', as: first(holding('value', st, { type: groupClass() })) },
  ],
  hand: [
    { from: 'IN1-3', to: 'payor', by: 'part of the key' },
    { from: 'IN1-4', to: 'payor', by: 'Organization' },
    { from: 'IN1-16', to: 'subscriber', by: 'the patient, or a relative' },
    { from: 'IN1-18', to: 'subscriber', by: 'birth date of the relative' },
    { from: 'IN1-19', to: 'subscriber', by: 'address of the relative' },
    { from: 'IN1-36', to: 'subscriberId', by: 'when IN1-49 is empty' },
    { from: 'IN1-49', to: 'subscriberId', by: 'member number' },
  ],
  decisions: [{ from: 'IN1-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<Coverage>;

function groupClass() {
  return { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/coverage-class', code: 'group' }] };
}
