import { describe, expect, it } from 'vitest';
import { st } from '../../../mappings/datatypes/text.ts';
import { DEFINITIONS } from '../../../mappings/definitions.ts';
import { compileMaps } from '../../../src/mapping/map-message.ts';
import { first } from '../../../src/mapping/row.ts';
import { map, PID, partner, stated, text } from './network.ts';

const withRows = (rows: object) => () => compileMaps({ ...DEFINITIONS, partners: { own: rows } });

describe('a partner file', () => {
  it('that names a row or a map which is not there does not load', () => {
    expect(withRows({ rows: { 'PID[Patient]': { drop: ['PID-99'] } } })).toThrow('PID[Patient] has no row PID-99');
    expect(withRows({ rows: { 'PID[Nobody]': { drop: ['PID-3'] } } })).toThrow('no segment map PID[Nobody]');
    expect(withRows({ rows: { 'PID[Patient]': { add: [{ from: 'PID three', to: 'name', as: first(st) }] } } })).toThrow(
      'not a field path',
    );
    expect(
      withRows({
        segments: [
          { name: 'ZZZ[Patient]', segment: 'ZZZ', on: 'Patient', rows: [{ from: 'PID-1', to: 'name', as: first(st) }] },
        ],
      }),
    ).toThrow('stands in a map of ZZZ');
  });

  it('changes the messages of its partner and of no other', () => {
    const message = text('ADT^A08', [`${PID}|Cover^Name`]);
    expect(stated(map(message, partner({ mappingFile: 'lakeside' })), 'Patient', 'name[PID-9]')).toBeUndefined();
    expect(stated(map(message), 'Patient', 'name[PID-9]')).toBeDefined();
  });

  it('makes a segment its own that is loss to everyone else', () => {
    const message = text('ADT^A08', [PID, 'PV1|1|I|||||||||||||||||V1^^^VN', 'ZPV|1|INV^Involuntary^L']);
    const lost = (of = partner()) =>
      map(message, of)
        .issues.filter((issue) => issue.code === 'map.unmapped')
        .map((issue) => issue.location);
    expect(lost()).toEqual(['ZPV[1]']);
    expect(lost(partner({ mappingFile: 'general-hospital' }))).toEqual([]);
  });

  it('that does not exist refuses the message: nothing is mapped by the wrong rows', () => {
    expect(map(text('ADT^A08', [PID]), partner({ mappingFile: 'nowhere' })).refused?.code).toBe(
      'map.partner-file-missing',
    );
  });
});
