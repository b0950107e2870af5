import { v2System } from './table.ts';

/** Table 0396 as URIs. The guide has no such table; a name it lacks is an issue, never a guess. Rule: DOMAIN §B0, §E2. */
const SYSTEMS: Readonly<Record<string, string>> = {
  LN: 'http://loinc.org',
  LOINC: 'http://loinc.org',
  SCT: 'http://snomed.info/sct',
  SNOMED: 'http://snomed.info/sct',
  SNM: 'http://snomed.info/sct',
  'SNOMED-CT': 'http://snomed.info/sct',
  SNOMEDCT: 'http://snomed.info/sct',
  I10: 'http://hl7.org/fhir/sid/icd-10-cm',
  I10C: 'http://hl7.org/fhir/sid/icd-10-cm',
  ICD10: 'http://hl7.org/fhir/sid/icd-10-cm',
  'ICD-10': 'http://hl7.org/fhir/sid/icd-10-cm',
  ICD10CM: 'http://hl7.org/fhir/sid/icd-10-cm',
  'ICD-10-CM': 'http://hl7.org/fhir/sid/icd-10-cm',
  ICDC10: 'http://hl7.org/fhir/sid/icd-10-cm',
  I10P: 'http://www.cms.gov/Medicare/Coding/ICD10',
  I9: 'http://hl7.org/fhir/sid/icd-9-cm',
  I9C: 'http://hl7.org/fhir/sid/icd-9-cm',
  I9CDX: 'http://hl7.org/fhir/sid/icd-9-cm',
  I9CP: 'http://hl7.org/fhir/sid/icd-9-cm',
  ICD9: 'http://hl7.org/fhir/sid/icd-9-cm',
  RXNORM: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  RXN: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  NDC: 'http://hl7.org/fhir/sid/ndc',
  NDDF: 'http://terminology.hl7.org/CodeSystem/nddf',
  C4: 'http://www.ama-assn.org/go/cpt',
  CPT: 'http://www.ama-assn.org/go/cpt',
  CPT4: 'http://www.ama-assn.org/go/cpt',
  C5: 'http://www.ama-assn.org/go/cpt',
  HCPCS: 'http://terminology.hl7.org/CodeSystem/HCPCS-all-codes',
  HPC: 'http://terminology.hl7.org/CodeSystem/HCPCS-all-codes',
  CVX: 'http://hl7.org/fhir/sid/cvx',
  MVX: 'http://hl7.org/fhir/sid/mvx',
  UCUM: 'http://unitsofmeasure.org',
  CDCREC: 'urn:oid:2.16.840.1.113883.6.238',
  NCIT: 'http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl',
  ISO639: 'urn:ietf:bcp:47',
  'ISO639-2': 'urn:ietf:bcp:47',
  BCP47: 'urn:ietf:bcp:47',
  ISO3166_1: 'urn:iso:std:iso:3166',
  'ISO3166-1': 'urn:iso:std:iso:3166',
  NUCC: 'http://nucc.org/provider-taxonomy',
  NUCCPROVCODES: 'http://nucc.org/provider-taxonomy',
  X12DE1365: 'https://x12.org/codes/service-type-codes',
  POS: 'https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set',
  ACR: 'http://terminology.hl7.org/CodeSystem/ACR',
  DCM: 'http://dicom.nema.org/resources/ontology/DCM',
  UNII: 'http://fdasis.nlm.nih.gov',
  CVXNORM: 'http://hl7.org/fhir/sid/cvx',
  HCPT: 'http://www.ama-assn.org/go/cpt',
  MCD: 'https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
  ATC: 'http://www.whocc.no/atc',
  WC: 'http://www.whocc.no/atc',
  ICF: 'http://hl7.org/fhir/sid/icf-nl',
  ICPC2: 'http://hl7.org/fhir/sid/icpc-2',
  MDC: 'urn:iso:std:iso:11073:10101',
  DRG: 'http://terminology.hl7.org/CodeSystem/MSDRG',
  ENTITYCODE: 'http://terminology.hl7.org/CodeSystem/v3-EntityCode',
  ACTCODE: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  NULLFL: 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor',
  NULLFLAVOR: 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor',
};

const V2_TABLE = /^HL7[- ]?(\d{4})$/;

/** URI of a coding system by its table 0396 name; undefined when the name is unknown or local (`L`, `99…`). */
export function codingSystem(name: string): string | undefined {
  const upper = name.toUpperCase();
  if (Object.hasOwn(SYSTEMS, upper)) return SYSTEMS[upper];
  const table = V2_TABLE.exec(upper);
  return table === null ? undefined : v2System(table[1]!);
}

/** A name that says itself that only its sender knows it. */
export function isLocalSystem(name: string): boolean {
  return /^(L|LB|LOCAL|99.*|Z.*)$/i.test(name);
}
