import { ACT_CODE_SYSTEM } from '../../src/model/labels.ts';
import { listed } from './table.ts';

/** Security labels of HL7 v3 that senders write in a confidentiality field as they are. Rule: v2-to-FHIR IG 1.0.0, tables 0177, 0952. */
export const SENSITIVITY = listed(
  ACT_CODE_SYSTEM,
  `
GDIS genetic disease information sensitivity|MST military sexual trauma information sensitivity|
SCA sickle cell anemia information sensitivity|SEX sexuality and reproductive health information sensitivity|
SPI specially protected information sensitivity|COGN cognitive disability information sensitivity|
DVD developmental disability information sensitivity|EMOTDIS emotional disturbance information sensitivity|
ETHUD alcohol use disorder information sensitivity|OPIOIDUD opioid use disorder information sensitivity|
STD sexually transmitted disease information sensitivity|TBOO taboo|VIO violence information sensitivity|
SICKLE sickle cell|DEMO all demographic information sensitivity|DOB date of birth information sensitivity|
GENDER gender and sexual orientation information sensitivity|LIVARG living arrangement information sensitivity|
MARST marital status information sensitivity|RACE race information sensitivity|REL religion information sensitivity|
EMPL employer information sensitivity|LOCIS location information sensitivity|
SSP sensitive service provider information sensitivity|ADOL adolescent information sensitivity|
DIA diagnosis information sensitivity|DRGIS drug information sensitivity|
PDS patient default information sensitivity|PHY physician requested information sensitivity|
PRS patient requested information sensitivity|COMPT compartment|ACOCOMPT accountable care organization compartment|
CTCOMPT care team compartment|FMCOMPT financial management compartment|HRCOMPT human resource compartment|
LRCOMPT legitimate relationship compartment|PACOMPT patient administration compartment|
RESCOMPT research project compartment|RMGTCOMPT records management compartment|SecurityPolicy security policy|
AUTHPOL authorization policy|ACCESSCONSCHEME access control scheme|DELEPOL delegation policy|
ObligationPolicy obligation policy|ANONY anonymize|AOD accounting of disclosure|AUDIT audit|AUDTR audit trail|
CPLYCC comply with confidentiality code|CPLYCD comply with consent directive|
CPLYJPP comply with jurisdictional privacy policy|CPLYOPP comply with organizational privacy policy|
CPLYOSP comply with organizational security policy|CPLYPOL comply with policy|
DECLASSIFYLABEL declassify security label|DEID deidentify|DELAU delete after use|
DOWNGRDLABEL downgrade security label|DRIVLABEL derive security label|ENCRYPT encrypt|ENCRYPTR encrypt at rest|
ENCRYPTT encrypt in transit|ENCRYPTU encrypt in use|HUAPRV human approval|LABEL assign security label|MASK mask|
MINEC minimum necessary|PERSISTLABEL persist security label|PRIVMARK privacy mark|PSEUD pseudonymize|REDACT redact|
UPGRDLABEL upgrade security label|RefrainPolicy refrain policy|NOAUTH no disclosure without subject authorization|
NOCOLLECT no collection|NODSCLCD no disclosure without consent directive|
NODSCLCDS no disclosure without information subject's consent directive|NOINTEGRATE no integration|
NOLIST no unlisted entity disclosure|NOMOU no disclosure without MOU|
NOORGPOL no disclosure without organizational authorization|
NOPAT no disclosure to patient, family or caregivers without attending provider's authorization|
NOPERSISTP no collection beyond purpose of use|NORDSCLCD no redisclosure without consent directive|
NORDSCLCDS no redisclosure without information subject's consent directive|
NORDSCLW no disclosure without jurisdictional authorization|NORELINK no relinking|
NOREUSE no reuse beyond purpose of use|NOVIP no unauthorized VIP disclosure|
ORCON no disclosure without originator authorization
`,
);

/** Integrity of the data and purposes of its use: labels, and no reason to restrict. */
export const INTEGRITY = listed(
  'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  `
ABSTRED abstracted|AGGRED aggregated|ANONYED anonymized|MAPPED mapped|MASKED masked|PSEUDED pseudonymized|
REDACTED redacted|SUBSETTED subsetted|SYNTAC syntactic transform|TRSLT translated|VERSIONED versioned|
CRYTOHASH cryptographic hash function|DIGSIG digital signature|HRELIABLE highly reliable|RELIABLE reliable|
UNCERTREL uncertain reliability|UNRELIABLE unreliable|CLINAST clinician asserted|DEVAST device asserted|
HCPAST healthcare professional asserted|PACQAST patient acquaintance asserted|PATAST patient asserted|
PAYAST payer asserted|PROAST professional asserted|SDMAST substitute decision maker asserted|
CLINRPT clinician reported|DEVRPT device reported|HCPRPT healthcare professional reported|
PACQRPT patient acquaintance reported|PATRPT patient reported|PAYRPT payer reported|PRORPT professional reported|
SDMRPT substitute decision maker reported
`,
);

export const PURPOSE = listed(
  'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  `
PurposeOfUse purpose of use|HMARKT healthcare marketing|HOPERAT healthcare operations|CAREMGT care management|
DONAT donation|FRAUD fraud|GOV government|HACCRED health accreditation|HCOMPL health compliance|HDECD decedent|
HDIRECT directory|HDM healthcare delivery management|HLEGAL legal|HOUTCOMS health outcome measure|
HPRGRP health program reporting|HQUALIMP health quality improvement|HSYSADMIN health system administration|
LABELING labeling|METAMGT metadata management|MEMADMIN member administration|MILCDM military command|
PATADMIN patient administration|PATSFTY patient safety|PERFMSR performance measure|RECORDMGT records management|
SYSDEV system development|HTEST test health data|TRAIN training|HPAYMT healthcare payment|CLMATTCH claim attachment|
COVAUTH coverage authorization|COVERAGE coverage under policy or program|ELIGDTRM eligibility determination|
ELIGVER eligibility verification|ENROLLM enrollment|MILDCRG military discharge|REMITADV remittance advice|
HRESCH healthcare research|BIORCH biomedical research|CLINTRCH clinical trial research|
CLINTRCHNPC clinical trial research without patient care|CLINTRCHPC clinical trial research with patient care|
PRECLINTRCH preclinical trial research|DSRCH disease specific healthcare research|
POARCH population origins or ancestry healthcare research|TRANSRCH translational healthcare research|
PATRQT patient requested|FAMRQT family requested|PWATRNY power of attorney|SUPNWK support network|
PUBHLTH public health|DISASTER disaster|THREAT threat|TREAT treatment|CLINTRL clinical trial|
COC coordination of care|ETREAT Emergency Treatment|BTG break the glass|ERTREAT emergency room treatment|
POPHLTH population health
`,
);
