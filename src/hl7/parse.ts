import { Buffer } from 'node:buffer';
import { type Hl7Issue, issue } from './issue.ts';
import { printLocation } from './location.ts';
import { openSource, type ParseOptions, type Source } from './source.ts';
import { Message } from './tree.ts';

export interface Parsed {
  readonly message: Message;
  readonly issues: readonly Hl7Issue[];
}

/**
 * Any bytes as a message. Never throws and refuses nothing: success does not mean that this is HL7, look at `hasHeader` and the
 * issues. Bytes without MSH give a message without header. A batch must be split first (`batch.ts`). The message keeps a view on
 * the bytes, so they must not change afterwards.
 */
export function parseMessage(bytes: Uint8Array, options: ParseOptions = {}): Parsed {
  const source = openSource(bytes, options);
  const message = new Message(source);
  return { message, issues: source.issues.concat(structuralIssues(message)) };
}

function structuralIssues(message: Message): Hl7Issue[] {
  const { source } = message;
  const issues: Hl7Issue[] = [];
  if (source.lines.length === 0) issues.push(issue('error', 'hl7.empty', 'nothing but blanks'));
  if (!message.hasHeader) issues.push(issue('error', 'hl7.no-header', 'no MSH segment with a field separator'));
  const before = message.segments().slice(0, Math.max(source.header, 0));
  if (before.some((segment) => !segment.isHeader)) {
    issues.push(issue('warning', 'hl7.content-before-header', 'lines before the header'));
  }
  const first = message.headerSegment?.index ?? -1;
  for (const segment of message.segments()) {
    const at = segment.name === '' ? `line ${segment.index + 1}` : printLocation(segment.location);
    if (segment.name === '') issues.push(issue('warning', 'hl7.segment-name', 'a line without a segment name', at));
    if (BATCH.has(segment.name)) issues.push(issue('warning', 'hl7.batch-structure', 'a batch that was not split', at));
    if (segment.name === 'MSH' && segment.index !== first) {
      issues.push(issue('error', 'hl7.header-repeated', 'a second MSH inside one message', at));
    }
    if (isIndented(source, segment.start))
      issues.push(issue('information', 'hl7.segment-indented', 'blanks before a segment', at));
  }
  return source.image.includes('\n') ? issues.concat(lineFeedIssues(message)) : issues;
}

const BATCH: ReadonlySet<string> = new Set(['FHS', 'BHS', 'BTS', 'FTS']);

function isIndented({ image }: Source, start: number): boolean {
  const before = image.charCodeAt(start - 1);
  return before === 0x20 || before === 0x09;
}

/** Control characters that a sender should have escaped. They stay in the text: only CR (or the message's LF) ends a segment. */
function lineFeedIssues(message: Message): Hl7Issue[] {
  const { image } = message.source;
  return message
    .segments()
    .filter((segment) => image.slice(segment.start, segment.end).includes('\n'))
    .map((segment) =>
      issue('warning', 'hl7.line-feed-in-field', 'a bare line feed inside a field', printLocation(segment.location)),
    );
}

/**
 * The message's bytes again, put together from its segments and what lies between them (line ends, blank lines, byte order mark):
 * what came in, to the byte. UTF-16 and UTF-32 are given back as received, because their tree is a transcription.
 */
export function serialiseMessage(message: Message): Uint8Array {
  const { source } = message;
  if (source.wire.wide !== undefined) return source.original;
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const segment of message.segments()) {
    parts.push(source.bytes.subarray(from, segment.start), segment.raw);
    from = segment.end;
  }
  parts.push(source.bytes.subarray(from));
  return Buffer.concat(parts);
}
