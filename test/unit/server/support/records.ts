/** The smallest Patient, and an Observation of a PHQ-9 total, with what a test is about. */
export const patient = (more: object = {}) => ({ resourceType: 'Patient', name: [{ family: 'Test' }], ...more });

export const organization = (id: string) => ({ resourceType: 'Organization', id, name: id });

export const observation = (subject: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '44261-6' }] },
  subject: { reference: subject },
  ...more,
});
