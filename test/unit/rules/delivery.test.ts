import { describe, expect, it } from 'vitest';
import type { OutboxEvent } from '../../../src/model/outbox.ts';
import { undeliveredAct } from '../../../src/rules/delivery.ts';

const event = (eventKey: string, resources: readonly string[], more: Partial<OutboxEvent> = {}): OutboxEvent => ({
  recipient: 'lakeside',
  organization: 'lakeside',
  eventKey,
  kind: 'safety-note',
  lane: 'safety',
  purpose: 'TREAT',
  resources,
  ...more,
});

describe('what did not arrive', () => {
  it('a note and the question about the dose it asks are one telephone call to one recipient (H26)', () => {
    const note = event('safety-note/n', ['Communication/n', 'Task/a']);
    const question = event('task/h/requested', ['Task/h', 'Communication/n'], { kind: 'escalation' });
    expect(undeliveredAct(question)).toBe(undeliveredAct(note));
  });

  it('another note, and another recipient, are calls of their own', () => {
    const note = event('safety-note/n', ['Communication/n']);
    expect(undeliveredAct(event('safety-note/m', ['Communication/m']))).not.toBe(undeliveredAct(note));
    expect(undeliveredAct({ ...note, recipient: 'harbor' })).not.toBe(undeliveredAct(note));
  });

  it('what is no safety matter is told by its own act', () => {
    const referral = event('referral/r', ['ServiceRequest/r', 'Communication/x'], { kind: 'referral', lane: 'normal' });
    expect(undeliveredAct(referral)).toBe('undelivered/lakeside/referral/r');
  });
});
