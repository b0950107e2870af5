import type {
  CareTeam,
  Consent,
  ConsentProvision,
  EpisodeOfCare,
  Resource,
  ServiceRequest,
  Task,
} from '@medplum/fhirtypes';
import { coding, concept, TASK_CODE, TASK_PART } from '../../../src/model/codes.ts';
import { ACT_CODE_SYSTEM } from '../../../src/model/labels.ts';
import type { Owned, PersonFacts } from '../../../src/rules/facts.ts';

/** One synthetic person of General, Riverside (with a Part 2 track) and Lakeside; the psychiatrist's practice; a stranger. */
export const ORGS = ['general', 'riverside', 'lakeside', 'practice', 'stranger'] as const;

export const AFFILIATIONS: Record<string, string> = Object.fromEntries(
  ORGS.flatMap((org) => [
    [`PractitionerRole/${org}-role`, org],
    [`HealthcareService/${org}-service`, org],
  ]),
);

export const person = (...facts: Owned[]): PersonFacts => ({
  person: 'person-1',
  patients: [
    { patient: 'patient-general', owner: 'general' },
    { patient: 'patient-riverside', owner: 'riverside' },
    { patient: 'patient-lakeside', owner: 'lakeside' },
  ],
  facts,
  affiliations: AFFILIATIONS,
});

export const owned = <T extends Resource>(owner: string | undefined, resource: T): Owned<T> => ({ owner, resource });

export const episode = (organization: string, more: Partial<EpisodeOfCare> = {}): EpisodeOfCare => ({
  resourceType: 'EpisodeOfCare',
  id: `episode-${organization}`,
  status: 'active',
  patient: { reference: `Patient/patient-${organization}` },
  managingOrganization: { reference: `Organization/${organization}` },
  period: { start: '2026-01-01T00:00:00Z' },
  ...more,
});

export const careTeam = (owner: string, ...roles: string[]): CareTeam => ({
  resourceType: 'CareTeam',
  id: `team-${owner}`,
  status: 'active',
  subject: { reference: `Patient/patient-${owner}` },
  participant: roles.map((reference) => ({ member: { reference: reference as 'PractitionerRole/x' } })),
});

export const referral = (from: string, to: string, more: Partial<ServiceRequest> = {}): ServiceRequest => ({
  resourceType: 'ServiceRequest',
  id: `referral-${from}-${to}`,
  status: 'active',
  intent: 'order',
  subject: { reference: `Patient/patient-${from}` },
  requester: { reference: `Organization/${from}` },
  performer: [{ reference: `Organization/${to}` }],
  authoredOn: '2026-01-02T00:00:00Z',
  ...more,
});

export const referralTask = (from: string, to: string, more: Partial<Task> = {}): Task => ({
  resourceType: 'Task',
  id: `task-${from}-${to}`,
  status: 'requested',
  intent: 'order',
  code: concept(TASK_CODE, 'accept-referral'),
  focus: { reference: `ServiceRequest/referral-${from}-${to}` },
  for: { reference: `Patient/patient-${from}` },
  requester: { reference: `Organization/${from}` },
  owner: { reference: `Organization/${to}` },
  authoredOn: '2026-01-02T00:00:00Z',
  ...more,
});

export const released: Partial<Task> = {
  output: [{ type: { coding: [coding(TASK_PART, 'released-at')] }, valueInstant: '2026-01-02T00:01:00Z' }],
};

export const PART2 = { system: ACT_CODE_SYSTEM, code: '42CFRPart2' };
export const RESTRICTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' };
export const PSYTHPN = { system: ACT_CODE_SYSTEM, code: 'PSYTHPN' };

const IRCP = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] };
const TREAT = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' };

/** A permit of Riverside's Part 2 records to one recipient, with everything 42 CFR 2.31 asks of a machine-readable consent. */
export const consent = (
  discloser: string,
  recipient: string,
  provision: Partial<ConsentProvision> = {},
  more: Partial<Consent> = {},
): Consent => ({
  resourceType: 'Consent',
  id: `consent-${discloser}-${recipient}`,
  meta: { versionId: '3' },
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [{ coding: [{ system: ACT_CODE_SYSTEM, code: 'IDSCL' }] }],
  patient: { reference: `Patient/patient-${discloser}` },
  dateTime: '2026-01-05T12:00:00Z',
  policy: [{ uri: 'https://riverside.example/consent-form' }],
  organization: [{ reference: `Organization/${discloser}` }],
  provision: {
    type: 'permit',
    actor: [{ role: IRCP, reference: { reference: `Organization/${recipient}` } }],
    purpose: [TREAT],
    securityLabel: [PART2],
    ...provision,
  },
  ...more,
});
