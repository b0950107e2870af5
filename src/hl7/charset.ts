import { Buffer, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { decodeJapanese, encodeJapanese, maskJapanese } from './iso-2022-jp.ts';

/** One character set: bytes ⇄ text, and what the parser must know to find delimiters in its bytes. */
export interface Charset {
  /** Name in v2 table 0211, or the de-facto name of a set that table does not have. */
  readonly name: string;
  readonly decode: (bytes: Buffer) => string;
  readonly encode: (text: string) => Buffer;
  /** `utf16`/`utf32`: one character is several bytes; the tree is built over a UTF-8 transcription. */
  readonly wide?: 'utf16le' | 'utf16be' | 'utf32le' | 'utf32be';
  /** Overwrites, in a latin-1 image of the bytes, every byte that belongs to a character and only looks like a delimiter. */
  readonly mask?: (bytes: Buffer) => Buffer;
  /** True when plain 7-bit bytes can mean something other than ASCII (ISO 2022 shifts by ESC). */
  readonly shifts?: true;
  /** True when ASCII characters are ASCII bytes and those are nothing else: text of them needs no encoding. Not so in Shift_JIS. */
  readonly holdsAscii?: true;
}

const utf8: Charset = {
  name: 'UNICODE UTF-8',
  // Bytes that are not UTF-8 are read as ISO 8859-1, one character per byte, so that nothing is lost; the parser reports them.
  decode: (bytes) => (isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('latin1')),
  encode: (text) => Buffer.from(text, 'utf8'),
  holdsAscii: true,
};

const latin1: Charset = {
  name: '8859/1',
  decode: (bytes) => bytes.toString('latin1'),
  encode: (text) => iconv.encode(text, 'iso-8859-1'),
  holdsAscii: true,
};

const ascii: Charset = {
  name: 'ASCII',
  decode: utf8.decode,
  encode: (text) => iconv.encode(text, 'ascii'),
  holdsAscii: true,
};

function table(name: string, encoding: string, mask?: Charset['mask']): Charset {
  const set = {
    name,
    decode: (bytes: Buffer) => iconv.decode(bytes, encoding, { stripBOM: false }),
    encode: (text: string) => iconv.encode(text, encoding, { addBOM: false }),
  };
  return mask === undefined ? set : { ...set, mask };
}

function wide(name: string, encoding: NonNullable<Charset['wide']>): Charset {
  const iconvName = { utf16le: 'utf-16le', utf16be: 'utf-16be', utf32le: 'utf-32le', utf32be: 'utf-32be' }[encoding];
  return { ...table(name, iconvName), wide: encoding };
}

const MASKED = 0x80;

/**
 * Two bytes a character when the first is a lead byte. The four-byte characters of GB 18030 need no care: they are lead byte,
 * digit, lead byte, digit, and a digit is no delimiter.
 */
function maskPairs(isLead: (byte: number) => boolean): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const image = Buffer.from(bytes);
    for (let i = 0; i + 1 < image.length; i += 1) {
      if (!isLead(image[i]!) || image[i + 1]! < 0x40) continue;
      image[i + 1] = MASKED;
      i += 1;
    }
    return image;
  };
}

const isHighLead = (byte: number): boolean => byte >= 0x81 && byte <= 0xfe;
const isShiftJisLead = (byte: number): boolean => (byte >= 0x81 && byte <= 0x9f) || (byte >= 0xe0 && byte <= 0xfc);

const japanese: Charset = {
  name: 'ISO IR87',
  decode: decodeJapanese,
  encode: encodeJapanese,
  mask: maskJapanese,
  shifts: true,
};

const SETS: Readonly<Record<string, Charset>> = {
  ASCII: ascii,
  '8859/1': latin1,
  ...Object.fromEntries(
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16].map((part) => [
      `8859/${part}`,
      table(`8859/${part}`, `iso-8859-${part}`),
    ]),
  ),
  'UNICODE UTF-8': utf8,
  'UNICODE UTF-16': wide('UNICODE UTF-16', 'utf16be'),
  'UNICODE UTF-16LE': wide('UNICODE UTF-16', 'utf16le'),
  'UNICODE UTF-32': wide('UNICODE UTF-32', 'utf32be'),
  'UNICODE UTF-32LE': wide('UNICODE UTF-32', 'utf32le'),
  'ISO IR87': japanese,
  'ISO IR14': table('ISO IR14', 'shift_jis', maskPairs(isShiftJisLead)),
  'GB 18030-2000': table('GB 18030-2000', 'gb18030', maskPairs(isHighLead)),
  'KS X 1001': table('KS X 1001', 'euc-kr'),
  'BIG-5': table('BIG-5', 'big5', maskPairs(isHighLead)),
  'WINDOWS-1252': table('WINDOWS-1252', 'windows-1252'),
  SHIFT_JIS: table('SHIFT_JIS', 'shift_jis', maskPairs(isShiftJisLead)),
  'EUC-JP': table('EUC-JP', 'euc-jp'),
};

/** Spellings that senders use, compared without case, spaces, dots, dashes and underscores. */
const ALIASES: Readonly<Record<string, string>> = {
  USASCII: 'ASCII',
  ISOIR6: 'ASCII',
  ISO646: 'ASCII',
  UNICODE: 'UNICODE UTF-8',
  UTF8: 'UNICODE UTF-8',
  UNICODEUTF8: 'UNICODE UTF-8',
  UTF16: 'UNICODE UTF-16',
  UTF16BE: 'UNICODE UTF-16',
  UTF16LE: 'UNICODE UTF-16LE',
  UTF32: 'UNICODE UTF-32',
  UTF32BE: 'UNICODE UTF-32',
  UTF32LE: 'UNICODE UTF-32LE',
  LATIN1: '8859/1',
  ISOIR100: '8859/1',
  LATIN9: '8859/15',
  CP1252: 'WINDOWS-1252',
  ISOIR159: 'ISO IR87',
  JISX0202: 'ISO IR87',
  JISX0208: 'ISO IR87',
  JAS2020: 'ISO IR87',
  ISO2022JP: 'ISO IR87',
  GB18030: 'GB 18030-2000',
  GB2312: 'GB 18030-2000',
  GBK: 'GB 18030-2000',
  KSC5601: 'KS X 1001',
  EUCKR: 'KS X 1001',
  BIG5: 'BIG-5',
  SJIS: 'SHIFT_JIS',
};

function folded(name: string): string {
  return name.toUpperCase().replace(/[\s._-]/g, '');
}

const byFolded = new Map<string, Charset>([
  ...Object.entries(SETS).map(([name, set]): [string, Charset] => [folded(name), set]),
  ...Object.entries(ALIASES).map(([alias, name]): [string, Charset] => [alias, SETS[name]!]),
]);

const resolved = new Map<string, Charset | undefined>();
const RESOLVED_MAX = 256;

/** The set one MSH-18 repetition names, or undefined when it is unknown or nobody here can decode it (CNS 11643-1992, 8859/12). */
export function charsetNamed(name: string): Charset | undefined {
  if (resolved.has(name)) return resolved.get(name);
  const plain = folded(name);
  const iso = /^(?:ISO)?8859\/?(\d{1,2})$/.exec(plain);
  const set = iso === null ? byFolded.get(plain) : byFolded.get(`8859/${iso[1]}`);
  if (resolved.size < RESOLVED_MAX) resolved.set(name, set);
  return set;
}

/**
 * The set the bytes of a message are in, by the repetitions of MSH-18. The first is the default; Japanese sets named after it
 * are reached by ISO 2022 shifts inside the text, so one of them makes the message ISO 2022. Undefined: the first is unknown.
 * Rule: HL7 v2.9 section 2.4.2.18, table 0211.
 */
export function charsetOf(repetitions: readonly string[]): Charset | undefined {
  for (const name of repetitions) if (charsetNamed(name)?.shifts) return japanese;
  const first = repetitions[0];
  return first === undefined || first === '' ? ascii : charsetNamed(first);
}

export { ascii as ASCII, latin1 as LATIN_1, utf8 as UTF_8 };

/** The set that an escape `\Cxxyy\` or `\Mxxyyzz\` switches to, by the hexadecimal digits of its ISO 2022 sequence. */
export function charsetOfEscape(hex: string): Charset | undefined {
  const name = ISO_2022[hex.toUpperCase()];
  return name === undefined ? undefined : SETS[name];
}

const ISO_2022: Readonly<Record<string, string>> = {
  '2842': 'ASCII',
  '2D41': '8859/1',
  '2D42': '8859/2',
  '2D43': '8859/3',
  '2D44': '8859/4',
  '2D4C': '8859/5',
  '2D47': '8859/6',
  '2D46': '8859/7',
  '2D48': '8859/8',
  '2D4D': '8859/9',
  '2D62': '8859/15',
  '284A': 'ISO IR14',
  '2949': 'ISO IR14',
};
