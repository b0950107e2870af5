import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Tx } from '../../src/database/command.ts';
import { openPostgresDatabase } from '../../src/database/postgres.ts';
import { Journal } from '../../src/flow/journal.ts';
import { journalCommands } from '../../src/flow/journal-commands.ts';
import { journalMigrations } from '../../src/flow/journal-tables.ts';
import type { Database } from '../../src/model/database.ts';
import { ENGINES, freshSchema, openJournal, temporaryDir } from './flow-kit.ts';

const DAY_MS = 86_400_000;
/** A day from which a month ahead is not in the next month. */
const START = Date.UTC(2026, 0, 30, 12);
const KEPT_DAYS = 30;

/** The months that have a table of their own. */
const months = async (tx: Tx): Promise<number[]> => {
  const tables = await tx.query<{ name: string }>(
    "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'body'::regclass",
  );
  return tables.flatMap(({ name }) => (name === 'body_default' ? [] : [Number(name.slice(-6))])).sort();
};

describe.each(ENGINES)('retention of message bodies on %s', (engine) => {
  let dir: string;
  let db: Database;
  let journal: Journal;
  let now = START;
  beforeEach(async () => {
    dir = await temporaryDir();
    db =
      engine === 'sqlite'
        ? await openJournal(engine, dir)
        : await openPostgresDatabase({
            url: await freshSchema(),
            commands: { ...journalCommands, 'test.months': months },
            migrations: journalMigrations,
            env: {},
            readTimeoutMs: 5000,
          });
    journal = new Journal(db, { now: () => now, leaseMs: 60_000 });
  });
  afterEach(async () => {
    await db.close();
    await rm(dir, { recursive: true, force: true });
  });

  const receive = async (at: number): Promise<number> => {
    now = at;
    await journal.preparePartitions();
    const controlId = `C${at}`;
    const { id } = await journal.append(
      {
        feed: 'f',
        partner: 'p',
        sender: 's',
        controlId,
        hash: controlId,
        receivedAt: at,
        peer: 'test',
        trigger: 'ADT^A08',
        version: '2.5.1',
        lane: 'normal',
        lanes: [`patient ${at}`],
        passOnPark: false,
        configVersion: '1',
        bytes: Buffer.from('MSH|'),
        retentionDays: KEPT_DAYS,
      },
      false,
    );
    return id;
  };
  const apply = async (): Promise<void> => {
    const outcome = { kind: 'applied', ackCode: 'AA', mappingVersion: '1', changed: 0, parts: [] } as const;
    const claimed = await journal.claim(10);
    await journal.settle(
      claimed.map(({ id, lease }) => ({ id, lease, at: now, outcome })),
      0,
    );
  };
  const purgeAt = (at: number, limit = 10): Promise<number> => {
    now = at;
    return journal.purge(limit);
  };

  it('a message nobody has decided about keeps its body, however old it is', async () => {
    const id = await receive(START);
    expect(await purgeAt(START + 400 * DAY_MS)).toBe(0);
    expect(await journal.body(id)).toBeDefined();
    await apply();
    await purgeAt(START + 400 * DAY_MS);
    expect(await journal.body(id)).toBeUndefined();
    expect(await journal.one(id)).toMatchObject({ id, hash: `C${START}` });
  });

  it('only what is over goes, some at a time', async () => {
    const ids = [await receive(START), await receive(START + 1), await receive(START + DAY_MS)];
    await apply();
    const over = START + (KEPT_DAYS + 0.5) * DAY_MS;
    expect([await purgeAt(over, 1), await purgeAt(over, 10), await purgeAt(over, 10)]).toEqual([1, 1, 0]);
    expect(await journal.body(ids[2]!)).toBeDefined();
  });

  it.runIf(engine === 'postgres')('each month has a table before it begins, also the short one', async () => {
    await receive(START);
    expect(await db.read('test.months', {})).toEqual([202601, 202602]);
  });

  it.runIf(engine === 'postgres')(
    'a month of which every body may go is dropped whole; a younger one is not',
    async () => {
      const [january, february] = [await receive(START), await receive(START + 3 * DAY_MS)];
      await apply();
      await purgeAt(START + (KEPT_DAYS + 1) * DAY_MS, 0);
      expect(await db.read('test.months', {})).toEqual([202602, 202603]);
      expect(await journal.body(january)).toBeUndefined();
      expect(await journal.body(february)).toBeDefined();
    },
  );

  it.runIf(engine === 'postgres')('a month with a message nobody has decided about stays', async () => {
    const id = await receive(START);
    await purgeAt(START + 100 * DAY_MS);
    expect(await journal.body(id)).toBeDefined();
  });
});
