import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes, listed, same, v2System } from './table.ts';

/** XCN.7 and STF-13. */
export const DEGREE: ConceptTable = {
  id: '0360',
  name: 'DegreeLicenseCertificate',
  codes: listed(
    v2System('0360'),
    `
PN Advanced Practice Nurse|AAS Associate of Applied Science|AA Associate of Arts|
ABA Associate of Business Administration|AE Associate of Engineering|AS Associate of Science|BA Bachelor of Arts|
BBA Bachelor of Business Administration|BE Bachelor or Engineering|BFA Bachelor of Fine Arts|BN Bachelor of Nursing|
BS Bachelor of Science|BSL Bachelor of Science - Law|BSN Bachelor on Science - Nursing|BT Bachelor of Theology|
CER Certificate|CANP Certified Adult Nurse Practitioner|CMA Certified Medical Assistant|
CNP Certified Nurse Practitioner|CNM Certified Nurse Midwife|CRN Certified Registered Nurse|
CNS Certified Nurse Specialist|CPNP Certified Pediatric Nurse Practitioner|CTR Certified Tumor Registrar|
DIP Diploma|DBA Doctor of Business Administration|DED Doctor of Education|PharmD Doctor of Pharmacy|
PHE Doctor of Engineering|PHD Doctor of Philosophy|PHS Doctor of Science|MD Doctor of Medicine|
DO Doctor of Osteopathy|EMT Emergency Medical Technician|EMTP Emergency Medical Technician - Paramedic|
FPNP Family Practice Nurse Practitioner|HS High School Graduate|JD Juris Doctor|MA Master of Arts|
MBA Master of Business Administration|MCE Master of Civil Engineering|MDI Master of Divinity|
MED Master of Education|MEE Master of Electrical Engineering|ME Master of Engineering|MFA Master of Fine Arts|
MME Master of Mechanical Engineering|MS Master of Science|MSL Master of Science - Law|
MSN Master of Science - Nursing|MTH Master of Theology|MDA Medical Assistant|MT Medical Technician|NG Non-Graduate|
NP Nurse Practitioner|PA Physician Assistant|RMA Registered Medical Assistant|RN Registered Nurse|
RPH Registered Pharmacist|SEC Secretarial Certificate|TS Trade School Graduate
`,
  ),
};

/** PRT-4. R4 names a role for the pharmacist only; the other codes stay what they are. */
export const PARTICIPATION: ConceptTable = {
  id: '0912',
  name: 'Participation',
  codes: codes('http://terminology.hl7.org/CodeSystem/practitioner-role', {
    PH: ['pharmacist', 'Pharmacist'],
    doctor: ['doctor', 'Doctor'],
    nurse: ['nurse', 'Nurse'],
    researcher: ['researcher', 'Researcher'],
    teacher: ['teacher', 'Teacher/educator'],
    ict: ['ict', 'ICT professional'],
  }),
};

/** PRT-7. */
export const ORGANIZATION_UNIT: ConceptTable = {
  id: '0406',
  name: 'ParticipantOrganizationUnitType',
  codes: codes('http://terminology.hl7.org/CodeSystem/organization-type', {
    'Healthcare Provider': ['Healthcare Provider', ''],
    'Hospital Department': ['Hospital Department', ''],
    'Organizational team': ['Organizational team', ''],
    Government: ['Government', ''],
    'Insurance Company': ['Insurance Company', ''],
    Payer: ['Payer', ''],
    'Educational Institute': ['Educational Institute', ''],
    'Religious Institution': ['Religious Institution', ''],
    'Clinical Research Sponsor': ['Clinical Research Sponsor', ''],
    'Community Group': ['Community Group', ''],
    'Non-Healthcare Business or Corporation': ['Non-Healthcare Business or Corporation', ''],
    Other: ['Other', ''],
  }),
};

/** XON.2. */
export const ORGANIZATION_NAME_TYPE: ConceptTable = {
  id: '0204',
  name: 'OrganizationalNameType',
  codes: same('0204', { A: 'Alias name', L: 'Legal name', D: 'Display name', SL: 'Stock exchange listing name' }),
};
