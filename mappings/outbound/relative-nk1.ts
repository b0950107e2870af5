import type { Account, ContactPoint, RelatedPerson } from '@medplum/fhirtypes';
import { cwe, isOfTable, tabled } from '../../src/mapping/outbound/coded.ts';
import { every, first, type SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { about, type Entry, patientOf, pointsAt } from '../../src/mapping/outbound/scene.ts';
import { cx, dt, xad, xpn, xtn } from '../../src/mapping/outbound/writers.ts';
import { ADMINISTRATIVE_SEX } from './tables.ts';

const isRole = isOfTable('0131');
const isWork = (value: unknown): boolean => (value as ContactPoint).use === 'work';

/** RelatedPerson of the patient → NK1. One whose tie to the patient is not stated is no next of kin, and who only answers for the account stands in GT1. Rule: DOMAIN C1 ADT. */
export const RELATIVE_NK1: SegmentPlan = {
  segment: 'NK1',
  each: (scene) => {
    const patient = patientOf(scene);
    const guarantors = scene.all('Account').flatMap(({ value }) => (value as Account).guarantor ?? []);
    const isGuarantor = (one: Entry) => guarantors.some(({ party }) => pointsAt(party, one));
    return scene.all('RelatedPerson').flatMap((one) => {
      const { relationship, patient: of } = one.value as RelatedPerson;
      return patient !== undefined && pointsAt(of, patient) && relationship !== undefined && !isGuarantor(one)
        ? about(one)
        : [];
    });
  },
  rows: [
    { to: 'NK1-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'NK1-2', from: 'RelatedPerson.name', as: every(xpn) },
    { to: 'NK1-3', from: 'RelatedPerson.relationship', only: (value) => !isRole(value), as: first(cwe('0063')) },
    { to: 'NK1-4', from: 'RelatedPerson.address', as: every(xad) },
    { to: 'NK1-5', from: 'RelatedPerson.telecom', only: (value) => !isWork(value), as: every(xtn) },
    { to: 'NK1-6', from: 'RelatedPerson.telecom', only: isWork, as: every(xtn) },
    { to: 'NK1-7', from: 'RelatedPerson.relationship', only: isRole, as: first(cwe('0131')) },
    { to: 'NK1-8', from: 'RelatedPerson.period.start', as: first(dt) },
    { to: 'NK1-9', from: 'RelatedPerson.period.end', as: first(dt) },
    { to: 'NK1-15', from: 'RelatedPerson.gender', as: first(tabled(ADMINISTRATIVE_SEX)) },
    { to: 'NK1-16', from: 'RelatedPerson.birthDate', as: first(dt) },
    { to: 'NK1-20', from: 'RelatedPerson.communication.language', as: first(cwe()) },
    { to: 'NK1-33', from: 'RelatedPerson.identifier', as: every(cx) },
  ],
  also: ['RelatedPerson.patient', 'RelatedPerson.active'],
};
