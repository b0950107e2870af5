import type {
  HumanName,
  Identifier,
  Organization,
  Practitioner,
  PractitionerRole,
  Reference,
} from '@medplum/fhirtypes';
import { PERSON_NAME } from '../../model/systems.ts';
import { assignerOf, knows } from './assigner.ts';
import type { Found } from './event.ts';
import type { Writer, Writing } from './row.ts';
import { type Entry, element, type Scene } from './scene.ts';
import { nameParts, trimmed } from './writers.ts';

const NPI = 'http://hl7.org/fhir/sid/us-npi';
const TYPE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v2-0203';

/** The person and the organization a reference stands for, as far as the release holds them. */
export interface Party {
  readonly Practitioner?: Entry;
  readonly PractitionerRole?: Entry;
  readonly Organization?: Entry;
}

/** Follows a reference to a practitioner, a role or an organization; empty when it leads out of the release or elsewhere. */
export function partyAt(scene: Scene, reference: unknown): Party {
  const target = scene.at(reference);
  switch (target?.value.resourceType) {
    case 'Practitioner':
      return { Practitioner: target };
    case 'Organization':
      return { Organization: target };
    case 'PractitionerRole':
      return {
        PractitionerRole: target,
        ...ofType(scene, element(target, 'practitioner'), 'Practitioner'),
        ...ofType(scene, element(target, 'organization'), 'Organization'),
      };
    default:
      return {};
  }
}

function ofType(scene: Scene, reference: unknown, type: 'Practitioner' | 'Organization'): Party {
  const target = scene.at(reference);
  return target?.value.resourceType === type ? { [type]: target } : {};
}

/** The identifier a receiver most likely knows somebody by: its own, then the national one, then whichever is first. */
export function bestIdentifier(
  identifiers: readonly Identifier[] | undefined,
  writing: Writing,
): Identifier | undefined {
  const list = (identifiers ?? []).filter(({ value }) => value !== undefined);
  const own = list.find(({ system }) => knows(writing.partner, system));
  return own ?? list.find(({ system }) => system === NPI) ?? list[0];
}

export function identifierType({ system, type }: Identifier): string {
  return type?.coding?.find((coding) => coding.system === TYPE_SYSTEM)?.code ?? (system === NPI ? 'NPI' : '');
}

/** A reference to a person → XCN. A name known only by the reference's display stands as it is, not split by guess. */
export const xcn: Writer = {
  type: 'XCN',
  uses: ['reference', 'display', 'type', 'identifier', 'extension'],
  write(found, writing) {
    const reference = found.value as Reference & { identifier?: Identifier };
    const { Practitioner: person, PractitionerRole: role } = partyAt(writing.scene, reference);
    const practitioner = person?.value as Practitioner | undefined;
    const identifiers = practitioner?.identifier ?? (role?.value as PractitionerRole | undefined)?.identifier;
    const identifier = bestIdentifier(identifiers, writing) ?? reference.identifier;
    const name: HumanName | undefined = practitioner?.name?.[0] ?? shownName(reference);
    if (identifier?.value === undefined && name === undefined) return undefined;
    if (person !== undefined) sayPerson(person, practitioner?.identifier, identifier, writing);
    const authority = identifier === undefined ? [] : assignerOf(identifier.system, writing.partner);
    const type = identifier === undefined ? '' : identifierType(identifier);
    const names = nameParts(name, writing.endpoint.version);
    const written = [identifier?.value ?? '', ...names.slice(0, 6), '', authority, '', '', '', type];
    return trimmed([...written, ...Array<string>(7).fill(''), names[6] ?? '']);
  },
};

/** A reference to an organization → XON: its name, and the number the receiver most likely knows it by. */
export const xon: Writer = {
  type: 'XON',
  uses: ['reference', 'display', 'type', 'identifier'],
  write(found, writing) {
    const reference = found.value as { display?: string; identifier?: Identifier };
    const { Organization: entry } = partyAt(writing.scene, reference);
    const organization = entry?.value as Organization | undefined;
    const identifier = bestIdentifier(organization?.identifier, writing) ?? reference.identifier;
    const name = organization?.name ?? reference.display ?? '';
    if (identifier?.value === undefined && name === '') return undefined;
    if (entry !== undefined) {
      writing.carried(`${entry.path}.name`);
      const index = identifier === undefined ? -1 : (organization?.identifier?.indexOf(identifier) ?? -1);
      if (index >= 0) writing.carried(`${entry.path}.identifier[${index}]`);
    }
    const authority = identifier === undefined ? [] : assignerOf(identifier.system, writing.partner);
    const type = identifier === undefined ? '' : identifierType(identifier);
    return trimmed([name, '', '', '', '', authority, type, '', '', identifier?.value ?? '']);
  },
};

/** True of a reference that stands for an organization and for no person. */
export function isOrganization(reference: unknown): boolean {
  const { reference: text = '', type } = (reference ?? {}) as { reference?: string; type?: string };
  return text.startsWith('Organization/') || type === 'Organization';
}

/** The name its source gave in parts; else the words the reference shows. */
function shownName({ display, extension = [] }: Reference): HumanName | undefined {
  const parts = extension.find(({ url }) => url === PERSON_NAME)?.valueHumanName;
  return parts ?? (display === undefined ? undefined : { text: display });
}

function sayPerson(
  person: Found,
  identifiers: readonly Identifier[] | undefined,
  written: Identifier | undefined,
  writing: Writing,
): void {
  writing.carried(`${person.path}.name[0]`);
  const index = written === undefined ? -1 : (identifiers?.indexOf(written) ?? -1);
  if (index >= 0) writing.carried(`${person.path}.identifier[${index}]`);
}

/** How a person reads a party: name, role, organization, as far as they are released. */
export function partyText(scene: Scene, reference: unknown): string {
  const { Practitioner: person, PractitionerRole: role, Organization: organization } = partyAt(scene, reference);
  const code = (role?.value as PractitionerRole | undefined)?.code?.[0];
  const parts = [
    personText((person?.value as Practitioner | undefined)?.name?.[0]),
    code?.text ?? code?.coding?.[0]?.display ?? '',
    (organization?.value as Organization | undefined)?.name ?? '',
  ].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(', ') : ((reference as { display?: string } | undefined)?.display ?? '');
}

function personText(name: HumanName | undefined): string {
  if (name === undefined) return '';
  return name.text ?? [...(name.prefix ?? []), ...(name.given ?? []), name.family ?? ''].filter(Boolean).join(' ');
}

/** A telephone number to reach a party: of the role, else of the person, else of the organization. */
export function telephoneOf(scene: Scene, reference: unknown): string {
  const { Practitioner: person, PractitionerRole: role, Organization: organization } = partyAt(scene, reference);
  for (const entry of [role, person, organization]) {
    const telecom = element(entry, 'telecom') as { system?: string; value?: string }[] | undefined;
    const phone = telecom?.find(({ system, value }) => system === 'phone' && value !== undefined);
    if (phone?.value !== undefined) return phone.value;
  }
  return '';
}

/** What a text repeats of the people behind a reference counts as told. */
export function sayParty(writing: Writing, reference: unknown): void {
  const { Practitioner, PractitionerRole, Organization } = partyAt(writing.scene, reference);
  for (const [entry, names] of [
    [Practitioner, ['name', 'telecom']],
    [PractitionerRole, ['code', 'telecom', 'practitioner', 'organization']],
    [Organization, ['name', 'telecom']],
  ] as const) {
    if (entry === undefined) continue;
    for (const name of names) {
      const value = element(entry, name);
      if (Array.isArray(value)) writing.carried(`${entry.path}.${name}[0]`);
      else if (value !== undefined) writing.carried(`${entry.path}.${name}`);
    }
  }
}
