import { parseArgs } from 'node:util';
import { pause } from '../test/crash/crash-run.ts';
import { demoTarget, NOTE_EVERY } from '../test/crash/demo-target.ts';
import { type AckedMessage, CrashSender } from '../test/crash/sender.ts';
import { LatencyHistogram } from './latency.ts';
import { ADT_A01, startLoad } from './load.ts';

/**
 * Safety notes of one clinic to another while a hospital floods the hub with as much as it takes, and while the hub works off what the
 * flood left: how long each is on its way, from its sending to the wire of the clinic that must know. Rule: R15, H1; DESIGN 3 "Lanes". `node bench/flood.ts [--seconds 10]`.
 */
export interface Flood {
  /** Routine messages taken while they came. */
  readonly acceptedPerS: number;
  readonly during: Notes;
  readonly after: Notes;
}

interface Notes {
  readonly notes: number;
  /** From sending to the hub's answer, which means that it is applied. */
  readonly applied: Spread;
  /** From sending to the last byte of it at the other clinic's engine. */
  readonly onTheWire: Spread;
  /** Answered, and not there ten seconds after the last. */
  readonly missing: number;
}

interface Spread {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const PATIENTS = 40;
const EVERY_MS = 100;
const WARMUP_S = 2;
const LATEST_MS = 10_000;

export async function benchFlood(seconds: number): Promise<Flood> {
  const target = await demoTarget(Math.random);
  const hub = await target.start();
  try {
    await target.prepare(Array.from({ length: PATIENTS }, (_, i) => `S0P${i}`));
    const flood = startLoad({
      host: '127.0.0.1',
      port: target.received,
      connections: 16,
      seconds,
      warmupS: WARMUP_S,
      patients: 20_000,
      template: ADT_A01.replace('ADT|GENHOSP', 'GENADT|GENH').replaceAll('GENHOSP', 'GENH'),
    });
    await pause(WARMUP_S * 1000);
    const sender = new CrashSender(
      target.port,
      'S0',
      PATIENTS,
      (message) => target.write({ ...message, serial: message.serial * NOTE_EVERY }),
      EVERY_MS,
    );
    const sending = sender.run();
    const { acceptedPerS } = await flood;
    const overMs = performance.now();
    await pause(seconds * 1000);
    sender.stop();
    await sending;
    const end = performance.now() + LATEST_MS;
    while (target.told().length < sender.acked.length && performance.now() < end) await pause(50);
    const told = new Map(target.told().map(({ document, atMs }) => [document, atMs]));
    const during = sender.acked.filter(({ sentMs }) => sentMs < overMs);
    const after = sender.acked.slice(during.length);
    return { acceptedPerS: Math.round(acceptedPerS), during: held(during, told), after: held(after, told) };
  } finally {
    const ended = new Promise((resolve) => hub.once('exit', resolve));
    hub.kill('SIGKILL');
    await ended;
    await target.close();
  }
}

/** What was sent against what arrived, and when. */
function held(sent: readonly AckedMessage[], told: ReadonlyMap<string, number>): Notes {
  const applied = new LatencyHistogram();
  const onTheWire = new LatencyHistogram();
  let missing = 0;
  for (const { patient, serial, sentMs, ackedMs } of sent) {
    applied.record((ackedMs - sentMs) * 1000);
    const arrived = told.get(`${patient}x${serial * NOTE_EVERY}`);
    if (arrived === undefined) missing += 1;
    else onTheWire.record((arrived - sentMs) * 1000);
  }
  return { notes: sent.length, applied: spread(applied), onTheWire: spread(onTheWire), missing };
}

function spread(histogram: LatencyHistogram): Spread {
  const { p50Ms, p99Ms, maxMs } = histogram.summary();
  return { p50Ms, p99Ms, maxMs };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
  process.stdout.write(`${JSON.stringify(await benchFlood(Number(values.seconds)))}\n`);
}
