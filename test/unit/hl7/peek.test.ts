import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { peek } from '../../../src/hl7/peek.ts';
import { bytesOf, MSH } from './message.ts';

describe('peek', () => {
  it('gives what routing and acknowledging need', () => {
    expect(peek(bytesOf(`${MSH}|42||AL|NE||UNICODE UTF-8`, 'PID|1'))).toEqual({
      hasHeader: true,
      sendingApplication: 'SENDER',
      sendingFacility: 'HOSPITAL',
      receivingApplication: 'HANDOFF',
      receivingFacility: 'HUB',
      dateTime: '20260302101500-0500',
      messageType: 'ADT',
      triggerEvent: 'A01',
      structure: 'ADT_A01',
      controlId: 'C1',
      processingId: 'T',
      version: '2.5.1',
      sequenceNumber: '42',
      acceptAck: 'AL',
      applicationAck: 'NE',
      charset: ['UNICODE UTF-8'],
      patientSegments: 1,
      patients: [],
    });
  });

  it('names every patient: each repetition of PID-3 and MRG-1 of each segment', () => {
    const seen = peek(bytesOf(MSH, 'PID|1||1^^^AA&1.2&ISO^MR~2^^^BB', 'MRG|3^^^AA', 'PID|2||4', 'PV1|1'));
    expect(
      seen.patients.map(
        (one) => `${one.segment}[${one.occurrence}] ${one.id} ${one.authority} ${one.universalId} ${one.type}`,
      ),
    ).toEqual([
      'PID[1] 1 AA 1.2 MR',
      'PID[1] 2 BB undefined undefined',
      'PID[2] 4 undefined undefined undefined',
      'MRG[1] 3 AA undefined undefined',
    ]);
  });

  it('takes the prior number from MRG-4 where MRG-1 has none', () => {
    const ids = (mrg: string) => peek(bytesOf(MSH, mrg)).patients.map(({ id }) => id);
    expect([ids('MRG||||7^^^AA'), ids('MRG|3^^^AA|||7^^^AA')]).toEqual([['7'], ['3']]);
  });

  it('counts a patient segment whose identifier cannot be read', () => {
    const seen = peek(bytesOf(MSH, 'PID|1||1', 'PID|2||""', 'PID'));
    expect([seen.patientSegments, seen.patients.length]).toEqual([3, 1]);
  });

  it.each([Buffer.alloc(0), Buffer.from('nonsense'), Buffer.from([0xff, 0xfe, 0]), Buffer.from('MSH')])(
    'survives %#',
    (bytes) => {
      expect(peek(bytes)).toMatchObject({ hasHeader: false, controlId: undefined, patients: [] });
    },
  );
});
