import { Buffer } from 'node:buffer';
import { parseMessage } from '../../../src/hl7/parse.ts';
import type { Message } from '../../../src/hl7/tree.ts';

/** The smallest header that names a type; more segments follow it. */
export const MSH = 'MSH|^~\\&|SENDER|HOSPITAL|HANDOFF|HUB|20260302101500-0500||ADT^A01^ADT_A01|C1|T|2.5.1';

/** Bytes of segments, each ended by CR; latin1 so that a test can write any byte as a character. */
export function bytesOf(...segments: readonly string[]): Buffer {
  return Buffer.from(segments.map((segment) => `${segment}\r`).join(''), 'latin1');
}

export function messageOf(...segments: readonly string[]): Message {
  return parseMessage(bytesOf(...segments)).message;
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
