import type { RelatedPerson } from '@medplum/fhirtypes';
import { every, first, type SegmentMap } from '../../src/mapping/row.ts';
import { coded, known, translated } from '../datatypes/coded.ts';
import { cx } from '../datatypes/identifier.ts';
import { xad, xpn, xtn } from '../datatypes/person.ts';
import { holding } from '../datatypes/shape.ts';
import { date, dateTime } from '../datatypes/text.ts';
import { ssn } from '../datatypes/us-core.ts';
import { PRIMARY_LANGUAGE } from '../tables/language.ts';
import { ADMINISTRATIVE_SEX, RELATIONSHIP } from '../tables/person.ts';
import { CONTACT_ROLE } from '../tables/person-code.ts';

/** NK1 → RelatedPerson. Rule: v2-to-FHIR IG 1.0.0, segment NK1[RelatedPerson]. */
export const NK1_RELATED_PERSON = {
  name: 'NK1[RelatedPerson]',
  segment: 'NK1',
  rows: [
    { from: 'NK1-2', to: 'name', as: every(xpn) },
    { from: 'NK1-3', to: 'relationship[NK1-3]', as: first(translated(RELATIONSHIP)) },
    { from: 'NK1-4', to: 'address', as: every(xad) },
    { from: 'NK1-5', to: 'telecom', as: every(xtn()) },
    { from: 'NK1-6', to: 'telecom', as: every(xtn('work')) },
    { from: 'NK1-7', to: 'relationship[NK1-7]', as: first(known(CONTACT_ROLE)) },
    { from: 'NK1-8', to: 'period.start', as: first(dateTime) },
    { from: 'NK1-9', to: 'period.end', as: first(dateTime) },
    { from: 'NK1-12', to: 'identifier[NK1-12]', as: first(cx) },
    { from: 'NK1-15', to: 'gender', as: first(coded(ADMINISTRATIVE_SEX)) },
    { from: 'NK1-16', to: 'birthDate', as: first(date) },
    { from: 'NK1-20', to: 'communication[NK1-20]', as: first(holding('language', known(PRIMARY_LANGUAGE))) },
    { from: 'NK1-30', to: 'name', as: every(xpn) },
    { from: 'NK1-31', to: 'telecom', as: every(xtn()) },
    { from: 'NK1-32', to: 'address', as: every(xad) },
    { from: 'NK1-33', to: 'identifier', as: every(cx) },
    { from: 'NK1-37', to: 'identifier[NK1-37]', as: first(ssn) },
    { from: 'NK1-40', to: 'telecom', as: every(xtn()) },
    { from: 'NK1-41', to: 'telecom', as: every(xtn()) },
  ],
  decisions: [{ from: 'NK1-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<RelatedPerson>;
