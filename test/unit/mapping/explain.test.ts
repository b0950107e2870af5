import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { explain } from '../../../src/mapping/explain.ts';
import { CASES } from '../../golden/mapping-cases.ts';
import { MAPS, map, PID, partner, text } from './network.ts';

const message = text('ADT^A08', [
  `${PID}|||||||||||||||||||||||||X`,
  'PV2|||||||||||||||||||||||||||||||||||||||||Q',
  'ZZZ|1',
]);
function explainText(said: string, of = partner()) {
  return explain(MAPS, parseMessage(Buffer.from(said)).message, {
    partner: of,
    partners: [of],
    hubKey: Buffer.alloc(32, 'unit'),
    receivedAt: '2026-03-02T15:00:01.000Z',
    bodyHash: 'x',
    unidentified: 'refuse',
  });
}
const explained = explainText(message);

describe('explain', () => {
  it('names for each output element the row that made it and the field it came from', () => {
    expect(explained.outputs).toContainEqual({
      element: `Patient/${explained.mapped.patients[0]} birthDate`,
      by: 'PID[Patient] PID-7 → birthDate',
      from: 'PID[1]-7',
    });
  });

  it('names the fields that code of the map reads, who is meant by a reference, and the event where no field says it', () => {
    const pv1 = 'PV1|1|I|W^1^2||||9^Roe^Ann^^^^^^ID||||||||||||V1^^^VN';
    const { outputs, mapped } = explainText(text('ADT^A13', [`EVN|A13|20260302100000`, PID, pv1]));
    const from = (type: string, element: string) => {
      const id = mapped.resources.findLast((each) => each.type === type)!.id;
      return outputs.find((each) => each.element === `${type}/${id} ${element}`)?.from;
    };
    expect(from('Encounter', 'identifier[PV1-19]')).toBe('PV1[1]-19');
    expect(from('Encounter', 'subject')).toBe('PID[1]-3');
    expect(from('Encounter', 'status')).toBe('MSH[1]-9');
    expect(from('Practitioner', 'name')).toBe('PV1[1]-7');
    expect(from('Location', 'name')).toBe('PV1[1]-3');
  });

  it('leaves no element of a message out: defaults, labels and who is who are told too', () => {
    const sud = partner({ programs: [{ id: 'p', name: 'P', levelOfCare: 'iop', part2: true, match: {} }] });
    const update = explainText(text('ADT^A08', [PID, 'PV1|1|I|||||||||||||||||V1^^^VN']), sud);
    const named = update.outputs.map(({ element }) => element.split(' ').slice(1).join(' '));
    expect(named).toEqual(expect.arrayContaining(['status', 'meta.security']));
    expect(update.outputs.find(({ element }) => element.endsWith(' status'))?.by).toContain(
      'while nothing else states it',
    );
    const merge = explainText(text('ADT^A40', [PID, 'MRG|200^^^MRN^MR']));
    expect(merge.outputs.find(({ element }) => element.includes('link (merge'))).toMatchObject({ from: 'MRG[1]-1' });
  });

  it('every output has a row or a map, and a place of the message', () => {
    for (const { bytes, partner: sender } of CASES) {
      for (const { element, by, from } of explainText(bytes.toString('utf8'), sender).outputs)
        expect([element, by !== '', /^[A-Z][A-Z0-9]{2}\[\d+\]-\d+/.test(from)]).toEqual([element, true, true]);
    }
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
