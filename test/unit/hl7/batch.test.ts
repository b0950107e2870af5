import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { splitBatch } from '../../../src/hl7/batch.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { bytesOf, MSH } from './message.ts';

const one = MSH;
const two = MSH.replace('C1', 'C2');
const FHS = 'FHS|^~\\&|A|B|C|D|20260302||||F1|F0';
const BHS = 'BHS|^~\\&|A|B|C|D|20260302||||B1|B0';

function ids(bytes: Uint8Array): (string | undefined)[] {
  return splitBatch(bytes).messages.map((entry) => parseMessage(entry.bytes).message.header.controlId);
}

function found(...segments: readonly string[]): [string, string | undefined][] {
  return splitBatch(bytesOf(...segments)).issues.map((issue) => [issue.code, issue.location]);
}

describe('splitting', () => {
  it('gives the messages of a file with headers and right counts, without an issue', () => {
    const file = splitBatch(bytesOf(FHS, BHS, one, 'PID|1', two, 'BTS|2', 'BHS|^~\\&', one, 'BTS|1', 'FTS|2'));
    expect(file.issues).toEqual([]);
    expect(file.messages.map((entry) => [entry.batch, entry.position])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
    expect(file.file).toMatchObject({ controlId: 'F1', referenceId: 'F0' });
    expect(file.batches[0]).toMatchObject({ controlId: 'B1', referenceId: 'B0' });
  });

  it('gives views on the same bytes, segments and line ends included', () => {
    const bytes = bytesOf(BHS, one, 'PID|1', two, 'BTS|2');
    const [first, second] = splitBatch(bytes).messages;
    expect(Buffer.from(first!.bytes)).toEqual(bytesOf(one, 'PID|1'));
    expect(second!.bytes.buffer).toBe(bytes.buffer);
  });

  it.each([
    ['several MSH without batch headers', bytesOf(one, 'PID|1', two)],
    ['LF line ends', Buffer.from(`${BHS}\n${one}\nPID|1\n${two}\nBTS|2\n`)],
    ['a byte order mark', Buffer.from(`\ufeff${one}\r${two}\r`)],
    ['frames left between messages', Buffer.from(`\x0b${one}\r\x1c\r\x0b${two}\r\x1c\r`)],
    ['UTF-16', Buffer.from(`\ufeff${one}\r${two}\r`, 'utf16le')],
  ])('works with %s', (_, bytes) => {
    expect(ids(bytes)).toEqual(['C1', 'C2']);
  });

  it('reads messages with delimiters of their own', () => {
    expect(ids(bytesOf(BHS, 'MSH#*%!@#A*B#F#C#D#20260101##ADT*A01#9#T#2.5', two, 'BTS|2'))).toEqual(['9', 'C2']);
  });

  it('takes no MSH inside the text of a CR message for a message', () => {
    expect(ids(Buffer.from(`${one}\rNTE|1||text\n${two}\rPID|1\r`))).toEqual(['C1']);
  });
});

describe('what a file says about itself and does not keep', () => {
  it('is an issue where BTS-1 counts other messages', () => {
    expect(found(BHS, one, 'BTS|3')).toEqual([['hl7.batch-count', 'BTS[1]-1']]);
  });

  it('is an issue of the trailer that says it', () => {
    expect(found(BHS, one, 'BTS|1', BHS, one, 'BTS|2')).toEqual([['hl7.batch-count', 'BTS[2]-1']]);
  });

  it('is an issue where FTS-1 counts other batches', () => {
    expect(found(FHS, BHS, one, 'BTS|1', 'FTS|4')).toEqual([['hl7.batch-count', 'FTS[1]-1']]);
  });

  it('is none where the trailer does not count', () => {
    expect(found(FHS, BHS, one, 'BTS', 'FTS')).toEqual([]);
  });

  it('is an issue for lines of no message, and for a file without any', () => {
    expect(found('PID|1', one)).toEqual([['hl7.batch-stray', 'line at byte 0']]);
    expect(found(FHS, 'FTS|0').map(([code]) => code)).toEqual(['hl7.no-header']);
  });
});
