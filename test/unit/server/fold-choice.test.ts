import { describe, expect, it } from 'vitest';
import type { ElementAssertion } from '../../../src/model/assertion.ts';
import { emptyFold, foldElements, materialise } from '../../../src/server/fold.ts';

type Said = readonly [day: number, ...elements: ElementAssertion[]];

const set = (element: string, value: string | number): ElementAssertion => ({ element, op: 'set', value });

function observation(...messages: Said[]) {
  let state = { ...emptyFold('org'), asserted: true };
  for (const [day, ...elements] of messages) {
    const stamp = { at: `2026-03-0${day}T00:00:00.000Z`, hash: String(day) };
    state = { ...state, elements: foldElements(state, elements, stamp, 'lab') };
  }
  return materialise('Observation', '1', state) as Record<string, unknown>;
}

const NUMBER: Said = [1, set('valueInteger', 7)];
const TEXT: Said = [2, set('valueString', 'clotted')];
const NONE: Said = [3, { element: 'valueString', op: 'delete' }, set('dataAbsentReason', 'unknown')];

describe('of a choice of types the one stated last counts', () => {
  it('a correction from a number to a text leaves no number, in any order', () => {
    for (const order of [
      [NUMBER, TEXT],
      [TEXT, NUMBER],
    ]) {
      expect(observation(...order)).toEqual({ resourceType: 'Observation', id: '1', valueString: 'clotted' });
    }
  });

  it('a delete of one type ends the others, and a reason for absence stands alone', () => {
    expect(observation(NUMBER, TEXT, NONE)).toEqual({
      resourceType: 'Observation',
      id: '1',
      dataAbsentReason: 'unknown',
    });
    expect(observation(NONE, NUMBER)).toEqual(observation(NUMBER, NONE));
  });

  it('start and end of a period from two messages stay together', () => {
    const start: Said = [1, set('effectivePeriod.start', '2026-03-01')];
    const end: Said = [2, set('effectivePeriod.end', '2026-03-02')];
    expect(observation(end, start)).toMatchObject({ effectivePeriod: { start: '2026-03-01', end: '2026-03-02' } });
    expect(observation(start, end, [3, set('effectiveDateTime', '2026-03-03')])).not.toHaveProperty('effectivePeriod');
  });
});
