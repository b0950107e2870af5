import { type Hl7Issue, issue } from './issue.ts';
import { type Location, printLocation } from './location.ts';
import type { Message, Segment } from './tree.ts';

/** One leaf with content. Place and text are worked out when asked for. */
export class Leaf {
  readonly segment: Segment;
  readonly field: number;
  readonly repetition: number;
  readonly component: number;
  readonly subcomponent: number;
  readonly start: number;
  readonly end: number;

  constructor(segment: Segment, place: readonly [number, number, number, number], start: number, end: number) {
    this.segment = segment;
    [this.field, this.repetition, this.component, this.subcomponent] = place;
    this.start = start;
    this.end = end;
  }

  /** True for `""`. */
  get isDelete(): boolean {
    return this.end - this.start === 2 && this.segment.message.source.image.startsWith('""', this.start);
  }

  /** Decoded; `""` for a delete. */
  get text(): string {
    return this.segment.message.text(this.start, this.end);
  }

  get location(): Location {
    const { field, repetition, component, subcomponent } = this;
    return { ...this.segment.location, field, repetition, component, subcomponent };
  }
}

/**
 * Every leaf of a segment that has content, in order. A value without sub-components is at component n, sub-component 1.
 * MSH-1 and MSH-2 are not content. For the loss report: what no mapping row has read was lost.
 */
export function segmentLeaves(segment: Segment): Leaf[] {
  const { image, delimiters } = segment.message.source;
  const component = codeOf(delimiters.component);
  const repetition = codeOf(delimiters.repetition);
  const subcomponent = codeOf(delimiters.subcomponent);
  const found: Leaf[] = [];
  const cuts = segment.cuts();
  const offset = segment.isHeader ? 2 : 1;
  for (let at = segment.isHeader ? 1 : 0; at + 1 < cuts.length; at += 1) {
    let rep = 1;
    let comp = 1;
    let sub = 1;
    let from = cuts[at]! + 1;
    const end = cuts[at + 1]!;
    for (let i = from; i <= end; i += 1) {
      const code = i === end ? -2 : image.charCodeAt(i);
      if (code !== -2 && code !== component && code !== repetition && code !== subcomponent) continue;
      if (i > from) found.push(new Leaf(segment, [at + offset, rep, comp, sub], from, i));
      from = i + 1;
      if (code === subcomponent) sub += 1;
      else {
        sub = 1;
        comp = code === component ? comp + 1 : 1;
        if (code === repetition) rep += 1;
      }
    }
  }
  return found;
}

function codeOf(separator: string): number {
  return separator === '' ? -1 : separator.charCodeAt(0);
}

/** Every leaf with content of the whole message, in order. */
export function leaves(message: Message): Leaf[] {
  return message.segments().flatMap(segmentLeaves);
}

/** Escapes that are kept as written because they are unknown or never closed, one issue a leaf. Costs one look when there are none. */
export function escapeIssues(message: Message): Hl7Issue[] {
  const { image, delimiters, lines, header } = message.source;
  const after = header < 0 ? 0 : lines[header * 2]! + 9;
  if (delimiters.escape === '' || image.indexOf(delimiters.escape, after) < 0) return [];
  const issues: Hl7Issue[] = [];
  for (const leaf of leaves(message)) {
    const faults = new Set<string>();
    message.text(leaf.start, leaf.end, (fault) => faults.add(fault));
    if (faults.size === 0) continue;
    const code = faults.has('unknown') ? 'hl7.escape-unknown' : 'hl7.escape-unclosed';
    issues.push(issue('warning', code, 'an escape is kept as it was written', printLocation(leaf.location)));
  }
  return issues;
}
