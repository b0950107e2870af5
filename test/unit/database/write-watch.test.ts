import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/command.ts';
import { openSqliteDatabase } from '../../../src/database/sqlite.ts';
import { WriteWatch } from '../../../src/database/write-watch.ts';
import type { Database } from '../../../src/model/database.ts';
import { temporaryDir } from '../../flow/flow-kit.ts';

const APPEND = 'journal.append';

describe('the watch over the writes of a database', () => {
  let dir: string;
  let journal: Database;
  /** Commands that reached the database, and what it does to them. */
  let written: string[];
  let meet: (command: string) => Promise<void>;
  let now: number;
  let watch: WriteWatch;

  beforeEach(async () => {
    dir = await temporaryDir();
    const worker = new URL('../../../src/workers/journal-worker.ts', import.meta.url);
    journal = await openSqliteDatabase({ file: join(dir, 'j.db'), worker, readers: 1, readTimeoutMs: 5000, env: {} });
    [written, now, meet] = [[], 1_000_000, async () => {}];
    const counted: Database = {
      ...journal,
      write: async (command, args) => {
        written.push(command);
        await meet(command);
        return journal.write(command, args);
      },
    };
    watch = new WriteWatch(counted, {
      now: () => now,
      probe: 'journal.probe',
      wrote: (command) => command === APPEND,
    });
  });
  afterEach(async () => {
    await journal.close();
    await rm(dir, { recursive: true, force: true });
  });

  const append = () => watch.database.write(APPEND, { messages: [], leaseMs: 0, now });
  const full = async () => {
    throw new DatabaseError('database.full', 'full');
  };
  const probes = () => written.filter((each) => each === 'journal.probe').length;

  it('writes nothing of its own while writes succeed, and once where none was seen for ten seconds', async () => {
    await append();
    expect(await watch.fault()).toBeUndefined();
    now += 9_000;
    await append();
    now += 9_000;
    expect(await watch.fault()).toBeUndefined();
    expect(probes()).toBe(0);
    now += 2_000;
    for (let i = 0; i < 20; i += 1) expect(await watch.fault()).toBeUndefined();
    expect(probes()).toBe(1);
  });

  it('a write that the engine fails is a fault at once; only a probe that is written ends it, a second later', async () => {
    meet = full;
    await expect(append()).rejects.toMatchObject({ code: 'database.full' });
    const since = now;
    expect(await watch.fault()).toEqual({ code: 'database.full', since });
    now += 1_000;
    expect(await watch.fault()).toEqual({ code: 'database.full', since });
    // A write that finds nothing to do succeeds on a full disk as well.
    meet = async (command) => (command === 'journal.probe' ? full() : undefined);
    await append();
    now += 1_000;
    expect(await watch.fault()).toEqual({ code: 'database.full', since });
    meet = async () => {};
    expect(await watch.fault()).toEqual({ code: 'database.full', since });
    now += 1_000;
    expect(await watch.fault()).toBeUndefined();
  });

  it('a refusal by a command is no fault of the database', async () => {
    meet = async (command) => {
      if (command === APPEND) throw new DatabaseError('database.conflict', 'another was first');
    };
    await expect(append()).rejects.toMatchObject({ code: 'database.conflict' });
    expect(await watch.fault()).toBeUndefined();
  });

  it('a database that does not answer is a fault after five seconds, asked once and not piled up', async () => {
    let answer: () => void = () => {};
    meet = () => new Promise((resolve) => (answer = resolve));
    expect(await watch.fault()).toMatchObject({ code: 'database.timeout' });
    now += 2_000;
    const asked = [watch.fault(), watch.fault()];
    expect(probes()).toBe(1);
    answer();
    expect(await Promise.all(asked)).toEqual([undefined, undefined]);
  }, 15_000);
});
