import type {
  CodeableConcept,
  Encounter,
  EncounterLocation,
  EncounterParticipant,
  Identifier,
} from '@medplum/fhirtypes';
import { cwe, isOfTable, tableCode, tabledConcept } from '../../src/mapping/outbound/coded.ts';
import { xcn } from '../../src/mapping/outbound/people.ts';
import { every, first, type OutRow, type SegmentPlan, type Writer } from '../../src/mapping/outbound/row.ts';
import { about, type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import { atLeast } from '../../src/mapping/outbound/version.ts';
import { cx, dtm } from '../../src/mapping/outbound/writers.ts';
import { placeOf } from './location-pl.ts';
import { PATIENT_CLASS } from './tables.ts';

/** The visit of the event: the focus itself, or the one it names. */
export function visitOf(scene: Scene): Entry | undefined {
  if (scene.focus.value.resourceType === 'Encounter') return scene.focus;
  for (const name of ['encounter', 'context']) {
    const target = scene.at(element(scene.focus, name));
    if (target?.value.resourceType === 'Encounter') return target;
  }
  return undefined;
}

const place: Writer = {
  type: 'PL',
  uses: ['location', 'status', 'period'],
  write: ({ value }, writing) => placeOf((value as EncounterLocation).location, writing),
};

const stateOf = (value: unknown): string => (value as EncounterLocation).status ?? 'active';
const hasState = (state: string) => (value: unknown) => stateOf(value) === state;
/** Where the patient is, or of a planned visit will be: not the place left behind or kept free. */
const isCurrent = (value: unknown): boolean => ['active', 'planned'].includes(stateOf(value));

/** Site-defined tables: the code is the source's own. From 2.7 on such fields hold its words and system too. */
const siteCode: Writer = {
  type: 'CWE',
  uses: ['*'],
  write({ value, path }, writing) {
    if (atLeast(writing.endpoint.version, '2.7')) return cwe().write({ value, path }, writing);
    const code = (value as CodeableConcept).coding?.[0]?.code;
    return code === undefined ? undefined : [code];
  },
};

const isVisitNumber = (value: unknown): boolean => {
  const codes = (value as Identifier).type?.coding ?? [];
  return codes.length === 0 || codes.some(({ code }) => code === 'VN');
};

const participant = (code: string, to: string): OutRow => ({
  to,
  from: 'Encounter.participant',
  only: (value) =>
    ((value as EncounterParticipant).type ?? []).some(
      ({ coding }) => coding?.some((one) => one.code === code) ?? false,
    ),
  as: every({
    type: 'XCN',
    uses: ['*'],
    write: ({ value, path }, writing) =>
      xcn.write({ value: (value as EncounterParticipant).individual ?? {}, path: `${path}.individual` }, writing),
  }),
});

const VISIT_ROWS: readonly OutRow[] = [
  { to: 'PV1-1', give: () => [['1']] },
  { to: 'PV1-2', from: 'Encounter.class', as: first(tabledConcept(PATIENT_CLASS)) },
  { to: 'PV1-2', give: ({ Encounter }) => (classOf(Encounter as Entry) === undefined ? [['U']] : undefined) },
  { to: 'PV1-3', from: 'Encounter.location', only: isCurrent, as: first(place) },
  participant('ATND', 'PV1-7'),
  participant('REF', 'PV1-8'),
  participant('CON', 'PV1-9'),
  { to: 'PV1-14', from: 'Encounter.hospitalization.admitSource', as: first(siteCode) },
  participant('ADM', 'PV1-17'),
  { to: 'PV1-19', from: 'Encounter.identifier', only: isVisitNumber, as: first(cx) },
  { to: 'PV1-36', from: 'Encounter.hospitalization.dischargeDisposition', as: first(siteCode) },
  { to: 'PV1-44', from: 'Encounter.period.start', as: first(dtm) },
  { to: 'PV1-45', from: 'Encounter.period.end', as: first(dtm) },
];

function classOf(entry: Entry | undefined): string | undefined {
  return (entry?.value as Encounter | undefined)?.class?.code;
}

/** Encounter → PV1. The status follows from the trigger and the period. */
export const VISIT_PV1: SegmentPlan = {
  segment: 'PV1',
  each: (scene) => about(visitOf(scene)),
  rows: VISIT_ROWS,
  also: ['Encounter.status', 'Encounter.subject', 'Encounter.serviceProvider'],
};

/** PV1 with all that is known of the visit: for those who are told of the visit itself, and not of a note or a booking within it. */
export const WHOLE_PV1: SegmentPlan = {
  ...VISIT_PV1,
  rows: [
    ...VISIT_ROWS,
    { to: 'PV1-4', from: 'Encounter.type', only: isOfTable('0007'), as: first(tableCode('0007')) },
    { to: 'PV1-5', from: 'Encounter.hospitalization.preAdmissionIdentifier', as: first(cx) },
    { to: 'PV1-6', from: 'Encounter.location', only: hasState('completed'), as: first(place) },
    { to: 'PV1-10', from: 'Encounter.serviceType', as: first(siteCode) },
    { to: 'PV1-13', from: 'Encounter.hospitalization.reAdmission', as: first(siteCode) },
    { to: 'PV1-15', from: 'Encounter.hospitalization.specialArrangement', as: every(siteCode) },
    { to: 'PV1-16', from: 'Encounter.hospitalization.specialCourtesy', as: first(siteCode) },
    { to: 'PV1-42', from: 'Encounter.location', only: hasState('reserved'), as: first(place) },
    { to: 'PV1-50', from: 'Encounter.identifier', only: (value) => !isVisitNumber(value), as: first(cx) },
  ],
};

/** PV1 where the structure demands one although no visit is told: class `N`, not applicable. */
export const VISIT_PV1_OR_NONE: SegmentPlan = {
  ...VISIT_PV1,
  each: (scene) => {
    const visit = about(visitOf(scene));
    return visit.length > 0 ? visit : [{}];
  },
  rows: [
    ...VISIT_ROWS.filter((row) => !('give' in row && row.to === 'PV1-2')),
    { to: 'PV1-2', give: ({ Encounter }) => (classOf(Encounter as Entry) === undefined ? [['N']] : undefined) },
  ],
};
