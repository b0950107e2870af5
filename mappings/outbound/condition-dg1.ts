import type { Condition } from '@medplum/fhirtypes';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import { xcn } from '../../src/mapping/outbound/people.ts';
import { type FieldValue, first, type SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { about } from '../../src/mapping/outbound/scene.ts';
import { dtm, ei } from '../../src/mapping/outbound/writers.ts';

/** Admitting, working, final (table 0052). A diagnosis that is only suspected must not arrive as a final one. */
function diagnosisType({ Condition: entry }: Subject): FieldValue {
  const { verificationStatus, category } = (entry?.value ?? {}) as Condition;
  const verified = verificationStatus?.coding?.[0]?.code;
  const categories = (category ?? []).flatMap(({ coding }) => (coding ?? []).map(({ code }) => code));
  if (categories.includes('AD') || categories.includes('A')) return [['A']];
  return [[verified === 'confirmed' || verified === undefined ? 'F' : 'W']];
}

/** Refuted and entered-in-error diagnoses are no diagnoses: they do not go out, and are listed. */
const isDiagnosis = ({ verificationStatus }: Condition): boolean =>
  !['refuted', 'entered-in-error'].includes(verificationStatus?.coding?.[0]?.code ?? '');

export const CONDITION_DG1: SegmentPlan = {
  segment: 'DG1',
  each: (scene) =>
    scene
      .all('Condition')
      .filter(({ value }) => isDiagnosis(value as Condition))
      .flatMap(about),
  rows: [
    { to: 'DG1-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'DG1-3', from: 'Condition.code', as: first(cwe()) },
    { to: 'DG1-5', from: 'Condition.onsetDateTime', as: first(dtm) },
    {
      to: 'DG1-6',
      give: diagnosisType,
      carries: ['Condition.verificationStatus'],
    },
    { to: 'DG1-16', from: 'Condition.recorder', as: first(xcn) },
    { to: 'DG1-19', from: 'Condition.recordedDate', as: first(dtm) },
    { to: 'DG1-20', from: 'Condition.identifier', as: first(ei) },
  ],
  also: ['Condition.subject', 'Condition.encounter'],
};
