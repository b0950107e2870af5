import type { AccountGuarantor, ContactPoint } from '@medplum/fhirtypes';
import { cwe, tabled } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import { every, first, type SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { cx, dt, xad, xpn, xtn } from '../../src/mapping/outbound/writers.ts';
import { ADMINISTRATIVE_SEX } from './tables.ts';

const isWork = (value: unknown): boolean => (value as ContactPoint).use === 'work';

/** Persons who answer for the account of the event → GT1. */
export const GUARANTOR_GT1: SegmentPlan = {
  segment: 'GT1',
  worth: 'GT1-3',
  each: (scene) =>
    scene
      .all('Account')
      .flatMap((Account) => read({ Account }, 'Account.guarantor'))
      .flatMap((guarantor) => {
        const person = scene.at((guarantor.value as AccountGuarantor).party);
        return person?.value.resourceType === 'RelatedPerson' ? [{ RelatedPerson: person, guarantor }] : [];
      }),
  rows: [
    { to: 'GT1-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'GT1-2', from: 'RelatedPerson.identifier', as: every(cx) },
    { to: 'GT1-3', from: 'RelatedPerson.name', as: every(xpn) },
    { to: 'GT1-5', from: 'RelatedPerson.address', as: every(xad) },
    { to: 'GT1-6', from: 'RelatedPerson.telecom', only: (value) => !isWork(value), as: every(xtn) },
    { to: 'GT1-7', from: 'RelatedPerson.telecom', only: isWork, as: every(xtn) },
    { to: 'GT1-8', from: 'RelatedPerson.birthDate', as: first(dt) },
    { to: 'GT1-9', from: 'RelatedPerson.gender', as: first(tabled(ADMINISTRATIVE_SEX)) },
    { to: 'GT1-11', from: 'RelatedPerson.relationship', as: first(cwe('0063')) },
    { to: 'GT1-13', from: 'RelatedPerson.period.start', as: first(dt) },
    { to: 'GT1-14', from: 'RelatedPerson.period.end', as: first(dt) },
  ],
  also: ['RelatedPerson.patient', 'RelatedPerson.active', 'guarantor.party'],
};
