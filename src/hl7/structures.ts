/**
 * Message structures in our own notation, read by `notation.ts`:
 *
 *   PID            required once        [PD1]        optional
 *   {RXR}          required, repeats    [{NK1}]      optional, repeats
 *   ROL|PRT        either name          {PATIENT: PID [PV1]}   a group, in any of the four brackets, or (NAME: …) once
 *
 * They are unions over v2.3 to v2.8: a segment that any of these versions allows stands at its place. Where a structure is
 * ambiguous the notation decides: a prior result begins with its PID, an order may begin with its detail segment (senders leave
 * ORC out), and the two patients of a swap, link or merge are always groups named PATIENT.
 */
const HEAD = 'MSH [{SFT}] [UAC]';
const ADT_HEAD = `${HEAD} [{NTE}] EVN`;
const PERSON = 'PID [PD1] [{ARV}] [{ROL|PRT}]';
const VISIT = 'PV1 [PV2] [{ARV}] [{ROL|PRT}]';
const PROCEDURE = '[{PROCEDURE: PR1 [{ROL|PRT}]}]';
const INSURANCE = '[{INSURANCE: IN1 [IN2] [{IN3}] [{ROL|PRT}] [{AUT}] [{RF1}]}]';
const CLINICAL = `[{DB1}] [{OBX}] [{AL1|IAM}] [{DG1}] [DRG] ${PROCEDURE} [{GT1}] ${INSURANCE} [ACC] [UB1] [UB2] [PDA]`;
const MERGED = `{PATIENT: ${PERSON} MRG [PV1]}`;

const PATIENT_VISIT = '[PATIENT_VISIT: PV1 [PV2] [{PRT}]]';
const ORDER_PATIENT = `[PATIENT: PID [PD1] [{PRT}] [{NTE}] [{NK1}] [{AL1|IAM}] ${PATIENT_VISIT} [{INSURANCE: IN1 [IN2] [{IN3}]}] [GT1] [{AL1|IAM}]]`;
const TIMING = '[{TIMING: TQ1 [{TQ2}]}]';
const OBSERVATION = '[{OBSERVATION: OBX [TCD] [{PRT}] [{NTE}]}]';
const SPECIMEN = '[{SPECIMEN: SPM [{NTE}] [{OBX}] [{CONTAINER: SAC [{OBX}]}]}]';
const ORDER_PRIOR = `{ORDER_PRIOR: [ORC] OBR [{NTE}] [{PRT}] [{TIMING_PRIOR: TQ1 [{TQ2}]}] [CTD] [{OBSERVATION_PRIOR: OBX [{PRT}] [{NTE}]}]}`;
const PRIOR_RESULT = `[{PRIOR_RESULT: (PATIENT_PRIOR: PID [PD1] [{PRT}]) [PATIENT_VISIT_PRIOR: PV1 [PV2] [{PRT}]] [{AL1}] ${ORDER_PRIOR}}]`;
const OBR_DETAIL = `OBR [TCD] [{NTE}] [{PRT}] [CTD] [{DG1}] ${OBSERVATION} ${SPECIMEN} ${PRIOR_RESULT}`;
const RX_DETAIL = '[ORDER_DETAIL: RXO [{NTE}] [{PRT}] [{RXR}] [{COMPONENT: RXC [{NTE}]}]]';
const ORC = '[ORC] [{NTE}] [{PRT}]';
const ENCODED = '[{NTE}] [{PRT}] [{TIMING_ENCODED: TQ1 [{TQ2}]}] [{RXR}] [{RXC}] [{CDO}]';

const PRD = '{PROVIDER_CONTACT: PRD [{CTD}]}';
const AUTHORIZATION = '[{AUTHORIZATION_CONTACT: AUT [CTD]}]';
const REFERRAL_TAIL =
  `[{NK1}] [{GT1}] ${INSURANCE} [ACC] [{DG1}] [{DRG}] [{AL1}] [{PROCEDURE: PR1 [AUTHORIZATION_CONTACT: AUT [CTD]]}] ` +
  '[{OBSERVATION: OBR [{NTE}] [{RESULTS_NOTES: OBX [{NTE}]}]}] [PATIENT_VISIT: PV1 [PV2]] [{NTE}]';

const SCHEDULED_PATIENT = '[{PATIENT: PID [PD1] [PV1] [PV2] [{OBX}] [{DG1}] [{NTE}]}]';
const RESOURCES =
  '{RESOURCES: RGS [{SERVICE: AIS [APR] [{NTE}]}] [{GENERAL_RESOURCE: AIG [APR] [{NTE}]}] ' +
  '[{LOCATION_RESOURCE: AIL [APR] [{NTE}]}] [{PERSONNEL_RESOURCE: AIP [APR] [{NTE}]}]}';

const GOAL = '[{GOAL: GOL [{NTE}] [{VAR}] [{GOAL_ROLE: ROL|PRT [{VAR}]}] [{GOAL_OBSERVATION: OBX [{NTE}]}]}]';
const PROBLEM_BODY = '[{NTE}] [{VAR}] [{PROBLEM_ROLE: ROL|PRT [{VAR}]}]';
const PROBLEM_OBSERVATION = '[{PROBLEM_OBSERVATION: OBX [{NTE}]}]';
const CARE_ORDER =
  '[{ORDER: ORC [ORDER_DETAIL: OBR|RXO|RXE|RXA [{NTE}] [{VAR}] [{ORDER_OBSERVATION: OBX [{NTE}] [{VAR}]}]]}]';
const CARE_PATIENT = `${HEAD} PID [PD1] [PATIENT_VISIT: PV1 [PV2]]`;

const CHARGE_ORDER =
  '[{FINANCIAL_COMMON_ORDER: ORC [{FINANCIAL_TIMING: TQ1 [{TQ2}]}] [FINANCIAL_ORDER: OBR [{NTE}]] [{FINANCIAL_OBSERVATION: OBX [{NTE}]}]}]';
const CHARGE = `FT1 [{NTE}] [{FINANCIAL_PROCEDURE: PR1 [{ROL|PRT}]}] ${CHARGE_ORDER}`;
const COMMON_ORDER = `[{COMMON_ORDER: ORC ${TIMING} [ORDER: OBR [{NTE}]] ${OBSERVATION}}]`;
const COVER = `[{GT1}] ${INSURANCE} [ACC]`;
const CHARGE_PATIENT = `${HEAD} EVN PID [PD1] [{ROL|PRT}] [PV1] [PV2] [{ROL|PRT}] [{DB1}]`;
const ACCOUNT_VISIT = `[PV1] [PV2] [{ROL|PRT}] [{DB1}] [{OBX}] [{AL1}] [{DG1}] [DRG] ${PROCEDURE} [{GT1}] [{NK1}] ${INSURANCE} [ACC] [UB1] [UB2]`;

const ORU_PATIENT =
  '[PATIENT: PID [PD1] [{ROL|PRT}] [{NTE}] [{NK1}] [{PATIENT_OBSERVATION: OBX [{ROL|PRT}]}] [VISIT: PV1 [PV2] [{ROL|PRT}]]]';
const ORU_R01 = `${HEAD} {PATIENT_RESULT: ${ORU_PATIENT} {ORDER_OBSERVATION: [ORC] [{ROL|PRT}] OBR [{NTE}] [{ROL|PRT}] [{TIMING_QTY: TQ1 [{TQ2}]}] [CTD] ${OBSERVATION} [{FT1}] [{CTI}] ${SPECIMEN}}} [DSC]`;

/** Structure id → notation. */
export const STRUCTURES: Readonly<Record<string, string>> = {
  ACK: `${HEAD} MSA [{ERR}]`,
  ADT_A01: `${ADT_HEAD} ${PERSON} [{NK1}] ${VISIT} ${CLINICAL}`,
  ADT_A02: `${ADT_HEAD} ${PERSON} ${VISIT} [{DB1}] [{OBX}] [PDA]`,
  ADT_A03: `${ADT_HEAD} ${PERSON} [{NK1}] ${VISIT} [{DB1}] [{AL1|IAM}] [{DG1}] [DRG] ${PROCEDURE} [{OBX}] [{GT1}] ${INSURANCE} [ACC] [PDA]`,
  ADT_A05: `${ADT_HEAD} ${PERSON} [{NK1}] [PV1] [PV2] [{ARV}] [{ROL|PRT}] ${CLINICAL}`,
  ADT_A06: `${ADT_HEAD} ${PERSON} [MRG] [{NK1}] ${VISIT} ${CLINICAL}`,
  ADT_A09: `${ADT_HEAD} ${PERSON} ${VISIT} [{DB1}] [{OBX}] [{DG1}]`,
  ADT_A12: `${ADT_HEAD} ${PERSON} ${VISIT} [{DB1}] [{OBX}] [{DG1}]`,
  ADT_A15: `${ADT_HEAD} ${PERSON} ${VISIT} [{DB1}] [{OBX}] [{DG1}]`,
  ADT_A16: `${ADT_HEAD} ${PERSON} [{NK1}] ${VISIT} ${CLINICAL}`,
  ADT_A17: `${ADT_HEAD} {PATIENT: ${PERSON} ${VISIT} [{DB1}] [{OBX}]}`,
  ADT_A18: `${ADT_HEAD} ${MERGED}`,
  ADT_A20: `${HEAD} EVN NPU`,
  ADT_A21: `${ADT_HEAD} ${PERSON} ${VISIT} [{DB1}] [{OBX}]`,
  ADT_A24: `${ADT_HEAD} {PATIENT: ${PERSON} [PV1] [{DB1}]}`,
  ADT_A30: `${ADT_HEAD} ${MERGED}`,
  ADT_A37: `${ADT_HEAD} {PATIENT: ${PERSON} [PV1] [{DB1}]}`,
  ADT_A38: `${ADT_HEAD} ${PERSON} ${VISIT} [{DB1}] [{OBX}] [{DG1}] [DRG]`,
  ADT_A39: `${ADT_HEAD} ${MERGED}`,
  ADT_A43: `${ADT_HEAD} ${MERGED}`,
  ADT_A45: `${ADT_HEAD} ${PERSON} {MERGE_INFO: MRG [PV1]}`,
  ADT_A50: `${ADT_HEAD} ${MERGED}`,
  ADT_A52: `${ADT_HEAD} ${PERSON} ${VISIT}`,
  ADT_A54: `${ADT_HEAD} ${PERSON} ${VISIT}`,
  ADT_A60: `${ADT_HEAD} ${PERSON} [PV1] [PV2] [{ARV}] [{ADVERSE_REACTION: IAM|AL1 [{NTE}] [{IAR}]}]`,
  ADT_A61: `${ADT_HEAD} ${PERSON} ${VISIT}`,
  BAR_P01: `${HEAD} EVN PID [PD1] [{ROL|PRT}] {VISIT: ${ACCOUNT_VISIT}}`,
  BAR_P02: `${HEAD} EVN {PATIENT: PID [PD1] [PV1] [{DB1}]}`,
  BAR_P05: `${HEAD} EVN PID [PD1] [{ROL|PRT}] {VISIT: ${ACCOUNT_VISIT} [ABS] [{BLC}] [RMI]}`,
  BAR_P06: `${HEAD} EVN {PATIENT: PID [PV1]}`,
  BAR_P10: `${HEAD} EVN PID PV1 [{DG1}] GP1 [{PROCEDURE: PR1 [GP2]}]`,
  BAR_P12: `${HEAD} EVN PID PV1 [{DG1}] [DRG] [{OBX}] ${PROCEDURE}`,
  DFT_P03: `${CHARGE_PATIENT} ${COMMON_ORDER} {FINANCIAL: ${CHARGE}} [{DG1}] [DRG] ${COVER}`,
  DFT_P11: `${CHARGE_PATIENT} ${COMMON_ORDER} [{DG1}] [DRG] ${COVER} {FINANCIAL: ${CHARGE} [{DG1}] [DRG] [{GT1}] [{FINANCIAL_INSURANCE: IN1 [IN2] [{IN3}] [{ROL|PRT}]}]}`,
  MDM_T01: `${HEAD} EVN PID PV1 [{COMMON_ORDER: ORC ${TIMING} OBR [{NTE}]}] TXA [{CON}]`,
  MDM_T02: `${HEAD} EVN PID PV1 [{COMMON_ORDER: ORC ${TIMING} OBR [{NTE}]}] TXA [{CON}] {OBSERVATION: OBX [{PRT}] [{NTE}]}`,
  NMD_N02: `${HEAD} {CLOCK_AND_STATISTICS: [CLOCK: NCK [{NTE}]] [STATISTICS: NST [{NTE}]] [STATUS: NSC [{NTE}]]}`,
  OMG_O19: `${HEAD} [{NTE}] ${ORDER_PATIENT} {ORDER: ${ORC} ${TIMING} ${OBR_DETAIL} [{FT1}] [{CTI}] [BLG]}`,
  OML_O21: `${HEAD} [{NTE}] ${ORDER_PATIENT} {ORDER: ${ORC} ${TIMING} [OBSERVATION_REQUEST: ${OBR_DETAIL}] [{FT1}] [{CTI}] [BLG]}`,
  OMP_O09: `${HEAD} [{NTE}] ${ORDER_PATIENT} {ORDER: ${ORC} ${TIMING} RXO [{NTE}] [{RXR}] [{COMPONENT: RXC [{NTE}]}] ${OBSERVATION} [{DG1}] [{FT1}] [BLG]}`,
  ORM_O01: `${HEAD} [{NTE}] ${ORDER_PATIENT} {ORDER: ${ORC} ${TIMING} [ORDER_DETAIL: OBR|RXO|RQD|RQ1|ODS|ODT [{TQ1}] [{NTE}] [{RXR}] [{RXC}] [CTD] [{DG1}] ${OBSERVATION} ${SPECIMEN}] [{FT1}] [{CTI}] [BLG]}`,
  ORU_R01,
  ORU_R30: `${HEAD} PID [PD1] [{ROL|PRT}] [{OBX}] [VISIT: PV1 [PV2]] ORC OBR [{NTE}] [{ROL|PRT}] [{TIMING_QTY: TQ1 [{TQ2}]}] ${OBSERVATION}`,
  ORU_R40: ORU_R01,
  OSU_O51: `${HEAD} [{NTE}] [PATIENT: PID [PD1] [{PRT}] [{NTE}] ${PATIENT_VISIT}] {ORDER_STATUS: ORC [{PRT}] [OBR] [{NTE}]}`,
  PGL_PC6: `${CARE_PATIENT} {GOAL: GOL [{NTE}] [{VAR}] [{GOAL_ROLE: ROL|PRT [{VAR}]}] [{PATHWAY: PTH [{VAR}]}] [{OBSERVATION: OBX [{NTE}]}] [{PROBLEM: PRB ${PROBLEM_BODY} ${PROBLEM_OBSERVATION}}] ${CARE_ORDER}}`,
  PPP_PCB: `${CARE_PATIENT} {PATHWAY: PTH [{NTE}] [{VAR}] [{PATHWAY_ROLE: ROL|PRT [{VAR}]}] [{PROBLEM: PRB ${PROBLEM_BODY} ${PROBLEM_OBSERVATION} ${GOAL} ${CARE_ORDER}}]}`,
  PPR_PC1: `${CARE_PATIENT} {PROBLEM: PRB ${PROBLEM_BODY} [{PATHWAY: PTH [{VAR}]}] ${PROBLEM_OBSERVATION} ${GOAL} ${CARE_ORDER}}`,
  RAS_O17: `${HEAD} [{NTE}] ${ORDER_PATIENT} {ORDER: ${ORC} ${TIMING} ${RX_DETAIL} [ENCODING: RXE ${ENCODED}] {ADMINISTRATION: {RXA} [RXR] [{OBSERVATION: OBX [{PRT}] [{NTE}]}] [{NTE}]} [{CTI}]}`,
  RDE_O11: `${HEAD} [{NTE}] ${ORDER_PATIENT} {ORDER: ${ORC} ${TIMING} ${RX_DETAIL} RXE ${ENCODED} ${OBSERVATION} [{DG1}] [{FT1}] [BLG] [{CTI}]}`,
  RDS_O13: `${HEAD} [{NTE}] ${ORDER_PATIENT} {ORDER: ${ORC} ${TIMING} ${RX_DETAIL} [ENCODING: RXE ${ENCODED}] RXD [{NTE}] [{RXR}] [{RXC}] ${OBSERVATION} [{FT1}]}`,
  REF_I12: `${HEAD} [RF1] ${AUTHORIZATION} ${PRD} PID [PD1] ${REFERRAL_TAIL}`,
  RPA_I08: `${HEAD} MSA [{ERR}] [RF1] ${AUTHORIZATION} ${PRD} PID [PD1] ${REFERRAL_TAIL}`,
  RQA_I08: `${HEAD} [RF1] ${AUTHORIZATION} ${PRD} PID [PD1] ${REFERRAL_TAIL}`,
  RRI_I12: `${HEAD} [MSA] [{ERR}] [RF1] ${AUTHORIZATION} ${PRD} PID [PD1] ${REFERRAL_TAIL}`,
  SIU_S12: `${HEAD} SCH [{TQ1}] [{NTE}] ${SCHEDULED_PATIENT} ${RESOURCES}`,
  SRM_S01: `${HEAD} ARQ [APR] [{NTE}] ${SCHEDULED_PATIENT} ${RESOURCES}`,
  SRR_S01: `${HEAD} MSA [{ERR}] [SCHEDULE: SCH [{TQ1}] [{NTE}] ${SCHEDULED_PATIENT} ${RESOURCES}]`,
  VXU_V04: `${HEAD} PID [PD1] [{ARV}] [{NK1}] [VISIT: PV1 [PV2]] [{GT1}] [{INSURANCE: IN1 [IN2] [IN3]}] [{PERSON_OBSERVATION: OBX [{PRT}] [{NTE}]}] [{ORDER: ${ORC} ${TIMING} RXA [RXR] [{OBSERVATION: OBX [{PRT}] [{NTE}]}]}]`,
};

/** `TYPE` → triggers of each structure. Rule: HL7 table 0354 and chapter texts of v2.5.1; later triggers from v2.8. */
const TRIGGERS: Readonly<Record<string, string>> = {
  ADT_A01: 'A01 A04 A08 A13',
  ADT_A02: 'A02',
  ADT_A03: 'A03',
  ADT_A05: 'A05 A14 A28 A31',
  ADT_A06: 'A06 A07',
  ADT_A09: 'A09 A10 A11',
  ADT_A12: 'A12',
  ADT_A15: 'A15',
  ADT_A16: 'A16',
  ADT_A17: 'A17',
  ADT_A18: 'A18',
  ADT_A20: 'A20',
  ADT_A21: 'A21 A22 A23 A25 A26 A27 A29 A32 A33',
  ADT_A24: 'A24',
  ADT_A30: 'A30 A34 A35 A36 A46 A47 A48 A49',
  ADT_A37: 'A37',
  ADT_A38: 'A38',
  ADT_A39: 'A39 A40 A41 A42',
  ADT_A43: 'A43 A44',
  ADT_A45: 'A45',
  ADT_A50: 'A50 A51',
  ADT_A52: 'A52 A53',
  ADT_A54: 'A54 A55',
  ADT_A60: 'A60',
  ADT_A61: 'A61 A62',
  BAR_P01: 'P01',
  BAR_P02: 'P02',
  BAR_P05: 'P05',
  BAR_P06: 'P06',
  BAR_P10: 'P10',
  BAR_P12: 'P12',
  DFT_P03: 'P03',
  DFT_P11: 'P11',
  MDM_T01: 'T01 T03 T05 T07 T09 T11',
  MDM_T02: 'T02 T04 T06 T08 T10',
  NMD_N02: 'N02',
  OMG_O19: 'O19',
  OML_O21: 'O21',
  OMP_O09: 'O09',
  ORM_O01: 'O01',
  ORU_R01: 'R01',
  ORU_R30: 'R30 R31 R32',
  ORU_R40: 'R40',
  OSU_O51: 'O51',
  PGL_PC6: 'PC6 PC7 PC8',
  PPP_PCB: 'PCB PCC PCD',
  PPR_PC1: 'PC1 PC2 PC3',
  RAS_O17: 'O17 O01',
  RDE_O11: 'O11 O25 O01',
  RDS_O13: 'O13 O01',
  REF_I12: 'I12 I13 I14 I15',
  RPA_I08: 'I08 I09 I10 I11',
  RQA_I08: 'I08 I09 I10 I11',
  RRI_I12: 'I12 I13 I14 I15',
  SIU_S12: 'S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S26 S27',
  SRM_S01: 'S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S11',
  SRR_S01: 'S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S11',
  VXU_V04: 'V04',
};

/** `ADT^A08` → `ADT_A01`. */
export const STRUCTURE_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(TRIGGERS).flatMap(([structure, triggers]) =>
    triggers.split(' ').map((trigger): [string, string] => [`${structure.slice(0, 3)}^${trigger}`, structure]),
  ),
);
