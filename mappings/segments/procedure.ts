import type { Procedure } from '@medplum/fhirtypes';
import { every, first, type SegmentMap } from '../../src/mapping/row.ts';
import type { Json } from '../../src/model/json.ts';
import { cwe, ofTable } from '../datatypes/coded.ts';
import { location, practitioner } from '../datatypes/directory.ts';
import { ei } from '../datatypes/identifier.ts';
import { holding } from '../datatypes/shape.ts';

const by = (code: string, display: string): Record<string, Json> => ({
  function: { coding: [{ system: 'http://snomed.info/sct', code, display }] },
});

/** PR1 → Procedure. Rule: v2-to-FHIR IG 1.0.0, segment PR1[Procedure]. */
export const PR1_PROCEDURE = {
  name: 'PR1[Procedure]',
  segment: 'PR1',
  states: ['status'],
  rows: [
    { from: 'PR1-6', to: 'category', as: first(ofTable('0230')) },
    { from: 'PR1-8', to: 'performer', as: every(holding('actor', practitioner, by('88189002', 'Anesthesiologist'))) },
    { from: 'PR1-11', to: 'performer', as: every(holding('actor', practitioner, by('304292004', 'Surgeon'))) },
    { from: 'PR1-12', to: 'performer', as: every(holding('actor', practitioner)) },
    { from: 'PR1-15', to: 'reasonCode[PR1-15]', as: first(cwe) },
    { from: 'PR1-19', to: 'identifier[PR1-19]', as: first(ei()) },
    { from: 'PR1-23', to: 'location', as: first(location) },
  ],
  hand: [
    { from: 'PR1-2', to: 'code', by: 'coding system of PR1-3 before v2.3' },
    { from: 'PR1-3', to: 'code', by: 'code and words' },
    { from: 'PR1-4', to: 'code', by: 'code and words' },
    { from: 'PR1-5', to: 'performedDateTime', by: 'a moment, or with PR1-7 a period' },
    { from: 'PR1-5', to: 'performedPeriod', by: 'with PR1-7 a period' },
    { from: 'PR1-7', to: 'performedPeriod', by: 'minutes' },
    { from: 'PR1-16', to: 'code', by: 'modifiers' },
    { from: 'PR1-20', to: 'status', by: 'D is entered-in-error' },
    { from: 'PR1-25', to: 'partOf', by: 'parent procedure' },
  ],
  decisions: [{ from: 'PR1-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<Procedure>;
