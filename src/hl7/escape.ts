import { Buffer } from 'node:buffer';
import { type Charset, charsetNamed, charsetOfEscape } from './charset.ts';
import type { Delimiters } from './delimiters.ts';

/** What a decoded escape was: `unknown` and `unclosed` are kept in the text as they were written. */
export type EscapeFault = 'unknown' | 'unclosed';

/** Longest escape that is looked for; a hexadecimal one may hold a short document. */
const ESCAPE_MAX = 65_536;

/**
 * Text of an element after its bytes were decoded. Delimiters and hexadecimal bytes come back as characters; formatting commands
 * become plain text: `.br .ce` one line feed, `.sp` and `.sp<n>` that many line feeds, `.sk<n>` that many spaces,
 * `.in .ti .fi .nf` and `\H\ \N\` (highlighting) nothing. `\Z..\` and what is not known stay as they are and are reported.
 * A character-set switch outside `decodeSwitched` is dropped. Rule: HL7 v2.9 section 2.7.
 */
export function decodeEscapes(
  text: string,
  delimiters: Delimiters,
  charset: Charset,
  report?: (fault: EscapeFault) => void,
): string {
  const mark = delimiters.escape;
  if (mark === '') return text;
  let open = text.indexOf(mark);
  if (open < 0) return text;
  let out = '';
  let from = 0;
  while (open >= 0) {
    let close = text.indexOf(mark, open + 1);
    if (close < 0) {
      report?.('unclosed');
      break;
    }
    let meaning = close - open > ESCAPE_MAX ? undefined : meaningOf(text.slice(open + 1, close), delimiters, charset);
    if (meaning !== undefined && text[open + 1] === 'X' && text.startsWith(`${mark}X`, close + 1)) {
      // Some senders write one escape a byte: the bytes of one character must be read together.
      const last = endOfHexRun(text, close, mark);
      const hex = text.slice(open + 2, last).replaceAll(`${mark}${mark}X`, '');
      meaning = charset.decode(Buffer.from(hex, 'hex'));
      close = last;
    }
    if (meaning === undefined) {
      // Kept literally. The next mark may itself open a known escape: a lone backslash must not swallow it.
      report?.('unknown');
      open = close;
      continue;
    }
    out += text.slice(from, open) + meaning;
    from = close + 1;
    open = text.indexOf(mark, from);
  }
  return from === 0 ? text : out + text.slice(from);
}

const COUNTED = /^\.(sp|sk)\s?\+?(\d{0,3})$/;
const FORMAT = /^\.(?:in|ti)\s?[+-]?\d{0,3}$|^\.(?:fi|nf)$/;
const SWITCH = /^(?:C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?)$/;
const HEX = /^X(?:[0-9A-Fa-f]{2})+$/;

function meaningOf(content: string, delimiters: Delimiters, charset: Charset): string | undefined {
  switch (content) {
    case 'F':
      return delimiters.field;
    case 'S':
      return delimiters.component;
    case 'T':
      return delimiters.subcomponent || '&';
    case 'R':
      return delimiters.repetition;
    case 'E':
      return delimiters.escape;
    case 'P':
      return delimiters.truncation || '#';
    case 'H':
    case 'N':
      return '';
    case '.br':
    case '.ce':
      return '\n';
  }
  if (content[0] === 'X' && HEX.test(content)) return charset.decode(Buffer.from(content.slice(1), 'hex'));
  if (content[0] === '.') {
    const counted = COUNTED.exec(content);
    if (counted !== null) return (counted[1] === 'sp' ? '\n' : ' ').repeat(Number(counted[2] || 1));
    return FORMAT.test(content) ? '' : undefined;
  }
  return SWITCH.test(content) ? '' : undefined;
}

/** Where the last of the hexadecimal escapes that follow each other without a gap ends. */
function endOfHexRun(text: string, close: number, mark: string): number {
  let last = close;
  while (text.startsWith(`${mark}X`, last + 1)) {
    const next = text.indexOf(mark, last + 2);
    if (next < 0 || !HEX.test(text.slice(last + 2, next))) break;
    last = next;
  }
  return last;
}

/** Whether a stretch of bytes holds a character-set switch, so that it must be read by `decodeSwitched`. */
export function hasSwitch(image: string, mark: string): boolean {
  return mark !== '' && (image.includes(`${mark}C`) || image.includes(`${mark}M`));
}

/**
 * Decodes bytes in which `\Cxxyy\` and `\Mxxyyzz\` change the character set on the way. A switch to a set nobody here can
 * decode keeps the default set and is reported. Rule: HL7 v2.9 section 2.7.3.
 */
export function decodeSwitched(
  bytes: Buffer,
  delimiters: Delimiters,
  charset: Charset,
  report?: (fault: EscapeFault) => void,
): string {
  const image = bytes.toString('latin1');
  const mark = delimiters.escape;
  let current = charset;
  let prefix = '';
  let text = '';
  let from = 0;
  const take = (to: number): void => {
    const run =
      prefix === ''
        ? bytes.subarray(from, to)
        : Buffer.concat([Buffer.from(prefix, 'latin1'), bytes.subarray(from, to)]);
    text += decodeEscapes(current.decode(run), delimiters, current, report);
  };
  for (let open = image.indexOf(mark); open >= 0; ) {
    const close = image.indexOf(mark, open + 1);
    if (close < 0) break;
    const content = image.slice(open + 1, close);
    if (!SWITCH.test(content)) {
      // A known escape is skipped whole; of anything else only the mark, as in `decodeEscapes`.
      open = meaningOf(content, delimiters, current) === undefined ? close : image.indexOf(mark, close + 1);
      continue;
    }
    take(open);
    const hex = content.slice(1);
    prefix = JAPANESE[hex.toUpperCase()] ?? '';
    const next = prefix === '' ? charsetOfEscape(hex) : SHIFTING;
    if (next === undefined) report?.('unknown');
    current = next ?? charset;
    from = close + 1;
    open = image.indexOf(mark, from);
  }
  take(bytes.length);
  return text;
}

/** Two-byte sets are read through ISO 2022 with the shift they name. */
const JAPANESE: Readonly<Record<string, string>> = { '2442': '\x1b$B', '242844': '\x1b$(D' };
const SHIFTING = charsetNamed('ISO IR87')!;

/** How line breaks inside text are written: as the bytes they are (exact), or as the formatting command of FT fields. */
export type LineBreaks = 'hex' | 'br';

/**
 * Text as it may stand inside one leaf of a message. Whatever the text is, the result holds no delimiter, no control character,
 * and is not `""`: content cannot forge a field, a segment, a frame or a delete. Rule: HL7 v2.9 section 2.7, H21.
 */
export function encodeEscapes(text: string, delimiters: Delimiters, lineBreaks: LineBreaks = 'hex'): string {
  if (text === '""') return hexOfQuotes(delimiters);
  if (!needsEscape(text, delimiters)) return text;
  const mark = delimiters.escape;
  let out = '';
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i]!;
    const code = text.charCodeAt(i);
    const letter = letterOf(char, delimiters);
    if (letter !== '') out += mark === '' ? ' ' : mark + letter + mark;
    else if (code > 0x1f && code !== 0x7f) out += char;
    else if (mark === '') out += ' ';
    else if (lineBreaks === 'br' && (char === '\n' || char === '\r')) {
      if (char === '\r' && text[i + 1] === '\n') i += 1;
      out += `${mark}.br${mark}`;
    } else out += `${mark}X${code.toString(16).toUpperCase().padStart(2, '0')}${mark}`;
  }
  return out;
}

function hexOfQuotes({ escape: mark }: Delimiters): string {
  return mark === '' ? '" "' : `${mark}X2222${mark}`;
}

function letterOf(char: string, delimiters: Delimiters): string {
  switch (char) {
    case delimiters.field:
      return 'F';
    case delimiters.component:
      return 'S';
    case delimiters.subcomponent:
      return 'T';
    case delimiters.repetition:
      return 'R';
    case delimiters.escape:
      return 'E';
    case delimiters.truncation:
      return 'P';
    default:
      return '';
  }
}

function needsEscape(text: string, delimiters: Delimiters): boolean {
  // Of a delimiter that the message does not define there is no code, and nothing is equal to it.
  const field = delimiters.field.charCodeAt(0);
  const component = delimiters.component.charCodeAt(0);
  const subcomponent = delimiters.subcomponent.charCodeAt(0);
  const repetition = delimiters.repetition.charCodeAt(0);
  const mark = delimiters.escape.charCodeAt(0);
  const truncation = delimiters.truncation.charCodeAt(0);
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
    if (code === field || code === component || code === subcomponent) return true;
    if (code === repetition || code === mark || code === truncation) return true;
  }
  return false;
}
