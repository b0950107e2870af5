import { describe, expect, it } from 'vitest';
import { ERROR_CONDITION } from '../../../src/hl7/ack.ts';
import { FAILURES, failureOf } from '../../../src/model/failure.ts';

const ROWS = Object.entries(FAILURES);

describe('the failure table', () => {
  it.each(ROWS)('%s renders as a known ERR-3 and an HTTP status', (_, { err3, http }) => {
    expect(err3 in ERROR_CONDITION).toBe(true);
    expect(http).toBeGreaterThanOrEqual(200);
    expect(http).toBeLessThan(600);
  });

  it.each(ROWS)('%s: what will never succeed is not tried again', (_, failure) => {
    if (failure.class === 'permanent') expect(['park', 'answer']).toContain(failure.next);
    if (failure.class === 'transient') expect(['retry', 'wait', 'answer']).toContain(failure.next);
  });

  it('AR is kept for header faults and for our own trouble, AE for content', () => {
    expect(failureOf('map.code-unmapped').ack).toBe('AE');
    expect(failureOf('apply.refused').ack).toBe('AE');
    // A wrong number does not become right by being sent again.
    expect(failureOf('identity.mismatch')).toMatchObject({ ack: 'AE', err3: '205', next: 'park' });
    for (const code of ['200', '201', '202', '203'] as const) {
      expect(
        ROWS.filter(([name, { err3 }]) => name.startsWith('hl7.') && err3 === code).every(
          ([, { ack }]) => ack === 'AR',
        ),
      ).toBe(true);
    }
    expect(
      ROWS.filter(([name]) => name.startsWith('database.')).every(
        ([, { ack, err3 }]) => ack === 'AR' && err3 === '207',
      ),
    ).toBe(true);
  });

  it('a code the table does not list is treated as its stage says, one of no known stage as our own trouble', () => {
    expect(failureOf('map.title-empty')).toBe(FAILURES['map.refused']);
    expect(failureOf('database.odd')).toBe(FAILURES['database.failed']);
    expect(failureOf('what.is-this')).toBe(FAILURES['hub.internal']);
    expect(failureOf('')).toBe(FAILURES['hub.internal']);
  });
});
