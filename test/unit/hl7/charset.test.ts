import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { charsetNamed, charsetOf } from '../../../src/hl7/charset.ts';
import { parseMessage, serialiseMessage } from '../../../src/hl7/parse.ts';

/** Name in table 0211, text, and the bytes of the text as the set's own standard has them. */
const GOLDEN: readonly (readonly [string, string, string])[] = [
  ['ASCII', 'Pat', '506174'],
  ['8859/1', 'Zoë', '5a6feb'],
  ['8859/2', 'Łódź', 'a3f364bc'],
  ['8859/3', 'Ħaż', 'a161bf'],
  ['8859/4', 'Ķā', 'd3e0'],
  ['8859/5', 'Жу', 'b6e3'],
  ['8859/6', 'سلم', 'd3e4e5'],
  ['8859/7', 'Άλφα', 'b6ebf6e1'],
  ['8859/8', 'שלם', 'f9eced'],
  ['8859/9', 'İğ', 'ddf0'],
  ['8859/10', 'Đŋ', 'a9bf'],
  ['8859/11', 'กข', 'a1a2'],
  ['8859/13', 'Šū', 'd0fb'],
  ['8859/14', 'Ŵŷ', 'd0fe'],
  ['8859/15', '€œ', 'a4bd'],
  ['UNICODE', 'é山', 'c3a9e5b1b1'],
  ['UNICODE UTF-8', 'é山', 'c3a9e5b1b1'],
  ['ISO IR14', 'ﾔﾏﾀﾞ', 'd4cfc0de'],
  ['ISO IR87', '山田', '1b24423b33454' + '41b2842'],
  ['ISO IR159', '丂', '1b24284430211b2842'],
  ['GB 18030-2000', '王㐀', 'cdf58139ee39'],
  ['KS X 1001', '김', 'b1e8'],
  ['BIG-5', '許功蓋', 'b35ca55cbb5c'],
];

function message(name: string, hex: string): Buffer {
  const head = `MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|T|2.5||||||${name}\rPID|1||1||`;
  return Buffer.concat([
    Buffer.from(head, 'latin1'),
    Buffer.from(hex, 'hex'),
    Buffer.from('^Pat||19800101\r', 'latin1'),
  ]);
}

describe('one-byte and multi-byte sets', () => {
  it.each(GOLDEN)('%s decodes, encodes and round-trips', (name, text, hex) => {
    const bytes = message(name, hex);
    const parsed = parseMessage(bytes);
    const pid = parsed.message.segment('PID')!;
    expect([pid.get(5), pid.get(5, 1, 2), pid.get(7)]).toEqual([text, 'Pat', '19800101']);
    expect(parsed.issues).toEqual([]);
    expect(serialiseMessage(parsed.message)).toEqual(bytes);
    if (name !== 'ISO IR159') expect(charsetNamed(name)!.encode(text).toString('hex')).toBe(hex);
  });

  it('a trail byte that looks like a delimiter is part of its character', () => {
    // U+56EF in GB 18030 is 87 7C, and 7C is the field separator; U+8A31 in BIG-5 is B3 5C, and 5C is the escape character.
    const gb = charsetNamed('GB 18030-2000')!;
    const pipe = Buffer.from('877c', 'hex');
    const pid = parseMessage(message('GB 18030-2000', '877c')).message.segment('PID')!;
    expect([pid.get(5), pid.get(7)]).toEqual([gb.decode(pipe), '19800101']);
    const kanji = parseMessage(message('~ISO IR87', '1b2442245e7c5e1b2842')).message.segment('PID')!;
    expect([kanji.get(5)?.length, kanji.get(5, 1, 2)]).toEqual([2, 'Pat']);
  });

  it('a shift that is not ended ends with its segment', () => {
    const { message: read } = parseMessage(message('~ISO IR87', '1b24423b33'));
    const next = parseMessage(Buffer.concat([message('~ISO IR87', '1b24423b33'), Buffer.from('PV1|1|I\r')])).message;
    expect(read.segments()).toHaveLength(2);
    expect(next.segment('PV1')!.get(2)).toBe('I');
  });

  it('an empty first repetition before a Japanese set means ASCII with ISO 2022 shifts', () => {
    expect(charsetOf(['', 'ISO IR87'])?.shifts).toBe(true);
  });

  it.each([
    'utf-8',
    'UTF8',
    'ISO-8859-1',
    'ISO8859-1',
    '8859-1',
    'latin1',
    'GB18030',
    'EUC-KR',
    'Shift_JIS',
    'us-ascii',
  ])('knows the spelling %s', (name) => {
    expect(charsetNamed(name)).toBeDefined();
  });

  it.each(['CNS 11643-1992', '8859/12', 'EBCDIC', 'constructor'])('does not pretend to know %s', (name) => {
    expect(charsetNamed(name)).toBeUndefined();
  });
});

describe('sets of wide characters', () => {
  const text = 'MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|T|2.5||||||UNICODE UTF-16\rPID|1||1||Zoë山^Pat\r';
  const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();
  const utf32 = (bigEndian: boolean): Buffer => {
    const bytes = Buffer.alloc(text.length * 4);
    for (let i = 0; i < text.length; i += 1) {
      if (bigEndian) bytes.writeUInt32BE(text.charCodeAt(i), i * 4);
      else bytes.writeUInt32LE(text.charCodeAt(i), i * 4);
    }
    return bytes;
  };
  const le = Buffer.from(text, 'utf16le');
  const mark = Buffer.from([0xff, 0xfe]);

  it.each([
    ['UTF-16LE with mark', Buffer.concat([mark, le])],
    ['UTF-16BE with mark', swapped(Buffer.concat([mark, le]))],
    ['UTF-16LE without mark', le],
    ['UTF-16BE without mark', swapped(le)],
    ['UTF-32LE without mark', utf32(false)],
    ['UTF-32BE without mark', utf32(true)],
    ['UTF-32BE with mark', Buffer.concat([Buffer.from([0, 0, 0xfe, 0xff]), utf32(true)])],
    ['UTF-32LE with mark', Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), utf32(false)])],
  ])('%s reads and comes back to the byte', (_, bytes) => {
    const { message: read, issues } = parseMessage(bytes);
    expect([read.segment('PID')!.get(5), read.segment('PID')!.get(5, 1, 2)]).toEqual(['Zoë山', 'Pat']);
    expect(issues).toEqual([]);
    expect(serialiseMessage(read)).toEqual(bytes);
  });

  it('a last character that is cut off is reported', () => {
    expect(parseMessage(le.subarray(0, le.length - 1)).issues.map((found) => found.code)).toEqual([
      'hl7.charset-invalid-bytes',
    ]);
  });
});

describe('what MSH-18 says and what the bytes are', () => {
  const read = (name: string, hex: string, defaultCharset?: string) => {
    const { message: parsed, issues } = parseMessage(
      message(name, hex),
      defaultCharset === undefined ? {} : { defaultCharset },
    );
    return [parsed.segment('PID')!.get(5), issues.map((found) => found.code).join()];
  };

  it('an unknown set keeps the bytes, one character each, and is an issue', () => {
    expect(read('EBCDIC', 'c3a9')).toEqual(['Ã©', 'hl7.charset-unknown']);
  });

  it('no set and UTF-8 bytes are UTF-8, with an issue', () => {
    expect(read('', 'c3a9')).toEqual(['é', 'hl7.charset-guessed']);
  });

  it('no set and other bytes are ISO 8859-1, with an issue', () => {
    expect(read('', 'e9')).toEqual(['é', 'hl7.charset-guessed']);
  });

  it('no set and an agreed set of the feed is no issue', () => {
    expect(read('', 'a3', '8859/2')).toEqual(['Ł', '']);
  });

  it('ASCII with bytes above it contradicts itself', () => {
    expect(read('ASCII', 'c3a9')).toEqual(['é', 'hl7.charset-contradicted']);
  });

  it('UTF-8 that is not UTF-8 is an error, and its element is read as ISO 8859-1', () => {
    expect(read('UNICODE UTF-8', 'e9')).toEqual(['é', 'hl7.charset-invalid-bytes']);
  });

  it('a set under which MSH-18 itself would move is not believed', () => {
    const bytes = Buffer.from('MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1\xee|T|2.5||||||GB 18030-2000\r', 'latin1');
    const { message: parsed, issues } = parseMessage(bytes);
    expect([parsed.header.controlId, parsed.header.version, issues[0]?.code]).toEqual([
      '1\xee',
      '2.5',
      'hl7.charset-contradicted',
    ]);
  });

  it('a UTF-8 mark outweighs MSH-18', () => {
    const bytes = Buffer.concat([Buffer.from('efbbbf', 'hex'), message('8859/1', 'c3a9')]);
    const { message: parsed, issues } = parseMessage(bytes);
    expect([parsed.segment('PID')!.get(5), issues[0]?.code]).toEqual(['é', 'hl7.charset-contradicted']);
  });
});
