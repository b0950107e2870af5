import type { Endpoint, Partner } from '../../../src/model/partner.ts';

const NETWORK: Readonly<
  Record<string, { zone: string; namespace: string; authorities: Record<string, string>; issues: string[] }>
> = {
  'general-hospital': {
    zone: 'America/New_York',
    namespace: 'GENH',
    authorities: {
      GENH: 'https://general-hospital.example/sid/mrn',
      'GENH-VN': 'https://general-hospital.example/sid/visit',
      'GENH-REF': 'https://general-hospital.example/sid/referral',
      RIV: 'https://riverside.example/sid/mrn',
    },
    issues: [
      'https://general-hospital.example/sid/mrn',
      'https://general-hospital.example/sid/visit',
      'https://general-hospital.example/sid/referral',
    ],
  },
  riverside: {
    zone: 'America/New_York',
    namespace: 'RIV',
    authorities: {
      RIV: 'https://riverside.example/sid/mrn',
      'RIV-VN': 'https://riverside.example/sid/visit',
      'RIV-SCH': 'https://riverside.example/sid/appointment',
      GENH: 'https://general-hospital.example/sid/mrn',
      'GENH-REF': 'https://general-hospital.example/sid/referral',
      LAKE: 'https://lakeside.example/sid/mrn',
    },
    issues: [
      'https://riverside.example/sid/mrn',
      'https://riverside.example/sid/visit',
      'https://riverside.example/sid/appointment',
      'https://riverside.example/sid/referral',
    ],
  },
  lakeside: {
    zone: 'America/Chicago',
    namespace: 'LAKE',
    authorities: {
      LAKE: 'https://lakeside.example/sid/mrn',
      'LAKE-VN': 'https://lakeside.example/sid/visit',
      'LAKE-ORD': 'https://lakeside.example/sid/order',
      'LAKE-SCH': 'https://lakeside.example/sid/appointment',
      'LAKE-DOC': 'https://lakeside.example/sid/document',
      RIV: 'https://riverside.example/sid/mrn',
    },
    issues: [
      'https://lakeside.example/sid/mrn',
      'https://lakeside.example/sid/visit',
      'https://lakeside.example/sid/order',
      'https://lakeside.example/sid/appointment',
      'https://lakeside.example/sid/document',
    ],
  },
  'harbor-psychiatry': { zone: 'America/New_York', namespace: 'HARBOR', authorities: {}, issues: [] },
};

/** A partner of the demo network with nothing that an outbound message does not read. */
export function partnerOf(id: string, parts: Partial<Partner> = {}): Partner {
  const { zone, namespace, authorities, issues } = NETWORK[id]!;
  return {
    id,
    name: id,
    organization: id,
    zone,
    senders: [],
    authorities,
    issues,
    ...(namespace in authorities && { defaultAuthority: namespace }),
    codeTables: {},
    programs: [],
    safety: { documentTypes: ['PN'], reasons: {} },
    administration: 'per-device',
    registrationMeansArrival: true,
    feeds: [],
    endpoints: [],
    duty: { hours: {}, holidays: [], role: 'responder', ladder: [] },
    ...parts,
  };
}

export function endpointOf(partner: string, parts: Partial<Endpoint> = {}): Endpoint {
  return {
    id: `${partner}-engine`,
    partner,
    transport: { kind: 'mllp', host: '127.0.0.1', port: 3575 },
    version: '2.5.1',
    charset: 'UNICODE UTF-8',
    application: `${NETWORK[partner]!.namespace}EHR`,
    facility: NETWORK[partner]!.namespace,
    timeoutMs: 5000,
    retry: { firstMs: 500, maxMs: 5000, tries: 10 },
    recognisesRepeats: true,
    accepts: [],
    ...parts,
    dialect: { processingId: 'T', ...parts.dialect },
  };
}
