import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { readAck } from '../../src/hl7/read-ack.ts';
import { translatePort } from '../../src/hub/translate-port.ts';
import { compileMaps } from '../../src/mapping/map-message.ts';
import { FEED, PARTNER, startFlowUnderTest, until } from './flow-kit.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CORPUS = process.env.HANDOFF_SHARED ?? join(ROOT, '../shared');
const MESSAGES = 10_000;

/** Seeds of our own cases and, where it is there, of the public corpus. */
function seeds(): Buffer[] {
  const own = globSync('fixtures/*/*/0-inbound.hl7', { cwd: ROOT }).map((file) => join(ROOT, file));
  const corpus = existsSync(CORPUS)
    ? globSync('corpus/**/*.hl7', { cwd: CORPUS }).map((file) => join(CORPUS, file))
    : [];
  return [...own, ...corpus.slice(0, 500)].map((file) => readFileSync(file));
}

/** A small generator of numbers, so that a failing run can be had again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const BYTES = [...Buffer.from('|^~\\&\r\n"\u000b\u001c'), 0, 0xff, 0xc3, 0x80];

function mutate(seed: Buffer, pick: (below: number) => number): Buffer {
  let bytes = Buffer.from(seed);
  for (let n = pick(4); n >= 0; n -= 1) {
    const at = pick(bytes.length + 1);
    const kind = pick(6);
    if (kind === 0) bytes = bytes.subarray(0, at);
    else if (kind === 1)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + pick(80)))]);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(pick(at + 1))]);
    else if (kind === 3)
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([BYTES[pick(BYTES.length)]!]), bytes.subarray(at)]);
    else if (bytes.length > 0)
      bytes[Math.min(at, bytes.length - 1)] = kind === 4 ? pick(256) : BYTES[pick(BYTES.length)]!;
  }
  return bytes;
}

describe('mutated messages', () => {
  it(`${MESSAGES} of them crash nothing, each gets a coded answer, and none is left in work`, async () => {
    const partner = { ...PARTNER, feeds: [FEED] };
    const port = translatePort(compileMaps(DEFINITIONS), [partner], Buffer.alloc(32, 7), 'fuzz');
    const flow = await startFlowUnderTest({
      feed: { processingIds: ['P', 'T', 'D'], ackWaitMs: 50, onPark: 'pass' },
      translate: (inbound) => port.translate(inbound),
      limits: { triesMax: 1 },
    });
    const pick = generator(20_261_121);
    const all = seeds();
    const codes: Record<string, number> = {};
    for (let sent = 0; sent < MESSAGES; sent += 50) {
      const batch = Array.from({ length: 50 }, () => mutate(all[pick(all.length)]!, pick));
      const answers = await Promise.all(
        batch.map((bytes) => flow.ingest.ingest(bytes, flow.feed, flow.partner, 'fuzz')),
      );
      for (const answer of answers) {
        const code = answer.code ?? 'none';
        codes[code] = (codes[code] ?? 0) + 1;
        // In enhanced mode a sender may ask for no answer; every other answer is an acknowledgement that can be read.
        if (answer.bytes)
          expect(/^[BF]HS/.test(Buffer.from(answer.bytes).toString('latin1')) || readAck(answer.bytes).ok).toBe(true);
        expect(answer.after).toBe('keep');
      }
    }
    expect(flow.log.filter(({ code }) => code === 'hub.internal')).toEqual([]);
    await until('nothing is left in work', async () => !(await flow.journal.counts()).claimed);
    const counts = await flow.journal.counts();
    const stored = Object.values(counts).reduce((sum, n) => sum + n, 0);
    expect(stored).toBeGreaterThan(0);
    expect(Object.keys(codes).every((code) => ['AA', 'AE', 'AR', 'CA', 'CE', 'CR', 'none'].includes(code))).toBe(true);
    await flow.stop();
  }, 300_000);
});
