import { describe, expect, it } from 'vitest';
import { codes, type Loose, map, PID, partner, resources, stated, text } from './network.ts';

const a08 = (pid: string, of = partner()) => map(text('ADT^A08^ADT_A01', ['EVN|A08|20260302100000', pid]), of);

describe('the patient', () => {
  it('an unmapped sex is an issue, not unknown', () => {
    const mapped = a08(PID.replace('|F', '|Q'));
    expect(codes(mapped)).toContain('map.code-unmapped');
    expect(stated(mapped, 'Patient', 'gender')).toBeUndefined();
  });

  it('an absent field says nothing, "" deletes, a list is stated whole', () => {
    const mapped = a08('PID|1||100^^^MRN^MR||Doe^Pat||""|F|||""||^PRN^PH^^1^555^5550101~^PRN^CP^^1^555^5550102');
    expect(stated(mapped, 'Patient', 'birthDate')?.op).toBe('delete');
    expect(stated(mapped, 'Patient', 'address[PID-11]')?.op).toBe('delete');
    expect(stated(mapped, 'Patient', 'maritalStatus')).toBeUndefined();
    expect(stated(mapped, 'Patient', 'telecom[PID-13]')).toMatchObject({
      op: 'snapshot',
      value: [{ use: 'home' }, { use: 'mobile' }],
    });
  });

  it('the key is a record number of the sender, whatever stands first, and never an SSN', () => {
    const own = partner({ issues: ['https://clinic.example/mrn'] });
    const one = a08('PID|1||999^^^OTHER^MR~100^^^MRN^MR~123456789^^^SSA^SS||Doe^Pat', own);
    const two = a08('PID|1||100^^^MRN^MR||Doe^Pat', own);
    expect(one.patients).toEqual(two.patients);
    expect(a08('PID|1||123456789^^^SSA^SS||Doe^Pat').refused).toMatchObject({
      code: 'map.patient-unidentified',
      location: 'PID[1]-3',
    });
  });

  it('an identifier without assigner identifies nobody unless the partner has a default', () => {
    expect(a08('PID|1||100||Doe^Pat').refused?.code).toBe('map.patient-unidentified');
    expect(a08('PID|1||100||Doe^Pat', partner({ defaultAuthority: 'MRN' })).patients).toEqual(a08(PID).patients);
  });

  it('a number of PID-2 or PID-4 without assigner is never a record number of the default assigner (H7)', () => {
    const of = (pid: string) =>
      resources(map(text('ADT^A31', [pid]), partner({ defaultAuthority: 'MRN' })), 'Patient')[0].identifier.map(
        (each: Loose) => `${each.system}|${each.value}`,
      );
    expect(of('PID||EXT9|100|ALT7|Doe^Pat').sort()).toEqual([
      'https://clinic.example/mrn|100',
      'urn:handoff:authority:clinic:PID-2|EXT9',
      'urn:handoff:authority:clinic:PID-4|ALT7',
    ]);
    expect(of('PID||EXT9^^^MRN|100||Doe^Pat')).toContain('https://clinic.example/mrn|EXT9');
    expect(of('PID||100|||Doe^Pat')).toEqual(['https://clinic.example/mrn|100']);
  });

  it('equal namespaces of two partners are two systems', () => {
    const [one] = resources(a08('PID|1||7^^^HOSP^MR'), 'Patient');
    const [two] = resources(a08('PID|1||7^^^HOSP^MR', partner({ id: 'other' })), 'Patient');
    expect(one.identifier[0].system).not.toBe(two.identifier[0].system);
  });

  it('race and ethnicity are the US Core extensions', () => {
    const [patient] = resources(
      a08(
        'PID|1||100^^^MRN^MR||Doe^Pat||19900101|F||2106-3^White^CDCREC~2028-9^Asian^CDCREC||||||||||||H^Hispanic^HL70189',
      ),
      'Patient',
    );
    const race = patient.extension.find((each: { url: string }) => each.url.endsWith('us-core-race'));
    const ethnicity = patient.extension.find((each: { url: string }) => each.url.endsWith('us-core-ethnicity'));
    expect(race.extension.map((each: { url: string }) => each.url)).toEqual(['ombCategory', 'ombCategory', 'text']);
    expect(ethnicity.extension[0].valueCoding.code).toBe('2135-2');
  });

  it('what reaches no row is listed with its place', () => {
    const mapped = map(text('ADT^A08^ADT_A01', ['EVN|A08', `${PID}|||||||||||||||||||||||||X`, 'ZZZ|1']));
    const lost = mapped.issues.filter((issue) => issue.code === 'map.unmapped').map((issue) => issue.location);
    expect(lost).toEqual(['PID[1]-33[1].1.1', 'ZZZ[1]']);
  });
});

describe('identity events', () => {
  it.each(['A18', 'A30', 'A34', 'A39', 'A40', 'A46', 'A47'])('%s states a merge and moves nothing (H7)', (trigger) => {
    const mapped = map(
      text(`ADT^${trigger}`, [`EVN|${trigger}`, PID, 'MRG|200^^^MRN^MR', 'PV1|1|I|W^1^1||||||||||||||||V1^^^VN']),
    );
    expect(mapped.identity).toEqual([{ op: 'merge', survivor: mapped.patients[0], loser: mapped.patients[1] }]);
    expect(new Set(mapped.resources.map(({ type }) => type))).toEqual(new Set(['Patient']));
    expect(mapped.issues.map(({ code, location }) => [code, location])).toContainEqual(['map.unmapped', 'PV1[1]']);
  });

  it('accounts and visits of a merge are listed, and stay where they are', () => {
    const mapped = map(text('ADT^A40', [PID, 'MRG|200^^^MRN^MR||ACC1||V1']));
    const listed = mapped.issues.filter(({ code }) => code === 'map.not-carried').map(({ location }) => location);
    expect(listed).toEqual(['MRG[1]-3[1].1.1', 'MRG[1]-5[1].1.1']);
  });

  it('every record number that MRG-1 lists is merged, not only the first (H7)', () => {
    const { identity } = map(text('ADT^A40', [PID, 'MRG|200^^^MRN^MR~201^^^MRN^MR~200^^^MRN^MR~V1^^^VN^VN']));
    const loser = (value: string) => map(text('ADT^A28', [PID.replace('100', value)])).patients[0];
    expect(identity).toMatchObject([
      { op: 'merge', loser: loser('200') },
      { op: 'merge', loser: loser('201') },
    ]);
  });

  it.each([
    ['A40', 'MRG|100^^^MRN^MR'],
    ['A40', 'MRG|200^^^MRN^MR~100^^^MRN^MR'],
    ['A47', 'MRG|100^^^MRN^MR~E1^^^ID^PI'],
  ])('%s of a record with itself is refused: whose other number changed cannot be told', (trigger, mrg) => {
    expect(map(text(`ADT^${trigger}`, [PID, mrg])).refused?.code).toBe('map.merge-self');
  });

  it('A24 links and A37 ends that link', () => {
    const pair = [PID, 'PID|2||200^^^MRN^MR||Doe^Patricia'];
    expect(map(text('ADT^A24', pair)).identity).toMatchObject([{ op: 'link' }]);
    expect(map(text('ADT^A37', pair)).identity).toMatchObject([{ op: 'unlink' }]);
  });

  it.each(['A35', 'A36', 'A41', 'A42', 'A43', 'A44', 'A45', 'A48', 'A49', 'A50', 'A51'])(
    '%s has no map: refused as an identity event, never acknowledged and ignored',
    (trigger) => {
      const mapped = map(text(`ADT^${trigger}`, [PID, 'MRG|200^^^MRN^MR']));
      expect(mapped.refused?.code).toBe('map.identity-unsupported');
      expect(mapped.resources).toEqual([]);
    },
  );

  it('another trigger without a map is listed, and an ACK is never clinical data', () => {
    expect(map(text('QBP^Q22', [])).refused?.code).toBe('map.no-map');
    const ack = map(text('ACK^A01', ['MSA|AA|1']));
    expect([ack.refused, ack.resources]).toEqual([undefined, []]);
  });
});
