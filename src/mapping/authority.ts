import type { Partner } from '../model/partner.ts';
import { ownEntry } from './own-entry.ts';

const OID = /^[0-2](\.(0|[1-9]\d*))+$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const URI = /^[a-z][a-z0-9+.-]*:\S+$/i;

/** Identifier types whose values one national authority issues, whoever sends them. */
const NATIONAL: Readonly<Record<string, string>> = {
  NPI: 'http://hl7.org/fhir/sid/us-npi',
  SS: 'http://hl7.org/fhir/sid/us-ssn',
  MC: 'http://hl7.org/fhir/sid/us-mbi',
};

/** The system of a national identifier type; undefined for all that organizations issue themselves. */
export function nationalSystem(identifierType: string | undefined): string | undefined {
  return identifierType === undefined ? undefined : ownEntry(NATIONAL, identifierType);
}

/**
 * URI of an assigner the partner's table does not list: its own universal id when that is one (OID, UUID, URI, host name), else
 * `urn:handoff:authority:<partner>:<namespace>`, so that two partners' equal namespaces never meet.
 */
export function unlistedSystem(partner: string, namespace: string, universal?: string, type?: string): string {
  if (universal !== undefined) {
    if (OID.test(universal) && type !== 'UUID') return `urn:oid:${universal}`;
    if (UUID.test(universal)) return `urn:uuid:${universal.toLowerCase()}`;
    if (URI.test(universal)) return universal;
    if (type === 'DNS') return `urn:handoff:dns:${encodeURIComponent(universal.toLowerCase())}`;
  }
  return `urn:handoff:authority:${partner}:${encodeURIComponent(namespace)}`;
}

export interface Authority {
  readonly system: string;
  /** False: the partner's table does not know the assigner. */
  readonly listed: boolean;
}

/** The identifier system of an HD, by its parts. Undefined when it is empty and the partner has no default. */
export function authorityOf(
  partner: Partner,
  namespace: string | undefined,
  universal: string | undefined,
  type: string | undefined,
): Authority | undefined {
  const name = namespace ?? universal ?? partner.defaultAuthority;
  if (name === undefined) return undefined;
  const system =
    (namespace === undefined ? undefined : ownEntry(partner.authorities, namespace)) ??
    (universal === undefined ? undefined : ownEntry(partner.authorities, universal)) ??
    ownEntry(partner.authorities, name);
  if (system !== undefined) return { system, listed: true };
  return { system: unlistedSystem(partner.id, name, universal, type), listed: false };
}

/** The partner that declares to issue identifiers of this system, or in whose messages an unlisted one was found. */
export function issuerOf(partners: readonly Partner[], system: string): Partner | undefined {
  const found = /^urn:handoff:authority:([^:]+):/.exec(system)?.[1];
  return partners.find((partner) => partner.issues?.includes(system) || partner.id === found);
}
