import { Buffer } from 'node:buffer';
import iconv from 'iconv-lite';

const ESC = 0x1b;
type Mode = 'ascii' | 'katakana' | 'x0208' | 'x0212';

/** Bytes after ESC → what the following bytes are. Rule: ISO 2022 designations of ISO-IR 6, 13, 14, 42, 87, 159. */
const DESIGNATIONS: readonly (readonly [string, Mode])[] = [
  ['(B', 'ascii'],
  ['(J', 'ascii'],
  ['(I', 'katakana'],
  ['$B', 'x0208'],
  ['$@', 'x0208'],
  ['$(B', 'x0208'],
  ['$(D', 'x0212'],
];

function designation(bytes: Buffer, at: number): readonly [number, Mode] | undefined {
  for (const [text, mode] of DESIGNATIONS) {
    if (bytes.toString('latin1', at + 1, at + 1 + text.length) === text) return [1 + text.length, mode];
  }
  return undefined;
}

/** Calls `run` for each stretch of bytes in one mode. A line end or an unknown shift returns to ASCII. */
function eachRun(bytes: Buffer, run: (mode: Mode, from: number, to: number) => void): void {
  let mode: Mode = 'ascii';
  let from = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte === 0x0d || byte === 0x0a) {
      if (i > from) run(mode, from, i);
      mode = 'ascii';
      from = i;
    } else if (byte === ESC) {
      const found = designation(bytes, i);
      if (found === undefined) continue;
      if (i > from) run(mode, from, i);
      mode = found[1];
      from = i + found[0];
      i = from - 1;
    }
  }
  if (bytes.length > from) run(mode, from, bytes.length);
}

/** The image in which two-byte characters cannot be taken for delimiters. Same length as the bytes. */
export function maskJapanese(bytes: Buffer): Buffer {
  const image = Buffer.from(bytes);
  eachRun(bytes, (mode, from, to) => {
    if (mode !== 'ascii') image.fill(0x80, from, to);
  });
  return image;
}

/** ISO 2022 bytes to text, by way of EUC-JP, whose code points are the same two bytes with the high bit set. */
export function decodeJapanese(bytes: Buffer): string {
  let text = '';
  eachRun(bytes, (mode, from, to) => {
    text += decodeRun(mode, bytes.subarray(from, to));
  });
  return text;
}

function decodeRun(mode: Mode, run: Buffer): string {
  // High bytes in the ASCII mode are half-width katakana of JIS X 0201, which Shift_JIS reads.
  if (mode === 'ascii') return iconv.decode(run, 'shift_jis');
  const euc: number[] = [];
  for (let i = 0; i < run.length; i += 1) {
    const high = run[i]! | 0x80;
    if (mode === 'katakana') euc.push(0x8e, high);
    else if (i + 1 < run.length) {
      if (mode === 'x0212') euc.push(0x8f);
      i += 1;
      euc.push(high, run[i]! | 0x80);
    }
  }
  return iconv.decode(Buffer.from(euc), 'euc-jp');
}

/** Text to ISO 2022 bytes: kanji in ISO-IR 87, the supplement in ISO-IR 159, and ASCII again before anything that is ASCII. */
export function encodeJapanese(text: string): Buffer {
  const out: number[] = [];
  let mode: Mode = 'ascii';
  const shift = (next: Mode): void => {
    if (next === mode) return;
    mode = next;
    const sequence = { ascii: '(B', katakana: '(I', x0208: '$B', x0212: '$(D' }[next];
    out.push(ESC, ...Buffer.from(sequence, 'latin1'));
  };
  for (const char of text) {
    const euc = iconv.encode(char, 'euc-jp');
    if (euc.length === 3) {
      shift('x0212');
      out.push(euc[1]! & 0x7f, euc[2]! & 0x7f);
    } else if (euc.length === 2) {
      shift(euc[0] === 0x8e ? 'katakana' : 'x0208');
      if (euc[0] !== 0x8e) out.push(euc[0]! & 0x7f);
      out.push(euc[1]! & 0x7f);
    } else {
      shift('ascii');
      out.push(euc[0] ?? 0x3f);
    }
  }
  shift('ascii');
  return Buffer.from(out);
}
