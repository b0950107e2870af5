import { describe, expect, it } from 'vitest';
import { ackMode, admit, wishes } from '../../../src/flow/admission.ts';
import { peek } from '../../../src/hl7/peek.ts';
import { FEED, type MessageParts, message, PARTNER } from '../../flow/flow-kit.ts';

const seen = (parts: Partial<MessageParts>) => peek(message({ controlId: 'C1', ...parts }));

describe('admission', () => {
  it.each([
    ['a well-formed message', {}, undefined],
    ['no message type', { event: '' }, 'hl7.type-missing'],
    ['a message type that is none', { event: 'A!^A01' }, 'hl7.type-unsupported'],
    ['no event', { event: 'ADT' }, 'hl7.event-unsupported'],
    ['an ACK without an event', { event: 'ACK' }, undefined],
    ['an event that is none', { event: 'ADT^1' }, 'hl7.event-unsupported'],
    ['another version', { version: '3.0' }, 'hl7.version-unsupported'],
    ['no version', { version: '' }, 'hl7.version-unsupported'],
    ['a production message on a test feed', { processingId: 'P' }, 'hl7.processing-id-unsupported'],
    ['no control id', { controlId: '' }, 'hl7.control-id-missing'],
  ] as const)('%s', (_, parts, code) => {
    expect(admit(seen(parts), FEED, PARTNER)?.code).toBe(code);
  });

  it('a sender the partner does not name may not send', () => {
    const partner = { ...PARTNER, senders: [{ application: 'HIS', facility: 'OTHER' }] };
    expect(admit(seen({}), FEED, partner)?.code).toBe('hl7.sender-unknown');
    expect(admit(seen({}), FEED, { ...PARTNER, senders: [{ application: 'HIS' }] })).toBeUndefined();
  });

  it('bytes of any kind are refused with a code, never thrown at', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('MSH'), Buffer.from('MSH|'), Buffer.from([0xff, 0xfe, 0])]) {
      expect(admit(peek(bytes), FEED, PARTNER)?.code).toBeDefined();
    }
  });
});

describe('the mode of the acknowledgement', () => {
  it('is original when MSH-15 and MSH-16 are empty, enhanced when one of them is valued', () => {
    expect(ackMode(seen({}))).toEqual({ kind: 'original' });
    expect(ackMode(seen({ acceptAck: 'AL' }))).toEqual({ kind: 'enhanced', accept: 'AL', application: 'NE' });
    expect(ackMode(seen({ applicationAck: 'ER' }))).toEqual({ kind: 'enhanced', accept: 'NE', application: 'ER' });
  });

  it.each([
    ['AL', true, true],
    ['AL', false, true],
    ['NE', true, false],
    ['NE', false, false],
    ['SU', true, true],
    ['SU', false, false],
    ['ER', true, false],
    ['ER', false, true],
  ] as const)('%s and a positive answer of %s: %s', (wish, positive, answered) => {
    expect(wishes(wish, positive)).toBe(answered);
  });
});
