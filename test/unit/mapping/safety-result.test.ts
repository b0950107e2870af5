import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/hub/translate-port.ts';
import type { Feed } from '../../../src/model/partner.ts';
import { map, PID, partner, resources, text } from './network.ts';

const clinic = partner({
  safety: {
    documentTypes: [],
    reasons: { EMSUI: 'emergent-suicidality' },
    results: [
      { code: '44260-8', reason: 'phq9-item-9', atLeast: 1, unless: ['LA6568-5'] },
      { code: '8480-6', reason: 'hypertensive-crisis', atLeast: 180, flags: ['HH'] },
      { code: '59408-5', reason: 'respiratory-depression', atMost: 88 },
    ],
  },
});
const ITEM_9 = '44260-8^PHQ-9 item 9^LN';
const SYSTOLIC = '8480-6^Systolic^LN';
const obx = (code: string, type: string, value: string, { status = 'F', flag = '' } = {}) =>
  `OBX|1|${type}|${code}||${value}|{score}||${flag}|||${status}|||20260302094500||1457390862^Brandt^Otto^^^Dr^^^NPI^^^^NPI`;
const message = (lines: readonly string[], event = 'ORU^R01^ORU_R01') =>
  text(event, [PID, 'OBR|1||F1^ID|44249-1^PHQ-9^LN|||20260302090000', ...lines]);
const notes = (...lines: string[]) => resources(map(message(lines), clinic), 'Communication');
const laneOf = (lines: readonly string[], trigger = 'ORU^R01') =>
  classify(
    {
      bytes: Buffer.from(message(lines)),
      feed: { charset: 'UNICODE UTF-8' } as Feed,
      partner: clinic,
      hash: '',
      receivedAt: 0,
    },
    trigger,
  );

describe('a result that is a safety note (R15)', () => {
  it('is a note that says what was found, when, by whom, how urgent, and refers to its Observation', () => {
    const mapped = map(message([obx(ITEM_9, 'NM', '2')]), clinic);
    const [note] = resources(mapped, 'Communication');
    const [observation] = resources(mapped, 'Observation');
    expect(note).toMatchObject({
      status: 'completed',
      priority: 'asap',
      sender: { reference: `Organization/${clinic.organization}` },
      subject: observation.subject,
      reasonReference: [{ reference: `Observation/${observation.id}` }],
      payload: [{ contentString: 'PHQ-9 item 9: 2 {score}' }],
      sent: expect.stringContaining('2026-03-02T10:00:00'),
    });
    expect(note.reasonCode[0].coding.map((each: { code: string }) => each.code)).toEqual(['phq9-item-9', '44260-8']);
    expect(JSON.stringify(note.extension)).toContain('2026-03-02T09:45:00');
  });

  it.each([
    ['at its bound', ITEM_9, 'NM', '1', {}, true],
    ['below it', ITEM_9, 'NM', '0', {}, false],
    ['an answer that is listed as none', ITEM_9, 'CWE', 'LA6568-5^Not at all^LN', {}, false],
    ['any other answer', ITEM_9, 'CWE', 'LA6569-3^Several days^LN', {}, true],
    ['a value that cannot be read (H14)', ITEM_9, 'ST', 'see remark', {}, true],
    ['no value at all (H14)', ITEM_9, 'NM', '', {}, true],
    ['above its bound', SYSTOLIC, 'NM', '182', {}, true],
    ['within it', SYSTOLIC, 'NM', '141', {}, false],
    ['within it, flagged by the laboratory', SYSTOLIC, 'NM', '141', { flag: 'hh' }, true],
    ['with a comparator that may be above', SYSTOLIC, 'SN', '>^170', {}, true],
    ['with a comparator that is below', SYSTOLIC, 'SN', '<^170', {}, false],
    ['below an upper bound', '59408-5^SpO2^LN', 'NM', '86', {}, true],
    ['above an upper bound', '59408-5^SpO2^LN', 'NM', '97', {}, false],
    ['of a listed reason, whatever its value', 'EMSUI^Suicidality^L', 'TX', 'plan', {}, true],
    ['of a code nobody listed', '8867-4^Heart rate^LN', 'NM', '300', {}, false],
    ['not obtained', ITEM_9, 'NM', '', { status: 'X' }, false],
  ])('%s: the note and the lane agree', (_title, code, type, value, more, isNote) => {
    const line = obx(code, type, value, more);
    expect(notes(line)).toHaveLength(isNote ? 1 : 0);
    expect(laneOf([line])).toBe(isNote ? 'safety' : 'normal');
  });

  it('is the same note when it comes again or is corrected, and another for another result', () => {
    const [first] = notes(obx(ITEM_9, 'NM', '2'));
    const [again] = notes(obx(ITEM_9, 'NM', '3', { status: 'C' }));
    expect(again).toMatchObject({
      id: first.id,
      status: 'completed',
      payload: [{ contentString: 'PHQ-9 item 9: 3 {score}' }],
    });
    expect(notes(obx(SYSTOLIC, 'NM', '190'))[0].id).not.toBe(first.id);
  });

  it.each([
    ['deleted', '2', 'D'],
    ['filed for the wrong patient', '2', 'W'],
    ['corrected to what is no finding', '0', 'C'],
  ])('%s takes the note back, in the safety lane as the note came (H20)', (_title, value, status) => {
    const line = obx(ITEM_9, 'NM', value, { status });
    const [first] = notes(obx(ITEM_9, 'NM', '2'));
    expect(notes(line)).toMatchObject([{ id: first.id, status: 'entered-in-error' }]);
    expect(laneOf([line])).toBe('safety');
  });

  it('in an OUL is a note under an order and under none, in the lane of its words', () => {
    const line = obx(ITEM_9, 'NM', '2');
    for (const lines of [[line], ['OBR|1||F1^ID|44249-1^PHQ-9^LN|||20260302090000', line]]) {
      const oul = text('OUL^R21^OUL_R21', [PID, ...lines]);
      expect(resources(map(oul, clinic), 'Communication')).toMatchObject([{ status: 'completed' }]);
      expect(laneOf(lines, 'OUL^R21')).toBe('safety');
    }
  });

  it('in a referral is history and no note', () => {
    const referral = text('REF^I12', [
      'RF1|P|R||||R1^ID',
      'PRD|RP^Referring Provider^HL70286|Hale^Miriam|||||1093817465^NPI',
      'PRD|RT^Referred to Provider^HL70286|Riverside^PHP|||||RIV^FAC',
      PID,
      'OBR|1||F1^ID|44249-1^PHQ-9^LN|||20260302090000',
      obx(ITEM_9, 'NM', '2'),
    ]);
    const mapped = map(referral, clinic);
    expect(resources(mapped, 'Observation')).toHaveLength(1);
    expect(resources(mapped, 'Communication')).toEqual([]);
  });
});
