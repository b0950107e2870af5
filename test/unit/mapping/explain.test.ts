import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { explain } from '../../../src/mapping/explain.ts';
import { MAPS, map, PID, partner, text } from './network.ts';

const message = text('ADT^A08', [
  `${PID}|||||||||||||||||||||||||X`,
  'PV2|||||||||||||||||||||||||||||||||||||||||Q',
  'ZZZ|1',
]);
const of = partner();
const explained = explain(MAPS, parseMessage(Buffer.from(message)).message, {
  partner: of,
  partners: [of],
  hubKey: Buffer.alloc(32, 'unit'),
  receivedAt: '2026-03-02T15:00:01.000Z',
  bodyHash: 'x',
  unidentified: 'refuse',
});

describe('explain', () => {
  it('names for each output element the row that made it and the field it came from', () => {
    expect(explained.outputs).toContainEqual({
      element: `Patient/${explained.mapped.patients[0]} birthDate`,
      by: 'PID[Patient] PID-7 → birthDate',
      from: 'PID[1]-7',
    });
  });

  it('says of each input what became of it', () => {
    const fate = (location: string) => explained.inputs.find((each) => each.location === location);
    expect(fate('PID[1]-8[1].1.1')).toMatchObject({ fate: 'carried', by: ['PID[Patient] PID-8 → gender'] });
    expect(fate('PID[1]-33[1].1.1')).toMatchObject({ fate: 'lost' });
    expect(fate('ZZZ[1]-1[1].1.1')).toMatchObject({ fate: 'lost', by: ['no row for this segment'] });
  });

  it('what it calls lost is what the loss report lists', () => {
    const lost = explained.inputs.filter((each) => each.fate === 'lost').map((each) => each.location);
    const listed = map(message).issues.flatMap((issue) => (issue.code === 'map.unmapped' ? [issue.location] : []));
    expect(lost.filter((each) => !each.startsWith('ZZZ'))).toEqual(listed.filter((each) => each !== 'ZZZ[1]'));
  });

  it('never shows a value', () =>
    expect(JSON.stringify([explained.outputs, explained.inputs])).not.toMatch(/Doe|19900101/));
});
