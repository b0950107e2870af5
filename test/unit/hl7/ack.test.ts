import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { type AckError, type AckOptions, buildAck } from '../../../src/hl7/ack.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { readAck } from '../../../src/hl7/read-ack.ts';
import { bytesOf, MSH } from './message.ts';

const FRESH = { code: 'AA', controlId: 'H1', dateTime: '20260302101501-0500' } as const;
const MISSING: AckError = { location: 'PID[1]-3[2].4.1', condition: '101', severity: 'E', applicationCode: 'map.id' };

function ack(request: Uint8Array, options: Partial<AckOptions> = {}): string[] {
  const bytes = buildAck(parseMessage(request).message, { ...FRESH, ...options });
  return Buffer.from(bytes).toString('latin1').split('\r').slice(0, -1);
}

describe('the header of an acknowledgement', () => {
  it('is built anew: own time and id, sender and receiver swapped, MSH-11 and MSH-12 echoed, no MSH-15 and -16', () => {
    const request = bytesOf('MSH|^~\\&|SND^1.2^ISO|GH|HUB|RS|20260302||ADT^A01^ADT_A01|C1|T|2.5.1|||AL|NE');
    expect(ack(request)).toEqual([
      'MSH|^~\\&|HUB|RS|SND^1.2^ISO|GH|20260302101501-0500||ACK^A01^ACK|H1|T|2.5.1',
      'MSA|AA|C1',
    ]);
  });

  it('keeps the delimiters of the request and escapes what is one there', () => {
    const request = bytesOf('MSH#*%!@#A|B#F#C#D#20260101##ADT*A01#9!F!9#T#2.5');
    expect(ack(request)).toEqual(['MSH#*%!@#C#D#A|B#F#20260302101501-0500##ACK*A01*ACK#H1#T#2.5', 'MSA#AA#9!F!9']);
  });

  it('keeps the character set of the request', () => {
    const request = bytesOf('MSH|^~\\&|Zoë|F|C|D|20260101||ADT^A01|9|T|2.5||||||8859/1');
    expect(ack(request)[0]).toBe('MSH|^~\\&|C|D|Zoë|F|20260302101501-0500||ACK^A01^ACK|H1|T|2.5||||||8859/1');
  });

  it.each(['UNICODE UTF-8', 'GB 18030-2000', 'EBCDIC', ''])(
    'gives a control id back to the byte that is not in its set %j',
    (set) => {
      const head = `MSH|^~\\&|A|F|C|D|20260101||ADT^A01|1\xee\xa3^2|T|2.5||||||${set}`;
      expect(ack(bytesOf(head))[1]).toBe('MSA|AA|1\xee\xa3^2');
    },
  );

  it.each(['SHIFT_JIS', 'ISO IR14', '~ISO IR87', 'ASCII', '8859/1', '8859/7', 'UNICODE UTF-8', 'GB 18030-2000'])(
    'gives a control id with every ASCII character back to the byte in %s',
    (set) => {
      const id = `${Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i)).join('')}`.replace('|', '');
      const head = `MSH|^~\\&|A|F|C|D|20260101||ADT^A01|${id}|T|2.5||||||${set}`;
      expect(ack(bytesOf(head))[1]).toBe(`MSA|AA|${id}`);
    },
  );

  it('answers UTF-16 in UTF-16', () => {
    const request = Buffer.from(`${MSH}\r`, 'utf16le');
    const bytes = buildAck(parseMessage(request).message, FRESH);
    expect(Buffer.from(bytes).toString('utf16le')).toContain('MSA|AA|C1\r');
    expect(readAck(bytes)).toMatchObject({ ok: true, controlId: 'C1' });
  });

  it('of an application acknowledgement as an exchange of its own has MSH-16 NE', () => {
    const [head] = ack(bytesOf(MSH), { code: 'AE', ownExchange: { acceptAck: 'AL' } });
    expect(head!.split('|').slice(14, 16)).toEqual(['AL', 'NE']);
  });

  it('leaves the structure out for versions that have none', () => {
    expect(ack(bytesOf('MSH|^~\\&|A|B|C|D|||ADT^A01|1|T|2.3'))[0]!.split('|')[8]).toBe('ACK^A01');
  });
});

describe('MSA and ERR', () => {
  it('say where, what and how bad, from v2.5', () => {
    const lines = ack(bytesOf(MSH), {
      code: 'AE',
      errors: [MISSING, { condition: '207', severity: 'I', userMessage: 'stored' }],
    });
    expect(lines.slice(1)).toEqual([
      'MSA|AE|C1',
      'ERR||PID^1^3^2^4^1|101^Required field missing^HL70357|E|map.id^^L',
      'ERR|||207^Application error^HL70357|I||||stored',
    ]);
  });

  it('use the form of older versions before v2.5', () => {
    const lines = ack(bytesOf(MSH.replace('2.5.1', '2.3.1')), {
      code: 'AE',
      errors: [MISSING, { condition: '200', severity: 'E' }],
    });
    expect(lines.slice(1)).toEqual([
      'MSA|AE|C1|Required field missing|||101^Required field missing^HL70357',
      'ERR|PID^1^3^101&Required field missing&HL70357~^^^200&Unsupported message type&HL70357',
    ]);
  });

  it('carry the expected sequence number', () => {
    expect(ack(bytesOf(MSH), { expectedSequence: -1 })[1]).toBe('MSA|AA|C1||-1');
  });

  it('leave out a place that cannot be one', () => {
    expect(ack(bytesOf(MSH), { code: 'AE', errors: [{ ...MISSING, location: 'Doe^Jane' }] })[2]).toBe(
      'ERR|||101^Required field missing^HL70357|E|map.id^^L',
    );
  });
});

describe('a request that is hardly one', () => {
  it.each([
    ['no MSH-10', bytesOf('MSH|^~\\&|A|B|C|D|||ADT^A01||T|2.5')],
    ['no MSH', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['nothing', Buffer.alloc(0)],
    ['MSH alone', Buffer.from('MSH|')],
    ['delimiters used twice', Buffer.from('MSH|||||\r')],
    ['bytes above ASCII for delimiters', Buffer.from('MSH\xa7\xa8\xa9\xaa\xab\xa7A\xa7\r', 'latin1')],
    ['an id that tries to start a segment', Buffer.from('MSH|^~\\&|A|B|C|D|||ADT^A01|1\nMSA|T|2.5\r')],
  ])('gets a well-formed answer: %s', (_, request) => {
    const bytes = buildAck(parseMessage(request).message, {
      ...FRESH,
      code: 'AR',
      errors: [{ condition: '100', severity: 'E' }],
    });
    const answer = parseMessage(bytes);
    expect(answer.issues).toEqual([]);
    expect(answer.message.segments().map((segment) => segment.name)).toEqual(['MSH', 'MSA', 'ERR']);
    expect(readAck(bytes)).toMatchObject({ ok: true, code: 'AR' });
  });
});

describe('reading an answer', () => {
  it('gives code, id and errors of both forms', () => {
    const request = parseMessage(bytesOf(MSH)).message;
    const old = parseMessage(bytesOf(MSH.replace('2.5.1', '2.3.1'))).message;
    const options = { ...FRESH, code: 'AE', errors: [MISSING] } as const;
    expect(readAck(buildAck(request, options))).toEqual({
      ok: true,
      code: 'AE',
      controlId: 'C1',
      messageType: 'ACK',
      expectedSequence: undefined,
      errors: [
        {
          location: 'PID[1]-3[2].4.1',
          condition: '101',
          severity: 'E',
          applicationCode: 'map.id',
          text: 'Required field missing',
        },
      ],
    });
    expect(readAck(buildAck(old, options))).toMatchObject({ errors: [{ location: 'PID[1]-3', condition: '101' }] });
  });

  it('takes an RRI with an MSA for its acknowledgement', () => {
    const rri = bytesOf('MSH|^~\\&|A|B|C|D|||RRI^I12|1|T|2.5', 'MSA|AA|C9', 'RF1|A');
    expect(readAck(rri)).toMatchObject({ ok: true, code: 'AA', controlId: 'C9', messageType: 'RRI' });
  });

  it.each([
    ['no-header', Buffer.from('HTTP/1.1 200 OK')],
    ['no-header', Buffer.alloc(0)],
    ['no-msa', bytesOf(MSH)],
    ['code-unknown', bytesOf(MSH, 'MSA|OK|C1')],
    ['code-unknown', bytesOf(MSH, 'MSA||C1')],
  ])('calls it malformed: %s', (reason, bytes) => {
    expect(readAck(bytes)).toEqual({ ok: false, reason });
  });

  it('does not invent an id', () => {
    expect(readAck(bytesOf(MSH, 'MSA|AA'))).toMatchObject({ ok: true, controlId: '' });
  });
});
