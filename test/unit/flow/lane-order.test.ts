import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openPostgresDatabase } from '../../../src/database/postgres.ts';
import { flowCommands, flowMigrations } from '../../../src/flow/flow-commands.ts';
import type { ClaimedRow, RowOutcome, Settled } from '../../../src/flow/outbox-commands.ts';
import type { Database } from '../../../src/model/database.ts';
import type { RoutedEvent } from '../../../src/model/flow.ts';
import { scratchDatabase } from '../../e2e/scratch-database.ts';
import { POSTGRES } from '../../flow/flow-kit.ts';

const LANES = 40;
const SENT: RowOutcome = { kind: 'sent', ackCode: 'AA', ack: new Uint8Array() };
const ROUNDS = 25;

/** Each names a Patient of another person, as after a merge: two lanes. */
const event = (person: number, key: string): RoutedEvent => ({
  recipient: 'riverside',
  organization: 'riverside',
  eventKey: key,
  kind: 'appointment',
  lane: 'normal',
  person: `p${person}`,
  purpose: 'TREAT',
  resources: [`Patient/p${(person * 7 + 1) % LANES}`],
});

/** Rows that head their lanes leave them, one to a transaction and several. */
async function leave(db: Database): Promise<void> {
  const claim = { recipient: 'riverside', limit: 12, safetyOnly: false, leaseMs: 60_000, now: 1 };
  const rows = await db.write<ClaimedRow[]>('outbox.claim', claim);
  const settled = rows.map(({ id, lease }) => ({ id, lease, outcome: SENT }));
  const settle = (some: typeof settled) => db.write<Settled>('outbox.settle', { settled: some, now: 1 });
  const ended = await Promise.all([settle(settled.slice(0, 6)), ...settled.slice(6).map((each) => settle([each]))]);
  expect(ended.flatMap(({ lost }) => lost)).toEqual([]);
}

/** The server ends a deadlock after a second, which a retry would hide: they are counted in a database of its own. */
it.skipIf(!POSTGRES)(
  'transactions that enter and leave the same lanes in other orders never wait for each other in a ring',
  async () => {
    const scratch = await scratchDatabase();
    const db = await openPostgresDatabase({
      url: scratch.url,
      commands: {
        ...flowCommands,
        deadlocks: async (tx) =>
          Number(
            (await tx.query('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'))[0]?.deadlocks,
          ),
      },
      migrations: flowMigrations,
      env: {},
      readTimeoutMs: 10_000,
    });
    try {
      const up = Array.from({ length: LANES }, (_, at) => at);
      for (let round = 0; round < ROUNDS; round += 1) {
        const insert = (name: string, order: readonly number[]) =>
          db.write<number>('outbox.insert', { events: order.map((at) => event(at, `${name}/${round}/${at}`)), now: 1 });
        const leaving = Promise.all([leave(db), leave(db)]);
        const made = await Promise.all([
          insert('a', up),
          insert('b', up.toReversed()),
          insert('c', up),
          insert('d', up.toReversed()),
        ]);
        await leaving;
        expect(made).toEqual([LANES, LANES, LANES, LANES]);
      }
      // The server counts at the end of a transaction, and tells within a second.
      await pause(1500);
      expect(await db.read('deadlocks', {})).toBe(0);
    } finally {
      await db.close();
      await scratch.drop();
    }
  },
);
