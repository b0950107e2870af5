import { type BatchFile, splitBatch } from '../hl7/batch.ts';
import { buildBatchAck } from '../hl7/batch-ack.ts';
import type { FailureCode } from '../model/failure.ts';
import { v2Instant } from './ack-bytes.ts';
import type { Answer } from './answer.ts';

const CR = '\r';

export interface BatchFrame {
  readonly batch: BatchFile;
  /** What is wrong with the batch itself: it holds other messages than it says, or lines of none. */
  readonly faults: readonly FailureCode[];
}

/** A batch (FHS or BHS in front); undefined: it is one message. An empty batch has no messages. */
export function splitFrame(bytes: Uint8Array): BatchFrame | undefined {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const name = String.fromCharCode(bytes[start] ?? 0, bytes[start + 1] ?? 0, bytes[start + 2] ?? 0);
  if (name !== 'FHS' && name !== 'BHS') return undefined;
  const batch = splitBatch(bytes);
  const faults = batch.issues.flatMap(({ code }) => FAULTS[code] ?? []);
  return { batch, faults: [...new Set(faults)] };
}

/** Issues of a batch that mean that something of it reached nobody. */
const FAULTS: Readonly<Record<string, FailureCode>> = {
  'hl7.batch-count': 'hl7.batch-count',
  'hl7.batch-stray': 'hl7.frame-broken',
};

/**
 * A batch of ACKs for each batch of messages: each says what became of its message, and none speaks for another. What answers a fault
 * of the batch itself stands at the end of the last one. `answers`: of the messages in their order. Rule: HL7 v2.9 section 2.9.3.
 */
export function joinAcks(batch: BatchFile, answers: readonly Answer[], faults: readonly Answer[], now: number): Answer {
  const all = [...answers, ...faults];
  // A message that could not be stored has no answer. Without any the sender sends the batch again, and what is here is recognised.
  if (all.some(({ after }) => after === 'close')) return { after: 'close' };
  const groups = Array.from({ length: Math.max(batch.batches.length, 1) }, (): Uint8Array[] => []);
  for (const [i, answer] of all.entries()) {
    const group = groups[(batch.messages[i]?.batch ?? groups.length) - 1];
    if (answer.bytes) group?.push(ended(answer.bytes));
  }
  const failed = all.find(({ code }) => code !== 'AA' && code !== 'CA');
  const later = all.find(({ http }) => http !== undefined && http >= 500) as { http: number } | undefined;
  return {
    bytes: buildBatchAck(batch, groups, { dateTime: v2Instant(now), application: 'HANDOFF' }),
    code: failed ? (failed.code ?? 'AR') : 'AA',
    ...(later ? { http: later.http } : {}),
    after: 'keep',
    settled: (written) => {
      for (const answer of all) answer.settled?.(written);
    },
  };
}

const ended = (ack: Uint8Array): Uint8Array => (ack.at(-1) === 0x0d ? ack : Buffer.concat([ack, Buffer.from(CR)]));
