import type { Condition, Encounter } from '@medplum/fhirtypes';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import { xcn } from '../../src/mapping/outbound/people.ts';
import { type FieldValue, first, type SegmentPlan, type Writing } from '../../src/mapping/outbound/row.ts';
import { about, type Entry } from '../../src/mapping/outbound/scene.ts';
import { dtm, ei } from '../../src/mapping/outbound/writers.ts';

const DIAGNOSIS_TYPE = 'http://terminology.hl7.org/CodeSystem/v2-0052';

/** What the visit says of the diagnosis, in the source's own word; the last one stands. */
function statedType(entry: Entry | undefined, { scene }: Writing): string | undefined {
  const uses = scene
    .all('Encounter')
    .flatMap(({ value }) =>
      ((value as Encounter).diagnosis ?? []).filter(
        ({ condition }) => entry !== undefined && scene.at(condition) === entry,
      ),
    );
  const codes = uses.flatMap(({ use }) => use?.coding ?? []).filter(({ system }) => system === DIAGNOSIS_TYPE);
  return codes.at(-1)?.code;
}

/** Admitting, working, final (table 0052). A diagnosis that is only suspected must not arrive as a final one. */
function diagnosisType({ Condition: entry }: Subject, writing: Writing): FieldValue {
  const stated = statedType(entry as Entry | undefined, writing);
  if (stated !== undefined) return [[stated]];
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
