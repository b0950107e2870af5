import { beforeEach, describe, expect, it } from 'vitest';
import { Pace } from '../../../src/flow/pace.ts';

let clock: number;
let pace: Pace;
let done: number;

beforeEach(() => {
  clock = 0;
  done = 0;
  pace = new Pace(() => clock);
});

interface Load {
  /** Messages that come in each ms, and the part of the ms in which one is on its way to the disk. */
  readonly arrive: number;
  readonly receiving: number;
  /** What is applied in a ms at full speed. */
  readonly capacity: number;
}

/** Lets the time pass. */
function run(ms: number, { arrive, receiving, capacity }: Load): void {
  for (const end = clock + ms; clock < end; ) {
    const at = clock;
    for (let n = 0; n < arrive; n += 1) pace.arrived();
    clock = at + receiving;
    for (let n = 0; n < arrive; n += 1) pace.received();
    for (let n = 0; n < capacity; n += 1) {
      if (pace.waitMs() > 0) continue;
      pace.started();
      clock = at + Math.max(receiving, (n + 1) / capacity);
      pace.finished();
      done += 1;
    }
    clock = at + 1;
  }
}

const FLOOD: Load = { arrive: 8, receiving: 0.9, capacity: 2 };

describe('the pace of what nobody waits for', () => {
  it('is full while all that comes in can be applied', () => {
    run(3000, { ...FLOOD, arrive: 2 });
    expect(done).toBe(6000);
  });

  it('is a tenth in a flood, but for a look now and then whether it still is one', () => {
    run(1000, FLOOD);
    done = 0;
    run(20_000, FLOOD);
    expect(done / 40_000).toBeGreaterThan(0.08);
    expect(done / 40_000).toBeLessThan(0.2);
  });

  it('is full where more comes in than can be applied and no sender is kept waiting', () => {
    run(3000, { ...FLOOD, receiving: 0.2 });
    expect(done).toBe(6000);
  });

  it('is full again when the flood is over', () => {
    run(2000, FLOOD);
    run(500, { ...FLOOD, arrive: 0, receiving: 0 });
    done = 0;
    run(1000, { ...FLOOD, arrive: 0, receiving: 0 });
    expect(done).toBe(2000);
  });

  it('rests after as many as share their commits, a bounded time', () => {
    run(1000, FLOOD);
    clock += pace.waitMs();
    let started = 0;
    for (; pace.waitMs() === 0; started += 1) pace.started();
    expect(started).toBeGreaterThan(0);
    expect(started).toBeLessThanOrEqual(16);
    expect(pace.waitMs()).toBe(Number.POSITIVE_INFINITY);
    clock += 10;
    for (; started > 0; started -= 1) pace.finished();
    expect(pace.waitMs()).toBeGreaterThan(0);
    expect(pace.waitMs()).toBeLessThanOrEqual(500);
  });
});
