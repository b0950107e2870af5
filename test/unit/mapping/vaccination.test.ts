import { describe, expect, it } from 'vitest';
import { codes, map, PID, resources, seg, text } from './network.ts';

const rxa = (fields: Readonly<Record<number, string>> = {}) =>
  seg('RXA', {
    1: '0',
    2: '1',
    3: '20260304',
    5: '115^Tdap^CVX',
    6: '0.5',
    7: 'mL^^UCUM',
    20: 'CP',
    21: 'A',
    ...fields,
  });
const obx = (code: string, type: string, value: string, subId = '1') =>
  `OBX|1|${type}|${code}^^LN|${subId}|${value}||||||F|||20260304`;
const vxu = (...segments: string[]) => map(text('VXU^V04^VXU_V04', [PID, ...segments]));
const immunization = (...segments: string[]) => resources(vxu(...segments), 'Immunization')[0];

describe('vaccinations', () => {
  it.each([
    ['CP', '', 'completed'],
    ['PA', '', 'completed'],
    ['RE', '', 'not-done'],
    ['NA', '', 'not-done'],
    ['', '', 'completed'],
    ['', '00^Parental decision^NIP002', 'not-done'],
    ['??', '', 'not-done'],
  ])('RXA-20 "%s" with refusal "%s" is %s', (status, refusal, expected) => {
    expect(immunization('ORC|RE||F1^ID', rxa({ 18: refusal, 20: status })).status).toBe(expected);
  });

  it('a partial dose is subpotent, never shown as full (H11)', () => {
    const partial = immunization('ORC|RE||F1^ID', rxa({ 20: 'PA' }));
    expect(partial.isSubpotent).toBe(true);
    expect(partial.subpotentReason[0].coding[0].code).toBe('partialdose');
  });

  it('RXA-21 D takes it back; U changes it in place, even its product', () => {
    const before = immunization('ORC|RE||F1^ID', rxa());
    const deleted = immunization('ORC|RE||F1^ID', rxa({ 21: 'D' }));
    const updated = immunization('ORC|RE||F1^ID', rxa({ 5: '113^Td^CVX', 21: 'U' }));
    expect(deleted.status).toBe('entered-in-error');
    expect([deleted.id, updated.id]).toEqual([before.id, before.id]);
    expect(updated.vaccineCode.coding[0].code).toBe('113');
  });

  it('ORC-3 9999 identifies nothing: two such records stay two, without that identifier', () => {
    const mapped = vxu('ORC|RE||9999^ID', rxa(), 'ORC|RE||9999^ID', rxa({ 5: '207^COVID^CVX' }));
    const found = resources(mapped, 'Immunization');
    expect(new Set(found.map((each) => each.id)).size).toBe(2);
    expect(found.every((each) => each.identifier === undefined)).toBe(true);
  });

  it('998 is no vaccination: only what was observed is stated', () => {
    const mapped = vxu('ORC|RE||9999^ID', rxa({ 5: '998^None^CVX' }), obx('59784-9', 'CE', '38907003^Varicella^SCT'));
    expect(resources(mapped, 'Immunization')).toEqual([]);
    expect(resources(mapped, 'Observation')).toHaveLength(1);
  });

  it('999 is an unknown amount, and what was not given has none', () => {
    expect(immunization('ORC|RE||F1^ID', rxa({ 6: '999' })).doseQuantity).toBeUndefined();
    expect(immunization('ORC|RE||F1^ID', rxa({ 20: 'RE' })).doseQuantity).toBeUndefined();
  });

  it('each RXA has its own route and observations, also without ORC (v2.3)', () => {
    const mapped = vxu(rxa(), 'RXR|IM', rxa({ 5: '207^COVID^CVX' }), 'RXR|SC', obx('31044-1', 'CE', 'VXC9^Crying^L'));
    const [first, second] = resources(mapped, 'Immunization');
    expect([first.route.coding[0].code, second.reaction?.length]).toEqual(['78421000', 1]);
    expect(first.reaction).toBeUndefined();
  });

  it('NIP001 00 is the own act, others tell of somebody else; other words are notes', () => {
    const own = immunization('ORC|RE||F1^ID', rxa({ 9: '00^New^NIP001~^Left arm was sore' }));
    expect([own.primarySource, own.reportOrigin, own.note]).toEqual([true, undefined, [{ text: 'Left arm was sore' }]]);
    const told = immunization('ORC|RE||F1^ID', rxa({ 9: '01^Historical^NIP001' }));
    expect([told.primarySource, told.reportOrigin.coding[0].code]).toEqual([false, '01']);
  });

  it('eligibility, sheets and doses are elements; they are not observations beside', () => {
    const mapped = vxu(
      'ORC|RE||F1^ID',
      rxa(),
      obx('64994-7', 'CE', 'V02^Medicaid^HL70064'),
      obx('30956-7', 'CE', '115^Tdap^CVX', '2'),
      obx('29768-9', 'DT', '20250806', '2'),
      obx('29769-7', 'DT', '20260304', '2'),
      obx('30973-2', 'NM', '2', '3'),
      obx('59782-3', 'NM', '3', '3'),
    );
    const [found] = resources(mapped, 'Immunization');
    expect(found.programEligibility[0].coding[0].code).toBe('V02');
    expect(found.education).toEqual([
      { documentType: 'Tdap', publicationDate: '2025-08-06', presentationDate: '2026-03-04' },
    ]);
    expect(found.protocolApplied).toEqual([{ doseNumberPositiveInt: 2, seriesDosesPositiveInt: 3 }]);
    expect(resources(mapped, 'Observation')).toEqual([]);
  });

  it('dates of a sheet without its name stay observations (R4 imm-1), and so does a schedule without a dose', () => {
    const mapped = vxu(
      'ORC|RE||F1^ID',
      rxa(),
      obx('29768-9', 'DT', '20250806', '2'),
      obx('59779-9', 'CE', 'VXC16^ACIP^L', '3'),
    );
    const [found] = resources(mapped, 'Immunization');
    expect([found.education, found.protocolApplied]).toEqual([undefined, undefined]);
    expect(resources(mapped, 'Observation')).toHaveLength(2);
  });

  it('a contraindication is the reason where RXA-18 gives none', () => {
    const found = immunization('ORC|RE||F1^ID', rxa({ 20: 'NA' }), obx('30945-0', 'CE', 'VXC30^Allergy to eggs^L'));
    expect(found.statusReason.coding[0].code).toBe('VXC30');
  });

  it('nothing of a complete record is lost', () => {
    const mapped = vxu('ORC|RE||F1^ID', rxa(), 'RXR|IM^Intramuscular^HL70162|LD^Left deltoid^HL70163');
    expect(codes(mapped)).not.toContain('map.unmapped');
  });
});
