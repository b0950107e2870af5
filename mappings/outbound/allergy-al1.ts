import type { AllergyIntolerance } from '@medplum/fhirtypes';
import { cwe, tabled } from '../../src/mapping/outbound/coded.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import { every, type FieldValue, first, type SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { about } from '../../src/mapping/outbound/scene.ts';
import { st } from '../../src/mapping/outbound/writers.ts';

const CATEGORY = { id: '0127', values: { medication: 'DA', food: 'FA', environment: 'EA' } };
const SEVERITY = { id: '0128', values: { mild: 'MI', moderate: 'MO', severe: 'SV' } };

function unknownType({ AllergyIntolerance: entry }: Subject): FieldValue | undefined {
  return ((entry?.value ?? {}) as AllergyIntolerance).category === undefined ? [['MA']] : undefined;
}

export const ALLERGY_AL1: SegmentPlan = {
  segment: 'AL1',
  each: (scene) =>
    scene
      .all('AllergyIntolerance')
      .filter(({ value }) => isHeld(value as AllergyIntolerance))
      .flatMap(about),
  rows: [
    { to: 'AL1-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'AL1-2', from: 'AllergyIntolerance.category', as: first(tabled(CATEGORY)) },
    { to: 'AL1-2', give: unknownType },
    { to: 'AL1-3', from: 'AllergyIntolerance.code', as: first(cwe()), required: true },
    { to: 'AL1-4', from: 'AllergyIntolerance.reaction.severity', as: first(tabled(SEVERITY)) },
    { to: 'AL1-5', from: 'AllergyIntolerance.reaction.manifestation.text', as: every(st) },
    { to: 'AL1-5', from: 'AllergyIntolerance.reaction.manifestation.coding.display', as: every(st) },
  ],
  also: ['AllergyIntolerance.patient'],
};

const isHeld = ({ verificationStatus, clinicalStatus }: AllergyIntolerance): boolean =>
  !['refuted', 'entered-in-error'].includes(verificationStatus?.coding?.[0]?.code ?? '') &&
  clinicalStatus?.coding?.[0]?.code !== 'resolved';
