import { describe, expect, it } from 'vitest';
import { codes, type Loose, map, PID, resources, stated, text } from './network.ts';

const OBR = 'OBR|1||F1^ID|44249-1^PHQ-9^LN|||20260302090000||||||||||||||||||C';
const oru = (...obx: string[]) => map(text('ORU^R01^ORU_R01', [PID, OBR, ...obx]));
const one = (obx: string) => resources(oru(obx), 'Observation')[0];
const OBX = (type: string, value: string, unit = '', status = 'F') =>
  `OBX|1|${type}|44261-6^Total^LN||${value}|${unit}|||||${status}`;

describe('results', () => {
  it.each([
    ['F', 'final'],
    ['P', 'preliminary'],
    ['C', 'corrected'],
    ['A', 'amended'],
    ['D', 'entered-in-error'],
    ['W', 'entered-in-error'],
    ['X', 'cancelled'],
    ['N', 'cancelled'],
    ['R', 'preliminary'],
    ['U', 'final'],
    ['O', 'registered'],
    ['I', 'registered'],
    ['S', 'preliminary'],
    ['V', 'final'],
    ['B', 'preliminary'],
  ])('OBX-11 %s is %s', (code, status) => expect(one(OBX('NM', '5', '', code)).status).toBe(status));

  it.each([
    ['A', 'preliminary'],
    ['C', 'corrected'],
    ['F', 'final'],
    ['S', 'registered'],
    ['X', 'cancelled'],
  ])('without OBX-11, OBR-25 %s makes a result %s: A is "some results", not "amended"', (code, status) => {
    const mapped = map(text('ORU^R01', [PID, OBR.replace(/C$/, code), OBX('NM', '5', '', '')]));
    expect(resources(mapped, 'Observation')[0].status).toBe(status);
  });

  it('a correction is the same Observation (H20)', () => {
    expect(one(OBX('NM', '19', '', 'C')).id).toBe(one(OBX('NM', '17')).id);
  });

  it('a correction of one result does not take the others off the report', () => {
    const both = oru(OBX('NM', '17'), 'OBX|2|NM|44260-8^Item 9^LN||1||||||F');
    const corrected = oru(OBX('NM', '19', '', 'C'));
    const elements = (mapped: typeof both) =>
      mapped.resources
        .find((each) => each.type === 'DiagnosticReport')!
        .elements.map((each) => each.element)
        .filter((each) => each.startsWith('result['));
    expect(elements(both)).toHaveLength(2);
    expect(elements(both)).toContain(elements(corrected)[0]);
  });

  it.each([
    [OBX('NM', '7.5', 'mg^^UCUM'), { valueQuantity: { value: 7.5, code: 'mg' } }],
    [OBX('NM', '<5', 'mg^^UCUM'), { valueQuantity: { value: 5, comparator: '<' } }],
    [OBX('SN', '>^10'), { valueQuantity: { value: 10, comparator: '>' } }],
    [OBX('SN', '^1^:^128'), { valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } }],
    [OBX('SN', '^1^-^3'), { valueRange: { low: { value: 1 }, high: { value: 3 } } }],
    [OBX('NR', '1^3'), { valueRange: { low: { value: 1 }, high: { value: 3 } } }],
    [OBX('CWE', 'LA1^Yes^LN'), { valueCodeableConcept: { coding: [{ system: 'http://loinc.org', code: 'LA1' }] } }],
    [OBX('ST', 'plain'), { valueString: 'plain' }],
    [OBX('TX', 'one~two'), { valueString: 'one\ntwo' }],
    [OBX('DT', '20260301'), { valueDateTime: '2026-03-01' }],
    [OBX('TM', '1430'), { valueTime: '14:30:00' }],
  ])('%s', (obx, expected) => expect(one(obx)).toMatchObject(expected));

  it('a value that is not of its type is kept as text, with an issue', () => {
    expect(one(OBX('NM', 'negative'))).toMatchObject({ valueString: 'negative' });
    expect(codes(oru(OBX('NM', 'negative')))).toContain('map.value-not-of-type');
  });

  it('an empty value says that it is absent, and "" deletes', () => {
    expect(one(OBX('NM', ''))).toMatchObject({ dataAbsentReason: { coding: [{ code: 'unknown' }] } });
    expect(stated(oru(OBX('NM', '""')), 'Observation', 'valueString')?.op).toBe('delete');
  });

  it('an unknown coding system is an issue and gets no invented URI', () => {
    const mapped = oru('OBX|1|CWE|X1^Thing^ACME||Y^Yes^ACME||||||F');
    expect(codes(mapped)).toContain('map.coding-system-unknown');
    expect(resources(mapped, 'Observation')[0].code.coding[0].system).toBe('urn:handoff:code:clinic:ACME');
  });

  it('the lines of a text, one OBX each, are one Observation with all of them (H1)', () => {
    const mapped = oru(
      OBX('TX', 'Denies intent.'),
      OBX('TX', 'But has a plan.'),
      OBX('TX', ''),
      OBX('TX', 'Call at once.'),
    );
    const [observation, ...others] = resources(mapped, 'Observation');
    expect(others).toEqual([]);
    expect(observation.valueString).toBe('Denies intent.\nBut has a plan.\n\nCall at once.');
    expect(observation.dataAbsentReason).toBeUndefined();
  });

  it('a result that comes again without a sub-id does not take the place of the first', () => {
    const at = (value: string, day: string, status = 'F') => `${OBX('NM', value, '', status)}|||${day}`;
    const mapped = oru(at('12', '20260301'), at('18', '20260302'));
    const values = resources(mapped, 'Observation').map((each) => each.valueQuantity.value);
    expect(values).toEqual([12, 18]);
    expect(codes(mapped)).toContain('map.observation-repeated');
    expect(resources(mapped, 'DiagnosticReport')[0].result).toHaveLength(2);
    const corrected = resources(oru(at('12', '20260301'), at('19', '20260302', 'C')), 'Observation');
    expect(corrected.map((each) => each.id)).toEqual(resources(mapped, 'Observation').map((each) => each.id));
  });

  it('the same OBX twice is one Observation', () => {
    expect(resources(oru(OBX('NM', '12'), OBX('NM', '12')), 'Observation')).toHaveLength(1);
  });

  it('two pressures of one moment are two panels, each whole', () => {
    const pressure = (code: string, value: string) => `OBX|1|NM|${code}^x^LN||${value}|mm[Hg]|||||F|||20260302`;
    const panels = resources(
      oru(pressure('8480-6', '120'), pressure('8462-4', '80'), pressure('8480-6', '90'), pressure('8462-4', '50')),
      'Observation',
    );
    const values = panels.map((each) => each.component.map((part: Loose) => part.valueQuantity.value).sort());
    expect(values).toEqual([
      [120, 80],
      [50, 90],
    ]);
  });
});
