import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildAck } from '../../src/hl7/ack.ts';
import { splitBatch } from '../../src/hl7/batch.ts';
import { groupMessage, structureOf } from '../../src/hl7/grammar.ts';
import { escapeIssues, leaves } from '../../src/hl7/leaves.ts';
import { printLocation } from '../../src/hl7/location.ts';
import { parseMessage, serialiseMessage } from '../../src/hl7/parse.ts';
import { peek } from '../../src/hl7/peek.ts';
import { readAck } from '../../src/hl7/read-ack.ts';
import { corpusFiles, hasCorpus } from '../unit/hl7/corpus.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 20260302);
const MUTATIONS = Number(process.env.FUZZ_RUNS ?? 10_000);
const SEED_MAX_BYTES = 20_000;

const OWN = [
  'MSH|^~\\&|A|B|C|D|20260302||ADT^A40^ADT_A39|1|T|2.5.1||||||UNICODE UTF-8\rEVN|A40\rPID|1||1^^^AA&1.2&ISO^MR~2^^^BB||Zoë^Pat\rMRG|3^^^AA\r',
  'MSH#*%!@#A#B#C#D#20260302##SIU*S12#2#T#2.5\nSCH#1\nPID#1##1\nRGS#1\nAIS#1##x!F!y!X0D!!.br!\n',
  'FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A|B|C|D|||ORU^R01|3|T|2.3\rPID|1\rOBR|1\rOBX|1|FT|||a\\C2D41\\b\\M2442\\c\\Zz\\||""\rBTS|1\rFTS|1\r',
  'MSH|^~\\&|A|B|C|D|||ORM^O01|4|T|2.7||||||~ISO IR87\rPID|1||\x1b$B;3ED\x1b(B\rORC|NW\rRXO|1\r',
  'MSH|^~\\&|A|B|C|D|||MDM^T02|5|T|2.7||||||GB 18030-2000\rTXA|1\rOBX|1|ED|||^^^Base64^AAAA\r',
].map((text) => Buffer.from(text));

/** Small deterministic generator (mulberry32), so that a failure repeats. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const SPICE = [
  '|',
  '^',
  '~',
  '\\',
  '&',
  '\r',
  '\n',
  '\x0b',
  '\x1c',
  '\x1b',
  '\x00',
  '""',
  'MSH|',
  '\rMSH|^~\\&|',
  '\\X',
  '\xff\xfe',
  '\x80',
  'FHS|',
];

function mutate(seed: Buffer, pick: (below: number) => number, others: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(seed);
  for (let edits = 1 + pick(6); edits > 0 && bytes.length > 0; edits -= 1) {
    const at = pick(bytes.length);
    const length = 1 + pick(Math.min(40, bytes.length - at));
    const before = bytes.subarray(0, at);
    const after = bytes.subarray(at + length);
    switch (pick(6)) {
      case 0:
        bytes[at] = pick(256);
        break;
      case 1:
        bytes = Buffer.concat([before, after]);
        break;
      case 2:
        bytes = Buffer.concat([before, Buffer.from(SPICE[pick(SPICE.length)]!, 'latin1'), bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([before, bytes.subarray(at, at + length), bytes.subarray(at)]);
        break;
      case 4:
        bytes = Buffer.from(before);
        break;
      default: {
        const other = others[pick(others.length)]!;
        bytes = Buffer.concat([before, other.subarray(pick(other.length + 1))]).subarray(0, SEED_MAX_BYTES);
      }
    }
  }
  return bytes;
}

/** Everything the hub does with bytes; throws where a promise of `src/hl7` does not hold. */
function exercise(bytes: Buffer): void {
  const before = Buffer.from(bytes);
  const { message, issues } = parseMessage(bytes);
  if (!Buffer.from(serialiseMessage(message)).equals(before)) throw new Error('the bytes changed');
  peek(bytes);
  structureOf(message);
  groupMessage(message);
  escapeIssues(message);
  let reached = 0;
  for (const leaf of leaves(message)) {
    reached += leaf.text.length;
    printLocation(leaf.location);
    const read = leaf.segment.get(leaf.field, leaf.repetition, leaf.component, leaf.subcomponent);
    if ((read ?? '""') !== leaf.text && !leaf.isDelete) throw new Error('a leaf reads otherwise by path');
  }
  if (reached > 0 && bytes.length === 0) throw new Error('text from nowhere');
  for (const entry of splitBatch(bytes).messages) parseMessage(entry.bytes);
  const answer = buildAck(message, {
    code: issues.some((one) => one.severity === 'error') ? 'AR' : 'AA',
    controlId: 'H1',
    dateTime: '20260302101500-0500',
    errors: issues.map((one) => ({
      condition: '199',
      severity: 'E',
      location: one.location,
      applicationCode: one.code,
    })),
  });
  const back = readAck(answer);
  if (!back.ok) throw new Error(`the answer cannot be read: ${back.reason}`);
  const id = message.headerSegment?.field(10).raw ?? Buffer.alloc(0);
  const echoed = parseMessage(answer).message.segment('MSA')!.field(2).raw;
  const isSame = Buffer.from(echoed).equals(id) || back.controlId === (message.header.controlId ?? '');
  // A control character or broken delimiters cannot be copied; everything else must come back to the byte.
  if (!isSame && !id.some((byte) => byte < 0x20) && !issues.some((one) => one.code.startsWith('hl7.delimiters'))) {
    throw new Error('the answer names another message');
  }
}

describe('src/hl7 under hostile input', () => {
  it(`survives ${MUTATIONS} mutated messages (seed ${SEED}), and each gets a coded answer`, {
    timeout: 300_000,
  }, () => {
    const pick = generator(SEED);
    const seeds = [...OWN, ...(hasCorpus ? corpusFiles().map((file) => file.bytes) : [])].filter(
      (bytes) => bytes.length > 0 && bytes.length <= SEED_MAX_BYTES,
    );
    for (let i = 0; i < MUTATIONS; i += 1) {
      const bytes = mutate(seeds[pick(seeds.length)]!, pick, seeds);
      try {
        exercise(bytes);
      } catch (error) {
        throw new Error(`run ${i}: ${JSON.stringify(bytes.toString('latin1').slice(0, 600))}`, { cause: error });
      }
    }
  });

  it('survives any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => exercise(Buffer.from(bytes))),
      { numRuns: 3000, seed: SEED },
    );
  });

  it('survives any bytes after a header, in every character set', () => {
    const set = fc.constantFrom(
      '',
      'ASCII',
      '8859/5',
      'UNICODE UTF-8',
      'UNICODE UTF-16',
      'GB 18030-2000',
      'BIG-5',
      '~ISO IR87',
      'KS X 1001',
      'X',
      'UTF-32LE',
    );
    fc.assert(
      fc.property(set, fc.uint8Array({ maxLength: 120 }), (name, bytes) => {
        const head = Buffer.from(`MSH|^~\\&|A|B|C|D|20260302||ADT^A01|1|T|2.5||||||${name}\rPID|1||`);
        exercise(Buffer.concat([head, bytes]));
      }),
      { numRuns: 3000, seed: SEED },
    );
  });

  it('is not slowed down by an element of eight megabytes, nor by a million delimiters', () => {
    const big = Buffer.concat([OWN[0]!, Buffer.from('OBX|1|ED|||'), Buffer.alloc(8 << 20, 'A'), Buffer.from('\r')]);
    const many = Buffer.concat([OWN[0]!, Buffer.from(`OBX|${'^&~|\\'.repeat(200_000)}\r`)]);
    expect(parseMessage(big).message.segment('OBX')!.get(5)?.length).toBe(8 << 20);
    expect(parseMessage(many).message.segment('OBX')!.fieldCount).toBe(200_001);
    const repeated = Buffer.concat([OWN[0]!, Buffer.from(`PID|||${'1^^^A&B~'.repeat(100_000)}\r`)]);
    expect(peek(repeated).patients.length).toBe(100_003);
    exercise(Buffer.concat([OWN[0]!, Buffer.from('AL1|1\rEVN\rPID\r'.repeat(20_000))]));
    expect(() => exercise(Buffer.concat([OWN[0]!, Buffer.from(`NTE|${'\\'.repeat(60_000)}\r`)]))).not.toThrow();
  });
});
