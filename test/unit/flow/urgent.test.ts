import { expect, it } from 'vitest';
import { BESIDE_URGENT, Urgent } from '../../../src/flow/urgent.ts';

it('leaves routine work few slots for a moment after each step of a note, also when the clock is set back meanwhile', () => {
  const clock = { ms: 1_000_000 };
  const urgent = new Urgent(() => clock.ms);
  expect(urgent.slots(64)).toBe(64);
  urgent.moved();
  expect([urgent.slots(64), urgent.slots(1)]).toEqual([BESIDE_URGENT, 1]);
  clock.ms += 150;
  urgent.moved();
  clock.ms += 150;
  expect(urgent.slots(64)).toBe(BESIDE_URGENT);
  clock.ms += 100;
  expect(urgent.slots(64)).toBe(64);
  urgent.moved();
  clock.ms -= 3_600_000;
  expect(urgent.slots(64)).toBe(64);
});
