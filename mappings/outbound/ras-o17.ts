import type { Identifier, Medication, MedicationAdministration, MedicationRequest } from '@medplum/fhirtypes';
import { cwe, tabled } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import { xcn } from '../../src/mapping/outbound/people.ts';
import {
  every,
  type FieldValue,
  first,
  type OutboundMessage,
  type SegmentPlan,
  type Writer,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import { type Entry, element, pointsAt, type Scene } from '../../src/mapping/outbound/scene.ts';
import { atLeast } from '../../src/mapping/outbound/version.ts';
import { dtm, ei, st } from '../../src/mapping/outbound/writers.ts';
import { NOTICE_NTE } from './notice-nte.ts';
import { OBX_ROWS, observed, RESULT_NOTE } from './observation-obx.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { refuseUnlessRelayed } from './relay.ts';
import { COMPLETION_STATUS } from './tables.ts';
import { VISIT_PV1 } from './visit-pv1.ts';

/** The administrations of the session: the one the event is about and those of the same session, in order of time. */
function administrations(scene: Scene): readonly Subject[] {
  const session = (element(scene.focus, 'partOf') as { reference?: string }[] | undefined)?.[0]?.reference;
  const same = scene.all('MedicationAdministration').filter((one) => {
    const [part] = (element(one, 'partOf') ?? []) as { reference?: string }[];
    return one === scene.focus || (session !== undefined && part?.reference === session);
  });
  return [...same]
    .sort((a, b) => startOf(a).localeCompare(startOf(b)))
    .map((entry, index) => ({
      MedicationAdministration: entry,
      number: { value: index + 1, path: entry.path },
      ...medication(scene, entry),
    }));
}

function startOf({ value }: Entry): string {
  const { effectivePeriod, effectiveDateTime } = value as MedicationAdministration;
  return effectivePeriod?.start ?? effectiveDateTime ?? '';
}

/** The contained or referenced Medication, with its lot. */
function medication(scene: Scene, entry: Entry): Subject {
  const { medicationReference, contained = [] } = entry.value as MedicationAdministration;
  const inner = medicationReference?.reference?.startsWith('#') ? medicationReference.reference.slice(1) : undefined;
  const index = contained.findIndex(({ id }) => id !== undefined && id === inner);
  if (index >= 0)
    return { Medication: { value: contained[index] as Medication, path: `${entry.path}.contained[${index}]` } };
  return { Medication: scene.at(medicationReference) };
}

function orderOf(scene: Scene): Entry | undefined {
  const target = scene.at(element(scene.focus, 'request'));
  if (target !== undefined) return target;
  return scene.all('MedicationRequest').find((one) => pointsAt(element(scene.focus, 'request'), one));
}

const PLACER = (value: unknown) => !isOf(value, 'FILL');
const FILLER = (value: unknown) => isOf(value, 'FILL');
const isOf = (value: unknown, type: string): boolean =>
  (value as Identifier).type?.coding?.some(({ code }) => code === type) ?? false;

/** Without an order of the release the administration's own number keeps the message tied to its source. */
function administrationNumber(subject: Subject, writing: Writing): FieldValue | undefined {
  const order = (subject.MedicationRequest?.value as MedicationRequest | undefined)?.identifier ?? [];
  if (order.some(FILLER)) return undefined;
  const [own] = read(subject, 'MedicationAdministration.identifier');
  const written = own === undefined ? undefined : ei.write(own, writing);
  if (own === undefined || written === undefined) return undefined;
  writing.carried(own.path);
  return [written];
}

function drug(subject: Subject, writing: Writing): FieldValue | undefined {
  const [stated] = read(subject, 'MedicationAdministration.medicationCodeableConcept');
  const [referenced] = read(subject, 'Medication.code');
  const found = stated ?? referenced;
  const written = found === undefined ? undefined : cwe().write(found, writing);
  if (found === undefined || written === undefined) return undefined;
  writing.carried(found.path);
  return [written];
}

/** The amount that was given. What is unknown is 999, as the standard says, and never a nominal dose. */
function amount(subject: Subject): FieldValue {
  const { dosage } = (subject.MedicationAdministration?.value ?? {}) as MedicationAdministration;
  return [[dosage?.dose?.value === undefined ? '999' : `${dosage.dose.value}`]];
}

function unit(subject: Subject, writing: Writing): FieldValue | undefined {
  const { dosage } = (subject.MedicationAdministration?.value ?? {}) as MedicationAdministration;
  const { code, unit: text, system } = dosage?.dose ?? {};
  if (code === undefined && text === undefined) return undefined;
  const coding = {
    ...(code !== undefined && { code }),
    ...(system !== undefined && { system }),
    display: text ?? code ?? '',
  };
  const written = cwe().write({ value: { coding: [coding] }, path: '' }, writing);
  return written === undefined ? undefined : [written];
}

/** A coded field that holds words only: the structure has no NTE for an administration. */
const inWords: Writer = {
  type: 'CWE',
  uses: ['*'],
  write: ({ value }) => (typeof value === 'string' ? ['', value] : undefined),
};

function manufacturer({ Medication: entry }: Subject, { scene }: Writing): FieldValue | undefined {
  const reference = ((entry?.value ?? {}) as Medication).manufacturer;
  const name = element(scene.at(reference), 'name') ?? reference?.display;
  return typeof name === 'string' ? [['', name]] : undefined;
}

/** Vitals and scales of the session stand after its last administration. */
function sessionResults(scene: Scene, { MedicationAdministration: entry }: Subject): readonly Subject[] {
  const last = administrations(scene).at(-1)?.MedicationAdministration;
  return entry?.path === last?.path ? scene.all('Observation').flatMap(observed) : [];
}

/** RXA-4 may not be empty; the start again says that the end is not known, and nobody may count a clock from it. */
function unknownEnd({ MedicationAdministration: entry }: Subject, writing: Writing): FieldValue | undefined {
  const { effectivePeriod, effectiveDateTime } = (entry?.value ?? {}) as MedicationAdministration;
  const start = effectivePeriod === undefined ? effectiveDateTime : effectivePeriod.start;
  if (effectivePeriod?.end !== undefined || start === undefined) return undefined;
  const written = dtm.write({ value: start, path: `${entry?.path}.effectivePeriod` }, writing);
  return written === undefined ? undefined : [written];
}

function action({ MedicationAdministration: entry }: Subject): FieldValue {
  return [[((entry?.value ?? {}) as MedicationAdministration).status === 'entered-in-error' ? 'D' : 'A']];
}

const GIVEN_RXA: SegmentPlan = {
  segment: 'RXA',
  required: true,
  each: (_, parent) => [parent],
  rows: [
    { to: 'RXA-1', give: () => [['0']] },
    { to: 'RXA-2', give: ({ number }) => [[`${number?.value}`]] },
    { to: 'RXA-3', from: 'MedicationAdministration.effectivePeriod.start', as: first(dtm) },
    { to: 'RXA-3', from: 'MedicationAdministration.effectiveDateTime', as: first(dtm) },
    { to: 'RXA-4', from: 'MedicationAdministration.effectivePeriod.end', as: first(dtm) },
    { to: 'RXA-4', give: unknownEnd, type: 'TS' },
    { to: 'RXA-5', give: drug, type: 'CWE', required: true },
    { to: 'RXA-6', give: amount, carries: ['MedicationAdministration.dosage.dose.value'] },
    {
      to: 'RXA-7',
      give: unit,
      type: 'CWE',
      carries: [
        'MedicationAdministration.dosage.dose.code',
        'MedicationAdministration.dosage.dose.unit',
        'MedicationAdministration.dosage.dose.system',
      ],
    },
    { to: 'RXA-9', from: 'MedicationAdministration.note.text', as: every(inWords) },
    { to: 'RXA-10', from: 'MedicationAdministration.performer.actor', as: every(xcn) },
    { to: 'RXA-15', from: 'Medication.batch.lotNumber', as: first(st) },
    { to: 'RXA-16', from: 'Medication.batch.expirationDate', as: first(dtm) },
    { to: 'RXA-17', give: manufacturer, type: 'CWE', carries: ['Medication.manufacturer'] },
    { to: 'RXA-18', from: 'MedicationAdministration.statusReason', as: every(cwe()) },
    { to: 'RXA-19', from: 'MedicationAdministration.reasonCode', as: every(cwe()) },
    {
      to: 'RXA-20',
      from: 'MedicationAdministration.status',
      only: (value) => value !== 'entered-in-error',
      as: first(tabled(COMPLETION_STATUS)),
    },
    { to: 'RXA-21', give: action, carries: ['MedicationAdministration.status'] },
  ],
  also: [
    'MedicationAdministration.subject',
    'MedicationAdministration.context', // PV1
    'MedicationAdministration.request', // ORC
    'MedicationAdministration.partOf', // the segments of one message are one session
    'MedicationAdministration.medicationReference',
    'Medication.id',
    'Medication.resourceType',
  ],
  followedBy: [
    {
      segment: 'RXR',
      each: (_, parent) => (read(parent, 'MedicationAdministration.dosage.route').length > 0 ? [parent] : []),
      rows: [
        { to: 'RXR-1', from: 'MedicationAdministration.dosage.route', as: first(cwe('0162')), required: true },
        { to: 'RXR-2', from: 'MedicationAdministration.dosage.site', as: first(cwe('0163')) },
        { to: 'RXR-4', from: 'MedicationAdministration.dosage.method', as: first(cwe('0165')) },
      ],
    },
    {
      segment: 'OBX',
      worth: 'OBX-11',
      each: sessionResults,
      rows: OBX_ROWS,
      also: [
        'Observation.subject',
        'Observation.encounter',
        'Observation.basedOn',
        'Observation.partOf',
        'Observation.category',
      ],
      followedBy: [RESULT_NOTE],
    },
  ],
};

/** One order group for each administration: before 2.5 a group has several RXA but only one route. */
const ORDER_ORC: SegmentPlan = {
  segment: 'ORC',
  required: true,
  each: (scene) => administrations(scene).map((subject) => ({ ...subject, MedicationRequest: orderOf(scene) })),
  rows: [
    { to: 'ORC-1', give: () => [['RE']] },
    { to: 'ORC-2', from: 'MedicationRequest.identifier', only: PLACER, as: first(ei) },
    { to: 'ORC-3', from: 'MedicationRequest.identifier', only: FILLER, as: first(ei) },
    { to: 'ORC-3', give: administrationNumber, type: 'EI' },
    { to: 'ORC-9', from: 'MedicationRequest.authoredOn', as: first(dtm) },
    { to: 'ORC-12', from: 'MedicationRequest.requester', as: first(xcn) },
  ],
  also: [
    'MedicationRequest.subject',
    'MedicationRequest.status',
    'MedicationRequest.intent',
    'MedicationRequest.medicationCodeableConcept',
  ],
  followedBy: [GIVEN_RXA],
};

/** One RXA for each device, as it was recorded; the total of a session is nobody's administration. Rule: DOMAIN C1 RAS, H11. */
export const ADMINISTRATION_RAS: OutboundMessage = {
  focus: ['MedicationAdministration'],
  // RAS^O01 became RAS^O17 in 2.4.
  trigger: ({ endpoint }) =>
    atLeast(endpoint.version, '2.4')
      ? { type: 'RAS', event: 'O17', structure: 'RAS_O17' }
      : { type: 'RAS', event: 'O01', structure: 'RAS_O01' },
  refuse: (scene) => refuseUnlessRelayed(scene, ['RAS^O17', 'RAS^O01']),
  segments: [PATIENT_PID, NOTICE_NTE, VISIT_PV1, ORDER_ORC],
};
