import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Command, runIn, type Tx } from '../../../src/database/command.ts';
import { openPostgresDatabase } from '../../../src/database/postgres.ts';
import type { Database } from '../../../src/model/database.ts';
import { scratchDatabase } from '../../e2e/scratch-database.ts';
import { POSTGRES } from '../../flow/flow-kit.ts';

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

it('what a command left running reaches no transaction once it has ended', async () => {
  const asked: string[] = [];
  const tx: Tx = {
    dialect: 'sqlite',
    env: {},
    holder: 0,
    noteJobs: () => {},
    query: async (sql) => {
      asked.push(sql);
      if (sql === 'fails') throw new Error('failed');
      return [];
    },
    run: async (sql) => asked.push(sql),
    insert: async (sql) => asked.push(sql),
    send: (sql) => void asked.push(sql),
  };
  const late: unknown[] = [];
  const goesOn = async (scoped: Tx): Promise<void> => {
    await scoped.query('first');
    await pause();
    for (const ask of [
      () => scoped.query('late'),
      () => scoped.run('late'),
      () => scoped.insert('late'),
      async () => scoped.send('late'),
    ])
      await ask().catch((error: { code?: string }) => late.push(error.code));
  };
  const command = (scoped: Tx) => Promise.all([goesOn(scoped), scoped.query('fails')]);
  await expect(runIn(tx, command, undefined)).rejects.toThrow('failed');
  await pause();
  await pause();
  expect(asked).toEqual(['first', 'fails']);
  expect(late).toEqual(Array(4).fill('database.failed'));
});

const ADD = 'INSERT INTO thing (name) VALUES (?)';
let attempts = 0;

const commands: Readonly<Record<string, Command>> = {
  add: async (tx: Tx, names: readonly string[]) => {
    for (const name of names) tx.send(ADD, [name]);
  },
  addAndLook: async (tx: Tx, names: readonly string[]) => {
    for (const name of names) tx.send(ADD, [name]);
    return tx.query('SELECT name FROM thing');
  },
  addAtSecondTry: async (tx: Tx, name: string) => {
    attempts += 1;
    if (attempts === 1) tx.send("DO $$ BEGIN RAISE EXCEPTION 'lost a race' USING ERRCODE = '40001'; END $$");
    tx.send(ADD, [name]);
    return tx.query('SELECT 1 AS one');
  },
  addAndRefuse: async (tx: Tx, name: string) => {
    tx.send(ADD, [name]);
    throw Object.assign(new Error('refused'), { code: 'thing.refused' });
  },
  names: async (tx: Tx) =>
    (await tx.query<{ name: string }>('SELECT name FROM thing ORDER BY name')).map((r) => r.name),
  inTransaction: async (tx: Tx) =>
    (
      await tx.query<{ n: number }>(
        `SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`,
      )
    )[0]?.n,
};

describe.skipIf(!POSTGRES)('a transaction on PostgreSQL', () => {
  let db: Database;
  let scratch: Awaited<ReturnType<typeof scratchDatabase>>;

  beforeAll(async () => {
    scratch = await scratchDatabase();
    const up = () => ['CREATE TABLE thing (name TEXT PRIMARY KEY)'];
    const migrations = [{ name: 'thing-0001', up }];
    db = await openPostgresDatabase({ url: scratch.url, commands, migrations, env: {}, readTimeoutMs: 5000 });
  });
  afterAll(async () => {
    await db.close();
    await scratch.drop();
  });

  it('keeps all that was sent when nothing fails', async () => {
    await db.write('add', ['a', 'b']);
    expect(await db.read('names', {})).toEqual(['a', 'b']);
  });

  it('a statement nobody waits for fails it by its own code, and nothing of it is kept', async () => {
    await expect(db.write('add', ['c', 'a', 'd'])).rejects.toMatchObject({ code: 'database.conflict' });
    await expect(db.write('addAndLook', ['c', 'a', 'd'])).rejects.toMatchObject({ code: 'database.conflict' });
    expect(await db.read('names', {})).toEqual(['a', 'b']);
  });

  it('a lost race in such a statement is tried again', async () => {
    await db.write('addAtSecondTry', 'c');
    expect(attempts).toBe(2);
    expect(await db.read('names', {})).toEqual(['a', 'b', 'c']);
  });

  it('a refusal undoes what was sent before it', async () => {
    await expect(db.write('addAndRefuse', 'd')).rejects.toMatchObject({ code: 'thing.refused' });
    expect(await db.read('names', {})).toEqual(['a', 'b', 'c']);
  });

  it('reads one after the other each see what was written between them, and leave no transaction open', async () => {
    for (const name of ['x1', 'x2', 'x3']) {
      const before = await db.read<string[]>('names', {});
      expect(before).not.toContain(name);
      await db.write('add', [name]);
      expect(await db.read<string[]>('names', {})).toContain(name);
    }
    await Promise.all(Array.from({ length: 20 }, () => db.read('names', {})));
    await pause();
    expect(await db.write('inTransaction', {})).toBe(0);
  });
});
