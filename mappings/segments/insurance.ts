import type { Account, Coverage, RelatedPerson } from '@medplum/fhirtypes';
import { every, first, type SegmentMap } from '../../src/mapping/row.ts';
import { coded, known, ofTable, translated } from '../datatypes/coded.ts';
import { cx } from '../datatypes/identifier.ts';
import { xad, xpn, xtn } from '../datatypes/person.ts';
import { holding } from '../datatypes/shape.ts';
import { date, dateTime, st } from '../datatypes/text.ts';
import { ssn } from '../datatypes/us-core.ts';
import { PRIMARY_LANGUAGE } from '../tables/language.ts';
import { ADMINISTRATIVE_SEX, RELATIONSHIP } from '../tables/person.ts';

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
  ],
  hand: [
    { from: 'IN1-2', to: 'class', by: 'the plan, with its name' },
    { from: 'IN1-3', to: 'payor', by: 'part of the key' },
    { from: 'IN1-8', to: 'class', by: 'the group' },
    { from: 'IN1-9', to: 'class', by: 'its name' },
    { from: 'IN1-4', to: 'payor', by: 'Organization' },
    { from: 'IN1-5', to: 'payor', by: 'its address' },
    { from: 'IN1-10', to: 'policyHolder', by: 'number of the employer' },
    { from: 'IN1-11', to: 'policyHolder', by: 'the group or employer' },
    { from: 'IN1-16', to: 'subscriber', by: 'the patient, or a relative' },
    { from: 'IN1-18', to: 'subscriber', by: 'birth date of the relative' },
    { from: 'IN1-19', to: 'subscriber', by: 'address of the relative' },
    { from: 'IN1-36', to: 'subscriberId', by: 'when IN1-49 is empty' },
    { from: 'IN1-49', to: 'subscriberId', by: 'member number' },
  ],
  decisions: [
    { from: 'IN1-1', not: 'structural', why: 'orders the segments' },
    { from: 'IN1-10', to: 'extension', not: 'superseded', why: 'R4 has subscriberId' },
    { from: 'IN1-49', to: 'extension', not: 'superseded', why: 'R4 has subscriberId' },
  ],
} as const satisfies SegmentMap<Coverage>;

/** IN1 → the RelatedPerson that is insured (IN1-16), where it is not the patient. The guide stops at the name; this is ours. */
export const IN1_INSURED: SegmentMap<RelatedPerson> = {
  name: 'IN1[RelatedPerson]',
  segment: 'IN1',
  rows: [{ from: 'IN1-17', to: 'relationship[IN1-17]', as: first(known(RELATIONSHIP)) }],
};

/** IN2 behind an IN1 → the same RelatedPerson. The guide has no IN2. */
export const IN2_INSURED: SegmentMap<RelatedPerson> = {
  name: 'IN2[RelatedPerson]',
  segment: 'IN2',
  rows: [{ from: 'IN2-34', to: 'communication[IN2-34]', as: first(holding('language', known(PRIMARY_LANGUAGE))) }],
};

/** IN3 behind an IN1 → what the payer certified, beside the Coverage, in the shape of AUT beside a request. Rule: R45. */
export const IN3_COVERAGE: SegmentMap<Coverage> = {
  name: 'IN3[Coverage]',
  segment: 'IN3',
  rows: [],
  hand: [
    { from: 'IN3-2', to: 'extension', by: 'certification number' },
    { from: 'IN3-4', to: 'extension', by: 'whether a certification is required' },
    { from: 'IN3-6', to: 'extension', by: 'when it was certified' },
    { from: 'IN3-9', to: 'extension', by: 'begin of the certification' },
    { from: 'IN3-10', to: 'extension', by: 'end of the certification' },
    { from: 'IN3-11', to: 'extension', by: 'days that are certified' },
  ],
};

/** GT1 → RelatedPerson that guarantees the account. The guide has no such map; this is ours. */
export const GT1_PERSON = {
  name: 'GT1[RelatedPerson]',
  segment: 'GT1',
  rows: [
    { from: 'GT1-2', to: 'identifier', as: every(cx) },
    { from: 'GT1-3', to: 'name', as: every(xpn) },
    { from: 'GT1-5', to: 'address', as: every(xad) },
    { from: 'GT1-6', to: 'telecom', as: every(xtn('home')) },
    { from: 'GT1-7', to: 'telecom', as: every(xtn('work')) },
    { from: 'GT1-8', to: 'birthDate', as: first(date) },
    { from: 'GT1-9', to: 'gender', as: first(coded(ADMINISTRATIVE_SEX)) },
    { from: 'GT1-11', to: 'relationship[GT1-11]', as: first(translated(RELATIONSHIP)) },
    { from: 'GT1-12', to: 'identifier[GT1-12]', as: first(ssn) },
    { from: 'GT1-13', to: 'period.start', as: first(dateTime) },
    { from: 'GT1-14', to: 'period.end', as: first(dateTime) },
    { from: 'GT1-36', to: 'communication[GT1-36]', as: first(holding('language', known(PRIMARY_LANGUAGE))) },
  ],
  decisions: [{ from: 'GT1-1', not: 'structural', why: 'orders the segments' }],
} as const satisfies SegmentMap<RelatedPerson>;

/** PID-18 → Account. Rule: v2-to-FHIR IG 1.0.0, segment PID[Account]. */
export const PID_ACCOUNT: SegmentMap<Account> = {
  name: 'PID[Account]',
  segment: 'PID',
  states: ['status'],
  rows: [],
  hand: [{ from: 'PID-18', to: 'identifier', by: 'the key of the account' }],
};
