import type { BundleEntryRequest, Identifier, Resource } from '@medplum/fhirtypes';
import { jsonHash } from '../../fhir/canonical.ts';
import type { Partner } from '../../model/partner.ts';
import { hubIdentifier } from '../../model/systems.ts';
import { issues } from './assigner.ts';

/** System of the identifier that every resource the hub sends carries: the resource's id in the hub. */
export const RESOURCE_IDENTIFIER = hubIdentifier('resource');

const NPI = 'http://hl7.org/fhir/sid/us-npi';

/** Who and where: the receiver has its own records of them, which a delivery must find and never overwrite. */
const DIRECTORY = new Set([
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'Location',
  'HealthcareService',
  'Device',
]);

/** Types without a search by identifier: a repeat could not be told from a second one. */
const WITHOUT_IDENTITY = new Set([
  'Provenance',
  'AuditEvent',
  'Binary',
  'OperationOutcome',
  'Parameters',
  'Subscription',
  'Linkage',
]);

/** Types whose `identifier` is one and not a list. */
const SINGLE = new Set(['Bundle', 'Composition', 'QuestionnaireResponse', 'StructureMap']);

/** How an idempotent receiver stores a resource once, whatever is repeated. */
export interface Identified {
  readonly resource: Resource;
  readonly request: BundleEntryRequest;
}

/** A stable `urn:uuid:` for a resource of the hub, by which entries of one Bundle point at one another. */
export function localUrl(name: string): string {
  const hex = jsonHash(name);
  // Version 8 and the variant bits of RFC 9562: the digits are a hash of our own.
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Key of a resource of the hub; one without id (a notice) is known by its content. */
export function nameOf(resource: Resource): string {
  return `${resource.resourceType}/${resource.id ?? jsonHash(resource).slice(0, 32)}`;
}

/**
 * The resource with an identifier and the request that writes it once: directory resources are created only when the receiver knows
 * none (by its own number of them first), all others are updated by the hub's identifier. Undefined: the type has no identifier.
 */
export function identified(resource: Resource, partner: Partner): Identified | undefined {
  const type = resource.resourceType;
  if (WITHOUT_IDENTITY.has(type)) return undefined;
  const { written, list, hub, criterion } = withHubIdentifier(resource);
  if (!DIRECTORY.has(type)) return { resource: written, request: { method: 'PUT', url: `${type}?${criterion}` } };
  const known = list.find(({ system, value }) => value !== undefined && issues(partner, system));
  const national = list.find(({ system, value }) => value !== undefined && system === NPI);
  return { resource: written, request: { method: 'POST', url: type, ifNoneExist: query(known ?? national ?? hub) } };
}

/** The resource with the hub's identifier, and the criterion that finds it by that (by its own, where its type has room for one only). */
export function withHubIdentifier(resource: Resource) {
  const type = resource.resourceType;
  const hub: Identifier = { system: RESOURCE_IDENTIFIER, value: nameOf(resource).slice(type.length + 1) };
  const stated = (resource as { identifier?: Identifier | Identifier[] }).identifier;
  const list = Array.isArray(stated) ? stated : stated === undefined ? [] : [stated];
  const own = SINGLE.has(type) ? (list[0] ?? hub) : hub;
  const identifier = SINGLE.has(type) ? own : [...list, hub];
  return { written: { ...resource, identifier } as Resource, list, hub, criterion: query(own) };
}

/** `identifier=system|value`; a bar, comma or dollar sign inside is content and not syntax. */
function query({ system = '', value = '' }: Identifier): string {
  return `identifier=${encodeURIComponent(`${token(system)}|${token(value)}`)}`;
}

const token = (text: string): string => text.replace(/[\\|,$]/g, (char) => `\\${char}`);
