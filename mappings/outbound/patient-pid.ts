import type { Extension, Identifier } from '@medplum/fhirtypes';
import { issues, knows } from '../../src/mapping/outbound/assigner.ts';
import { cwe, tabled, tabledConcept } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import {
  every,
  type FieldValue,
  first,
  type OutRow,
  type SegmentPlan,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import { about, type Entry, linkedPatients, patientOf } from '../../src/mapping/outbound/scene.ts';
import { dt, dtm, st, trimmed, xad, xpn, xtn } from '../../src/mapping/outbound/writers.ts';
import { relayedCx } from './relay.ts';
import { ADMINISTRATIVE_SEX, MARITAL_STATUS, YES_NO } from './tables.ts';

const RACE = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race';
const ETHNICITY = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity';

/** US Core race or ethnicity: each of its categories and details; where it has no code, its words. */
const category = (to: string, extension: string): OutRow => ({
  to,
  give({ Patient }, writing) {
    const found = read({ Patient }, 'Patient.extension').find(({ value }) => (value as Extension).url === extension);
    if (found === undefined) return undefined;
    writing.carried(found.path);
    const parts = (found.value as Extension).extension ?? [];
    const codes = parts.flatMap(({ valueCoding }) => valueCoding ?? []);
    const text = parts.find(({ url }) => url === 'text')?.valueString;
    const concepts = codes.length > 0 ? codes : text === undefined ? [] : [{ text }];
    return concepts.flatMap((value) => [cwe().write({ value, path: found.path }, writing) ?? []]);
  },
  type: 'CWE',
});

const isWork = (value: unknown) => (value as { use?: string }).use === 'work';

/**
 * Every identifier of the person that was released, those the receiver issued itself first: it finds its patient by them.
 * Other sources' records of the same person give their identifiers and nothing else.
 */
function identifiers(patient: Entry, writing: Writing): FieldValue {
  const others = linkedPatients(writing.scene, patient);
  const found = [patient, ...others].flatMap((entry) => read({ Patient: entry }, 'Patient.identifier'));
  for (const { path } of others) {
    writing.carried(path);
    writing.issue(
      'render.identifiers-only',
      'information',
      path,
      'of another record of the person only the identifiers are told',
    );
  }
  const rank = ({ value }: { value: unknown }) => {
    const { system } = value as Identifier;
    if (issues(writing.partner, system)) return 0;
    return knows(writing.partner, system) ? 1 : 2;
  };
  const written = [...found]
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((one) => {
      const repetition = relayedCx.write(one, writing);
      if (repetition === undefined) return [];
      writing.carried(one.path);
      return [repetition];
    });
  // Two records of one person hold the same number: it is told once.
  return [...new Map(written.map((one) => [JSON.stringify(one), one])).values()];
}

/** Patient → PID. A patient without an identifier the message may carry is refused: a name alone finds the wrong person (H7). */
export const PATIENT_PID: SegmentPlan = {
  segment: 'PID',
  required: true,
  each: (scene) => about(patientOf(scene)),
  rows: [
    { to: 'PID-1', give: () => [['1']] },
    { to: 'PID-3', give: ({ Patient }, writing) => identifiers(Patient as Entry, writing), type: 'CX', required: true },
    { to: 'PID-5', from: 'Patient.name', as: every(xpn) },
    { to: 'PID-5', give: unnamed, type: 'XPN' },
    { to: 'PID-7', from: 'Patient.birthDate', as: first(dt) },
    { to: 'PID-8', from: 'Patient.gender', as: first(tabled(ADMINISTRATIVE_SEX)) },
    category('PID-10', RACE),
    { to: 'PID-11', from: 'Patient.address', as: every(xad) },
    { to: 'PID-13', from: 'Patient.telecom', only: (value) => !isWork(value), as: every(xtn) },
    { to: 'PID-14', from: 'Patient.telecom', only: isWork, as: every(xtn) },
    { to: 'PID-15', from: 'Patient.communication.language', as: first(cwe()) },
    { to: 'PID-16', from: 'Patient.maritalStatus', as: first(tabledConcept(MARITAL_STATUS)) },
    category('PID-22', ETHNICITY),
    { to: 'PID-24', from: 'Patient.multipleBirthBoolean', as: first(tabled(YES_NO)) },
    { to: 'PID-25', from: 'Patient.multipleBirthInteger', as: first(st) },
    { to: 'PID-29', from: 'Patient.deceasedDateTime', as: first(dtm) },
    { to: 'PID-30', from: 'Patient.deceasedDateTime', as: first({ ...st, write: () => ['Y'] }) },
    { to: 'PID-30', from: 'Patient.deceasedBoolean', as: first(tabled(YES_NO)) },
  ],
  // The identifiers name their issuer; which of the hub's copies is in use and how they are tied is the hub's own matter.
  also: ['Patient.managingOrganization', 'Patient.active', 'Patient.link'],
};

/** A released patient without a name (redacted) is said to be so: PID-5 may not be empty, and a made-up name would be a lie. */
function unnamed({ Patient }: { readonly Patient?: Entry | undefined }, writing: Writing): FieldValue | undefined {
  if (read({ Patient }, 'Patient.name').length > 0) return undefined;
  writing.issue(
    'render.name-absent',
    'warning',
    `${Patient?.path}.name`,
    'no name was released; the patient goes by identifier',
  );
  return [trimmed(['', '', '', '', '', '', 'U'])];
}
