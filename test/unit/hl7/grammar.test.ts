import { describe, expect, it } from 'vitest';
import { GroupNode, groupMessage, structureOf, structureRules } from '../../../src/hl7/grammar.ts';
import { compile } from '../../../src/hl7/notation.ts';
import { STRUCTURE_OF, STRUCTURES } from '../../../src/hl7/structures.ts';
import { messageOf } from './message.ts';

/** `PATIENT(PID PV1)`: groups and segment names as they nest. */
function shown(node: GroupNode): string {
  const inside = node.children.map((child) => (child instanceof GroupNode ? shown(child) : child.name));
  return `${node.name}(${inside.join(' ')})`;
}

/** Groups bare segments of a type; gives the nesting, and issues as `code location`. */
function grouped(type: string, names: string): { tree: string; issues: string[] } {
  const segments = names.split(' ').map((name, i) => `${name}|${i + 1}`);
  const message = messageOf(`MSH|^~\\&|A|B|C|D|20260302||${type}|1|T|2.5.1`, ...segments);
  const { root, issues } = groupMessage(message);
  return { tree: shown(root), issues: issues.map((found) => `${found.code} ${found.location ?? found.text}`) };
}

describe('structures', () => {
  it('all compile, and every trigger leads to one of them', () => {
    for (const name of Object.keys(STRUCTURES)) expect(structureRules(name)?.name).toBe(name);
    expect([...STRUCTURE_OF.values()].filter((name) => STRUCTURES[name] === undefined)).toEqual([]);
  });

  it('refuse a mistake in the notation', () => {
    for (const wrong of ['MSH [PID', 'MSH [PID PV1]', 'MSH ]', 'MSH $', 'MSH {GROUP: PID']) {
      expect(() => compile('X', wrong)).toThrow(TypeError);
    }
  });

  it('are not fooled by names every object has', () => {
    expect(structureRules('constructor')).toBeUndefined();
  });

  it.each([
    ['ADT^A08^ADT_A01', 'ADT_A01', ''],
    ['ADT^A08', 'ADT_A01', ''],
    ['ADT^A08^ADT_A08', 'ADT_A01', 'hl7.structure-mismatch'],
    ['SIU^S14', 'SIU_S12', ''],
    ['ORU^R40^ORU_R40', 'ORU_R40', ''],
    ['RRI^I12', 'RRI_I12', ''],
    ['ACK^A01^ACK', 'ACK', ''],
    ['ACK', 'ACK', ''],
    ['VXU', 'VXU_V04', ''],
    ['ADT^Z99^ADT_A01', 'ADT_A01', ''],
    ['QBP^Q11^QBP_Q11', undefined, 'hl7.structure-unknown'],
    ['ADT^Z99', undefined, 'hl7.structure-unknown'],
    ['', undefined, 'hl7.structure-unknown'],
  ])('%s is %s', (type, structure, code) => {
    const found = structureOf(messageOf(`MSH|^~\\&|A|B|C|D|20260302||${type}|1|T|2.5.1`));
    expect([found.structure, found.issues.map((one) => one.code).join()]).toEqual([structure, code]);
  });

  it('take the trigger from EVN-1 where MSH-9.2 is missing', () => {
    expect(structureOf(messageOf('MSH|^~\\&|A|B|C|D|20260302||ADT|1|T|2.2', 'EVN|A03')).structure).toBe('ADT_A03');
  });
});

describe('grouping', () => {
  it.each([
    [
      'ADT^A01',
      'EVN PID PD1 NK1 PV1 PV2 OBX AL1 DG1 PR1 ROL IN1 IN2 IN1',
      'ADT_A01(MSH EVN PID PD1 NK1 PV1 PV2 OBX AL1 DG1 PROCEDURE(PR1 ROL) INSURANCE(IN1 IN2) INSURANCE(IN1))',
    ],
    ['ADT^A17', 'EVN PID PV1 PID PV1 OBX', 'ADT_A17(MSH EVN PATIENT(PID PV1) PATIENT(PID PV1 OBX))'],
    ['ADT^A40', 'EVN PID PD1 MRG PV1 PID MRG', 'ADT_A39(MSH EVN PATIENT(PID PD1 MRG PV1) PATIENT(PID MRG))'],
    ['ADT^A37', 'EVN PID PID PV1', 'ADT_A37(MSH EVN PATIENT(PID) PATIENT(PID PV1))'],
    [
      'SIU^S12',
      'SCH TQ1 NTE PID PV1 DG1 PID PV1 RGS AIS NTE AIL AIP AIP RGS AIG',
      'SIU_S12(MSH SCH TQ1 NTE PATIENT(PID PV1 DG1) PATIENT(PID PV1) RESOURCES(RGS SERVICE(AIS NTE) LOCATION_RESOURCE(AIL) PERSONNEL_RESOURCE(AIP) PERSONNEL_RESOURCE(AIP)) RESOURCES(RGS GENERAL_RESOURCE(AIG)))',
    ],
    [
      'ORU^R01',
      'PID PV1 ORC OBR NTE OBX NTE OBX SPM OBX OBR OBX',
      'ORU_R01(MSH PATIENT_RESULT(PATIENT(PID VISIT(PV1)) ORDER_OBSERVATION(ORC OBR NTE OBSERVATION(OBX NTE) OBSERVATION(OBX) SPECIMEN(SPM OBX)) ORDER_OBSERVATION(OBR OBSERVATION(OBX))))',
    ],
    [
      'ORU^R01',
      'PID OBR OBX PID OBR OBX',
      'ORU_R01(MSH PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR OBSERVATION(OBX))) PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR OBSERVATION(OBX))))',
    ],
    [
      'MDM^T02',
      'EVN PID PV1 ORC OBR TXA OBX NTE OBX',
      'MDM_T02(MSH EVN PID PV1 COMMON_ORDER(ORC OBR) TXA OBSERVATION(OBX NTE) OBSERVATION(OBX))',
    ],
    [
      'REF^I12',
      'RF1 AUT PRD CTD PRD PID DG1 OBR OBX NTE PV1 NTE',
      'REF_I12(MSH RF1 AUTHORIZATION_CONTACT(AUT) PROVIDER_CONTACT(PRD CTD) PROVIDER_CONTACT(PRD) PID DG1 OBSERVATION(OBR RESULTS_NOTES(OBX NTE)) PATIENT_VISIT(PV1) NTE)',
    ],
    ['RRI^I12', 'MSA RF1 PRD PID', 'RRI_I12(MSH MSA RF1 PROVIDER_CONTACT(PRD) PID)'],
    [
      'RDE^O11',
      'PID PV1 ORC TQ1 RXO RXR RXE NTE TQ1 RXR RXC ORC RXE',
      'RDE_O11(MSH PATIENT(PID PATIENT_VISIT(PV1)) ORDER(ORC TIMING(TQ1) ORDER_DETAIL(RXO RXR) RXE NTE TIMING_ENCODED(TQ1) RXR RXC) ORDER(ORC RXE))',
    ],
    [
      'RAS^O17',
      'PID ORC RXE RXA RXR OBX RXA RXR',
      'RAS_O17(MSH PATIENT(PID) ORDER(ORC ENCODING(RXE) ADMINISTRATION(RXA RXR OBSERVATION(OBX)) ADMINISTRATION(RXA RXR)))',
    ],
    [
      'ORM^O01',
      'PID PV1 AL1 ORC OBR NTE OBX ORC RXO',
      'ORM_O01(MSH PATIENT(PID PATIENT_VISIT(PV1) AL1) ORDER(ORC ORDER_DETAIL(OBR NTE OBSERVATION(OBX))) ORDER(ORC ORDER_DETAIL(RXO)))',
    ],
    [
      'OML^O21',
      'PID ORC OBR OBX ORC OBR PID OBR OBX',
      'OML_O21(MSH PATIENT(PID) ORDER(ORC OBSERVATION_REQUEST(OBR OBSERVATION(OBX))) ORDER(ORC OBSERVATION_REQUEST(OBR PRIOR_RESULT(PATIENT_PRIOR(PID) ORDER_PRIOR(OBR OBSERVATION_PRIOR(OBX))))))',
    ],
    [
      'PPR^PC1',
      'PID PRB NTE GOL ORC OBR PRB GOL',
      'PPR_PC1(MSH PID PROBLEM(PRB NTE GOAL(GOL) ORDER(ORC ORDER_DETAIL(OBR))) PROBLEM(PRB GOAL(GOL)))',
    ],
    [
      'DFT^P03',
      'EVN PID PV1 FT1 PR1 FT1 DG1 IN1',
      'DFT_P03(MSH EVN PID PV1 FINANCIAL(FT1 FINANCIAL_PROCEDURE(PR1)) FINANCIAL(FT1) DG1 INSURANCE(IN1))',
    ],
    [
      'VXU^V04',
      'PID PV1 ORC RXA RXR OBX ORC RXA',
      'VXU_V04(MSH PID VISIT(PV1) ORDER(ORC RXA RXR OBSERVATION(OBX)) ORDER(ORC RXA))',
    ],
    ['ACK', 'MSA ERR ERR', 'ACK(MSH MSA ERR ERR)'],
  ])('nests %s: %s', (type, names, tree) => {
    expect(grouped(type, names)).toEqual({ tree, issues: [] });
  });

  it('keeps a Z-segment with the segment before it, without an issue', () => {
    expect(grouped('SIU^S12', 'SCH ZSC PID ZPI RGS AIS ZAI AIL')).toEqual({
      tree: 'SIU_S12(MSH SCH ZSC PATIENT(PID ZPI) RESOURCES(RGS SERVICE(AIS ZAI) LOCATION_RESOURCE(AIL)))',
      issues: [],
    });
  });

  it('goes on past a required segment that is missing, and lists it', () => {
    expect(grouped('ADT^A01', 'PID PV1')).toEqual({
      tree: 'ADT_A01(MSH PID PV1)',
      issues: ['hl7.segment-missing EVN is required in ADT_A01'],
    });
  });

  it('opens a required group whose first segment is missing', () => {
    expect(grouped('SIU^S12', 'SCH PID AIS AIL')).toEqual({
      tree: 'SIU_S12(MSH SCH PATIENT(PID) RESOURCES(SERVICE(AIS) LOCATION_RESOURCE(AIL)))',
      issues: ['hl7.segment-missing RGS is required in RESOURCES'],
    });
  });

  it('keeps resources that come in another order in their group', () => {
    expect(grouped('SIU^S12', 'SCH PID RGS AIP AIL NTE AIS')).toEqual({
      tree: 'SIU_S12(MSH SCH PATIENT(PID) RESOURCES(RGS PERSONNEL_RESOURCE(AIP) LOCATION_RESOURCE(AIL NTE) SERVICE(AIS)))',
      issues: ['hl7.segment-unexpected AIL[1]', 'hl7.segment-unexpected AIS[1]'],
    });
  });

  it('never parts a prior identifier from its patient', () => {
    expect(grouped('ADT^A40', 'EVN PID PV1 MRG PID MRG')).toEqual({
      tree: 'ADT_A39(MSH EVN PATIENT(PID PV1 MRG) PATIENT(PID MRG))',
      issues: ['hl7.segment-unexpected MRG[1]'],
    });
  });

  it('keeps a note with what it follows, and does not let it jump to a later place for notes', () => {
    expect(grouped('REF^I12', 'RF1 NTE PRD PID DG1')).toEqual({
      tree: 'REF_I12(MSH RF1 NTE PROVIDER_CONTACT(PRD) PID DG1)',
      issues: ['hl7.segment-unexpected NTE[1]'],
    });
  });

  it('lets a stray segment not disturb what follows it', () => {
    expect(grouped('ORM^O01', 'PID ORC OBR AL1 OBX')).toEqual({
      tree: 'ORM_O01(MSH PATIENT(PID AL1) ORDER(ORC ORDER_DETAIL(OBR OBSERVATION(OBX))))',
      issues: ['hl7.segment-unexpected AL1[1]'],
    });
  });

  it('gives each order detail its own order where senders leave ORC out', () => {
    expect(grouped('ORM^O01', 'PID OBR OBX OBR OBX').tree).toBe(
      'ORM_O01(MSH PATIENT(PID) ORDER(ORDER_DETAIL(OBR OBSERVATION(OBX))) ORDER(ORDER_DETAIL(OBR OBSERVATION(OBX))))',
    );
  });

  it('keeps a segment that the structure does not know', () => {
    expect(grouped('ADT^A01', 'EVN PID PV1 PRB')).toEqual({
      tree: 'ADT_A01(MSH EVN PID PV1 PRB)',
      issues: ['hl7.segment-unexpected PRB[1]'],
    });
  });

  it('is flat for a structure nobody knows', () => {
    expect(grouped('QBP^Q11', 'QPD RCP').tree).toBe('(MSH QPD RCP)');
  });

  it('finds groups and segments by name', () => {
    const message = messageOf(
      'MSH|^~\\&|A|B|C|D|20260302||ORU^R01|1|T|2.5.1',
      'PID|1',
      'OBR|1',
      'OBX|1',
      'OBX|2',
      'OBR|2',
      'OBX|3',
    );
    const { root } = groupMessage(message);
    const orders = root.allGroups('ORDER_OBSERVATION');
    expect(orders.map((order) => order.all('OBX').map((obx) => obx.get(1)))).toEqual([['1', '2'], ['3']]);
    expect(root.group('PATIENT_RESULT')?.group('PATIENT')?.segment('PID')?.get(1)).toBe('1');
    expect(orders[0]!.segments('OBX')).toEqual([]);
  });
});
