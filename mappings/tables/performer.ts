import type { Extension } from '@medplum/fhirtypes';

export const PERFORMER_FUNCTION = 'http://hl7.org/fhir/StructureDefinition/event-performerFunction';

/** Who answers for the place an observation was made at, and made none himself (OBX-25). Rule: HL7 table 0912. */
export const MEDICAL_DIRECTOR: Extension = {
  url: PERFORMER_FUNCTION,
  valueCodeableConcept: {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0912', code: 'MDIR', display: 'Medical Director' }],
  },
};

/** Whether a performer is there as medical director. */
export const isMedicalDirector = (value: unknown): boolean =>
  ((value as { extension?: readonly Extension[] } | undefined)?.extension ?? []).some(
    ({ url, valueCodeableConcept }) =>
      url === PERFORMER_FUNCTION && valueCodeableConcept?.coding?.some(({ code }) => code === 'MDIR'),
  );
