import { describe, expect, it } from 'vitest';
import { map, PID, resources, text } from './network.ts';

const other = PID.replace('100^^^MRN', '200^^^MRN');
const obr = (filler: string) => `OBR|1||${filler}^ID|718-7^Hemoglobin^LN`;
const obx = (value: string) => `OBX|1|NM|718-7^Hemoglobin^LN||${value}||||||F`;

describe('several patients in one message (H7)', () => {
  it('each result of an ORU is of the patient whose PID stands before it', () => {
    const mapped = map(text('ORU^R01', [PID, obr('F1'), obx('11'), other, obr('F2'), obx('12')]));
    const patients = resources(mapped, 'Patient').map((each) => `Patient/${each.id}`);
    expect(resources(mapped, 'Observation').map((each) => [each.subject.reference, each.valueQuantity.value])).toEqual([
      [patients[0], 11],
      [patients[1], 12],
    ]);
  });

  it('a second message in one frame is refused with its place, not read into the first and not passed over', () => {
    const two = [text('ADT^A01', [PID, 'PV1|1|I']), text('ADT^A03', [PID, 'PV1|1|I'])].join('\r');
    expect(map(two).refused).toMatchObject({ code: 'map.messages-several', location: 'MSH[2]' });
  });

  it('one patient of an ORU who cannot be identified parks alone', () => {
    const mapped = map(text('ORU^R01', ['PID|1', obr('F1'), obx('11'), other, obr('F2'), obx('12')]));
    expect(mapped.parked.map((part) => part.code)).toEqual(['map.patient-unidentified']);
    expect(resources(mapped, 'Observation').map((each) => each.valueQuantity.value)).toEqual([12]);
  });

  it.each([
    ['VXU^V04', ['ORC|RE||F1^ID', 'RXA|0|1|20260301||115^Tdap^CVX']],
    ['PPR^PC1', ['PRB|AD|20260301|F33.2^Depression^I10C|P1^ID']],
    ['DFT^P03', ['FT1|1|T1||20260301||CG|DAY^Day^L']],
    ['OML^O21', ['ORC|NW|A1^ID', 'OBR|1|A1^ID||718-7^Hemoglobin^LN']],
    ['OUL^R24', [obr('F1'), obx('11')]],
    ['RAS^O17', ['ORC|RE|O1^ID|F1^ID', 'RXA|0|1|202603011000||X|28|mg']],
    ['ADT^A08', ['PV1|1|I||||||||||||||||V1^^^VN']],
  ])('%s has one patient: a second one parks the message', (event, segments) => {
    expect(map(text(event, [PID, ...segments, other, ...segments])).refused?.code).toBe('map.patients-several');
    expect(map(text(event, [PID, ...segments, PID, ...segments])).refused).toBeUndefined();
  });
});
