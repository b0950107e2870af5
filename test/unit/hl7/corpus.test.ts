import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { splitBatch } from '../../../src/hl7/batch.ts';
import type { Element } from '../../../src/hl7/element.ts';
import { GroupNode, groupMessage } from '../../../src/hl7/grammar.ts';
import { leaves } from '../../../src/hl7/leaves.ts';
import { parseMessage, serialiseMessage } from '../../../src/hl7/parse.ts';
import { peek } from '../../../src/hl7/peek.ts';
import type { Message, Segment } from '../../../src/hl7/tree.ts';
import { corpusFiles, hasCorpus } from './corpus.ts';

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Writes a segment again from its smallest parts: what the tree does not know would be missing. */
function rebuilt(segment: Segment): string {
  const { delimiters } = segment.message;
  const part = (element: Element): string => {
    if (element.level === 'leaf') return latin(element.raw);
    if (element.level === 'component') return element.subcomponents().map(part).join(delimiters.subcomponent);
    if (element.level === 'repetition') return element.components().map(part).join(delimiters.component);
    return element.repetitions().map(part).join(delimiters.repetition);
  };
  const fields = segment.fields().map(part);
  if (!segment.isHeader) return [latin(segment.raw).split(delimiters.field)[0], ...fields].join(delimiters.field);
  return `${segment.name}${fields[0] ?? ''}${fields.slice(1).join(delimiters.field)}`;
}

function segmentsOf(node: GroupNode): Segment[] {
  return node.children.flatMap((child) => (child instanceof GroupNode ? segmentsOf(child) : [child]));
}

function messages(): { name: string; bytes: Uint8Array; message: Message }[] {
  return corpusFiles().flatMap(({ name, bytes }) =>
    splitBatch(bytes).messages.map((entry) => ({
      name,
      bytes: entry.bytes,
      message: parseMessage(entry.bytes).message,
    })),
  );
}

describe.skipIf(!hasCorpus)('the public corpus', () => {
  it('every file comes back to the byte', () => {
    const files = corpusFiles();
    const changed = files.filter(({ bytes }) => !bytes.equals(serialiseMessage(parseMessage(bytes).message)));
    expect(files.length).toBeGreaterThan(500);
    expect(changed.map((file) => file.name)).toEqual([]);
  });

  it('every message comes back to the byte from its smallest parts', () => {
    const all = messages();
    const changed = all.filter(({ message }) =>
      message.segments().some((segment) => rebuilt(segment) !== latin(segment.raw)),
    );
    expect(all.length).toBeGreaterThan(550);
    expect(changed.map((one) => one.name)).toEqual([]);
  });

  it('every segment of every message keeps a place in the groups, once', () => {
    for (const { name, message } of messages()) {
      const placed = segmentsOf(groupMessage(message).root).map((segment) => segment.index);
      expect([name, [...placed].sort((a, b) => a - b)]).toEqual([
        name,
        message.segments().map((segment) => segment.index),
      ]);
    }
  });

  it('peek and the tree say the same', () => {
    for (const { bytes, message } of messages()) {
      const seen = peek(bytes);
      expect(seen.controlId).toBe(message.header.controlId);
      const named = leaves(message).filter(
        ({ segment, field, component, subcomponent, isDelete }) =>
          component === 1 &&
          subcomponent === 1 &&
          !isDelete &&
          `${segment.name}-${field}`.match(/^(?:PID-3|MRG-1)$/) !== null,
      );
      expect([...seen.patients].sort()).toEqual(named.map((leaf) => leaf.text).sort());
    }
  });

  it('lists the files that are not well formed, and why', () => {
    const report = corpusFiles().flatMap(({ name, bytes }) => {
      const whole = parseMessage(bytes);
      const isBatch = splitBatch(bytes).messages.length > 1;
      const found = isBatch
        ? splitBatch(bytes).messages.flatMap((entry) => [...parseMessage(entry.bytes).issues])
        : [...whole.issues];
      const codes = [...new Set(found.filter((one) => one.severity !== 'information').map((one) => one.code))];
      return codes.length === 0 ? [] : [`${name}: ${codes.sort().join(', ')}`];
    });
    if (process.env.HL7_REPORT !== undefined) console.log(report.join('\n'));
    // Public corpora hold files that are broken on purpose; most must be fine, or the parser complains too much.
    expect(report.length).toBeGreaterThan(5);
    expect(report.length).toBeLessThan(60);
  });
});
