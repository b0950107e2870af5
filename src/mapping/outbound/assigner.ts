import type { Partner } from '../../model/partner.ts';
import { hubIdentifier } from '../../model/systems.ts';

/** Namespace of identifiers the hub itself gives (resource ids, acts). A receiver returns them unchanged. */
export const HUB_NAMESPACE = 'HANDOFF';

const OID = /^[0-2](\.(0|[1-9]\d*))+$/;
const HUB = hubIdentifier('');
const NPI = 'http://hl7.org/fhir/sid/us-npi';
const NPI_OID = '2.16.840.1.113883.4.6';

/** What stands for the assigner of an entity identifier that came without one. */
const NO_ASSIGNER = 'entity';

/** How the partner wrote an assigner that its table does not list; `unlistedSystem` of the inbound maps made the URI of it. */
const UNLISTED = /^urn:handoff:authority:([^:]+):(.+)$/;

/**
 * HD (namespace, universal id, type) of an identifier system, in the partner's own words where its table or its own messages
 * named it. A system nobody there knows goes as a universal id of type URI, never as a namespace that could mean another.
 */
export function assignerOf(system: string | undefined, partner: Partner): readonly string[] {
  if (system === undefined || system === '') return [];
  const listed = Object.entries(partner.authorities).find(([, value]) => value === system)?.[0];
  if (listed !== undefined) return OID.test(listed) ? ['', listed, 'ISO'] : [listed];
  const [, owner, namespace] = UNLISTED.exec(system) ?? [];
  if (owner === partner.id && namespace !== undefined) {
    return namespace === NO_ASSIGNER ? [] : [decodeURIComponent(namespace)];
  }
  if (system.startsWith(HUB)) return [HUB_NAMESPACE];
  if (system === NPI) return ['NPI', NPI_OID, 'ISO'];
  if (system.startsWith('urn:oid:')) return ['', system.slice('urn:oid:'.length), 'ISO'];
  if (system.startsWith('urn:uuid:')) return ['', system.slice('urn:uuid:'.length), 'UUID'];
  return ['', system, 'URI'];
}

/** True when the partner's table names the system, its own or another's, so that it can read the identifier. */
export function knows(partner: Partner, system: string | undefined): boolean {
  if (system === undefined) return false;
  if (Object.values(partner.authorities).includes(system)) return true;
  return UNLISTED.exec(system)?.[1] === partner.id;
}

/** True when the partner itself issued identifiers of this system: it will recognise them as its own. */
export function issues(partner: Partner, system: string | undefined): boolean {
  if (system === undefined) return false;
  if (partner.issues !== undefined) return partner.issues.includes(system);
  const own = partner.defaultAuthority;
  return (own !== undefined && partner.authorities[own] === system) || UNLISTED.exec(system)?.[1] === partner.id;
}
