import type { Encounter } from '@medplum/fhirtypes';
import { every, first, isNoneOf, isOneOf, type SegmentMap } from '../../src/mapping/row.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { coding, cwe, known, ofTable } from '../datatypes/coded.ts';
import { location, practitioner } from '../datatypes/directory.ts';
import { cx } from '../datatypes/identifier.ts';
import { extension, holding } from '../datatypes/shape.ts';
import { dateTime, lengthOfStay, st } from '../datatypes/text.ts';
import { ADMISSION_LEVEL, PATIENT_CLASS, PROVIDER_PARTICIPATION } from '../tables/encounter.ts';
import { HOSPITAL_SERVICE } from '../tables/hospital-service.ts';
import { PUBLICITY } from '../tables/person-code.ts';
import {
  ADMISSION_TYPE,
  AMBULATORY_STATUS,
  ARRIVAL_MODE,
  DIET,
  DISCHARGE_DISPOSITION,
  ENCOUNTER_PRIORITY,
  READMISSION,
  VIP,
  VISIT_USER,
} from '../tables/visit-code.ts';

const as = (role: keyof typeof PROVIDER_PARTICIPATION): Record<string, Json> => ({
  type: [{ coding: [PROVIDER_PARTICIPATION[role]] }],
});

/** PV1 → Encounter. Rule: v2-to-FHIR IG 1.0.0, segment PV1[Encounter]. */
export const PV1_ENCOUNTER = {
  name: 'PV1[Encounter]',
  segment: 'PV1',
  rows: [
    { from: 'PV1-2', to: 'class', as: first(coding(PATIENT_CLASS)), note: 'R is AMB: PHP and IOP are outpatient' },
    {
      from: 'PV1-3',
      to: 'location[PV1-3]',
      as: first(holding('location', location, { status: 'active' })),
      when: isNoneOf('PV1-2', 'P'),
    },
    {
      from: 'PV1-3',
      to: 'location[PV1-3]',
      as: first(holding('location', location, { status: 'planned' })),
      when: isOneOf('PV1-2', 'P'),
    },
    { from: 'PV1-4', to: 'type[PV1-4]', as: first(known(ADMISSION_TYPE)) },
    { from: 'PV1-5', to: 'hospitalization.preAdmissionIdentifier', as: first(cx) },
    { from: 'PV1-6', to: 'location[PV1-6]', as: first(holding('location', location, { status: 'completed' })) },
    { from: 'PV1-7', to: 'participant', as: every(holding('individual', practitioner, as('attending'))) },
    { from: 'PV1-8', to: 'participant', as: every(holding('individual', practitioner, as('referring'))) },
    { from: 'PV1-9', to: 'participant', as: every(holding('individual', practitioner, as('consulting'))) },
    { from: 'PV1-10', to: 'serviceType', as: first(known(HOSPITAL_SERVICE)) },
    { from: 'PV1-11', to: 'location[PV1-11]', as: first(holding('location', location, { status: 'active' })) },
    { from: 'PV1-13', to: 'hospitalization.reAdmission', as: first(known(READMISSION)) },
    { from: 'PV1-14', to: 'hospitalization.admitSource', as: first(ofTable('0023')) },
    { from: 'PV1-15', to: 'hospitalization.specialArrangement', as: every(known(AMBULATORY_STATUS)) },
    { from: 'PV1-16', to: 'hospitalization.specialCourtesy[PV1-16]', as: first(known(VIP)) },
    { from: 'PV1-17', to: 'participant', as: every(holding('individual', practitioner, as('admitting'))) },
    { from: 'PV1-36', to: 'hospitalization.dischargeDisposition', as: first(known(DISCHARGE_DISPOSITION)) },
    { from: 'PV1-38', to: 'hospitalization.dietPreference[PV1-38]', as: first(known(DIET)) },
    { from: 'PV1-42', to: 'location[PV1-42]', as: first(holding('location', location, { status: 'reserved' })) },
    { from: 'PV1-44', to: 'period.start', as: first(dateTime) },
    { from: 'PV1-45', to: 'period.end', as: first(dateTime) },
    { from: 'PV1-50', to: 'identifier', as: every(cx) },
    { from: 'PV1-52', to: 'participant', as: every(holding('individual', practitioner, as('other'))) },
  ],
  hand: [
    { from: 'PV1-19', to: 'identifier[PV1-19]', by: 'the visit number is the key' },
    { from: 'PV1-37', to: 'hospitalization.destination', by: 'discharge location' },
    { from: 'PV1-45', to: 'status', by: 'a discharge time finishes the visit' },
    { from: 'PV1-53', to: 'episodeOfCare', by: 'episode' },
    { from: 'PV1-54', to: 'episodeOfCare', by: 'episode' },
  ],
  decisions: [
    { from: 'PV1-1', not: 'structural', why: 'orders the segments' },
    {
      from: 'PV1-2',
      to: 'status',
      not: 'unsafe',
      why: 'the class says nothing about whether the visit has begun: the trigger does. Rule: DOMAIN E2',
    },
    { from: 'PV1-40', not: 'unsafe', why: 'the state a bed had when the message was sent is not the state it has' },
    { from: 'PV1-20', not: 'unsafe', why: 'the financial class of a visit is no type of a policy' },
  ],
} as const satisfies SegmentMap<Encounter>;

const R5 = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.';

/** PV2 → Encounter. Rule: v2-to-FHIR IG 1.0.0, segment PV2[Encounter]. */
export const PV2_ENCOUNTER = {
  name: 'PV2[Encounter]',
  segment: 'PV2',
  rows: [
    { from: 'PV2-1', to: 'location[PV2-1]', as: first(holding('location', location, { status: 'planned' })) },
    { from: 'PV2-3', to: 'reasonCode[PV2-3]', as: first(cwe) },
    {
      from: 'PV2-7',
      to: 'extension',
      as: every(extension(hubExtension('visit-user-code'), 'valueCodeableConcept', known(VISIT_USER))),
    },
    {
      from: 'PV2-10',
      to: 'extension[PV2-10]',
      as: first(extension(hubExtension('estimated-length'), 'valueQuantity', lengthOfStay)),
    },
    {
      from: 'PV2-12',
      to: 'extension[PV2-12]',
      as: first(extension(hubExtension('visit-description'), 'valueString', st)),
    },
    {
      from: 'PV2-21',
      to: 'extension[PV2-21]',
      as: first(extension(hubExtension('publicity'), 'valueCodeableConcept', known(PUBLICITY))),
    },
    {
      from: 'PV2-40',
      to: 'extension[PV2-40]',
      as: first(extension(hubExtension('admission-level-of-care'), 'valueCodeableConcept', known(ADMISSION_LEVEL))),
    },
    { from: 'PV2-8', to: 'extension[PV2-8]', as: first(extension(`${R5}plannedStartDate`, 'valueDateTime', dateTime)) },
    { from: 'PV2-9', to: 'extension[PV2-9]', as: first(extension(`${R5}plannedEndDate`, 'valueDateTime', dateTime)) },
    { from: 'PV2-11', to: 'length', as: first(lengthOfStay) },
    { from: 'PV2-13', to: 'participant', as: every(holding('individual', practitioner, as('referring'))) },
    { from: 'PV2-25', to: 'priority', as: first(known(ENCOUNTER_PRIORITY)) },
    {
      from: 'PV2-38',
      to: 'extension[PV2-38]',
      as: first(
        extension(
          'http://hl7.org/fhir/StructureDefinition/encounter-modeOfArrival',
          'valueCoding',
          coding(ARRIVAL_MODE),
        ),
      ),
    },
  ],
  hand: [{ from: 'PV2-22', to: 'meta', by: 'a protected visit is restricted' }],
  decisions: [
    { from: 'PV2-1', to: 'extension', not: 'superseded', why: 'status planned says it' },
    { from: 'PV2-12', to: 'text', not: 'unsafe', why: 'a narrative stands for the whole resource, not for one field' },
  ],
} as const satisfies SegmentMap<Encounter>;
