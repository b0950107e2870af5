import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { escapeIssues, leaves } from '../../../src/hl7/leaves.ts';
import { erl, fieldPath, printLocation, readLocation } from '../../../src/hl7/location.ts';
import { parseMessage, serialiseMessage } from '../../../src/hl7/parse.ts';
import { bytesOf, MSH, messageOf } from './message.ts';

function codes(bytes: Uint8Array): string[] {
  return parseMessage(bytes).issues.map((found) => found.code);
}

function names(text: string): string[] {
  return parseMessage(Buffer.from(text, 'latin1'))
    .message.segments()
    .map((segment) => segment.name);
}

describe('reading by path', () => {
  const message = messageOf(MSH, 'PID|1||100^^^GH&1.2.3&ISO^MR~200^^^STATE^SS||Example^Pat||""|F|', 'OBX|1|TX|||a^b&c');
  const pid = message.segment('PID')!;

  it('counts fields, repetitions, components and sub-components from 1', () => {
    expect(pid.text('3')).toBe('100');
    expect(pid.text('3.4.2')).toBe('1.2.3');
    expect(pid.text('3[2].4.1')).toBe('STATE');
    expect(pid.get(5, 1, 2)).toBe('Pat');
    expect(pid.field(3).repetition(2).get(5)).toBe('SS');
    expect(pid.field(3).component(4).subcomponent(3).text).toBe('ISO');
  });

  it('counts the separator as MSH-1 and the encoding characters as MSH-2', () => {
    const msh = message.segment('MSH')!;
    expect([msh.get(1), msh.get(2), msh.get(3)]).toEqual(['|', '^~\\&', 'SENDER']);
    expect(msh.field(2).repetitions()).toHaveLength(1);
    expect(msh.fieldCount).toBe(12);
  });

  it('keeps delete, empty and absent apart', () => {
    expect([pid.state(7), pid.state(6), pid.state(9), pid.state(30), pid.state(8)]).toEqual([
      'delete',
      'empty',
      'empty',
      'absent',
      'value',
    ]);
    expect(pid.get(7)).toBeUndefined();
    expect(pid.isDelete(7)).toBe(true);
    expect(pid.field(30).repetitions()).toEqual([]);
    expect(pid.field(30).component(2).get()).toBeUndefined();
  });

  it('gives a whole field with its delimiters as text, for senders who do not escape', () => {
    expect(message.segment('OBX')!.field(5).text).toBe('a^b&c');
    expect(message.segment('OBX')!.get(5)).toBe('a');
  });

  it('calls a field of nothing but delimiters empty', () => {
    const field = messageOf(MSH, 'PID|||^^^&~^').segment('PID')!.field(3);
    expect([field.state, field.hasContent, field.isEmpty]).toEqual(['empty', false, true]);
  });

  it('refuses an ill-formed path of our own', () => {
    expect(() => fieldPath('PID-3')).toThrow(TypeError);
  });
});

describe('header', () => {
  it('reads MSH on demand', () => {
    const { header } = messageOf(`${MSH}|7||AL|NE||UNICODE UTF-8~8859/1`);
    expect(header.sendingApplication).toBe('SENDER');
    expect(header.triggerEvent).toBe('A01');
    expect([header.controlId, header.processingId, header.version]).toEqual(['C1', 'T', '2.5.1']);
    expect([header.sequenceNumber, header.acceptAck, header.applicationAck]).toEqual(['7', 'AL', 'NE']);
    expect(header.charset).toEqual(['UNICODE UTF-8', '8859/1']);
  });

  it('names a sender by universal id when there is no namespace', () => {
    expect(messageOf('MSH|^~\\&|^1.2.3^ISO').header.sendingApplication).toBe('1.2.3');
  });
});

describe('segments and line ends', () => {
  it.each([
    ['CR', `${MSH}\rPID|1\rPV1|1\r`],
    ['LF', `${MSH}\nPID|1\nPV1|1\n`],
    ['CRLF', `${MSH}\r\nPID|1\r\nPV1|1\r\n`],
    ['CR without the last', `${MSH}\rPID|1\rPV1|1`],
    ['blank lines', `${MSH}\r\r\nPID|1\r \rPV1|1\r\r`],
    ['a frame byte left at the end', `\x0b${MSH}\rPID|1\rPV1|1\r\x1c\r`],
    ['CR and a last LF', `${MSH}\rPID|1\rPV1|1\n`],
  ])('reads the same segments with %s', (_, text) => {
    expect(names(text)).toEqual(['MSH', 'PID', 'PV1']);
    const bytes = Buffer.from(text, 'latin1');
    expect(serialiseMessage(parseMessage(bytes).message)).toEqual(bytes);
  });

  it('takes a bare LF inside a CR message for text, so that content cannot start a segment', () => {
    const { message, issues } = parseMessage(Buffer.from(`${MSH}\rNTE|1||call\nPID|9\r`, 'latin1'));
    expect(message.segments().map((segment) => segment.name)).toEqual(['MSH', 'NTE']);
    expect(message.segment('NTE')!.get(3)).toBe('call\nPID');
    expect(issues.map((found) => [found.code, found.location])).toEqual([['hl7.line-feed-in-field', 'NTE[1]']]);
  });

  it('keeps LF as text when it is told to', () => {
    expect(parseMessage(Buffer.from(`${MSH}\nPID|1`), { lfAsCr: false }).message.segments()).toHaveLength(1);
  });

  it('reads a byte order mark and gives it back', () => {
    const bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytesOf(MSH, 'PID|1')]);
    const { message } = parseMessage(bytes);
    expect(message.header.controlId).toBe('C1');
    expect(serialiseMessage(message)).toEqual(bytes);
  });

  it('lists a line without a segment name and goes on', () => {
    const { message, issues } = parseMessage(bytesOf(MSH, 'some words', 'PID|1||9'));
    expect(issues.map((found) => [found.code, found.location])).toEqual([['hl7.segment-name', 'line 2']]);
    expect(message.segment('PID')!.get(3)).toBe('9');
  });

  it('reports a second MSH and reads the first', () => {
    const bytes = bytesOf(MSH, MSH.replace('C1', 'C2'));
    expect(codes(bytes)).toEqual(['hl7.header-repeated']);
    expect(parseMessage(bytes).message.header.controlId).toBe('C1');
  });

  it.each([
    ['nothing', '', ['hl7.empty', 'hl7.no-header']],
    ['blanks', ' \r\n ', ['hl7.empty', 'hl7.no-header']],
    ['words', 'GET / HTTP/1.1', ['hl7.no-header', 'hl7.segment-name']],
    ['a PID alone', 'PID|1||5', ['hl7.no-header']],
    ['MSH without separator', 'MSH', ['hl7.no-header', 'hl7.segment-name']],
  ])('gives a message without header for %s', (_, text, expected) => {
    const { message, issues } = parseMessage(Buffer.from(text));
    expect(message.hasHeader).toBe(false);
    expect(message.header.controlId).toBeUndefined();
    expect(issues.map((found) => found.code)).toEqual(expected);
  });
});

describe('delimiters', () => {
  it('come from MSH-1 and MSH-2', () => {
    const message = messageOf('MSH#*%!@#A*B#F###20260101##ADT*A01#9#T#2.5', 'PID#1##1*2*3*AA@1.2%4');
    expect(message.header.triggerEvent).toBe('A01');
    expect(message.segment('PID')!.text('3.4.2')).toBe('1.2');
    expect(message.segment('PID')!.text('3[2]')).toBe('4');
  });

  it('may be fewer: what is not declared does not split', () => {
    const message = messageOf('MSH|^~|A', 'PID|1||a&b\\F\\');
    expect(message.segment('PID')!.get(3)).toBe('a&b\\F\\');
  });

  it('know the truncation character of v2.7', () => {
    const field = messageOf('MSH|^~\\&#|A', 'OBX|||||cut off#|a\\P\\').segment('OBX')!;
    expect(field.field(5).isTruncated).toBe(true);
    expect([field.field(6).isTruncated, field.get(6)]).toEqual([false, 'a#']);
  });

  it('that are missing are the recommended ones, with an issue', () => {
    const bytes = bytesOf('MSH||A', 'PID|1||1^^^AA');
    expect(codes(bytes)).toEqual(['hl7.delimiters-missing']);
    expect(parseMessage(bytes).message.segment('PID')!.get(3, 1, 4)).toBe('AA');
  });

  it('that are used twice keep their first role, with an issue', () => {
    expect(codes(bytesOf('MSH|^^\\&|A', 'PID|1'))).toEqual(['hl7.delimiters-ambiguous']);
  });

  it('with the escape character written twice are read as if it were once, with an issue', () => {
    const { message, issues } = parseMessage(bytesOf('MSH|^~\\\\&|A', 'PID|||1^^^AA&1.2'));
    expect(issues.map((found) => found.code)).toEqual(['hl7.delimiters-ambiguous']);
    expect(message.segment('PID')!.get(3, 1, 4, 2)).toBe('1.2');
  });

  it('above ASCII are used and reported: they may be a part of a character', () => {
    const bytes = bytesOf('MSH|\xa7~\\&|A', 'PID|||1\xa72');
    expect(codes(bytes)).toContain('hl7.delimiters-ambiguous');
    expect(parseMessage(bytes).message.segment('PID')!.get(3, 1, 2)).toBe('2');
  });

  it('and the character set of a message in a batch that was not split are its own, with an issue', () => {
    const { message, issues } = parseMessage(
      bytesOf('FHS|^~\\&|A', 'MSH#*%!@#A#B#C#D#20260101##ADT*A01#9#T#2.5######8859/2', 'PID#1##7*2##\xa3', 'FTS|1'),
    );
    expect(message.segment('PID')!.get(3, 1, 2)).toBe('2');
    expect(message.segment('PID')!.get(5)).toBe('Ł');
    expect(issues.map((found) => found.code)).toEqual(['hl7.batch-structure', 'hl7.segment-name']);
  });

  it('of a batch header serve where there is no MSH', () => {
    expect(messageOf('FHS#*%!@#A', 'PID#1##7*2').segment('PID')!.get(3, 1, 2)).toBe('2');
  });
});

describe('locations', () => {
  it('print and read back', () => {
    const leaf = leaves(messageOf(MSH, 'NTE|1', 'NTE|2||a~b^c&d')).at(-1)!;
    expect(leaf.location.segmentIndex).toBe(2);
    expect(printLocation(leaf.location)).toBe('NTE[2]-3[2].2.2');
    expect(readLocation('NTE[2]-3[2].2.2')).toEqual({
      segment: 'NTE',
      occurrence: 2,
      field: 3,
      repetition: 2,
      component: 2,
      subcomponent: 2,
    });
    expect(erl(leaf.location)).toEqual(['NTE', '2', '3', '2', '2', '2']);
    expect(erl({ segment: 'PID', occurrence: 1, field: 3 })).toEqual(['PID', '1', '3']);
    expect(readLocation('PID-3 is wrong')).toBeUndefined();
  });

  it('of an element say where it is', () => {
    const message = messageOf(MSH, 'PID|||1^^^AA&BB');
    expect(printLocation(message.segment('PID')!.field(3).component(4).subcomponent(2).location)).toBe(
      'PID[1]-3[1].4.2',
    );
  });
});

describe('leaves', () => {
  it('are every element with content, deletes included, MSH-1 and MSH-2 not', () => {
    const message = messageOf('MSH|^~\\&|A', 'PID|||1^^^AA&1.2~2||""|');
    expect(leaves(message).map((leaf) => `${printLocation(leaf.location)}=${leaf.text}`)).toEqual([
      'MSH[1]-3[1].1.1=A',
      'PID[1]-3[1].1.1=1',
      'PID[1]-3[1].4.1=AA',
      'PID[1]-3[1].4.2=1.2',
      'PID[1]-3[2].1.1=2',
      'PID[1]-5[1].1.1=""',
    ]);
    expect(leaves(message).at(-1)!.isDelete).toBe(true);
  });

  it('with unknown or open escapes are listed', () => {
    const message = messageOf(MSH, 'NTE|1||a\\Zz\\b', 'NTE|2||C:\\temp', 'NTE|3||\\T\\');
    expect(escapeIssues(message).map((found) => [found.code, found.location])).toEqual([
      ['hl7.escape-unknown', 'NTE[1]-3[1].1.1'],
      ['hl7.escape-unclosed', 'NTE[2]-3[1].1.1'],
    ]);
  });
});
