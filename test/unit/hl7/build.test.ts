import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildMessage, DELETE, fieldValue, repeat, type SegmentValue } from '../../../src/hl7/build.ts';
import { leaves } from '../../../src/hl7/leaves.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { messageOf, textOf } from './message.ts';

const HEAD: SegmentValue = { name: 'MSH', fields: { 3: 'HUB', 9: ['ADT', 'A01'], 10: '1', 11: 'T', 12: '2.5.1' } };

function built(segments: readonly SegmentValue[], options?: Parameters<typeof buildMessage>[1]): string {
  return textOf(buildMessage(segments, options).bytes);
}

describe('building', () => {
  it('writes MSH-1 and MSH-2 from the delimiters', () => {
    const delimiters = { field: '#', component: '*', repetition: '%', escape: '!', subcomponent: '@', truncation: '' };
    expect(built([HEAD], { delimiters })).toBe('MSH#*%!@#HUB######ADT*A01#1#T#2.5.1\r');
    expect(built([HEAD])).toBe('MSH|^~\\&|HUB||||||ADT^A01|1|T|2.5.1\r');
  });

  it('nests repetitions, components and sub-components and leaves trailing empty ones off', () => {
    const cx = ['1', undefined, '', ['AA', '1.2', undefined]] as const;
    const pid = { name: 'PID', fields: { 3: repeat(cx, ['2', '', '']), 5: ['Doe', ''], 6: '' } };
    expect(built([pid])).toBe('PID|||1^^^AA&1.2~2||Doe\r');
  });

  it('keeps the first empty repetition', () => {
    expect(built([{ name: 'MSH', fields: { 18: repeat('', 'ISO IR87') } }])).toContain('|~ISO IR87\r');
  });

  it('writes a delete only for DELETE', () => {
    expect(built([{ name: 'PID', fields: { 5: DELETE, 7: '""' } }])).toBe('PID|||||""||\\X2222\\\r');
  });

  it('announces the set it encodes in', () => {
    const { bytes } = buildMessage([HEAD, { name: 'PID', fields: { 5: 'Zoë' } }], { charset: ['8859/1'] });
    expect(Buffer.from(bytes).toString('latin1')).toBe(
      'MSH|^~\\&|HUB||||||ADT^A01|1|T|2.5.1||||||8859/1\rPID|||||Zoë\r',
    );
  });

  it('reports text that the set does not have, by place and not by value', () => {
    const { issues } = buildMessage([HEAD, { name: 'PID', fields: { 5: [undefined, '山'] } }], { charset: ['8859/1'] });
    expect(issues.map((found) => [found.code, found.location])).toEqual([['hl7.charset-unencodable', 'PID[1]-5[1].2']]);
    expect(JSON.stringify(issues)).not.toContain('山');
  });

  it.each(['Shift_JIS', 'EUC-JP', '~ISO IR87'])('lets no character of %s become a delimiter on the wire', (set) => {
    const text = '\u00a5F\u00a5 \u203e \u00a5';
    const { bytes } = buildMessage([HEAD, { name: 'NTE', fields: { 3: text, 4: 'x' } }], { charset: set.split('~') });
    const nte = parseMessage(bytes).message.segment('NTE')!;
    expect([nte.get(4), nte.repetitions(3).length]).toEqual(['x', 1]);
    expect(
      nte
        .get(3)
        ?.replace(/[\\\u00a5]/g, 'Y')
        .replace(/[~\u203e]/g, 'O'),
    ).toBe('YFY O Y');
  });

  it('leaves out a segment whose name is none, and says so', () => {
    const result = buildMessage([HEAD, { name: 'P|\r', fields: { 1: 'x' } }]);
    expect(result.issues.map((found) => found.code)).toEqual(['hl7.name-invalid']);
    expect(parseMessage(result.bytes).message.segments()).toHaveLength(1);
  });

  it('copies a field into other delimiters', () => {
    const field = messageOf('MSH#*%!@#A', 'PID#1##1*!F!*x@y%""').segment('PID')!.field(3);
    expect(built([{ name: 'PID', fields: { 3: fieldValue(field) } }])).toBe('PID|||1^#^x&y~""\r');
  });
});

describe('build → parse', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
  const hostile = fc.constantFrom(
    '|',
    '^~\\&',
    '\rMSH|^~\\&|',
    '\x1c\r\x0b',
    '""',
    '\\F\\',
    '\\X0D\\',
    '\n',
    '\\',
    '\r\nPID|1',
    '\u0000',
  );
  const leaf = fc.oneof(
    text,
    hostile,
    fc.array(hostile, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  );

  it('gives every text back at its place, whatever the text is', () => {
    fc.assert(
      fc.property(fc.array(leaf, { minLength: 1, maxLength: 6 }), fc.boolean(), (texts, asParts) => {
        const fields = asParts
          ? { 3: repeat(...texts.map((one) => [one, [one, one]])) }
          : Object.fromEntries(texts.map((one, i) => [i + 1, one]));
        const { bytes, issues } = buildMessage([HEAD, { name: 'NTE', fields }]);
        const { message } = parseMessage(bytes);
        expect(issues).toEqual([]);
        expect(message.segments().map((segment) => segment.name)).toEqual(['MSH', 'NTE']);
        const read = leaves(message).filter((found) => found.segment.name === 'NTE');
        expect(read.map((found) => found.text)).toEqual(asParts ? texts.flatMap((one) => [one, one, one]) : texts);
        expect(read.some((found) => found.isDelete)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('puts nothing on the wire that a frame or a segment could end on', () => {
    fc.assert(
      fc.property(leaf, (value) => {
        const bytes = Buffer.from(buildMessage([{ name: 'NTE', fields: { 3: value } }]).bytes);
        expect(bytes.subarray(0, -1).some((byte) => byte < 0x20)).toBe(false);
      }),
    );
  });
});
