import { describe, expect, it } from 'vitest';
import type { MappedMessage } from '../../../src/mapping/map-message.ts';
import { map, PID, seg, text } from './network.ts';

/** The rule of the store in its smallest form: per element the latest stamp wins, never the latest arrival. Rule: DESIGN §3. */
function fold(messages: readonly MappedMessage[]): Record<string, unknown> {
  const latest = new Map<string, { stamp: string; value: unknown }>();
  for (const { resources, stamp } of messages) {
    const order = `${stamp.at}/${String(stamp.sequence ?? 0).padStart(9, '0')}/${stamp.hash}`;
    for (const resource of resources) {
      for (const assertion of resource.elements) {
        const key = `${resource.type}/${resource.id}#${assertion.element}`;
        if ((latest.get(key)?.stamp ?? '') > order) continue;
        latest.set(key, { stamp: order, value: assertion.op === 'delete' ? undefined : assertion.value });
      }
    }
  }
  return Object.fromEntries(
    [...latest]
      .filter(([, { value }]) => value !== undefined)
      .map(([key, { value }]) => [key, value])
      .sort(),
  );
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]));
}

const SCH = (status: string) => `SCH|A1^ID|A1^ID||||R|REASON|GRP|60|min|||||||||||||||${status}`;
const at = (minute: number) => `202603021${String(minute).padStart(3, '0')}00`;
const siu = (trigger: string, status: string, start: string, minute: number) =>
  map(text(`SIU^${trigger}`, [SCH(status), PID, 'RGS|1', `AIS|1||SVC|${start}|||60|min`], at(minute)));
const adt = (trigger: string, minute: number, end = '') =>
  map(
    text(
      `ADT^${trigger}`,
      [
        `EVN|${trigger}|${at(minute)}`,
        PID,
        `PV1|1|I|W^1^${minute}||||||||||||||||V1^^^VN${'|'.repeat(17)}|||||||||${end}`,
      ],
      at(minute),
    ),
  );
const ras = (action: string, amount: string, minute: number) =>
  map(
    text(
      'RAS^O17',
      [PID, 'ORC|RE|O1^ID|F1^ID', `RXA|0|1|202603101510|202603101510|X|${amount}|mg||||||||L|||||CP|${action}`],
      at(minute),
    ),
  );

const ppr = (fields: Readonly<Record<number, string>>, minute: number) =>
  map(
    text(
      'PPR^PC2',
      [PID, seg('PRB', { 2: at(minute), 3: 'F33.2^Depression^I10C', 4: 'P1^ID', ...fields })],
      at(minute),
    ),
  );
const dft = (fields: Readonly<Record<number, string>>, minute: number) =>
  map(text('DFT^P03', [PID, seg('FT1', { 4: '20260302', 7: 'DAY^Day^L', 10: '1', ...fields })], at(minute)));
const vxu = (status: string, action: string, minute: number) =>
  map(
    text(
      'VXU^V04',
      [PID, 'ORC|RE||F1^ID', seg('RXA', { 3: '20260302', 5: '115^Tdap^CVX', 6: '0.5', 20: status, 21: action })],
      at(minute),
    ),
  );
const stateOf = (messages: readonly MappedMessage[], element: string) =>
  Object.entries(fold(messages)).find(([key]) => key.endsWith(`#${element}`))?.[1];

describe('messages in any order give the same state (H10)', () => {
  it.each([
    [
      'appointments',
      [
        siu('S12', 'Booked', '20260309130000', 1),
        siu('S13', 'Booked', '20260309150000', 2),
        siu('S14', 'Booked', '20260309160000', 3),
        siu('S15', 'Cancelled', '20260309160000', 4),
      ],
    ],
    [
      'a no-show before its booking',
      [siu('S26', 'Noshow', '20260309130000', 9), siu('S12', 'Booked', '20260309130000', 1)],
    ],
    ['a visit', [adt('A01', 1), adt('A08', 2), adt('A03', 3, '20260302160000'), adt('A13', 4)]],
    ['a cancel before its create', [adt('A11', 5), adt('A01', 1)]],
    ['doses', [ras('A', '28', 1), ras('U', '14', 2), ras('D', '14', 3)]],
    [
      'a problem',
      [
        ppr({ 1: 'AD', 14: 'ACTIVE' }, 1),
        ppr({ 1: 'UP', 9: '20260301' }, 2),
        ppr({ 1: 'UP', 14: 'ACTIVE' }, 3),
        ppr({ 1: 'DE' }, 4),
      ],
    ],
    ['a charge and its credit', [dft({ 2: 'T1', 6: 'CG' }, 1), dft({ 2: 'T2', 6: 'CD', 31: 'T1' }, 2)]],
    ['a vaccination', [vxu('CP', 'A', 1), vxu('PA', 'U', 2), vxu('CP', 'D', 3)]],
  ])('%s', (_, messages) => {
    const expected = fold(messages);
    for (const order of permutations(messages)) expect(fold(order)).toEqual(expected);
    for (const order of permutations(messages)) expect(fold([...order, ...order])).toEqual(expected);
  });

  it('a cancel that arrives first still cancels', () => {
    const state = fold([adt('A11', 5), adt('A01', 1)]);
    expect(Object.entries(state).find(([key]) => key.endsWith('#status'))?.[1]).toBe('cancelled');
  });

  it('a credit that arrives before its charge still takes it back', () => {
    expect(stateOf([dft({ 2: 'T2', 6: 'CD', 31: 'T1' }, 2), dft({ 2: 'T1', 6: 'CG' }, 1)], 'status')).toBe('aborted');
  });

  it('a problem that is active again keeps no end, in whatever order the two messages come (R4 con-4)', () => {
    const [resolved, active] = [ppr({ 1: 'UP', 9: '20260301' }, 1), ppr({ 1: 'UP', 14: 'ACTIVE' }, 2)];
    for (const order of [
      [resolved, active],
      [active, resolved],
    ])
      expect(stateOf(order, 'abatementDateTime')).toBeUndefined();
  });
});
