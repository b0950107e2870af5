import { describe, expect, it } from 'vitest';
import { map, PID, stated, text } from './network.ts';

const adt = (trigger: string, temporary = '', patientClass = 'I') =>
  map(
    text(`ADT^${trigger}`, [
      `EVN|${trigger}|20260302100000`,
      PID,
      `PV1|1|${patientClass}|W^1^1||||||||${temporary}||||||||V1^^^VN`,
    ]),
  );

describe('tracking of where a patient is', () => {
  it.each(['A10', 'A32', 'A33'])('%s without a temporary location takes back the one said before', (trigger) => {
    expect(stated(adt(trigger), 'Encounter', 'location[PV1-11]')).toMatchObject({ op: 'delete' });
  });

  it.each(['A09', 'A10', 'A32', 'A33'])('%s with a temporary location says it', (trigger) => {
    expect(stated(adt(trigger, 'ECT^2'), 'Encounter', 'location[PV1-11]')).toMatchObject({
      value: [{ status: 'active' }],
    });
  });

  it('A08 without a temporary location says nothing of it', () => {
    expect(stated(adt('A08'), 'Encounter', 'location[PV1-11]')).toBeUndefined();
  });

  it.each([
    ['I', 'in-progress'],
    ['O', 'arrived'],
  ])('who arrives somewhere (A10) as %s is %s: a stay that has begun is not put back', (patientClass, status) => {
    expect(stated(adt('A10', '', patientClass), 'Encounter', 'status')).toMatchObject({ value: status });
  });
});
