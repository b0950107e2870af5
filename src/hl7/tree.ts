import type { Delimiters } from './delimiters.ts';
import { isHeaderLine, isHeaderName } from './delimiters.ts';
import { decodeEscapes, decodeSwitched, type EscapeFault, hasSwitch } from './escape.ts';
import { Header } from './header.ts';
import { fieldPath, type Location } from './location.ts';
import type { Source } from './source.ts';

/**
 * What an element says. `absent`: the segment ends before it. `empty`: its place is there, with nothing in it; both make no
 * statement. `delete`: the two characters `""`, "the value is to be removed". Rule: HL7 v2.9 section 2.5.3.
 */
export type State = 'absent' | 'empty' | 'delete' | 'value';

const QUOTE = 0x22;

// The result of the last `narrow`: two numbers without an object for each of the millions of elements read a minute.
let lo = 0;
let hi = 0;

/** Narrows [from, to) to its n-th part (from 1) between `separator`s; false when there are fewer parts. */
function narrow(image: string, from: number, to: number, separator: string, n: number): boolean {
  let start = from;
  const code = separator === '' ? -1 : separator.charCodeAt(0);
  for (let left = n - 1; left > 0; left -= 1) {
    while (start < to && image.charCodeAt(start) !== code) start += 1;
    if (start >= to) return false;
    start += 1;
  }
  let end = start;
  while (end < to && image.charCodeAt(end) !== code) end += 1;
  lo = start;
  hi = end;
  return true;
}

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
      lo = cuts[at]! + 1;
      hi = cuts[at + 1]!;
      return true;
    }
    if (at !== -1 || !this.isHeader || cuts.length < 2) return false;
    lo = cuts[0]!;
    hi = lo + 1;
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
      ? stateOf(this.message, lo, hi)
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

function isQuotes(image: string, from: number, to: number): boolean {
  return to - from === 2 && image.charCodeAt(from) === QUOTE && image.charCodeAt(from + 1) === QUOTE;
}

function nameAt({ image, delimiters }: Source, start: number, end: number): string {
  if (isHeaderLine(image, start, end)) return image.slice(start, start + 3);
  if (end - start < 3 || (end - start > 3 && image[start + 3] !== delimiters.field)) return '';
  for (let i = start; i < start + 3; i += 1) {
    const code = image.charCodeAt(i);
    const isCapital = code >= 0x41 && code <= 0x5a;
    if (!isCapital && (i === start || code < 0x30 || code > 0x39)) return '';
  }
  const name = image.slice(start, start + 3);
  return isHeaderName(name) ? '' : name;
}

function stateOf(message: Message, from: number, to: number): State {
  const { image, delimiters } = message.source;
  if (isQuotes(image, from, to)) return 'delete';
  for (let i = from; i < to; i += 1) {
    const char = image[i];
    if (char !== delimiters.component && char !== delimiters.repetition && char !== delimiters.subcomponent)
      return 'value';
  }
  return 'empty';
}

type Level = 'field' | 'repetition' | 'component' | 'leaf';
type Place = Pick<Location, 'field' | 'repetition' | 'component' | 'subcomponent'>;

/**
 * A field, repetition, component or sub-component: a span with a place. Asking an absent one for its parts gives absent parts,
 * so a chain of calls needs no checks.
 */
export class Element {
  readonly segment: Segment;
  readonly level: Level;
  readonly exists: boolean;
  readonly start: number;
  readonly end: number;
  readonly #place: Place;

  constructor(segment: Segment, level: Level, exists: boolean, start: number, end: number, place: Place) {
    this.segment = segment;
    this.level = level;
    this.exists = exists;
    this.start = start;
    this.end = end;
    this.#place = place;
  }

  get state(): State {
    return this.exists ? stateOf(this.segment.message, this.start, this.end) : 'absent';
  }

  get isDelete(): boolean {
    return this.exists && isQuotes(this.segment.message.source.image, this.start, this.end);
  }

  /** True when it makes no statement: absent, or nothing but delimiters. */
  get isEmpty(): boolean {
    return !this.hasContent;
  }

  /** True for a value anywhere below, and for a delete. */
  get hasContent(): boolean {
    const state = this.state;
    return state === 'value' || state === 'delete';
  }

  /** As it stands in the message: not decoded, escapes and delimiters included. */
  get raw(): Uint8Array {
    return this.segment.message.source.bytes.subarray(this.start, this.end);
  }

  /**
   * The whole element decoded as one text, delimiters of lower levels kept as characters: right for FT, TX and ST whose sender
   * forgot to escape. Undefined when absent, empty or a delete.
   */
  get text(): string | undefined {
    const isValue = this.exists && this.end > this.start && !this.isDelete;
    return isValue ? this.segment.message.text(this.start, this.end) : undefined;
  }

  /** v2.7: the sender cut the value off and said so with the truncation character at its end. */
  get isTruncated(): boolean {
    const { image, delimiters } = this.segment.message.source;
    return delimiters.truncation !== '' && this.end > this.start && image[this.end - 1] === delimiters.truncation;
  }

  get location(): Location {
    return { ...this.segment.location, ...this.#place };
  }

  /** First leaf, or the one at (component, sub-component) of this repetition or of a field's first. */
  get(component = 1, subcomponent = 1): string | undefined {
    const { image, delimiters } = this.segment.message.source;
    if (!this.exists) return undefined;
    lo = this.start;
    hi = this.end;
    if (this.level === 'field') narrow(image, lo, hi, delimiters.repetition, 1);
    const isHere =
      this.level === 'leaf'
        ? component === 1 && subcomponent === 1
        : this.level === 'component'
          ? component === 1 && narrow(image, lo, hi, delimiters.subcomponent, subcomponent)
          : narrow(image, lo, hi, delimiters.component, component) &&
            narrow(image, lo, hi, delimiters.subcomponent, subcomponent);
    return !isHere || lo === hi || isQuotes(image, lo, hi) ? undefined : this.segment.message.text(lo, hi);
  }

  #part(level: Level, separator: string, n: number, place: Place): Element {
    const isHere = this.exists && narrow(this.segment.message.source.image, this.start, this.end, separator, n);
    return new Element(this.segment, level, isHere, isHere ? lo : this.end, isHere ? hi : this.end, place);
  }

  /** All parts in one pass: asking for them one by one would take the square of their number. */
  #parts(level: Level, separator: string, role: keyof Place): Element[] {
    const parts: Element[] = [];
    if (!this.exists) return parts;
    const { image } = this.segment.message.source;
    const code = separator === '' ? -1 : separator.charCodeAt(0);
    let from = this.start;
    for (let i = this.start; i <= this.end; i += 1) {
      if (i < this.end && image.charCodeAt(i) !== code) continue;
      parts.push(new Element(this.segment, level, true, from, i, { ...this.#place, [role]: parts.length + 1 }));
      from = i + 1;
    }
    return parts;
  }

  repetition(n: number): Element {
    if (this.level !== 'field') return this;
    return this.#part('repetition', this.segment.message.delimiters.repetition, n, { ...this.#place, repetition: n });
  }

  /** Repetitions in order, empty ones between others included; none when the field is absent or empty. */
  repetitions(): Element[] {
    if (this.start === this.end) return [];
    if (this.level !== 'field') return [this];
    return this.#parts('repetition', this.segment.message.delimiters.repetition, 'repetition');
  }

  component(n: number): Element {
    if (this.level === 'field') return this.repetition(1).component(n);
    if (this.level !== 'repetition') return this;
    return this.#part('component', this.segment.message.delimiters.component, n, { ...this.#place, component: n });
  }

  components(): Element[] {
    if (this.level === 'field') return this.repetition(1).components();
    if (this.level !== 'repetition') return [this];
    return this.#parts('component', this.segment.message.delimiters.component, 'component');
  }

  subcomponent(n: number): Element {
    if (this.level === 'leaf') return this;
    if (this.level !== 'component') return this.component(1).subcomponent(n);
    return this.#part('leaf', this.segment.message.delimiters.subcomponent, n, { ...this.#place, subcomponent: n });
  }

  subcomponents(): Element[] {
    if (this.level === 'leaf') return [this];
    if (this.level !== 'component') return this.component(1).subcomponents();
    return this.#parts('leaf', this.segment.message.delimiters.subcomponent, 'subcomponent');
  }
}
