import { describe, expect, it } from 'vitest';
import { map, PID, resources, text } from './network.ts';

const order = (event: string, ...segments: string[]) => map(text(event, [PID, ...segments]));
const SPM = (id: string, type = 'SER', role = 'P') => `SPM|1|${id}||${type}|||||||${role}`;

describe('specimens', () => {
  it('in OML^O33 each order keeps the specimen before it, not the one after it', () => {
    const mapped = order(
      'OML^O33^OML_O33',
      SPM('S1&ID'),
      'ORC|NW|A1^ID',
      'OBR|1|A1^ID||2951-2^Sodium^LN',
      SPM('S2&ID', 'UR'),
      'ORC|NW|A2^ID',
      'OBR|1|A2^ID||19659-2^PCP^LN',
    );
    const typeOf = (request: { specimen: { reference: string }[] }) =>
      resources(mapped, 'Specimen').find((each) => `Specimen/${each.id}` === request.specimen[0]!.reference)?.type
        .coding[0].code;
    expect(resources(mapped, 'ServiceRequest').map(typeOf)).toEqual(['SER', 'UR']);
  });

  it('the order and its result name one specimen, by the number of the placer', () => {
    const ordered = order('OML^O21^OML_O21', 'ORC|NW|A1^ID', 'OBR|1|A1^ID||2951-2^Sodium^LN', SPM('S1&ID'));
    const resulted = order(
      'OUL^R22^OUL_R22',
      SPM('S1&ID^L1&ID'),
      'OBR|1|A1^ID|F1^ID|2951-2^Sodium^LN||||||||||||||||||||F',
      'ORC|SC|A1^ID',
      'OBX|1|NM|2951-2^Sodium^LN||139||||||F',
    );
    const [specimen] = resources(ordered, 'Specimen');
    expect(resources(resulted, 'Specimen')[0].id).toBe(specimen.id);
    expect(resources(resulted, 'Observation')[0].specimen).toEqual({ reference: `Specimen/${specimen.id}` });
  });

  it.each(['Q', 'C', 'B'])('a specimen in role %s is nobody’s: parked with its results', (role) => {
    const mapped = order(
      'OUL^R22^OUL_R22',
      SPM('S1&ID', 'SER', role),
      'OBR|1|A1^ID|F1^ID|2951-2^Sodium^LN||||||||||||||||||||F',
      'OBX|1|NM|2951-2^Sodium^LN||139||||||F',
    );
    expect([...resources(mapped, 'Specimen'), ...resources(mapped, 'Observation')]).toEqual([]);
    expect(mapped.parked.map((part) => part.code)).toEqual(['map.specimen-of-nobody']);
  });

  it('in OUL the ORC after an OBR belongs to it', () => {
    const mapped = order(
      'OUL^R24^OUL_R24',
      'OBR|1|A1^ID|F1^ID|2951-2^Sodium^LN||||||||||||||||||||F',
      'ORC|SC|A1^ID',
      'OBX|1|NM|2951-2^Sodium^LN||139||||||F',
      'OBR|2|A2^ID|F2^ID|2823-3^Potassium^LN||||||||||||||||||||F',
      'ORC|SC|A2^ID',
      'OBX|1|NM|2823-3^Potassium^LN||4.1||||||F',
    );
    expect(resources(mapped, 'DiagnosticReport').map((report) => report.result.length)).toEqual([1, 1]);
  });

  it('in OUL^R21 the ORC before an OBR belongs to it', () => {
    const mapped = order(
      'OUL^R21^OUL_R21',
      'ORC|RE|A1^ID',
      'OBR|1|A1^ID|F1^ID|2951-2^Sodium^LN||||||||||||||||||||F',
      'OBX|1|NM|2951-2^Sodium^LN||139||||||F',
      'ORC|RE|A2^ID',
      'OBR|2|A2^ID|F2^ID|2823-3^Potassium^LN||||||||||||||||||||P',
      'OBX|1|NM|2823-3^Potassium^LN||4.1||||||P',
    );
    const requests = resources(mapped, 'ServiceRequest');
    expect(requests.map((each) => each.code.coding[0].code)).toEqual(['2951-2', '2823-3']);
    expect(resources(mapped, 'Observation').map((each) => each.basedOn[0].reference)).toEqual(
      requests.map((each) => `ServiceRequest/${each.id}`),
    );
  });

  it('in OUL^R24 what follows the container is the result of the order, what stands before it is of the specimen', () => {
    const mapped = order(
      'OUL^R24^OUL_R24',
      'OBR|1|A1^ID|F1^ID|2951-2^Sodium^LN||||||||||||||||||||F',
      'ORC|RE|A1^ID',
      SPM('S1&ID'),
      'OBX|1|NM|3094-0^Volume^LN||4||||||F',
      'SAC|||C1^ID',
      'OBX|1|NM|2951-2^Sodium^LN||139||||||F',
    );
    const [report] = resources(mapped, 'DiagnosticReport');
    const sodium = resources(mapped, 'Observation').find((each) => each.code.coding[0].code === '2951-2');
    expect(report.result).toEqual([{ reference: `Observation/${sodium.id}` }]);
  });

  it('in OML^O35 a specimen has every container, also those whose orders come later', () => {
    const mapped = order(
      'OML^O35^OML_O35',
      SPM('S1&ID'),
      'SAC|||C1^ID',
      'ORC|NW|A1^ID',
      'OBR|1|A1^ID||2951-2^Sodium^LN',
      'SAC|||C2^ID',
      'ORC|NW|A2^ID',
      'OBR|2|A2^ID||2823-3^Potassium^LN',
      SPM('S2&ID'),
      'SAC|||C3^ID',
      'ORC|NW|A3^ID',
      'OBR|3|A3^ID||2823-3^Potassium^LN',
    );
    const held = resources(mapped, 'Specimen').map((each) =>
      each.container.map((one: { identifier: { value: string }[] }) => one.identifier[0]!.value),
    );
    expect(held).toEqual([['C1', 'C2'], ['C3']]);
  });

  it('a rejected specimen is unsatisfactory, with its reason', () => {
    const mapped = order(
      'OML^O21^OML_O21',
      'ORC|NW|A1^ID',
      'OBR|1|A1^ID||2951-2^Sodium^LN',
      `${SPM('S1&ID')}|||||||||Y|EX^Expired^HL70490`,
    );
    const [specimen] = resources(mapped, 'Specimen');
    expect([specimen.status, specimen.extension.at(-1).valueCodeableConcept.coding[0].code]).toEqual([
      'unsatisfactory',
      'EX',
    ]);
  });

  it('before v2.5 the specimen stands in OBR-15, and only where something is said of one', () => {
    const ordered = (source: string) =>
      order('OML^O21^OML_O21', 'ORC|NW|A1^ID', `OBR|1|A1^ID||2951-2^Sodium^LN|||||||||||${source}`);
    expect(resources(ordered('BLD&Blood&HL70487^^fasting'), 'Specimen')[0]).toMatchObject({
      type: { coding: [{ code: 'BLD' }] },
      note: [{ text: 'fasting' }],
    });
    expect(resources(ordered(''), 'Specimen')).toEqual([]);
  });

  it('OBR-7 is the time of collection where there is a specimen, and makes none', () => {
    const ordered = (...spm: string[]) =>
      order('OML^O21^OML_O21', 'ORC|NW|A1^ID', 'OBR|1|A1^ID||2951-2^Sodium^LN|||20260301', ...spm);
    expect(resources(ordered(SPM('S1&ID')), 'Specimen')[0].collection.collectedDateTime).toBe('2026-03-01');
    expect(resources(ordered(), 'Specimen')).toEqual([]);
  });
});
