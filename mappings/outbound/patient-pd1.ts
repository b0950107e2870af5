import { isOrganization, xcn, xon } from '../../src/mapping/outbound/people.ts';
import { every, type SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { about, element, patientOf } from '../../src/mapping/outbound/scene.ts';

/** Who treats the patient outside → PD1. PD1-4 was withdrawn in 2.7: from then on the team says it. */
export const PRIMARY_PD1: SegmentPlan = {
  segment: 'PD1',
  each: (scene) => {
    const patient = patientOf(scene);
    return element(patient, 'generalPractitioner') === undefined ? [] : about(patient);
  },
  rows: [
    { to: 'PD1-3', from: 'Patient.generalPractitioner', only: isOrganization, as: every(xon) },
    {
      to: 'PD1-4',
      from: 'Patient.generalPractitioner',
      only: (value) => !isOrganization(value),
      as: every(xcn),
      until: '2.7',
    },
  ],
};
