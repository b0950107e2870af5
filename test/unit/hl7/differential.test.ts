import { Buffer } from 'node:buffer';
import { HL7Message } from 'hl7v2';
import { describe, expect, it } from 'vitest';
import { splitBatch } from '../../../src/hl7/batch.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { corpusFiles, hasCorpus } from './corpus.ts';

/** Plain text elements, which the other parser reads right; it is known to change dates, sub-components and escapes. */
const PATHS: readonly (readonly [string, number, number])[] = [
  ['MSH', 10, 1],
  ['PID', 3, 1],
  ['PID', 5, 2],
  ['PID', 8, 1],
  ['PV1', 2, 1],
  ['OBR', 4, 1],
  ['OBX', 3, 1],
  ['DG1', 3, 1],
];

/** CR line ends only, our usual delimiters, nothing escaped and nothing above ASCII: what hl7v2 1.8.0 takes. */
function comparable(): string[] {
  return corpusFiles()
    .flatMap(({ bytes }) => splitBatch(bytes).messages.map((entry) => Buffer.from(entry.bytes).toString('latin1')))
    .map((text) => text.replace(/\r?\n/g, '\r').replace(/\r*$/, '\r'))
    .filter((text) => /^MSH\|\^~\\&\|[^\\\x80-\xff"]*$/.test(text) && !/\r\s*\r/.test(text))
    .filter((text) =>
      text
        .slice(0, -1)
        .split('\r')
        .every((line) => /^[A-Z][A-Z0-9]{2}(?:\||$)/.test(line)),
    );
}

function foreign(text: string): HL7Message | undefined {
  try {
    return HL7Message.parse(text);
  } catch {
    // It refuses versions and segments it has no dictionary for; there is nothing to compare then.
    return undefined;
  }
}

describe.skipIf(!hasCorpus)('against hl7v2 1.8.0, where it is right', () => {
  it('finds the same segments and the same plain values in the public corpus', { timeout: 60_000 }, () => {
    let compared = 0;
    for (const text of comparable()) {
      const other = foreign(text);
      if (other === undefined) continue;
      const { message } = parseMessage(Buffer.from(text, 'latin1'));
      expect(message.segments().map((segment) => segment.name)).toEqual(other.segments.map((one) => one.segmentType));
      for (const [name, field, component] of PATHS) {
        const theirs = other.getSegment(name)?.field(field).getValue(component);
        const ours = message.segment(name)?.get(field, 1, component);
        // Where its dictionary calls an identifier a number it makes one of it.
        const read = typeof theirs === 'number' && ours !== undefined ? Number(ours) : ours;
        expect([name, field, read ?? null]).toEqual([name, field, theirs ?? null]);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });
});
