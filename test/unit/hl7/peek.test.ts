import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { peek } from '../../../src/hl7/peek.ts';
import { bytesOf, MSH } from './message.ts';

describe('peek', () => {
  it('gives what routing and acknowledging need', () => {
    const { message, ...seen } = peek(bytesOf(`${MSH}|42||AL|NE||UNICODE UTF-8`, 'PID|1'));
    expect(message.header.sequenceNumber).toBe('42');
    expect(seen).toEqual({
      hasHeader: true,
      sendingApplication: 'SENDER',
      sendingFacility: 'HOSPITAL',
      messageType: 'ADT',
      triggerEvent: 'A01',
      controlId: 'C1',
      processingId: 'T',
      version: '2.5.1',
      acceptAck: 'AL',
      applicationAck: 'NE',
      patients: [],
    });
  });

  it('names every patient: each repetition of PID-3 and MRG-1 of each segment', () => {
    const seen = peek(bytesOf(MSH, 'PID|1||1^^^AA&1.2&ISO^MR~2^^^BB', 'MRG|3^^^AA', 'PID|2||4', 'PV1|1'));
    expect(seen.patients).toEqual(['1', '2', '4', '3']);
  });

  it('takes the prior number from MRG-4 where MRG-1 has none', () => {
    const ids = (mrg: string) => peek(bytesOf(MSH, mrg)).patients;
    expect([ids('MRG||||7^^^AA'), ids('MRG|3^^^AA|||7^^^AA')]).toEqual([['7'], ['3']]);
  });

  it('leaves out an identifier that cannot be read', () => {
    expect(peek(bytesOf(MSH, 'PID|1||1', 'PID|2||""', 'PID')).patients).toEqual(['1']);
  });

  it.each([Buffer.alloc(0), Buffer.from('nonsense'), Buffer.from([0xff, 0xfe, 0]), Buffer.from('MSH')])(
    'survives %#',
    (bytes) => {
      expect(peek(bytes)).toMatchObject({ hasHeader: false, controlId: undefined, patients: [] });
    },
  );
});
