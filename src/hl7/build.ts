import { Buffer } from 'node:buffer';
import { type Charset, charsetOf, UTF_8 } from './charset.ts';
import { DEFAULT_DELIMITERS, type Delimiters, encodingCharacters, isHeaderName } from './delimiters.ts';
import type { Element } from './element.ts';
import { encodeEscapes, type LineBreaks } from './escape.ts';
import { type Hl7Issue, issue } from './issue.ts';

/** The statement `""`: the receiver is to remove the value. The text `""` is written so that nobody can take it for this. */
export const DELETE: unique symbol = Symbol('delete');

export type LeafValue = string | typeof DELETE | undefined;
/** A leaf, or sub-components in order. */
export type ComponentValue = LeafValue | readonly LeafValue[];
/** A leaf, or components in order. */
export type RepetitionValue = LeafValue | readonly ComponentValue[];
/** One repetition, several wrapped by `repeat`, or a field copied as it was written. */
export type FieldValue = RepetitionValue | Repeated | Verbatim;

/**
 * A field's bytes as they are: already escaped, for the same delimiters and the same set, and without a control character. As text
 * when all of them are ASCII, in a set that holds ASCII.
 * Only for echoing to a sender what it must recognise to the byte; anything else goes through `fieldValue`.
 */
export interface Verbatim {
  readonly verbatim: Uint8Array | string;
}

export interface Repeated {
  readonly repetitions: readonly RepetitionValue[];
}

/** Several repetitions of a field; without it an array means components. */
export function repeat(...repetitions: readonly RepetitionValue[]): Repeated {
  return { repetitions };
}

/** A segment by its field numbers; what is left off is empty. */
export interface SegmentValue {
  readonly name: string;
  readonly fields: Readonly<Record<number, FieldValue>>;
}

export interface BuildOptions {
  /** Default `|^~\&`. */
  readonly delimiters?: Delimiters;
  /** MSH-18 repetitions to encode in; written into MSH-18 unless the header has that field. Default UTF-8, not announced. */
  readonly charset?: readonly string[] | undefined;
  /** A set that is already resolved (an answer in the set of its request); wins over `charset`. */
  readonly encodeAs?: Charset;
  readonly lineBreaks?: LineBreaks;
}

export interface Built {
  readonly bytes: Uint8Array;
  readonly issues: readonly Hl7Issue[];
}

/**
 * Writes a message. Content is escaped, so no text can forge a delimiter, a segment, a frame or a delete. MSH-1 and MSH-2 come
 * from the options, whatever the header says. Text the character set does not have is replaced and reported; a segment whose
 * name is none is left out and reported. It does not check the message against a structure.
 */
export function buildMessage(segments: readonly SegmentValue[], options: BuildOptions = {}): Built {
  const delimiters = options.delimiters ?? DEFAULT_DELIMITERS;
  const named = options.charset === undefined ? UTF_8 : charsetOf(options.charset);
  const writer: Writer = {
    delimiters,
    charset: options.encodeAs ?? named ?? UTF_8,
    lineBreaks: options.lineBreaks ?? 'hex',
    issues: [],
    verbatim: [],
  };
  if (named === undefined)
    writer.issues.push(issue('error', 'hl7.charset-unknown', 'written as UTF-8 instead', 'MSH[1]-18'));
  const seen = new Map<string, number>();
  let text = '';
  for (const segment of segments) {
    const occurrence = (seen.get(segment.name) ?? 0) + 1;
    seen.set(segment.name, occurrence);
    if (!NAME.test(segment.name)) {
      writer.issues.push(issue('error', 'hl7.name-invalid', 'a segment without a valid name is left out'));
      continue;
    }
    text += `${segmentText(withCharset(segment, options.charset), `${segment.name}[${occurrence}]`, writer)}\r`;
  }
  return { bytes: encoded(text, writer), issues: writer.issues };
}

const NAME = /^[A-Z][A-Z0-9]{2}$/;

/** Stands in the text for bytes to be copied. Text cannot hold it: whatever is above ASCII went through a set and back. */
const COPIED = '\ud800';

function encoded(text: string, { charset, verbatim }: Writer): Buffer {
  if (verbatim.length === 0) {
    return charset.holdsAscii && isAsciiText(text) ? Buffer.from(text, 'latin1') : charset.encode(text);
  }
  return Buffer.concat(text.split(COPIED).flatMap((piece, i) => [charset.encode(piece), verbatim[i] ?? NOTHING]));
}

const NOTHING = Buffer.alloc(0);

interface Writer {
  readonly delimiters: Delimiters;
  readonly charset: Charset;
  readonly lineBreaks: LineBreaks;
  readonly issues: Hl7Issue[];
  /** Bytes to be copied, in the order of their places. */
  readonly verbatim: Uint8Array[];
}

function withCharset(segment: SegmentValue, charset: readonly string[] | undefined): SegmentValue {
  if (segment.name !== 'MSH' || charset === undefined || segment.fields[18] !== undefined) return segment;
  return { name: segment.name, fields: { ...segment.fields, 18: repeat(...charset) } };
}

function segmentText(segment: SegmentValue, at: string, writer: Writer): string {
  const isHeader = isHeaderName(segment.name);
  const { delimiters } = writer;
  let text = isHeader ? `${segment.name}${delimiters.field}${encodingCharacters(delimiters)}` : segment.name;
  // Keys that are numbers come in ascending order.
  const last = Number(Object.keys(segment.fields).at(-1) ?? 0);
  let written = isHeader ? 2 : 0;
  for (let n = written + 1; n <= last; n += 1) {
    const value = segment.fields[n];
    const field = value === undefined ? '' : fieldText(value, `${at}-${n}`, writer);
    if (field === '') continue;
    text += delimiters.field.repeat(n - written) + field;
    written = n;
  }
  return text;
}

function isRepeated(value: FieldValue): value is Repeated {
  return typeof value === 'object' && 'repetitions' in value;
}

function isVerbatim(value: FieldValue): value is Verbatim {
  return typeof value === 'object' && 'verbatim' in value;
}

function fieldText(value: FieldValue, at: string, writer: Writer): string {
  if (isVerbatim(value)) {
    const { verbatim } = value;
    if (typeof verbatim === 'string') return verbatim;
    if (verbatim.length === 0) return '';
    writer.verbatim.push(verbatim);
    return COPIED;
  }
  if (!isRepeated(value)) return repetitionText(value, `${at}[1]`, writer);
  const texts = value.repetitions.map((repetition, i) => repetitionText(repetition, `${at}[${i + 1}]`, writer));
  return joined(texts, writer.delimiters.repetition);
}

function repetitionText(value: RepetitionValue, at: string, writer: Writer): string {
  if (typeof value !== 'object') return leafText(value, at, writer);
  return joined(
    value.map((component, i) => componentText(component, `${at}.${i + 1}`, writer)),
    writer.delimiters.component,
  );
}

function componentText(value: ComponentValue, at: string, writer: Writer): string {
  if (typeof value !== 'object') return leafText(value, at, writer);
  return joined(
    value.map((leaf, i) => leafText(leaf, `${at}.${i + 1}`, writer)),
    writer.delimiters.subcomponent,
  );
}

/** Trailing empty parts are left off: they say nothing. */
function joined(texts: readonly string[], separator: string): string {
  let end = texts.length;
  while (end > 0 && texts[end - 1] === '') end -= 1;
  return texts.slice(0, end).join(separator);
}

function leafText(value: LeafValue, at: string, writer: Writer): string {
  if (value === undefined) return '';
  if (value === DELETE) return '""';
  const { charset, delimiters, lineBreaks, issues } = writer;
  // What the set makes of the text is what gets escaped: Shift_JIS writes a yen sign as the byte of a backslash.
  const kept = isAsciiText(value) ? value : charset.decode(charset.encode(value));
  if (kept !== value) {
    issues.push(
      issue('warning', 'hl7.charset-unencodable', `a character that ${charset.name} does not have is replaced`, at),
    );
  }
  return encodeEscapes(kept, delimiters, lineBreaks);
}

function isAsciiText(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** A field of a parsed message as a value to write again: decoded here and escaped there, for whatever delimiters. */
export function fieldValue(field: Element): FieldValue {
  const repetitions = field.repetitions().map((repetition) => {
    const components = repetition.components().map((component) => {
      const leaves = component.subcomponents().map((leaf): LeafValue => (leaf.isDelete ? DELETE : leaf.text));
      return leaves.length > 1 ? leaves : leaves[0];
    });
    const [only] = components;
    return components.length === 1 && typeof only !== 'object' ? only : components;
  });
  const [only] = repetitions;
  return repetitions.length > 1 ? repeat(...repetitions) : only;
}
