import type {
  CareTeam,
  CodeableConcept,
  Organization,
  Practitioner,
  PractitionerRole,
  Reference,
  ServiceRequest,
} from '@medplum/fhirtypes';
import { assignerOf } from '../../src/mapping/outbound/assigner.ts';
import type { Found, Subject } from '../../src/mapping/outbound/event.ts';
import { bestIdentifier, identifierType, partyAt } from '../../src/mapping/outbound/people.ts';
import { every, type FieldValue, type SegmentPlan, type Writing } from '../../src/mapping/outbound/row.ts';
import { type Entry, element, patientOf, type Scene, theOne } from '../../src/mapping/outbound/scene.ts';
import { trimmed, xad, xpn, xtn } from '../../src/mapping/outbound/writers.ts';

/** Table 0286. */
const ROLES: Readonly<Record<string, string>> = {
  RP: 'Referring Provider',
  RT: 'Referred to Provider',
  PP: 'Primary Care Provider',
  CP: 'Consulting Provider',
};

/** SNOMED CT "primary care provider"; whoever else is told of the referral goes as consulting provider. */
const PRIMARY_CARE = ['446050000', '453231000124104', 'PP', 'PCP'];

/**
 * Everybody a referral names: who refers, who is asked, and whoever of the patient's own team hears of it, the outpatient provider
 * first of all, so that nobody is surprised. One segment a person and role. Rule: DOMAIN C1 REF, R10.
 */
function providers(scene: Scene): readonly Subject[] {
  const request = theOne(scene, 'ServiceRequest');
  const named: [string, Found][] = [];
  if (request !== undefined) {
    const { requester, performer = [] } = request.value as ServiceRequest;
    if (requester !== undefined) named.push(['RP', { value: requester, path: `${request.path}.requester` }]);
    for (const [index, one] of performer.entries())
      named.push(['RT', { value: one, path: `${request.path}.performer[${index}]` }]);
  }
  const spoken = new Set(named.map(([, { value }]) => (value as Reference).reference));
  for (const [role, found] of teamOf(scene)) {
    if (!spoken.has((found.value as Reference).reference)) named.push([role, found]);
  }
  return named.map(([role, found]) => ({
    role: { value: role, path: found.path },
    found,
    ...partyAt(scene, found.value),
  }));
}

function teamOf(scene: Scene): readonly (readonly [string, Found])[] {
  return scene.all('CareTeam').flatMap((team) => {
    const { participant = [], status } = team.value as CareTeam;
    if (status !== undefined && status !== 'active') return [];
    return participant.flatMap(({ member, role }, index) => {
      if (member === undefined || scene.at(member) === patientOf(scene)) return [];
      return [
        [
          isPrimaryCare(role) ? 'PP' : 'CP',
          { value: member, path: `${team.path}.participant[${index}].member` },
        ] as const,
      ];
    });
  });
}

const isPrimaryCare = (role: readonly CodeableConcept[] | undefined): boolean =>
  (role ?? []).some(({ coding }) => coding?.some(({ code }) => PRIMARY_CARE.includes(code ?? '')) ?? false);

function identifiers(subject: Subject, writing: Writing): FieldValue | undefined {
  const entry = (subject.Practitioner ?? subject.PractitionerRole ?? subject.Organization) as Entry | undefined;
  const resource = entry?.value as Practitioner | PractitionerRole | Organization | undefined;
  const identifier = bestIdentifier(resource?.identifier, writing);
  if (entry === undefined || identifier?.value === undefined) return undefined;
  writing.carried(`${entry.path}.identifier[${resource?.identifier?.indexOf(identifier)}]`);
  const [namespace = '', universal = ''] = assignerOf(identifier.system, writing.partner);
  // PLN has no assigner before its type: the type says whose number it is, and the namespace qualifies it.
  return [trimmed([identifier.value, identifierType(identifier) || namespace || universal, namespace || universal])];
}

function organization({ Organization: entry }: Subject): string {
  return ((entry as Entry | undefined)?.value as Organization | undefined)?.name ?? '';
}

/** Without a person the name the reference is shown by, else the organization's: before 2.6 no other field can say who it is. */
function shownName({ found, Practitioner, Organization }: Subject): FieldValue | undefined {
  if (element(Practitioner as Entry | undefined, 'name') !== undefined) return undefined;
  const { display } = (found?.value ?? {}) as Reference;
  const name = display ?? element(Organization as Entry | undefined, 'name');
  return typeof name === 'string' ? [[name]] : undefined;
}

export const PROVIDER_PRD: SegmentPlan = {
  segment: 'PRD',
  each: providers,
  rows: [
    { to: 'PRD-1', give: ({ role }) => [[`${role?.value}`, ROLES[`${role?.value}`] ?? '', 'HL70286']], type: 'CWE' },
    { to: 'PRD-2', from: 'Practitioner.name', as: every(xpn) },
    { to: 'PRD-2', give: shownName, type: 'XPN', carries: ['found'] },
    { to: 'PRD-3', from: 'Practitioner.address', as: every(xad) },
    { to: 'PRD-3', from: 'Organization.address', as: every(xad) },
    {
      to: 'PRD-4',
      give: (subject) => (organization(subject) === '' ? undefined : [['', '', '', organization(subject)]]),
      type: 'PL',
      carries: ['Organization.name'],
    },
    { to: 'PRD-5', from: 'PractitionerRole.telecom', as: every(xtn) },
    { to: 'PRD-5', from: 'Practitioner.telecom', as: every(xtn) },
    { to: 'PRD-5', from: 'Organization.telecom', as: every(xtn) },
    { to: 'PRD-7', give: identifiers, type: 'PLN' },
    {
      to: 'PRD-10',
      give: (subject) => (organization(subject) === '' ? undefined : [[organization(subject)]]),
      since: '2.6',
      type: 'XON',
    },
  ],
  also: [
    'found', // the role in PRD-1
    'PractitionerRole.practitioner',
    'PractitionerRole.organization',
  ],
};
