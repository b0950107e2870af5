import type { Basic, Endpoint, HealthcareService, Organization, Resource } from '@medplum/fhirtypes';
import { codeIn, coding, concept, LADDER_STEP, type LadderStep, LEVEL_OF_CARE, RECORD } from '../model/codes.ts';
import type { Duty, Partner } from '../model/partner.ts';
import { hubExtension, hubIdentifier } from '../model/systems.ts';
import type { Calendar } from './calendar.ts';
import { SAFETY_POLICY, type SafetyPolicy } from './safety-policy.ts';

/** What the hub writes at start, so that bots find their configuration where everything else is: in the store. */
export function directoryResources(
  partners: readonly Partner[],
  policy: SafetyPolicy = SAFETY_POLICY,
): (Resource & { id: string })[] {
  return [
    policyResource(policy),
    ...partners.flatMap((each) => [organization(each), onCall(each), ...endpoints(each)]),
  ];
}

const EXT = {
  zone: hubExtension('zone'),
  role: hubExtension('duty-role'),
  ladder: hubExtension('ladder'),
  policy: hubExtension('policy'),
  part2: hubExtension('part2-program'),
} as const;

function organization(partner: Partner): Organization & { id: string } {
  const levels = [...new Set(partner.programs.map((each) => each.levelOfCare))];
  return {
    resourceType: 'Organization',
    id: partner.organization,
    active: true,
    identifier: [{ system: hubIdentifier('partner'), value: partner.id }],
    name: partner.name,
    ...(levels.length === 0 ? {} : { type: levels.map((each) => concept(LEVEL_OF_CARE, each)) }),
    ...phone(partner.duty.telephone),
  };
}

const phone = (number: string | undefined) =>
  number === undefined ? {} : { telecom: [{ system: 'phone' as const, value: number }] };

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** On-call service: staffed hours, holidays, the ladder and the number to call. Its id is the organization's with `-on-call`. */
function onCall(partner: Partner): HealthcareService & { id: string } {
  const { hours, holidays, role, ladder, telephone } = partner.duty;
  return {
    resourceType: 'HealthcareService',
    id: `${partner.organization}-on-call`,
    active: true,
    identifier: [{ system: hubIdentifier('on-call'), value: partner.organization }],
    providedBy: { reference: `Organization/${partner.organization}` },
    name: `${partner.name}, on call`,
    ...phone(telephone),
    availableTime: Object.entries(hours).map(([day, [from, to]]) => ({
      daysOfWeek: [DAYS[Number(day) - 1]!],
      availableStartTime: `${from}:00`,
      availableEndTime: `${to}:00`,
    })),
    ...(holidays.length === 0
      ? {}
      : { notAvailable: holidays.map((day) => ({ description: 'Holiday', during: { start: day, end: day } })) }),
    extension: [
      { url: EXT.zone, valueString: partner.zone },
      { url: EXT.role, valueCode: role },
      ...ladder.map(({ step, practitionerRole }) => ({
        url: EXT.ladder,
        extension: [
          { url: 'step', valueCoding: coding(LADDER_STEP, step) },
          { url: 'role', valueReference: { reference: `PractitionerRole/${practitionerRole}` } },
        ],
      })),
    ],
  };
}

const isFhir = ({ kind }: Partner['endpoints'][number]['transport']): boolean => kind === 'fhir' || kind === 'mirror';

/** Where a partner is reached. Headers hold secrets and stay out of the store. */
function endpoints(partner: Partner): (Endpoint & { id: string })[] {
  return partner.endpoints.map((each) => ({
    resourceType: 'Endpoint',
    id: each.id,
    status: 'active',
    connectionType: {
      system: 'http://terminology.hl7.org/CodeSystem/endpoint-connection-type',
      code: isFhir(each.transport) ? 'hl7-fhir-rest' : 'hl7v2-mllp',
    },
    managingOrganization: { reference: `Organization/${partner.organization}` },
    payloadType: [{ text: isFhir(each.transport) ? 'FHIR R4' : `HL7 v${each.version}` }],
    address:
      each.transport.kind === 'mllp' ? `mllp://${each.transport.host}:${each.transport.port}` : each.transport.url,
  }));
}

function policyResource(policy: SafetyPolicy): Basic & { id: string } {
  return {
    resourceType: 'Basic',
    id: 'safety-policy',
    code: concept(RECORD, 'safety-policy'),
    extension: [{ url: EXT.policy, valueString: JSON.stringify(policy) }],
  };
}

/** What one organization does when it must be reached. */
export interface Route {
  readonly organization: string;
  readonly name: string;
  readonly role: Duty['role'];
  readonly calendar: Calendar;
  readonly ladder: readonly { readonly step: LadderStep; readonly practitionerRole: string }[];
  readonly telephone?: string;
}

export interface Directory {
  readonly policy: SafetyPolicy;
  readonly routes: ReadonlyMap<string, Route>;
  /** Organization id → hub levels of care of its programs; absent: nothing is known. */
  readonly levels: ReadonlyMap<string, readonly string[]>;
  readonly names: ReadonlyMap<string, string>;
}

/** Reads the directory back. Services and policies that were not written by `directoryResources` are not in it. */
export function readDirectory(resources: readonly Resource[]): Directory {
  const names = new Map<string, string>();
  const levels = new Map<string, string[]>();
  const routes = new Map<string, Route>();
  let policy: SafetyPolicy = SAFETY_POLICY;
  for (const each of resources) {
    if (each.resourceType === 'Organization' && each.id !== undefined) {
      names.set(each.id, each.name ?? each.id);
      levels.set(
        each.id,
        (each.type ?? []).flatMap((type) => codeIn(LEVEL_OF_CARE, type) ?? []),
      );
    }
    if (each.resourceType === 'Basic') policy = policyIn(each) ?? policy;
  }
  for (const each of resources) {
    const route = each.resourceType === 'HealthcareService' ? routeOf(each, names) : undefined;
    if (route !== undefined) routes.set(route.organization, route);
  }
  return { policy, routes, levels, names };
}

function policyIn(basic: Basic): SafetyPolicy | undefined {
  if (codeIn(RECORD, basic.code) !== 'safety-policy') return undefined;
  const text = basic.extension?.find((each) => each.url === EXT.policy)?.valueString;
  return text === undefined ? undefined : { ...SAFETY_POLICY, ...(JSON.parse(text) as Partial<SafetyPolicy>) };
}

function routeOf(service: HealthcareService, names: ReadonlyMap<string, string>): Route | undefined {
  const organization = service.identifier?.find((each) => each.system === hubIdentifier('on-call'))?.value;
  const zone = service.extension?.find((each) => each.url === EXT.zone)?.valueString;
  if (organization === undefined || zone === undefined) return undefined;
  const telephone = service.telecom?.find((each) => each.system === 'phone')?.value;
  const role =
    service.extension?.find((each) => each.url === EXT.role)?.valueCode === 'responder' ? 'responder' : 'informed';
  return {
    organization,
    name: names.get(organization) ?? organization,
    role,
    calendar: {
      zone,
      hours: hoursOf(service),
      holidays: (service.notAvailable ?? []).flatMap((each) => each.during?.start ?? []),
    },
    ladder: (service.extension ?? []).filter((each) => each.url === EXT.ladder).flatMap(rungOf),
    ...(telephone === undefined ? {} : { telephone }),
  };
}

function hoursOf(service: HealthcareService): Record<string, [string, string]> {
  const found: Record<string, [string, string]> = {};
  for (const { daysOfWeek = [], availableStartTime = '', availableEndTime = '' } of service.availableTime ?? []) {
    for (const day of daysOfWeek) {
      found[String(DAYS.indexOf(day) + 1)] = [availableStartTime.slice(0, 5), availableEndTime.slice(0, 5)];
    }
  }
  return found;
}

function rungOf(extension: NonNullable<HealthcareService['extension']>[number]) {
  const part = (url: string) => extension.extension?.find((each) => each.url === url);
  const step = codeIn(LADDER_STEP, { coding: [part('step')?.valueCoding ?? {}] });
  const role = part('role')?.valueReference?.reference?.replace('PractitionerRole/', '');
  return step === undefined || role === undefined ? [] : [{ step, practitionerRole: role }];
}

/** An organization that treats outpatients only: whoever must never be surprised. One of which nothing is known counts as such. */
export function isOutpatient(levels: readonly string[] | undefined): boolean {
  return (levels ?? []).every((each) => each === 'op');
}
