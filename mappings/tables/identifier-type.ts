import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes, listed, same, v2System } from './table.ts';

/** CX.5 and its like. */
export const IDENTIFIER_TYPE: ConceptTable = {
  id: '0203',
  name: 'IdentifierType',
  codes: listed(
    v2System('0203'),
    `
ACSN Accession ID|AM American Express|AMA American Medical Association Number|AN Account number|
ANON Anonymous identifier|ANC Account number Creditor|AND Account number debitor|ANT Temporary Account Number|
APRN Advanced Practice Registered Nurse number|ASID Ancestor Specimen ID|BA Bank Account Number|BC Bank Card Number|
BCT Birth Certificate|BR Birth registry number|BRN Breed Registry Number|BSNR Primary physician office number|
CC Cost Center number|CONM Change of Name Document|CZ Citizenship Card|CY County number|DDS Dentist license number|
DEA Drug Enforcement Administration registration number|DI Diner’s Club card|
DFN Drug Furnishing or prescriptive authority Number|DL Driver’s license number|DN Doctor number|
DO Osteopathic License number|DP Diplomatic Passport|DPM Podiatrist license number|DR Donor Registration Number|
DS Discover Card|EI Employee number|EN Employer number|ESN Staff Enterprise Number|FI Facility ID|
GI Guarantor internal identifier|GL General ledger number|GN Guarantor external identifier|HC Health Card Number|
JHN Jurisdictional health number (Canada)|IND Indigenous/Aboriginal|LACSN Laboratory Accession ID|
LANR Lifelong physician number|LI Labor and industries number|LN License number|LR Local Registry ID|
MA Patient Medicaid number|MB Member Number|MC Patient’s Medicare number|MCD Practitioner Medicaid number|
MCN Microchip Number|MCR Practitioner Medicare number|MCT Marriage Certificate|MD Medical License number|
MI Military ID number|MR Medical record number|MRT Temporary Medical Record Number|MS MasterCard|
NBSNR Secondary physician office number|NCT Naturalization Certificate|NE National employer identifier|
NH National Health Plan Identifier|NI National unique individual identifier|
NII National Insurance Organization Identifier|NIIP National Insurance Payor Identifier (Payor)|
NNxxx National Person Identifier where the xxx is the ISO table 3166 3-character (alphabetic) country code|
NP Nurse practitioner number|NPI National provider identifier|OD Optometrist license number|
PA Physician Assistant number|PC Parole Card|PCN Penitentiary/correctional institution Number|
PE Living Subject Enterprise Number|PEN Pension Number|PI Patient internal identifier|PN Person number|
PNT Temporary Living Subject Number|PPIN Medicare/CMS Performing Provider Identification Number|PPN Passport number|
PRC Permanent Resident Card Number|PRN Provider number|PT Patient external identifier|QA QA number|
RI Resource identifier|RPH Pharmacist license number|RN Registered Nurse Number|RR Railroad Retirement number|
RRI Regional registry ID|RRP Railroad Retirement Provider|SID Specimen ID|SL State license|SN Subscriber Number|
SP Study Permit|SR State registry ID|SS Social Security number|TAX Tax ID number|TN Treaty Number/ (Canada)|
TPR Temporary Permanent Resident (Canada)|U Unspecified identifier|
UPIN Medicare/CMS (formerly HCFA)’s Universal Physician Identification numbers|USID Unique Specimen ID|
VN Visit number|VP Visitor Permit|VS VISA|WC WIC identifier|WCN Workers’ Comp Number|WP Work Permit|
XX Organization identifier
`,
  ),
};

/** PLN.2. */
export const PRACTITIONER_NUMBER_TYPE: ConceptTable = {
  id: '0338',
  name: 'PractitionerIDNumberType',
  codes: {
    ...codes(v2System('0338'), {
      CY: ['CY', 'County number'],
      DEA: ['DEA', 'Drug Enforcement Agency no.'],
      GL: ['GL', 'General ledger number'],
      LI: ['LI', 'Labor and industries number'],
      'L&I': ['LI', 'Labor and industries number'],
      MCD: ['MCD', 'Medicaid number'],
      MCR: ['MCR', 'Medicare number'],
      QA: ['QA', 'QA number'],
      SL: ['SL', 'State license number'],
      TRL: ['TRL', 'Training license number'],
      UPIN: ['UPIN', 'Unique physician ID no.'],
    }),
    ...codes(v2System('0203'), {
      TAX: ['TAX', 'Tax ID number'],
      DL: ['DL', ''],
      PPN: ['PPN', ''],
      BRN: ['BRN', ''],
      MR: ['MR', ''],
      MCN: ['MCN', ''],
      EN: ['EN', ''],
      NIIP: ['NIIP', ''],
      PRN: ['PRN', ''],
      MD: ['MD', ''],
      DR: ['DR', ''],
      ACSN: ['ACSN', ''],
      UDI: ['UDI', ''],
      SNO: ['SNO', ''],
      SB: ['SB', ''],
      PLAC: ['PLAC', ''],
      FILL: ['FILL', ''],
      JHN: ['JHN', ''],
    }),
  },
};

/** HD.3: how a universal id is read, see `authorityOf`. */
export const UNIVERSAL_ID_TYPE: ConceptTable = {
  id: '0301',
  name: 'UniversalIDType',
  codes: same('0301', {
    DNS: 'Domain Name System',
    EUI64: 'IEEE 64-bit Extended Unique Identifier',
    CLIA: 'Clinical Laboratory Improvement Amendments',
    CLIP: 'Clinical laboratory Improvement Program',
    GUID: 'globally unique identifier',
    HCD: 'CEN Healthcare Coding Identifier',
    HL7: 'HL7 registration schemes',
    ISO: 'ISO Object Identifier',
    'L,M,N': 'Local',
    Random: 'Random',
    URI: 'Uniform Resource Identifier',
    UUID: 'Universal Unique Identifier',
    x400: 'X.400 MHS identifier',
    x500: 'X500 directory Name',
  }),
};
