import type { Delimiters } from './delimiters.ts';
import type { Location } from './location.ts';
import type { Source } from './source.ts';
import { hi, isQuotes, lo, narrow, type State, stateOf, widen } from './span.ts';

type Level = 'field' | 'repetition' | 'component' | 'leaf';
type Place = Pick<Location, 'field' | 'repetition' | 'component' | 'subcomponent'>;

/** What an element needs of its segment; `Segment` has it. */
interface Line {
  readonly message: {
    readonly source: Source;
    readonly delimiters: Delimiters;
    text(start: number, end: number): string;
  };
  readonly location: Location;
}

/**
 * A field, repetition, component or sub-component: a span with a place. Asking an absent one for its parts gives absent parts,
 * so a chain of calls needs no checks.
 */
export class Element {
  readonly segment: Line;
  readonly level: Level;
  readonly exists: boolean;
  readonly start: number;
  readonly end: number;
  readonly #place: Place;

  constructor(segment: Line, level: Level, exists: boolean, start: number, end: number, place: Place) {
    this.segment = segment;
    this.level = level;
    this.exists = exists;
    this.start = start;
    this.end = end;
    this.#place = place;
  }

  get state(): State {
    return this.exists ? stateOf(this.segment.message.source, this.start, this.end) : 'absent';
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
    widen(this.start, this.end);
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
