import { splitBatch } from '../hl7/batch.ts';
import { v2Instant } from './ack-bytes.ts';
import type { Answer } from './answer.ts';

const CR = '\r';

/** The messages of a batch (FHS or BHS in front); undefined: it is one message. An empty batch gives none. */
export function splitFrame(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const name = String.fromCharCode(bytes[start] ?? 0, bytes[start + 1] ?? 0, bytes[start + 2] ?? 0);
  if (name !== 'FHS' && name !== 'BHS') return undefined;
  return splitBatch(bytes).messages.map((entry) => entry.bytes);
}

/** One batch of ACKs for one batch of messages: each says what became of its message, and none speaks for another. Rule: HL7 v2.9 section 2.9.3. */
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
