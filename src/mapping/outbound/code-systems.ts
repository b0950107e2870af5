import type { Partner } from '../../model/partner.ts';
import { hubSystem } from '../../model/systems.ts';
import { ownEntry } from '../own-entry.ts';

/** FHIR code system → v2 table 0396 name. v2 tables are `HL7nnnn` and need no row. */
const NAMES: Readonly<Record<string, string>> = {
  'http://loinc.org': 'LN',
  'http://snomed.info/sct': 'SCT',
  'http://hl7.org/fhir/sid/icd-10-cm': 'I10C',
  'http://hl7.org/fhir/sid/icd-10': 'I10',
  'http://hl7.org/fhir/sid/icd-9-cm': 'I9C',
  'http://www.nlm.nih.gov/research/umls/rxnorm': 'RXNORM',
  'http://hl7.org/fhir/sid/ndc': 'NDC',
  'http://unitsofmeasure.org': 'UCUM',
  'http://www.ama-assn.org/go/cpt': 'C4',
  'http://hl7.org/fhir/sid/cvx': 'CVX',
  'https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets': 'HCPCS',
  'http://terminology.hl7.org/CodeSystem/HCPCS-all-codes': 'HCPCS',
  'http://www.whocc.no/atc': 'ATC',
  'http://nucc.org/provider-taxonomy': 'NUCC',
  'urn:ietf:bcp:47': 'BCP47',
  'http://terminology.hl7.org/CodeSystem/v3-NullFlavor': 'NULLFL',
  'urn:oid:2.16.840.1.113883.6.238': 'CDCREC',
  'http://terminology.hl7.org/CodeSystem/v3-ActCode': 'ACTCODE',
};

const V2_TABLE = /^http:\/\/terminology\.hl7\.org\/CodeSystem\/v2-(\d{4})$/;
const HUB = hubSystem('');

/** A local system as the inbound maps keep it: whose word it is, and the name it was written with. */
const LOCAL = /^urn:handoff:code:([^:]+):(.+)$/;

/**
 * Name a receiver knows the system by: its own local systems by the names it uses, the hub's as `99HANDOFF`. A system without a v2
 * name, or local to somebody else, goes out as its URI: a bare `L` would claim that the code is the receiver's.
 */
export function codingSystemName(system: string, partner: Partner): string {
  const [, owner, name] = LOCAL.exec(system) ?? [];
  if (owner === partner.id && name !== undefined) return decodeURIComponent(name);
  const table = V2_TABLE.exec(system);
  if (table !== null) return `HL7${table[1]}`;
  if (system.startsWith(HUB)) return '99HANDOFF';
  return ownEntry(NAMES, system) ?? system;
}
