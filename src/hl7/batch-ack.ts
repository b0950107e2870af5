import { delimitersFor, echo } from './ack.ts';
import type { BatchFile } from './batch.ts';
import { buildMessage } from './build.ts';
import { openSource } from './source.ts';
import { Message } from './tree.ts';

export interface BatchAckOptions {
  /** Fresh FHS-7 and BHS-7, as v2 text. */
  readonly dateTime: string;
  /** Who answers when a header does not name its receiver. */
  readonly application: string;
}

/**
 * Acknowledgements as one batch for each batch of the request, in a file where it was one. Each header swaps sender and receiver and
 * names what it answers: BHS-12 is the BHS-11 of the batch, FHS-12 the FHS-11 of the file. `acks`: of each batch in order, each one
 * whole and ended by CR. Rule: HL7 v2.5.1 sections 2.10.3, 2.15.2 and 2.15.5.
 */
export function buildBatchAck(
  { file, batches }: Pick<BatchFile, 'file' | 'batches'>,
  acks: readonly (readonly Uint8Array[])[],
  options: BatchAckOptions,
): Uint8Array {
  const inside = acks.flatMap((some, i) => enclosed('BHS', 'BTS', batches[i]?.line, some, some.length, options));
  return Buffer.concat(file ? enclosed('FHS', 'FTS', file.line, inside, acks.length, options) : inside);
}

function enclosed(
  head: 'FHS' | 'BHS',
  tail: 'FTS' | 'BTS',
  line: Uint8Array | undefined,
  inside: readonly Uint8Array[],
  count: number,
  { dateTime, application }: BatchAckOptions,
): Uint8Array[] {
  const request = new Message(openSource(line ?? new Uint8Array()));
  const delimiters = delimitersFor(request.delimiters);
  const asked = (n: number) => echo(request, n, request.segment(head));
  const { bytes } = buildMessage(
    [
      {
        name: head,
        fields: {
          3: asked(5) ?? application,
          4: asked(6),
          5: asked(3),
          6: asked(4),
          7: dateTime,
          12: asked(11),
        },
      },
      { name: tail, fields: { 1: String(count) } },
    ],
    { delimiters, encodeAs: request.source.wire },
  );
  const end = bytes.indexOf(CR) + 1;
  return [bytes.subarray(0, end), ...inside, bytes.subarray(end)];
}

const CR = 0x0d;
