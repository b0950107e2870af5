import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryDir, until } from './flow-kit.ts';
import { type MiniHub, startMiniHub } from './mini-hub.ts';

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

const EACH_SECOND = '* * * * * *';

/** A hub with one cron whose turn waits for `go` and then asks the store. */
async function hubWithSlowCron() {
  const dir = await temporaryDir();
  ended.push(() => rm(dir, { recursive: true, force: true }));
  let go = (): void => {};
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  const turns = { begun: 0, finished: 0 };
  const run = async (): Promise<void> => {
    turns.begun += 1;
    await gone;
    await hub.notes();
    turns.finished += 1;
  };
  const hub: MiniHub = await startMiniHub({
    dir,
    partners: [],
    deps: { crons: [{ name: 'slow', schedule: EACH_SECOND, run }] },
  });
  return { hub, turns, go };
}

describe('what happens by the clock, when the hub stops', () => {
  it('a turn that runs is awaited before the databases close, and nothing is logged', async () => {
    const { hub, turns, go } = await hubWithSlowCron();
    await until('a turn began', () => turns.begun === 1);
    let isStopped = false;
    const stopped = hub.stop().then(() => {
      isStopped = true;
    });
    // Long enough for the databases of an idle hub to close.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(isStopped).toBe(false);
    go();
    await stopped;
    expect(turns).toEqual({ begun: 1, finished: 1 });
    expect(hub.log).toEqual([]);
  });

  it('a turn that does not end holds the stop no longer than the drain', async () => {
    const { hub, turns, go } = await hubWithSlowCron();
    await until('a turn began', () => turns.begun === 1);
    const before = Date.now();
    await hub.flow.stop(300);
    expect(Date.now() - before).toBeLessThan(3000);
    go();
    await hub.stop();
    expect(turns.begun).toBe(1);
  });
});
