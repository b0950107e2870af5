import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { charsetNamed, UTF_8 } from '../../../src/hl7/charset.ts';
import { DEFAULT_DELIMITERS } from '../../../src/hl7/delimiters.ts';
import { decodeEscapes, decodeSwitched, encodeEscapes } from '../../../src/hl7/escape.ts';

const V27 = { ...DEFAULT_DELIMITERS, truncation: '#' };

function decoded(text: string): { text: string; faults: string[] } {
  const faults: string[] = [];
  return { text: decodeEscapes(text, V27, UTF_8, (fault) => faults.push(fault)), faults };
}

describe('decoding', () => {
  it.each([
    ['the delimiters', '\\F\\\\S\\\\T\\\\R\\\\E\\\\P\\', '|^&~\\#'],
    ['hexadecimal bytes', 'a\\X0D0A\\b', 'a\r\nb'],
    ['hexadecimal bytes of one character', '\\XC3A9\\', 'é'],
    ['hexadecimal bytes of one character, one escape a byte', '\\XC3\\\\XA9\\!', 'é!'],
    ['line breaks', 'a\\.br\\b\\.sp\\c\\.sp2\\d\\.sp+2\\e\\.ce\\f', 'a\nb\nc\n\nd\n\ne\nf'],
    ['skipped columns', 'a\\.sk 3\\b', 'a   b'],
    ['indents, fill modes and highlighting as nothing', '\\.in+4\\\\.ti-2\\\\.fi\\\\.nf\\\\H\\x\\N\\', 'x'],
  ])('reads %s', (_, written, meant) => {
    expect(decoded(written)).toEqual({ text: meant, faults: [] });
  });

  it.each([
    ['\\Zab\\x', ['unknown', 'unclosed']],
    ['\\Q\\', ['unknown', 'unclosed']],
    ['\\X0\\', ['unknown', 'unclosed']],
    ['C:\\temp', ['unclosed']],
    ['\\\\', ['unknown', 'unclosed']],
  ])('keeps %s as it is and reports it', (written, faults) => {
    expect(decoded(written)).toEqual({ text: written, faults });
  });

  it('does not let a lone backslash swallow the escape after it', () => {
    expect(decoded('5\\6 mg \\T\\ more').text).toBe('5\\6 mg & more');
  });

  it('decodes once: text that looks like an escape stays text', () => {
    expect(decoded('\\E\\F\\E\\').text).toBe('\\F\\');
  });
});

describe('switching character sets', () => {
  it('reads single-byte sets from the switch on', () => {
    const bytes = Buffer.concat([
      Buffer.from('a\\C2D46\\', 'latin1'),
      Buffer.from([0xe1]),
      Buffer.from('\\C2842\\\\T\\b'),
    ]);
    expect(decodeSwitched(bytes, V27, UTF_8)).toBe('aα&b');
  });

  it('reads two-byte sets from the switch on', () => {
    const bytes = Buffer.from('\\M2442\\;3ED\\C2842\\x', 'latin1');
    expect(decodeSwitched(bytes, V27, UTF_8)).toBe('山田x');
  });

  it('reports a set that nobody can decode and keeps the default', () => {
    const faults: string[] = [];
    const bytes = Buffer.from('\\C7E7E\\abc', 'latin1');
    expect(decodeSwitched(bytes, V27, UTF_8, (fault) => faults.push(fault))).toBe('abc');
    expect(faults).toEqual(['unknown']);
  });
});

describe('encoding', () => {
  it('leaves ordinary text alone', () => {
    expect(encodeEscapes('Pat Example, 5 mg', V27)).toBe('Pat Example, 5 mg');
  });

  it('writes delimiters and control characters as escapes', () => {
    expect(encodeEscapes('|^&~\\#\r\n\x0b\x1c', V27)).toBe(
      '\\F\\\\S\\\\T\\\\R\\\\E\\\\P\\\\X0D\\\\X0A\\\\X0B\\\\X1C\\',
    );
  });

  it('writes line breaks as commands for FT fields when asked', () => {
    expect(encodeEscapes('a\r\nb\nc', V27, 'br')).toBe('a\\.br\\b\\.br\\c');
  });

  it('does not turn the text of two quotes into a delete', () => {
    expect(encodeEscapes('""', V27)).toBe('\\X2222\\');
  });

  it('replaces what it cannot escape when the message has no escape character', () => {
    expect(encodeEscapes('a|b\rc', { ...DEFAULT_DELIMITERS, escape: '' })).toBe('a b c');
  });

  it('gives text that decodes to what it was, and that holds nothing which could end an element', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const written = encodeEscapes(text, V27);
        expect(decodeEscapes(written, V27, UTF_8)).toBe(text);
        expect(written).not.toMatch(/[\x00-\x1f\x7f|^&~#]/);
      }),
      { numRuns: 2000 },
    );
  });

  it('is exact in every one-byte set', () => {
    const greek = charsetNamed('8859/7')!;
    const written = encodeEscapes('αβ|\r', V27);
    expect(decodeEscapes(greek.decode(greek.encode(written)), V27, greek)).toBe('αβ|\r');
  });
});
