import { buildMessage, repeat, type SegmentValue } from '../../hl7/build.ts';
import { type Charset, charsetNamed } from '../../hl7/charset.ts';
import type { Issue } from '../../model/assertion.ts';
import type { Component, FieldValue } from './row.ts';
import type { RawSegment } from './segment.ts';

export interface Encoded {
  readonly bytes: Uint8Array;
  readonly issues: readonly Issue[];
}

/** Undefined: the endpoint names a character set that is unknown, or that MLLP cannot carry. */
export function outboundCharset(name: string): Charset | undefined {
  const charset = charsetNamed(name === '' ? 'ASCII' : name);
  return charset?.wide === undefined ? charset : undefined;
}

/**
 * The segments as bytes. Control characters become spaces (line breaks of text fields `\.br\`) before escaping, so that no content
 * can make a segment even at a receiver that decodes hexadecimal escapes before it splits. Rule: H21.
 */
export function encode(segments: readonly RawSegment[], charset: Charset): Encoded {
  const issues: Issue[] = [];
  const counts = new Map<string, number>();
  const values = segments.map((segment): SegmentValue => {
    const occurrence = (counts.get(segment.name) ?? 0) + 1;
    counts.set(segment.name, occurrence);
    const fields = [...segment.fields].map(([field, value]) => {
      const place = `${segment.name}[${occurrence}]-${field}`;
      return [field, written(value, holdsText(segment, field), place, issues)] as const;
    });
    return { name: segment.name, fields: Object.fromEntries(fields) };
  });
  const built = buildMessage(values, { encodeAs: charset, lineBreaks: 'br' });
  for (const { severity, code, location, text } of built.issues) {
    issues.push({ severity, code, text, ...(location !== undefined && { location }) });
  }
  return { bytes: built.bytes, issues };
}

/** Fields of data type TX or FT, where a line break has a spelling of its own. */
function holdsText({ name, fields }: RawSegment, field: number): boolean {
  if (name === 'NTE') return field === 3;
  return name === 'OBX' && field === 5 && ['TX', 'FT'].includes(`${fields.get(2)?.[0]?.[0]}`);
}

const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g;
const CONTROLS_IN_LINES = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/g;

function written(value: FieldValue, hasLines: boolean, place: string, issues: Issue[]) {
  let isChanged = false;
  const leaf = (content: string): string => {
    const text = hasLines ? content.replace(/\r\n?/g, '\n') : content;
    const clean = text.replace(hasLines ? CONTROLS_IN_LINES : CONTROLS, ' ');
    isChanged ||= clean !== text;
    return clean;
  };
  const component = (one: Component) => (typeof one === 'string' ? leaf(one) : one.map(leaf));
  const repetitions = value.map((repetition) => repetition.map(component));
  if (isChanged) {
    const text = 'control characters became spaces';
    issues.push({ severity: 'warning', code: 'render.control-character', location: place, text });
  }
  return repeat(...repetitions);
}
