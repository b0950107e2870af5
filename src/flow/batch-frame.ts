import { splitBatch } from '../hl7/batch.ts';
import type { FailureCode } from '../model/failure.ts';
import { v2Instant } from './ack-bytes.ts';
import type { Answer } from './answer.ts';

const CR = '\r';

export interface BatchFrame {
  readonly messages: readonly Uint8Array[];
  /** What is wrong with the batch itself: it holds other messages than it says, or lines of none. */
  readonly faults: readonly FailureCode[];
}

/** A batch (FHS or BHS in front); undefined: it is one message. An empty batch has no messages. */
export function splitFrame(bytes: Uint8Array): BatchFrame | undefined {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const name = String.fromCharCode(bytes[start] ?? 0, bytes[start + 1] ?? 0, bytes[start + 2] ?? 0);
  if (name !== 'FHS' && name !== 'BHS') return undefined;
  const { messages, issues } = splitBatch(bytes);
  const faults = issues.flatMap(({ code }) => FAULTS[code] ?? []);
  return { messages: messages.map((entry) => entry.bytes), faults: [...new Set(faults)] };
}

/** Issues of a batch that mean that something of it reached nobody. */
const FAULTS: Readonly<Record<string, FailureCode>> = {
  'hl7.batch-count': 'hl7.batch-count',
  'hl7.batch-stray': 'hl7.frame-broken',
};

/**
 * One batch of ACKs for one batch of messages: each says what became of its message, and none speaks for another; one more for each
 * fault of the batch itself. Rule: HL7 v2.9 section 2.9.3.
 */
export function joinAcks(answers: readonly Answer[], now: number): Answer {
  // A message that could not be stored has no answer. Without any the sender sends the batch again, and what is here is recognised.
  if (answers.some(({ after }) => after === 'close')) return { after: 'close' };
  const acks = answers.flatMap(({ bytes }) => (bytes ? [Buffer.from(bytes)] : []));
  const head = Buffer.from(`BHS|^~\\&|HANDOFF||||${v2Instant(now)}${CR}`);
  const parts = acks.map((ack) => (ack.at(-1) === 0x0d ? ack : Buffer.concat([ack, Buffer.from(CR)])));
  const tail = Buffer.from(`BTS|${acks.length}${CR}`);
  const failed = answers.find(({ code }) => code !== 'AA' && code !== 'CA');
  const later = answers.find(({ http }) => http !== undefined && http >= 500) as { http: number } | undefined;
  return {
    bytes: Buffer.concat([head, ...parts, tail]),
    code: failed ? (failed.code ?? 'AR') : 'AA',
    ...(later ? { http: later.http } : {}),
    after: 'keep',
    settled: (written) => {
      for (const answer of answers) answer.settled?.(written);
    },
  };
}
