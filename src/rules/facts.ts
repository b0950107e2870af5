import type { Consent, Reference, Resource } from '@medplum/fhirtypes';
import { parseReference } from '../fhir/references.ts';

/** A resource with the organization that owns its row; no owner: the hub itself. */
export interface Owned<T extends Resource = Resource> {
  readonly resource: T;
  readonly owner?: string | undefined;
  /** Organizations the store holds as parties to it; absent: read from the resource (`partiesOf`). */
  readonly parties?: readonly string[] | undefined;
}

/** All that a decision about one person rests on. Everything comes from the store, nothing from a clock. */
export interface PersonFacts {
  readonly person: string;
  /** Each source's Patient of this person, with the organization that owns it. */
  readonly patients: readonly { readonly patient: string; readonly owner: string }[];
  /** The person's resources of `factTypes`, current versions. */
  readonly facts: readonly Owned[];
  /** `PractitionerRole/x`, `HealthcareService/x` → Organization id, at least for `affiliationsNeeded`. Unknown ones are nobody. */
  readonly affiliations: Readonly<Record<string, string>>;
}

/** A change of one of these, of a membership of the person, or of a PractitionerRole named in them, calls for `deriveGrants`. */
export const factTypes = ['Basic', 'CareTeam', 'Consent', 'EpisodeOfCare', 'ServiceRequest', 'Task'] as const;

/** Types that stand for the organization they belong to. */
const AFFILIATED = ['PractitionerRole', 'HealthcareService', 'CareTeam'];

/** References whose organization `deriveGrants` has to know: roles and services named in the facts. */
export function affiliationsNeeded(facts: readonly Owned[]): string[] {
  const needed = new Set<string>();
  for (const { resource } of facts) {
    for (const reference of mentionedActors(resource)) {
      const parsed = parseReference(reference);
      if (parsed.kind === 'local' && AFFILIATED.includes(parsed.type)) {
        needed.add(`${parsed.type}/${parsed.id}`);
      }
    }
  }
  return [...needed].sort();
}

function mentionedActors(resource: Resource): string[] {
  return actorReferences(resource).flatMap((reference) => reference?.reference ?? []);
}

/** The references of a resource by which somebody takes part in it. Not its subject, and not what it is about. */
function actorReferences(resource: Resource): (Reference | undefined)[] {
  switch (resource.resourceType) {
    case 'CareTeam':
      return (resource.participant ?? []).flatMap((each) => [each.member, each.onBehalfOf]);
    case 'EpisodeOfCare':
      return [resource.managingOrganization];
    case 'ServiceRequest':
      return [resource.requester, ...(resource.performer ?? [])];
    case 'Task':
      return [resource.requester, resource.owner, ...(resource.restriction?.recipient ?? [])];
    case 'Communication':
      return [resource.sender, ...(resource.recipient ?? [])];
    case 'CommunicationRequest':
      return [resource.sender, resource.requester, ...(resource.recipient ?? [])];
    case 'Appointment':
      return resource.participant.map((each) => each.actor);
    case 'MedicationRequest':
      return [resource.requester, resource.performer];
    case 'Consent':
      return consentActors(resource);
    default:
      return [];
  }
}

function consentActors(consent: Consent): (Reference | undefined)[] {
  const inside = (provision: Consent['provision']): (Reference | undefined)[] =>
    provision === undefined
      ? []
      : [...(provision.actor ?? []).map((each) => each.reference), ...(provision.provision ?? []).flatMap(inside)];
  return [...(consent.organization ?? []), ...inside(consent.provision)];
}

/** The Organization a reference stands for: itself, or the one its role or service belongs to. A bare Practitioner is nobody. */
export function organizationOf(
  reference: { readonly reference?: string | undefined } | undefined,
  affiliations: Readonly<Record<string, string>>,
): string | undefined {
  if (reference?.reference === undefined) return undefined;
  const parsed = parseReference(reference.reference);
  if (parsed.kind !== 'local') return undefined;
  return parsed.type === 'Organization' ? parsed.id : affiliations[`${parsed.type}/${parsed.id}`];
}

/** Organizations that take part in the resource as it names them. Being one opens only what carries no sensitive label. */
export function partiesOf(resource: Resource, affiliations: Readonly<Record<string, string>>): string[] {
  if (resource.resourceType === 'Consent' || resource.resourceType === 'Appointment') return [];
  const found = actorReferences(resource).flatMap((reference) => organizationOf(reference, affiliations) ?? []);
  return [...new Set(found)];
}

/** Role and service → organization, read from the directory resources among the facts. */
export function affiliationsOf(facts: readonly Resource[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const each of facts) {
    const reference =
      each.resourceType === 'PractitionerRole'
        ? each.organization
        : each.resourceType === 'HealthcareService'
          ? each.providedBy
          : undefined;
    const organization = organizationOf(reference, {});
    if (organization !== undefined) found[`${each.resourceType}/${each.id}`] = organization;
  }
  return found;
}
