import type { Partner } from '../../../src/model/partner.ts';

/** A partner that differs from the smallest one only in what the test is about. */
export function partner(of: Partial<Partner> = {}): Partner {
  return {
    id: 'clinic',
    name: 'Clinic',
    organization: 'clinic-org',
    zone: 'America/New_York',
    senders: [],
    authorities: {
      MRN: 'https://clinic.example/mrn',
      VN: 'https://clinic.example/visit',
      ID: 'https://clinic.example/id',
    },
    codeTables: {},
    programs: [],
    safety: { documentTypes: [], reasons: {} },
    administration: 'per-device',
    registrationMeansArrival: true,
    feeds: [],
    endpoints: [],
    duty: { hours: {}, holidays: [], role: 'informed', ladder: [] },
    ...of,
  };
}
