import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { ASCII, type Charset, charsetNamed, charsetOf, LATIN_1, UTF_8 } from './charset.ts';
import { DEFAULT_DELIMITERS, type Delimiters, isHeaderLine, readDelimiters } from './delimiters.ts';
import { type Hl7Issue, issue } from './issue.ts';

export interface ParseOptions {
  /** Set of messages whose MSH-18 is empty: what the feed agreed. Default: UTF-8 where the bytes are, else ISO 8859-1. */
  readonly defaultCharset?: string;
  /** Accept LF as segment terminator in a message whose first line ends with LF. Default true. */
  readonly lfAsCr?: boolean;
}

/**
 * One message opened for reading: where its lines are, what separates its fields, what its bytes mean.
 * `original` is what came in. `bytes` is what offsets count: the same, except for UTF-16 and UTF-32, which are transcribed
 * to UTF-8 because a delimiter is several bytes there. `image` has one character per byte of `bytes`, so that searching is
 * string searching; bytes that are part of a longer character and look like delimiters are masked in it.
 */
export interface Source {
  readonly original: Buffer;
  readonly bytes: Buffer;
  readonly image: string;
  /** Start and end of every line with content, flat: [start, end, start, end …]. Terminators lie between. */
  readonly lines: readonly number[];
  /** Index among the lines of the header that holds: the first MSH, else the first FHS or BHS, else -1. */
  readonly header: number;
  readonly delimiters: Delimiters;
  /** What `bytes` are in. */
  readonly charset: Charset;
  /** What `original` is in, and an answer should be: the same, except for UTF-16 and UTF-32. */
  readonly wire: Charset;
  /** True when every byte is its own ASCII character and nothing shifts: text is then a slice of the image. */
  readonly plain: boolean;
  readonly issues: Hl7Issue[];
}

/** Opens bytes. Never throws; whatever is wrong stands in `issues`. It keeps a view: the bytes must not change afterwards. */
export function openSource(input: Uint8Array, options: ParseOptions = {}): Source {
  const original = Buffer.isBuffer(input) ? input : Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const issues: Hl7Issue[] = [];
  const wide = wideOf(original);
  const bytes = wide === undefined ? original : transcribe(original, wide, issues);
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const lfAsCr = options.lfAsCr ?? true;

  let image = bytes.toString('latin1');
  const lines = findLines(image, start, lfAsCr);
  const header = findHeader(image, lines);
  let delimiters = DEFAULT_DELIMITERS;
  let declared: string[] = [];
  const [from, to] = header < 0 ? [0, 0] : [lines[header * 2]!, lines[header * 2 + 1]!];
  if (header >= 0) {
    delimiters = readDelimiters(image, from, to, image.slice(from, from + 3), issues);
    declared = declaredCharsets(image, from, to, delimiters);
  }
  let charset = wide !== undefined ? UTF_8 : chooseCharset(bytes, start > 0, declared, options.defaultCharset, issues);
  if (charset.mask !== undefined) {
    // Masking leaves line ends alone, so the lines stay where they are.
    const masked = charset.mask(bytes).toString('latin1');
    if (declaredCharsets(masked, from, to, delimiters).join() === declared.join()) image = masked;
    else {
      const text = `read as ${charset.name}, MSH-18 would not be where it is; its bytes are kept`;
      issues.push(issue('error', 'hl7.charset-contradicted', text, 'MSH[1]-18'));
      charset = LATIN_1;
    }
  }
  const plain = isAscii(bytes) && (charset.shifts === undefined || !image.includes('\x1b'));
  return { original, bytes, image, lines, header, delimiters, charset, wire: wide ?? charset, plain, issues };
}

/** UTF-16 and UTF-32 are recognised by their mark or by the zero bytes beside an ASCII letter; MSH-18 cannot be read before. */
function wideOf(bytes: Buffer): Charset | undefined {
  const a = bytes[0];
  const b = bytes[1];
  if (bytes.length < 4) return undefined;
  if (a !== 0 && b !== 0 && a !== 0xff && a !== 0xfe) return undefined;
  const c = bytes[2];
  const d = bytes[3];
  if (a === 0xff && b === 0xfe) return charsetNamed(c === 0 && d === 0 ? 'UTF-32LE' : 'UTF-16LE');
  if (a === 0xfe && b === 0xff) return charsetNamed('UTF-16');
  if (a === 0 && b === 0)
    return (c === 0xfe && d === 0xff) || (c === 0 && d !== 0) ? charsetNamed('UTF-32') : undefined;
  if (a !== 0 && b === 0)
    return c === 0 && d === 0 ? charsetNamed('UTF-32LE') : d === 0 ? charsetNamed('UTF-16LE') : undefined;
  return a === 0 && b !== 0 && c === 0 ? charsetNamed('UTF-16') : undefined;
}

function transcribe(original: Buffer, charset: Charset, issues: Hl7Issue[]): Buffer {
  const unit = charset.wide?.startsWith('utf32') ? 4 : 2;
  if (original.length % unit !== 0) {
    issues.push(issue('error', 'hl7.charset-invalid-bytes', `the last character of ${charset.name} is cut off`));
  }
  const text = iconv.decode(original, (charset.wide ?? 'utf16le').replace('utf', 'utf-'), { stripBOM: true });
  return Buffer.from(text, 'utf8');
}

const CR = 0x0d;
const LF = 0x0a;
const FS = 0x1c;

/**
 * Lines with content. CR ends a segment, always. LF ends one only when the first line ended with LF alone: in a message that
 * uses CR a bare LF is text, because a patient's words must not be able to start a segment (H21). LF after CR, blank lines,
 * leading blanks and a frame byte left at the end belong to no line.
 */
function findLines(image: string, start: number, lfAsCr: boolean): number[] {
  const lines: number[] = [];
  let size = image.length;
  let from = start;
  while (from < size && image.charCodeAt(from) <= 0x20) from += 1;
  while (size > from && isTail(image.charCodeAt(size - 1))) size -= 1;
  let cr = image.indexOf('\r', from);
  let lf = lfAsCr ? image.indexOf('\n', from) : -1;
  if (lf >= 0 && cr >= 0 && cr < lf) lf = -1;
  while (from < size) {
    if (cr >= 0 && cr < from) cr = image.indexOf('\r', from);
    if (lf >= 0 && lf < from) lf = image.indexOf('\n', from);
    let end = cr < 0 || cr > size ? size : cr;
    if (lf >= 0 && lf < end) end = lf;
    if (end > from) lines.push(from, end);
    from = end + 1;
    while (from < size && image.charCodeAt(from) <= 0x20) from += 1;
  }
  return lines;
}

function isTail(code: number): boolean {
  return code === CR || code === LF || code === FS || code === 0;
}

/** The line whose delimiters and character set hold: the first MSH, else the first header of a batch. */
function findHeader(image: string, lines: readonly number[]): number {
  let batch = -1;
  for (let i = 0; i < lines.length; i += 2) {
    const start = lines[i]!;
    if (!isHeaderLine(image, start, lines[i + 1]!)) continue;
    if (image.charCodeAt(start) === MSH_FIRST) return i / 2;
    if (batch < 0) batch = i / 2;
  }
  return batch;
}

const MSH_FIRST = 0x4d;
const CHARSET_FIELD = 18;

/** The repetitions of MSH-18, read before there is a tree. A batch header has none: the messages in it have their own. */
function declaredCharsets(image: string, start: number, end: number, delimiters: Delimiters): string[] {
  if (image.charCodeAt(start) !== MSH_FIRST) return [];
  let at = start + 3;
  for (let field = 2; field < CHARSET_FIELD; field += 1) {
    at = image.indexOf(delimiters.field, at + 1);
    if (at < 0 || at >= end) return [];
  }
  const next = image.indexOf(delimiters.field, at + 1);
  const field = image.slice(at + 1, next < 0 || next > end ? end : next);
  if (field === '') return [];
  const values = delimiters.repetition === '' ? [field] : field.split(delimiters.repetition);
  return values.map((value) => (delimiters.component === '' ? value : value.split(delimiters.component)[0]!).trim());
}

function chooseCharset(
  bytes: Buffer,
  hasMark: boolean,
  declared: readonly string[],
  fallback: string | undefined,
  issues: Hl7Issue[],
): Charset {
  const isStated = declared.some((name) => name !== '');
  const set = isStated ? charsetOf(declared) : fallback === undefined ? ASCII : (charsetNamed(fallback) ?? ASCII);
  for (const name of declared) {
    if (name !== '' && charsetNamed(name) === undefined) {
      issues.push(
        issue(
          'warning',
          'hl7.charset-unknown',
          'a character set nobody here can decode; its bytes are kept',
          'MSH[1]-18',
        ),
      );
    }
  }
  if (set?.shifts) return set;
  if (isAscii(bytes)) return set?.wide === undefined ? (set ?? LATIN_1) : UTF_8;
  if (hasMark) {
    if (set !== UTF_8 && set !== ASCII) {
      issues.push(
        issue('warning', 'hl7.charset-contradicted', 'the byte order mark says UTF-8, MSH-18 another set', 'MSH[1]-18'),
      );
    }
    return UTF_8;
  }
  if (set === undefined) return LATIN_1;
  return agreeing(set, isStated || fallback !== undefined, isUtf8(bytes), issues);
}

/** The set if the bytes can be in it, else the one they can be in. */
function agreeing(set: Charset, isStated: boolean, bytesAreUtf8: boolean, issues: Hl7Issue[]): Charset {
  if (set.wide !== undefined) {
    issues.push(
      issue('warning', 'hl7.charset-contradicted', `${set.name} is declared, the bytes are one-byte`, 'MSH[1]-18'),
    );
    return bytesAreUtf8 ? UTF_8 : LATIN_1;
  }
  if (set === ASCII) {
    const found = bytesAreUtf8 ? UTF_8 : LATIN_1;
    const text = `bytes above ASCII, read as ${found.name}`;
    issues.push(issue('warning', isStated ? 'hl7.charset-contradicted' : 'hl7.charset-guessed', text, 'MSH[1]-18'));
    return found;
  }
  if (set === UTF_8 && !bytesAreUtf8) {
    issues.push(
      issue(
        'error',
        'hl7.charset-invalid-bytes',
        'not UTF-8; elements with such bytes are read as 8859/1',
        'MSH[1]-18',
      ),
    );
  }
  return set;
}
