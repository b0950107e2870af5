import type { AllergyIntolerance, Condition, Encounter } from '@medplum/fhirtypes';
import { first, type SegmentMap } from '../../src/mapping/row.ts';
import { coded, cwe, translated } from '../datatypes/coded.ts';
import { practitioner } from '../datatypes/directory.ts';
import { ei } from '../datatypes/identifier.ts';
import { extension } from '../datatypes/shape.ts';
import { dateTime, st } from '../datatypes/text.ts';
import { ALLERGEN_CATEGORY, ALLERGY_CRITICALITY, ALLERGY_STATUS, ALLERGY_TYPE } from '../tables/allergy.ts';

/** DG1 → Condition. Rule: v2-to-FHIR IG 1.0.0, segment DG1[Condition]. */
export const DG1_CONDITION = {
  name: 'DG1[Condition]',
  segment: 'DG1',
  rows: [
    { from: 'DG1-5', to: 'onsetDateTime', as: first(dateTime) },
    { from: 'DG1-16', to: 'asserter', as: first(practitioner) },
    { from: 'DG1-19', to: 'recordedDate', as: first(dateTime) },
    {
      from: 'DG1-19',
      to: 'extension[DG1-19]',
      as: first(extension('http://hl7.org/fhir/StructureDefinition/condition-assertedDate', 'valueDateTime', dateTime)),
    },
    { from: 'DG1-20', to: 'identifier[DG1-20]', as: first(ei()) },
  ],
  hand: [
    { from: 'DG1-2', to: 'code', by: 'coding system of DG1-3 before v2.4' },
    { from: 'DG1-3', to: 'code', by: 'code and words' },
    { from: 'DG1-4', to: 'code', by: 'code and words' },
    { from: 'DG1-6', to: 'category', by: 'also Encounter.diagnosis.use' },
    { from: 'DG1-15', to: 'extension', by: 'Encounter.diagnosis.rank' },
    { from: 'DG1-21', to: 'verificationStatus', by: 'D is entered-in-error' },
    { from: 'DG1-22', to: 'extension', by: 'the diagnosis it is due to' },
  ],
  decisions: [{ from: 'DG1-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<Condition>;

/** DG1 → Encounter.diagnosis: the Condition, its use and rank. Rule: v2-to-FHIR IG 1.0.0, segment DG1[Encounter]. */
export const DG1_ENCOUNTER: SegmentMap<Encounter> = {
  name: 'DG1[Encounter]',
  segment: 'DG1',
  rows: [],
  hand: [3, 4, 5, 6, 15, 16, 19, 20, 21, 22].map((field) => ({
    from: `DG1-${field}`,
    to: 'diagnosis' as const,
    by: field === 6 ? 'use' : field === 15 ? 'rank' : 'the Condition it refers to',
  })),
};

/** AL1 → AllergyIntolerance. Rule: v2-to-FHIR IG 1.0.0, segment AL1[AllergyIntolerance]. */
export const AL1_ALLERGY = {
  name: 'AL1[AllergyIntolerance]',
  segment: 'AL1',
  states: ['clinicalStatus'],
  rows: [
    { from: 'AL1-2', to: 'category[AL1-2]', as: first(coded(ALLERGEN_CATEGORY)) },
    { from: 'AL1-2', to: 'type', as: first(coded(ALLERGY_TYPE)) },
    { from: 'AL1-3', to: 'code', as: first(cwe) },
    { from: 'AL1-4', to: 'criticality', as: first(coded(ALLERGY_CRITICALITY)) },
    { from: 'AL1-6', to: 'onsetDateTime', as: first(dateTime) },
  ],
  hand: [{ from: 'AL1-5', to: 'reaction[AL1-5]', by: 'each repetition is a manifestation' }],
  decisions: [
    { from: 'AL1-1', not: 'structural', why: 'orders the segments' },
    { from: 'AL1-4', to: 'reaction', not: 'duplicate', why: 'criticality has it; the guide leaves the choice' },
  ],
} as const satisfies SegmentMap<AllergyIntolerance>;

/** IAM → AllergyIntolerance. Rule: v2-to-FHIR IG 1.0.0, segment IAM[AllergyIntolerance]. */
export const IAM_ALLERGY = {
  name: 'IAM[AllergyIntolerance]',
  segment: 'IAM',
  states: ['clinicalStatus'],
  rows: [
    { from: 'IAM-2', to: 'category[IAM-2]', as: first(coded(ALLERGEN_CATEGORY)) },
    { from: 'IAM-2', to: 'type', as: first(coded(ALLERGY_TYPE)) },
    { from: 'IAM-3', to: 'code', as: first(cwe) },
    { from: 'IAM-4', to: 'criticality', as: first(coded(ALLERGY_CRITICALITY)) },
    { from: 'IAM-7', to: 'identifier[IAM-7]', as: first(ei()) },
    { from: 'IAM-11', to: 'onsetDateTime', as: first(dateTime) },
    { from: 'IAM-12', to: 'onsetString', as: first(st), when: { absent: 'IAM-11' } },
    { from: 'IAM-13', to: 'recordedDate', as: first(dateTime) },
    { from: 'IAM-17', to: 'clinicalStatus', as: first(translated(ALLERGY_STATUS)) },
  ],
  hand: [
    { from: 'IAM-5', to: 'reaction[IAM-5]', by: 'each repetition is a manifestation' },
    { from: 'IAM-6', to: 'verificationStatus', by: 'D is entered-in-error' },
    { from: 'IAM-14', to: 'recorder', by: 'name of who reported it' },
  ],
  decisions: [
    { from: 'IAM-1', not: 'structural', why: 'orders the segments' },
    { from: 'IAM-4', to: 'reaction', not: 'duplicate', why: 'criticality has it; the guide leaves the choice' },
    {
      from: 'IAM-15',
      not: 'superseded',
      why: 'who reported it is named; a RelatedPerson of a mere name could become a second one',
    },
    { from: 'IAM-27', not: 'unsafe', why: 'a second code of one allergy would be a second allergy' },
  ],
} as const satisfies SegmentMap<AllergyIntolerance>;
