import { describe, expect, it } from 'vitest';
import type { SafetyClass } from '../../../src/model/codes.ts';
import type { Calendar } from '../../../src/rules/calendar.ts';
import { classify, deadlineOf, ladderDue, nextStepAt, reclassified, type Signal } from '../../../src/rules/deadline.ts';
import { SAFETY_POLICY as P } from '../../../src/rules/safety-policy.ts';

const NEW_YORK: Calendar = {
  zone: 'America/New_York',
  hours: Object.fromEntries([1, 2, 3, 4, 5].map((day) => [String(day), ['08:30', '17:00'] as const])),
  holidays: ['2026-11-26'],
};

describe('the class of a note (D5)', () => {
  const cases: [string, Signal, SafetyClass, boolean?][] = [
    ['emergent suicidality', { reason: 'emergent-suicidality' }, 'E0'],
    ['respiratory depression at a session', { reason: 'respiratory-depression' }, 'E0'],
    ['dissociation beyond the session', { reason: 'dissociation' }, 'E1'],
    ['sudden activation', { reason: 'sudden-activation' }, 'E1'],
    ['non-response', { reason: 'non-response' }, 'E2'],
    ['a routine update', { reason: 'routine-update' }, 'E3'],
    ['an unknown reason', { reason: 'whatever' }, 'E1', true],
    ['no reason', {}, 'E1', true],
    ['an unreadable class on a routine update', { reason: 'routine-update', stated: 'urgent-ish' }, 'E1', true],
    ['a stated class above the reason', { reason: 'non-response', stated: 'E0' }, 'E0'],
    ['a stated class below the reason', { reason: 'emergent-suicidality', stated: 'E3' }, 'E0'],
    ['C-SSRS Q5 (H14)', { reason: 'suicide-risk-screen', screen: { plan: true } }, 'E0'],
    [
      'C-SSRS Q4, never moderate (H14)',
      { reason: 'suicide-risk-screen', screen: { intent: true, behaviorRecent: false } },
      'E0',
    ],
    [
      'C-SSRS behaviour within three months (H14)',
      { reason: 'suicide-risk-screen', screen: { behaviorRecent: true } },
      'E0',
    ],
    ['C-SSRS Q3', { reason: 'suicide-risk-screen', screen: { method: true } }, 'E1'],
    [
      'C-SSRS lifetime behaviour only (H14)',
      { reason: 'suicide-risk-screen', screen: { behaviorLifetime: true, behaviorRecent: false } },
      'E1',
    ],
    ['C-SSRS Q1', { reason: 'suicide-risk-screen', screen: { wishDead: true, method: false } }, 'E2'],
    ['C-SSRS Q2', { reason: 'suicide-risk-screen', screen: { nonSpecific: true } }, 'E2'],
    ['a positive screen without its answers', { reason: 'suicide-risk-screen' }, 'E1'],
    ['a routine update that carries C-SSRS Q4', { reason: 'routine-update', screen: { intent: true } }, 'E0'],
    ['item 9 new at 1 (H14)', { reason: 'phq9-item-9', itemNine: { now: 1, assessedSameDay: true } }, 'E1'],
    [
      'item 9 unchanged at 1, assessed the same day',
      { reason: 'phq9-item-9', itemNine: { now: 1, before: 1, assessedSameDay: true } },
      'E2',
    ],
    [
      'item 9 unchanged at 1, not assessed',
      { reason: 'phq9-item-9', itemNine: { now: 1, before: 1, assessedSameDay: false } },
      'E1',
    ],
    [
      'item 9 down to 1 from 3, not assessed',
      { reason: 'phq9-item-9', itemNine: { now: 1, before: 3, assessedSameDay: false } },
      'E1',
    ],
    ['item 9 increased', { reason: 'phq9-item-9', itemNine: { now: 2, before: 1, assessedSameDay: true } }, 'E1'],
    ['item 9 at 2 for long', { reason: 'phq9-item-9', itemNine: { now: 2, before: 2, assessedSameDay: true } }, 'E1'],
    ['item 9 not readable', { reason: 'phq9-item-9', itemNine: { now: Number.NaN, assessedSameDay: true } }, 'E1'],
  ];
  it.each(cases)('by code and answers, upward when in doubt: %s', (_title, signal, expected, unknown = false) => {
    expect(classify(signal, P)).toMatchObject({ class: expected, unknown });
  });

  it('a hub may classify a reason higher, not lower', () => {
    expect(classify({ reason: 'non-response' }, { ...P, classes: { 'non-response': 'E1' } }).class).toBe('E1');
    expect(classify({ reason: 'dissociation' }, { ...P, classes: { dissociation: 'E3' } }).class).toBe('E1');
  });
});

describe('the deadline of a note (D5)', () => {
  const cases: [string, SafetyClass, string, string | undefined][] = [
    ['E0 in the night: 15 minutes', 'E0', '2026-11-22T03:00:00Z', '2026-11-22T03:15:00.000Z'],
    ['E1 in staffed hours: an hour', 'E1', '2026-11-20T15:00:00Z', '2026-11-20T16:00:00.000Z'],
    ['E1 in the evening: the on-call has two', 'E1', '2026-11-20T23:00:00Z', '2026-11-21T01:00:00.000Z'],
    ['E1 on a holiday', 'E1', '2026-11-26T15:00:00Z', '2026-11-26T17:00:00.000Z'],
    ['E2 before the cut-off: 17:00', 'E2', '2026-11-20T15:00:00Z', '2026-11-20T22:00:00.000Z'],
    ['E2 on Friday 15:10: Monday 10:00', 'E2', '2026-11-20T20:10:00Z', '2026-11-23T15:00:00.000Z'],
    ['E2 the day before a holiday', 'E2', '2026-11-25T21:00:00Z', '2026-11-27T15:00:00.000Z'],
    ['E2 on Saturday', 'E2', '2026-11-21T15:00:00Z', '2026-11-23T15:00:00.000Z'],
    ['E2 across the end of daylight saving time (H8)', 'E2', '2026-10-30T20:10:00Z', '2026-11-02T15:00:00.000Z'],
    ['E3: none', 'E3', '2026-11-20T15:00:00Z', undefined],
  ];
  it.each(cases)('in the recipient’s own zone and hours: %s', (_title, safetyClass, raised, expected) => {
    expect(deadlineOf(safetyClass, 'non-response', raised, NEW_YORK, P)).toBe(expected);
  });

  const suicide: [string, SafetyClass, string, string][] = [
    ['Friday 15:10: by the end of that day', 'E2', '2026-11-20T20:10:00Z', '2026-11-20T22:00:00.000Z'],
    ['Friday 17:30: the on-call, not Monday', 'E2', '2026-11-20T22:30:00Z', '2026-11-21T00:30:00.000Z'],
    ['Saturday: the on-call', 'E2', '2026-11-21T15:00:00Z', '2026-11-21T17:00:00.000Z'],
    ['E1 at 16:30: by 17:00, the end of that day', 'E1', '2026-11-20T21:30:00Z', '2026-11-20T22:00:00.000Z'],
    ['E1 at 16:55: never less than an E0 has', 'E1', '2026-11-20T21:55:00Z', '2026-11-20T22:10:00.000Z'],
  ];
  it.each(suicide)(
    'of a suicide-related note is not beyond the current program day: %s',
    (_title, safetyClass, raised, expected) => {
      expect(deadlineOf(safetyClass, 'phq9-item-9', raised, NEW_YORK, P)).toBe(expected);
    },
  );

  it('of an organization that is never staffed is the same day', () => {
    expect(deadlineOf('E2', 'non-response', '2026-11-20T15:00:00Z', { ...NEW_YORK, hours: {} }, P)).toBe(
      '2026-11-20T22:00:00.000Z',
    );
  });

  it('moves earlier when the class rises and never later', () => {
    expect(reclassified('2026-11-20T16:00:00.000Z', '2026-11-20T15:20:00.000Z')).toBe('2026-11-20T15:20:00.000Z');
    expect(reclassified('2026-11-20T16:00:00.000Z', '2026-11-20T17:00:00.000Z')).toBe('2026-11-20T16:00:00.000Z');
    expect(reclassified('2026-11-20T16:00:00.000Z', undefined)).toBe('2026-11-20T16:00:00.000Z');
  });
});

describe('the ladder (D5)', () => {
  const raised = '2026-11-20T15:00:00.000Z';
  const steps = (safetyClass: SafetyClass, minutes: number) => {
    const now = new Date(Date.parse(raised) + minutes * 60_000).toISOString();
    const deadline = deadlineOf(safetyClass, 'dissociation', raised, NEW_YORK, P);
    return ladderDue(safetyClass, raised, deadline, now, P).map((each) =>
      each.turn > 1 ? `${each.step} ${each.turn}` : each.step,
    );
  };

  it('of E0: at once, 5, 15 and 30 minutes, then every 15 until a person answers', () => {
    expect(steps('E0', 0)).toEqual(['duty']);
    expect(steps('E0', 5)).toEqual(['duty', 'repeat', 'backup']);
    expect(steps('E0', 15)).toEqual(['duty', 'repeat', 'backup', 'supervisor', 'sender']);
    expect(steps('E0', 44).slice(5)).toEqual(['safety-officer', 'operator']);
    expect(steps('E0', 45).at(-1)).toBe('operator 2');
    expect(steps('E0', 24 * 60).at(-1)).toBe('operator 95');
  });

  it('of E1: reminder, backup and sender, supervisor', () => {
    expect(steps('E1', 29)).toEqual(['duty']);
    expect(steps('E1', 30)).toEqual(['duty', 'repeat']);
    expect(steps('E1', 60)).toEqual(['duty', 'repeat', 'backup', 'sender']);
    expect(steps('E1', 120).at(-1)).toBe('supervisor');
  });

  it('of E1 outside staffed hours reaches the backup when its longer deadline passes', () => {
    const night = '2026-11-21T03:00:00.000Z';
    const deadline = deadlineOf('E1', 'dissociation', night, NEW_YORK, P)!;
    const before = new Date(Date.parse(deadline) - 1).toISOString();
    expect(ladderDue('E1', night, deadline, before, P).map((each) => each.step)).toEqual(['duty', 'repeat']);
    expect(ladderDue('E1', night, deadline, deadline, P).map((each) => each.step)).toContain('backup');
  });

  it('is looked at when its next step is due and not missed in between', () => {
    for (const safetyClass of ['E0', 'E1', 'E2'] as const) {
      const deadline = deadlineOf(safetyClass, 'dissociation', raised, NEW_YORK, P);
      let at = raised;
      let seen = ladderDue(safetyClass, raised, deadline, at, P).length;
      for (let turn = 0; turn < 12; turn++) {
        const next = nextStepAt(safetyClass, raised, deadline, at, P);
        if (next === undefined) break;
        const justBefore = new Date(Date.parse(next) - 1).toISOString();
        const before = ladderDue(safetyClass, raised, deadline, justBefore, P);
        expect(before.map((each) => each.at).every((each) => each <= at)).toBe(true);
        const due = ladderDue(safetyClass, raised, deadline, next, P);
        expect(due.at(-1)!.at).toBe(next);
        seen = Math.max(seen, due.length);
        at = next;
      }
      expect(seen).toBeGreaterThanOrEqual(P[safetyClass].ladder.length);
    }
    expect(nextStepAt('E3', raised, undefined, raised, P)).toBeUndefined();
  });

  it('of E2 starts at its deadline, of E3 never', () => {
    expect(steps('E2', 60)).toEqual([]);
    expect(steps('E2', 8 * 60)).toEqual(['sender', 'supervisor']);
    expect(steps('E3', 9999)).toEqual([]);
  });
});
