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

const NPI = 'http://hl7.org/fhir/sid/us-npi';
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
  const named: Subject[] = [];
  if (request !== undefined) {
    const { requester, performer = [] } = request.value as ServiceRequest;
    if (requester !== undefined) named.push(party('RP', { value: requester, path: `${request.path}.requester` }));
    for (const [index, value] of performer.entries()) {
      named.push(party('RT', { value, path: `${request.path}.performer[${index}]` }));
    }
  }
  if (named.length === 0) named.push(...partiesOfTask(scene));
  const parties = named.map((subject) => withParty(scene, subject));
  const spoken = new Set(named.map(targetOf));
  const numbers = new Set(parties.flatMap(npiOf));
  const others = teamOf(scene, named)
    .filter((one) => !spoken.has(targetOf(one)))
    .map((subject) => withParty(scene, subject))
    .filter((one) => !npiOf(one).some((npi) => numbers.has(npi)));
  return [...parties, ...others];
}

const withParty = (scene: Scene, subject: Subject): Subject => ({
  ...subject,
  ...partyAt(scene, subject.found?.value),
});

/** Each organization keeps a record of its own of the same clinician: the number says that it is one person. */
function npiOf({ Practitioner: entry }: Subject): string[] {
  const { identifier = [] } = ((entry as Entry | undefined)?.value ?? {}) as Practitioner;
  return identifier.flatMap(({ system, value }) =>
    system === NPI && /^\d{10}$/.test(value ?? '') ? [value ?? ''] : [],
  );
}

/** The structure wants a provider: where no request names one, who asked and who is asked. */
function partiesOfTask(scene: Scene): readonly Subject[] {
  const task = scene.focus.value.resourceType === 'Task' ? scene.focus : theOne(scene, 'Task');
  return [
    ['RP', 'requester'],
    ['RT', 'owner'],
  ].flatMap(([role, name]) => {
    const value = element(task, name!);
    return value === undefined ? [] : [party(role!, { value, path: `${task?.path}.${name}` })];
  });
}

const targetOf = ({ found }: Subject): string => ((found?.value ?? {}) as Reference).reference ?? '';

const party = (role: string, found: Found): Subject => ({ role: { value: role, path: found.path }, found });

function teamOf(scene: Scene, named: readonly Subject[]): readonly Subject[] {
  return scene.all('CareTeam').flatMap((team) => {
    const { participant = [], status, managingOrganization = [] } = team.value as CareTeam;
    const isAsked = managingOrganization.some(({ reference }) =>
      named.some((one) => one.role?.value === 'RT' && targetOf(one) === reference),
    );
    if (status !== undefined && status !== 'active') return [];
    return participant.flatMap((value, index) => {
      if (value.member === undefined || scene.at(value.member) === patientOf(scene)) return [];
      const path = `${team.path}.participant[${index}]`;
      const role = inThisReferral(roleOf(value.role), named, isAsked);
      return [{ ...party(role, { value: value.member, path: `${path}.member` }), team, participant: { value, path } }];
    });
  });
}

/** Who referred or took over in an earlier referral is on the team still, but is no party of this one. */
function inThisReferral(role: string, named: readonly Subject[], isAsked: boolean): string {
  if (role === 'RP') return named.some((one) => one.role?.value === 'RP') ? 'CP' : role;
  return role === 'RT' && !isAsked ? 'CP' : role;
}

/** A role of table 0286 as it stands, primary care as PP; whoever else is on the team is consulted. */
function roleOf(role: readonly CodeableConcept[] | undefined): string {
  const codes = (role ?? []).flatMap(({ coding }) => (coding ?? []).map(({ code }) => code ?? ''));
  if (codes.some((code) => PRIMARY_CARE.includes(code))) return 'PP';
  return codes.find((code) => Object.hasOwn(ROLES, code)) ?? 'CP';
}

function identifiers(subject: Subject, writing: Writing): FieldValue | undefined {
  // An organization's number here would be read as a person's.
  const entry = (subject.Practitioner ?? subject.PractitionerRole) as Entry | undefined;
  const resource = entry?.value as Practitioner | PractitionerRole | undefined;
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
    'participant.role',
    'team.subject', // PID
    'team.status',
    'PractitionerRole.practitioner',
    'PractitionerRole.organization',
  ],
};
