/** OBX-3 of a vaccination that says something about the vaccination itself. Rule: CDC HL7 2.5.1 guide for immunization messaging 1.5. */
const LOINC = 'http://loinc.org';

export const VACCINE_OBX = {
  eligibility: `${LOINC}|64994-7`,
  funding: `${LOINC}|30963-3`,
  documentType: `${LOINC}|69764-9`,
  vaccineType: `${LOINC}|30956-7`,
  published: `${LOINC}|29768-9`,
  presented: `${LOINC}|29769-7`,
  doseNumber: `${LOINC}|30973-2`,
  seriesDoses: `${LOINC}|59782-3`,
  series: `${LOINC}|59780-7`,
  schedule: `${LOINC}|59779-9`,
  reaction: `${LOINC}|31044-1`,
  contraindication: `${LOINC}|30945-0`,
  presumedImmunity: `${LOINC}|59784-9`,
} as const;

/** NIP001, RXA-9: 00 is this sender's own act, all others tell of somebody else's. */
export const OWN_ACT = '00';
export const NIP001 = /^0[0-8]$/;

/** ORC-3 that the CDC guide asks for where nobody knows the number: it identifies nothing. */
export const NO_ORDER_NUMBER = '9999';

/** RXA-5: no vaccine was given; the segment only carries what is observed. */
export const NO_VACCINE = '998';

/** PV1-20 before the eligibility had an OBX of its own. */
export const ELIGIBILITY_CODE = /^V\d{2}$/;

export const PARTIAL_DOSE = {
  coding: [
    {
      system: 'http://terminology.hl7.org/CodeSystem/immunization-subpotent-reason',
      code: 'partialdose',
      display: 'Partial Dose',
    },
  ],
};

export const IMMUNITY = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'IMMUNE', display: 'immunity' }],
};
