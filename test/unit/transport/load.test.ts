import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startFloor } from '../../../bench/floor.ts';
import { LatencyHistogram } from '../../../bench/latency.ts';
import { runLoad, startLoad } from '../../../bench/load.ts';
import { type Behaviour, MllpPartner } from '../../partners/mllp-partner.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function partner(behaviour: Behaviour | Behaviour[]): Promise<MllpPartner> {
  const started = await MllpPartner.start({ behaviour });
  closers.push(() => started.close());
  return started;
}

describe('the load generator', () => {
  test('sends each control id and patient once, in twelve segments that say they are a test', async () => {
    const receiver = await partner('AA');
    const report = await runLoad({ host: '127.0.0.1', port: receiver.port, connections: 4, count: 200, prefix: 'AB' });
    expect(report).toMatchObject({ accepted: 200, sent: 200, codes: { AA: 200 }, mismatched: 0, lostConnections: 0 });
    expect(report.latency.count).toBe(200);
    const expected = Array.from({ length: 200 }, (_, at) => `AB${String(at).padStart(8, '0')}`);
    expect(receiver.received.map(({ controlId }) => controlId).sort()).toEqual(expected);
    const segments = receiver.received.map(({ bytes }) => bytes.toString().split('\r').filter(Boolean));
    expect(new Set(segments.map((lines) => lines.length))).toEqual(new Set([12]));
    expect(new Set(segments.map((lines) => lines.find((line) => line.startsWith('PID'))?.split('|')[3])).size).toBe(
      200,
    );
    expect(segments.every((lines) => lines[0]?.split('|')[10] === 'T')).toBe(true);
  });

  test('spreads messages over as many patients as asked', async () => {
    const receiver = await partner('AA');
    await runLoad({ host: '127.0.0.1', port: receiver.port, connections: 2, count: 50, patients: 5 });
    const patients = receiver.received.map(({ bytes }) => /PID\|1\|\|(P\d{8})/.exec(bytes.toString())?.[1]);
    expect(new Set(patients).size).toBe(5);
  });

  test('counts as accepted only a positive answer to the very message', async () => {
    const receiver = await partner(['AA', 'AE', 'wrong-id', 'CA', 'AR']);
    const report = await runLoad({ host: '127.0.0.1', port: receiver.port, connections: 1, count: 5 });
    expect(report).toMatchObject({ sent: 5, accepted: 2, mismatched: 1, codes: { AA: 2, AE: 1, CA: 1, AR: 1 } });
  });

  test('a connection that ends is counted, and the report still comes', async () => {
    const receiver = await partner('close');
    const report = await runLoad({ host: '127.0.0.1', port: receiver.port, connections: 2, seconds: 5 });
    expect(report).toMatchObject({ sent: 2, accepted: 0, lostConnections: 2 });
  });
});

test('the floor appends every message before it answers', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'handoff-floor-'));
  closers.push(async () => rmSync(directory, { recursive: true }));
  const file = join(directory, 'floor.dat');
  const floor = await startFloor(file);
  const report = await startLoad({ host: '127.0.0.1', port: floor.port, connections: 4, count: 100 });
  await floor.stop();
  expect(report).toMatchObject({ accepted: 100, mismatched: 0 });
  expect(readFileSync(file, 'latin1').split('\x1c\r')).toHaveLength(101);
});

describe('the histogram', () => {
  test('a percentile is never below the true one and at most 7 % above it', () => {
    const histogram = new LatencyHistogram();
    const values = Array.from({ length: 10_000 }, (_, at) => Math.round(1.0012 ** at + at / 7) + 1);
    for (const value of values) histogram.record(value);
    for (const share of [0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exactUs = values[Math.ceil(values.length * share) - 1]!;
      const readUs = histogram.percentileMs(share) * 1000;
      expect(readUs).toBeGreaterThanOrEqual(exactUs);
      expect(readUs).toBeLessThanOrEqual(exactUs * 1.07);
    }
  });

  test('without readings it says 0', () => {
    expect(new LatencyHistogram().summary()).toMatchObject({ count: 0, meanMs: 0, p99Ms: 0, maxMs: 0 });
  });
});
