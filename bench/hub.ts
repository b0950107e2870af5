import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { pause } from '../test/crash/crash-run.ts';
import { demoTarget } from '../test/crash/demo-target.ts';
import { CrashSender } from '../test/crash/sender.ts';
import { startFloor } from './floor.ts';
import { type LoadReport, startLoad } from './load.ts';
import { startRealHub } from './real-hub.ts';

/**
 * The real hub under load, with all loops running, beside the floor of the same run: `node bench/hub.ts [--seconds 10] [--sync-us 500]`.
 * Prints one line of JSON. The rate applied stands beside every rate accepted; what is delivered is held against what was sent.
 */
export interface HubFigures {
  readonly startMs: number;
  readonly idleRssMb: number;
  readonly floor: Readonly<Record<string, Rate>>;
  readonly received: Readonly<Record<string, FeedRate>>;
  readonly applied: Readonly<Record<string, FeedRate>>;
  readonly delivered: Delivered;
}

interface Rate {
  readonly perS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface FeedRate extends Rate {
  /** Taken by the store in the measured time, per second. */
  readonly appliedPerS: number;
  readonly ofFloor: number;
  /** The greatest age of a message that was accepted and not yet applied. Milliseconds. */
  readonly oldestBacklogMs: number;
  readonly rssMb: number;
  /** Of it: files of the database that are mapped into memory. */
  readonly mappedMb: number;
  /** Positive answers without a row in the journal. */
  readonly missing: number;
}

interface Delivered {
  readonly acceptedPerS: number;
  readonly deliveredPerS: number;
  readonly acknowledged: number;
  /** Not delivered exactly once, not applied exactly once, or out of order. */
  readonly wrong: number;
}

const CONNECTIONS = [1, 16] as const;
/** A hub runs for months: what V8 compiles in its first seconds is not measured. */
const WARMUP_S = 5;
/** V8 gives back what the start needed only after some seconds of rest. */
const IDLE_MS = 45_000;

export async function benchHub(seconds: number): Promise<HubFigures> {
  const { startMs, idleRssMb } = await idle();
  const feeds = await benchFeeds(seconds);
  return { startMs, idleRssMb, ...feeds, delivered: await deliveredRate(seconds) };
}

/** The floor and both policies beside it; `syncUs`: as if each sync to disk took so many microseconds longer. */
export async function benchFeeds(
  seconds: number,
  syncUs?: number,
): Promise<Pick<HubFigures, 'floor' | 'received' | 'applied'>> {
  const floor: Record<string, Rate> = {};
  for (const connections of CONNECTIONS)
    floor[connections] = await floorRate(connections, Math.min(seconds, 10), syncUs);
  const rates = async (ack: 'received' | 'applied'): Promise<Record<string, FeedRate>> => {
    const found: Record<string, FeedRate> = {};
    for (const connections of CONNECTIONS) {
      found[connections] = await feedRate(ack, connections, seconds, { floorPerS: floor[connections]!.perS, syncUs });
    }
    return found;
  };
  return { floor, received: await rates('received'), applied: await rates('applied') };
}

async function inFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'handoff-bench-'));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const toRate = ({ acceptedPerS, latency }: LoadReport): Rate => ({
  perS: Math.round(acceptedPerS),
  p50Ms: latency.p50Ms,
  p99Ms: latency.p99Ms,
});

const toMb = (bytes: number): number => Math.round(bytes / 1_048_576);

function floorRate(connections: number, seconds: number, syncUs?: number): Promise<Rate> {
  return inFolder(async (dir) => {
    const floor = await startFloor(join(dir, 'floor'), syncUs);
    const report = await startLoad({ host: '127.0.0.1', port: floor.port, connections, seconds, warmupS: 1 });
    await floor.stop();
    return toRate(report);
  });
}

/** The second start: the first one of a home also makes its schema. */
function idle(): Promise<{ startMs: number; idleRssMb: number }> {
  return inFolder(async (dir) => {
    await (await startRealHub({ dir })).stop();
    const hub = await startRealHub({ dir });
    await pause(IDLE_MS);
    const idleRssMb = toMb((await hub.memory()).rss);
    await hub.stop();
    return { startMs: Math.round(hub.startMs), idleRssMb };
  });
}

export function feedRate(
  ack: 'received' | 'applied',
  connections: number,
  seconds: number,
  { floorPerS, syncUs }: { readonly floorPerS: number; readonly syncUs?: number | undefined },
): Promise<FeedRate> {
  return inFolder(async (dir) => {
    const hub = await startRealHub({ dir, syncUs });
    const journal = new DatabaseSync(join(dir, 'home/journal.db'), { readOnly: true });
    const oldest = journal.prepare("SELECT MIN(received_at) AS at FROM message WHERE state IN ('received', 'claimed')");
    const applied = journal.prepare("SELECT COUNT(*) AS n FROM message WHERE state = 'applied'");
    const rows = journal.prepare('SELECT COUNT(*) AS n FROM message');
    const count = (statement: typeof rows): number => (statement.get() as { n: number }).n;
    let oldestBacklogMs = 0;
    const watch = setInterval(() => {
      const { at } = oldest.get() as { at: number | null };
      if (at !== null) oldestBacklogMs = Math.max(oldestBacklogMs, Date.now() - at);
    }, 500);
    const load = startLoad({
      host: '127.0.0.1',
      port: hub.ports[ack],
      connections,
      seconds,
      warmupS: WARMUP_S,
      patients: 20_000,
    });
    await pause(WARMUP_S * 1000);
    const [before, beganMs] = [count(applied), performance.now()];
    const report = await load;
    const appliedPerS = ((count(applied) - before) * 1000) / (performance.now() - beganMs);
    clearInterval(watch);
    const { rss, mapped } = await hub.memory();
    const figures = {
      ...toRate(report),
      appliedPerS: Math.round(appliedPerS),
      ofFloor: Number((report.acceptedPerS / floorPerS).toFixed(2)),
      oldestBacklogMs,
      rssMb: toMb(rss),
      mappedMb: toMb(mapped),
      missing: report.accepted - count(rows),
    };
    journal.close();
    await hub.stop('SIGKILL');
    return figures;
  });
}

/** Updates and safety notes of one clinic over 16 connections; every safety note must reach the other clinic's engine once, in order. */
async function deliveredRate(seconds: number): Promise<Delivered> {
  const target = await demoTarget(Math.random);
  const hub = await target.start();
  const names = Array.from({ length: 16 }, (_, i) => `S${i}`);
  await target.prepare(names.flatMap((name) => Array.from({ length: 10 }, (_, i) => `${name}P${i}`)));
  const senders = names.map((name) => new CrashSender(target.port, name, 10, (message) => target.write(message)));
  const began = performance.now();
  const running = senders.map((sender) => sender.run());
  await pause(seconds * 1000);
  for (const sender of senders) sender.stop();
  await Promise.all(running);
  const acceptedS = (performance.now() - began) / 1000;
  const acked = senders.flatMap((sender) => sender.acked);
  await target.drained(acked);
  const deliveredS = (performance.now() - began) / 1000;
  hub.kill('SIGTERM');
  await new Promise((resolve) => hub.once('exit', resolve));
  const { lost, notOnce, deliveredNotOnce, outOfOrder } = await target.verify(acked);
  await target.close();
  const notes = acked.filter(({ serial }) => serial % 4 === 0).length;
  return {
    acceptedPerS: Math.round(acked.length / acceptedS),
    deliveredPerS: Math.round(notes / deliveredS),
    acknowledged: acked.length,
    wrong: lost.length + notOnce.length + deliveredNotOnce.length + outOfOrder.length,
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '10' }, 'sync-us': { type: 'string' } },
  });
  const seconds = Number(values.seconds);
  const slow = values['sync-us'];
  const figures = slow === undefined ? await benchHub(seconds) : await benchFeeds(seconds, Number(slow));
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
