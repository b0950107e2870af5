import type { Patient } from '@medplum/fhirtypes';
import { absent, every, first, type SegmentMap } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { coded, cwe, known, ofTable, translated } from '../datatypes/coded.ts';
import { organization, practitioner } from '../datatypes/directory.ts';
import { cx, externalCx } from '../datatypes/identifier.ts';
import { xad, xpn, xpnString, xtn } from '../datatypes/person.ts';
import { extension, holding, nested } from '../datatypes/shape.ts';
import { date, dateTime, integer, st, yesNo } from '../datatypes/text.ts';
import { alias, birthTime, ssn, usCoreEthnicity, usCoreRace } from '../datatypes/us-core.ts';
import { PRIMARY_LANGUAGE } from '../tables/language.ts';
import { ADMINISTRATIVE_SEX, MARITAL_STATUS } from '../tables/person.ts';
import { RELIGION } from '../tables/religion.ts';

const PATIENT = 'http://hl7.org/fhir/StructureDefinition/patient-';

/** PID → Patient. Rule: v2-to-FHIR IG 1.0.0, segment PID[Patient]; race and ethnicity are US Core's. */
export const PID_PATIENT = {
  name: 'PID[Patient]',
  segment: 'PID',
  rows: [
    { from: 'PID-2', to: 'identifier', as: every(externalCx(2)) },
    { from: 'PID-3', to: 'identifier', as: every(cx) },
    { from: 'PID-4', to: 'identifier', as: every(externalCx(4)) },
    { from: 'PID-5', to: 'name', as: every(xpn) },
    {
      from: 'PID-6',
      to: 'extension[PID-6]',
      as: first(extension(`${PATIENT}mothersMaidenName`, 'valueString', xpnString)),
    },
    { from: 'PID-7', to: 'birthDate', as: first(date) },
    { from: 'PID-7', to: '_birthDate', as: first(birthTime) },
    { from: 'PID-8', to: 'gender', as: first(coded(ADMINISTRATIVE_SEX)), note: 'unmapped is an issue, never unknown' },
    { from: 'PID-9', to: 'name', as: every(alias) },
    { from: 'PID-11', to: 'address', as: every(xad) },
    { from: 'PID-12', to: 'address[PID-12]', as: first(holding('district', st)), when: absent('PID-11.9') },
    { from: 'PID-13', to: 'telecom', as: every(xtn('home')) },
    { from: 'PID-14', to: 'telecom', as: every(xtn('work')) },
    { from: 'PID-15', to: 'communication[PID-15]', as: first(holding('language', known(PRIMARY_LANGUAGE))) },
    { from: 'PID-16', to: 'maritalStatus', as: first(translated(MARITAL_STATUS)) },
    {
      from: 'PID-17',
      to: 'extension[PID-17]',
      as: first(extension(`${PATIENT}religion`, 'valueCodeableConcept', known(RELIGION))),
    },
    { from: 'PID-19', to: 'identifier[PID-19]', as: first(ssn) },
    { from: 'PID-20', to: 'identifier[PID-20]', as: first(licence()) },
    {
      from: 'PID-23',
      to: 'extension[PID-23]',
      as: first(extension(`${PATIENT}birthPlace`, 'valueAddress', holding('text', st))),
    },
    { from: 'PID-24', to: 'multipleBirthBoolean', as: first(yesNo), when: absent('PID-25') },
    { from: 'PID-25', to: 'multipleBirthInteger', as: first(integer) },
    {
      from: 'PID-26',
      to: 'extension',
      as: every(nested(`${PATIENT}citizenship`, 'code', 'valueCodeableConcept', ofTable('0171'))),
    },
    {
      from: 'PID-27',
      to: 'extension[PID-27]',
      as: first(extension(hubExtension('military-status'), 'valueCodeableConcept', ofTable('0172'))),
    },
    {
      from: 'PID-31',
      to: 'extension[PID-31]',
      as: first(extension(hubExtension('identity-unknown'), 'valueBoolean', yesNo)),
    },
    {
      from: 'PID-36',
      to: 'extension[PID-36]',
      as: first(nested(`${PATIENT}animal`, 'breed', 'valueCodeableConcept', ofTable('0447'))),
    },
    {
      from: 'PID-28',
      to: 'extension[PID-28]',
      as: first(nested(`${PATIENT}nationality`, 'code', 'valueCodeableConcept', ofTable('0212'))),
    },
    { from: 'PID-29', to: 'deceasedDateTime', as: first(dateTime) },
    { from: 'PID-30', to: 'deceasedBoolean', as: first(yesNo), when: absent('PID-29') },
    {
      from: 'PID-35',
      to: 'extension[PID-35]',
      as: first(nested(`${PATIENT}animal`, 'species', 'valueCodeableConcept', ofTable('0446'))),
    },
    {
      from: 'PID-39',
      to: 'extension',
      as: every(nested(`${PATIENT}citizenship`, 'code', 'valueCodeableConcept', cwe)),
    },
    { from: 'PID-40', to: 'telecom', as: every(xtn()) },
  ],
  hand: [
    { from: 'PID-10', to: 'extension[PID-10]', by: 'us-core-race, one extension for all repetitions' },
    { from: 'PID-21', to: 'link', by: 'the mother is a RelatedPerson with her identifiers' },
    { from: 'PID-22', to: 'extension[PID-22]', by: 'us-core-ethnicity' },
  ],
  decisions: [{ from: 'PID-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<Patient>;

/** PD1 → Patient. Rule: v2-to-FHIR IG 1.0.0, segment PD1[Patient]. */
export const PD1_PATIENT = {
  name: 'PD1[Patient]',
  segment: 'PD1',
  rows: [
    { from: 'PD1-3', to: 'generalPractitioner', as: every(organization) },
    { from: 'PD1-4', to: 'generalPractitioner', as: every(practitioner) },
    {
      from: 'PD1-6',
      to: 'extension[PD1-6]',
      as: first(extension(`${PATIENT}disability`, 'valueCodeableConcept', ofTable('0295'))),
    },
    { from: 'PD1-14', to: 'extension[PD1-14]', as: first(extension(`${PATIENT}congregation`, 'valueString', st)) },
  ],
} as const satisfies SegmentMap<Patient>;

export const RACE = usCoreRace;
export const ETHNICITY = usCoreEthnicity;

/** DLN: number, issuing state, expiry. */
function licence() {
  return {
    name: 'DLN[Identifier]',
    parts: [1, 2, 3],
    read: (...[node, scope]: Parameters<typeof ssn.read>) => {
      const value = node.get(1);
      if (value === undefined) return undefined;
      const end = node.get(3) === undefined ? undefined : scope.time(node.get(3)!, 'date');
      return {
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'DL' }] },
        system: `urn:handoff:licence:${encodeURIComponent(node.get(2) ?? 'unknown')}`,
        value,
        ...(typeof end === 'string' && { period: { end } }),
      };
    },
  };
}
