import type {
  Appointment,
  Communication,
  EpisodeOfCare,
  PractitionerRole,
  Provenance,
  Resource,
} from '@medplum/fhirtypes';
import {
  APPOINTMENT_KIND,
  COMMUNICATION_KIND,
  concept,
  SAFETY_REASON,
  type SafetyReason,
} from '../../../src/model/codes.ts';
import type { Duty, Partner, Program } from '../../../src/model/partner.ts';
import { directoryResources } from '../../../src/rules/directory.ts';
import { SAFETY_POLICY, type SafetyPolicy } from '../../../src/rules/safety-policy.ts';

/** The extended team of one synthetic person: a program, a dosing clinic, a hospital and an outpatient practice. */
const HOURS = Object.fromEntries(['1', '2', '3', '4', '5'].map((day) => [day, ['08:30', '17:00'] as const]));

const ladder = (org: string): Duty['ladder'] =>
  (['duty', 'backup', 'supervisor', 'safety-officer'] as const).map((step) => ({
    step,
    practitionerRole: `${org}-${step}`,
  }));

function partner(
  id: string,
  level: Program['levelOfCare'] | undefined,
  role: Duty['role'],
  zone = 'America/New_York',
): Partner {
  return {
    id: `${id}-partner`,
    name: id[0]!.toUpperCase() + id.slice(1),
    organization: id,
    zone,
    senders: [],
    authorities: {},
    codeTables: {},
    programs: level === undefined ? [] : [{ id: 'main', name: 'Main', levelOfCare: level, part2: false, match: {} }],
    safety: { documentTypes: [], reasons: {} },
    administration: 'per-device',
    registrationMeansArrival: true,
    feeds: [],
    endpoints: [],
    duty: {
      hours: HOURS,
      holidays: [],
      role,
      ladder: role === 'responder' ? ladder(id) : [],
      telephone: `+1-555-${id}`,
    },
  };
}

export const PARTNERS: readonly Partner[] = [
  partner('general', 'ip', 'responder'),
  partner('riverside', 'php', 'responder'),
  partner('lakeside', 'dosing', 'responder', 'America/Chicago'),
  partner('harbor', undefined, 'informed'),
];

const role = (org: string, id: string): PractitionerRole & { id: string } => ({
  resourceType: 'PractitionerRole',
  id,
  active: true,
  organization: { reference: `Organization/${org}` },
});

export const patient = (org: string) => `Patient/avery-${org}`;
export const PERSON = PARTNERS.map((each) => `avery-${each.organization}`);

const episode = (org: string): EpisodeOfCare & { id: string } => ({
  resourceType: 'EpisodeOfCare',
  id: `episode-${org}`,
  status: 'active',
  patient: { reference: patient(org) as 'Patient/x' },
  managingOrganization: { reference: `Organization/${org}` },
});

/** The directory, the people, the person's Patients, open episodes of Riverside and Lakeside, Harbor on Riverside's care team. */
export function network(policy: SafetyPolicy = SAFETY_POLICY): Resource[] {
  return [
    ...directoryResources(PARTNERS, policy),
    ...PARTNERS.flatMap(({ organization: org, duty }) => duty.ladder.map((each) => role(org, each.practitionerRole))),
    role('harbor', 'harbor-psychiatrist'),
    ...PERSON.map((id) => ({ resourceType: 'Patient' as const, id })),
    episode('riverside'),
    episode('lakeside'),
    {
      resourceType: 'CareTeam',
      id: 'team',
      status: 'active',
      subject: { reference: patient('riverside') as 'Patient/x' },
      participant: [{ member: { reference: 'PractitionerRole/harbor-psychiatrist' } }],
    },
  ];
}

/** Who wrote a resource, as the server records it. */
export const writtenBy = (org: string, target: string): Provenance & { id: string } => ({
  resourceType: 'Provenance',
  id: `provenance-${target.replace('/', '-')}`,
  target: [{ reference: target }],
  recorded: '2026-11-20T15:00:00Z',
  agent: [{ who: { reference: `Organization/${org}` } }],
});

export const note = (
  from: string,
  reason: SafetyReason | undefined,
  more: Partial<Communication> = {},
): Communication & { id: string } => ({
  resourceType: 'Communication',
  id: `note-${from}`,
  status: 'completed',
  category: [concept(COMMUNICATION_KIND, 'safety-note')],
  ...(reason === undefined ? {} : { reasonCode: [concept(SAFETY_REASON, reason)] }),
  subject: { reference: patient(from) as 'Patient/x' },
  sender: { reference: `Organization/${from}` },
  sent: '2026-11-20T15:00:00Z',
  payload: [{ contentString: 'observed' }],
  ...more,
});

export const appointment = (
  org: string,
  id: string,
  kind: keyof typeof APPOINTMENT_KIND.codes,
  start: string,
  end: string,
  more: Partial<Appointment> = {},
): Appointment & { id: string } => ({
  resourceType: 'Appointment',
  id,
  status: 'booked',
  appointmentType: concept(APPOINTMENT_KIND, kind),
  start,
  end,
  participant: [{ actor: { reference: patient(org) as 'Patient/x' }, status: 'accepted' }],
  ...more,
});
