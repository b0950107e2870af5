import type { Delimiters } from './delimiters.ts';
import { isHeaderLine, isHeaderName } from './delimiters.ts';
import { Element } from './element.ts';
import { decodeEscapes, decodeSwitched, type EscapeFault, hasSwitch } from './escape.ts';
import { Header } from './header.ts';
import { fieldPath, type Location } from './location.ts';
import type { Source } from './source.ts';
import { hi, isQuotes, lo, narrow, type State, stateOf, widen } from './span.ts';

/** A message as spans over its bytes. Nothing below the segments exists until it is asked for; text is decoded per element. */
export class Message {
  readonly source: Source;
  #segments: readonly Segment[] | undefined;
  #byName: Map<string, Segment[]> | undefined;
  #header: Header | undefined;

  constructor(source: Source) {
    this.source = source;
  }

  get delimiters(): Delimiters {
    return this.source.delimiters;
  }

  /** False for bytes without a usable MSH; the header then reads as empty. */
  get hasHeader(): boolean {
    return this.headerSegment !== undefined;
  }

  /** The first MSH that can be read. */
  get headerSegment(): Segment | undefined {
    return this.segments('MSH')[0];
  }

  get header(): Header {
    this.#header ??= new Header(this.headerSegment);
    return this.#header;
  }

  /** All segments in message order, or those of one name. The array is the message's own. */
  segments(name?: string): readonly Segment[] {
    this.#segments ??= this.#cut();
    return name === undefined ? this.#segments : (this.#byName!.get(name) ?? NONE);
  }

  /** The n-th segment (from 1) of that name. */
  segment(name: string, occurrence = 1): Segment | undefined {
    return this.segments(name)[occurrence - 1];
  }

  #cut(): readonly Segment[] {
    const { lines } = this.source;
    const segments: Segment[] = [];
    const byName = new Map<string, Segment[]>();
    for (let i = 0; i < lines.length; i += 2) {
      const segment = new Segment(this, i / 2, lines[i]!, lines[i + 1]!);
      segments.push(segment);
      const same = byName.get(segment.name);
      if (same === undefined) byName.set(segment.name, [segment]);
      else same.push(segment);
      segment.occurrence = same === undefined ? 1 : same.length;
    }
    this.#byName = byName;
    return segments;
  }

  /** Decoded text of a span: character set, then escapes. `report` hears of escapes that are kept as written. */
  text(start: number, end: number, report?: (fault: EscapeFault) => void): string {
    const { image, bytes, charset, plain, delimiters } = this.source;
    if (start === end) return '';
    const slice = image.slice(start, end);
    if (delimiters.escape !== '' && slice.includes(delimiters.escape)) {
      if (hasSwitch(slice, delimiters.escape)) {
        return decodeSwitched(bytes.subarray(start, end), delimiters, charset, report);
      }
      return decodeEscapes(plain ? slice : charset.decode(bytes.subarray(start, end)), delimiters, charset, report);
    }
    return plain || isPlain(slice) ? slice : charset.decode(bytes.subarray(start, end));
  }
}

const NONE: readonly Segment[] = [];

function isPlain(slice: string): boolean {
  for (let i = 0; i < slice.length; i += 1) {
    const code = slice.charCodeAt(i);
    if (code > 0x7f || code === 0x1b) return false;
  }
  return true;
}

/** One line of a message. Field numbers are HL7's: MSH-1 is the separator, so MSH-3 is the sending application. */
export class Segment {
  readonly message: Message;
  /** 0-based order among all segments of the message. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** '' when the line does not begin with a segment name (three capitals or digits, then the separator or the end). */
  readonly name: string;
  readonly isHeader: boolean;
  /** From 1, among the segments of the same name. */
  occurrence = 1;
  #cuts: number[] | undefined;

  constructor(message: Message, index: number, start: number, end: number) {
    this.message = message;
    this.index = index;
    this.start = start;
    this.end = end;
    this.name = nameAt(message.source, start, end);
    this.isHeader = isHeaderName(this.name);
  }

  /** Offsets of the separators, and of the end. Found once, when the first field is read. */
  cuts(): readonly number[] {
    if (this.#cuts !== undefined) return this.#cuts;
    const { image, delimiters } = this.message.source;
    const code = delimiters.field.charCodeAt(0);
    const cuts: number[] = [];
    for (let i = this.start; i < this.end; i += 1) if (image.charCodeAt(i) === code) cuts.push(i);
    cuts.push(this.end);
    this.#cuts = cuts;
    return cuts;
  }

  /** Number of the last field whose place exists. */
  get fieldCount(): number {
    return this.cuts().length - 1 + (this.isHeader ? 1 : 0);
  }

  /** Leaves the field's span in lo/hi. MSH-1 is the separator itself. */
  #find(field: number): boolean {
    const cuts = this.cuts();
    const at = this.isHeader ? field - 2 : field - 1;
    if (at >= 0 && at + 1 < cuts.length) {
      widen(cuts[at]! + 1, cuts[at + 1]!);
      return true;
    }
    if (at !== -1 || !this.isHeader || cuts.length < 2) return false;
    widen(cuts[0]!, cuts[0]! + 1);
    return true;
  }

  #narrowTo(field: number, repetition: number, component: number, subcomponent: number): boolean {
    if (!this.#find(field)) return false;
    if (this.isHeader && field <= 2) return repetition === 1 && component === 1 && subcomponent === 1;
    const { image, delimiters } = this.message.source;
    return (
      narrow(image, lo, hi, delimiters.repetition, repetition) &&
      narrow(image, lo, hi, delimiters.component, component) &&
      narrow(image, lo, hi, delimiters.subcomponent, subcomponent)
    );
  }

  /**
   * Decoded text of one leaf; what is left off means the first. Undefined when it is absent, empty or a delete:
   * ask `state` when that matters.
   */
  get(field: number, repetition = 1, component = 1, subcomponent = 1): string | undefined {
    if (!this.#narrowTo(field, repetition, component, subcomponent)) return undefined;
    if (lo === hi || isQuotes(this.message.source.image, lo, hi)) return undefined;
    // MSH-1 and MSH-2 define the escape character; nothing in them is escaped.
    if (this.isHeader && field <= 2) return this.message.source.image.slice(lo, hi);
    return this.message.text(lo, hi);
  }

  /** `get` by path: `'3'`, `'5.2'`, `'3[2].4.1'`. */
  text(path: string): string | undefined {
    const { field, repetition, component, subcomponent } = fieldPath(path);
    return this.get(field, repetition, component, subcomponent);
  }

  /** State of a leaf, or of the whole field when only `field` is given. */
  state(field: number, repetition?: number, component?: number, subcomponent?: number): State {
    if (repetition === undefined) return this.field(field).state;
    return this.#narrowTo(field, repetition, component ?? 1, subcomponent ?? 1)
      ? stateOf(this.message.source, lo, hi)
      : 'absent';
  }

  isDelete(field: number, repetition?: number, component?: number, subcomponent?: number): boolean {
    return this.state(field, repetition, component, subcomponent) === 'delete';
  }

  field(n: number): Element {
    const isHere = this.#find(n);
    const whole = this.isHeader && n <= 2;
    return new Element(this, whole ? 'leaf' : 'field', isHere, isHere ? lo : this.end, isHere ? hi : this.end, {
      field: n,
    });
  }

  /** Every field whose place exists, in order. Index 0 is field 1. */
  fields(): Element[] {
    return Array.from({ length: this.fieldCount }, (_, i) => this.field(i + 1));
  }

  /** Repetitions of a field that exists and is not empty; none otherwise. A delete is one repetition. */
  repetitions(field: number): Element[] {
    return this.field(field).repetitions();
  }

  /** The segment as it stands in the message, without its terminator. */
  get raw(): Uint8Array {
    return this.message.source.bytes.subarray(this.start, this.end);
  }

  get location(): Location {
    return { segment: this.name, segmentIndex: this.index, occurrence: this.occurrence };
  }
}

function nameAt({ image, delimiters }: Source, start: number, end: number): string {
  if (isHeaderLine(image, start, end)) return nameOf(image, start);
  if (end - start < 3 || (end - start > 3 && image.charCodeAt(start + 3) !== delimiters.field.charCodeAt(0))) return '';
  for (let i = start; i < start + 3; i += 1) {
    const code = image.charCodeAt(i);
    const isCapital = code >= 0x41 && code <= 0x5a;
    if (!isCapital && (i === start || code < 0x30 || code > 0x39)) return '';
  }
  const name = nameOf(image, start);
  return isHeaderName(name) ? '' : name;
}

/** One string for each name there is (26 · 36 · 36 at most): its hash is known when the message looks its segments up by it. */
const names = new Map<number, string>();

function nameOf(image: string, start: number): string {
  const key = (image.charCodeAt(start) << 16) | (image.charCodeAt(start + 1) << 8) | image.charCodeAt(start + 2);
  let name = names.get(key);
  if (name === undefined) {
    name = image.slice(start, start + 3);
    names.set(key, name);
  }
  return name;
}
