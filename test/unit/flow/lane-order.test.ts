import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openPostgresDatabase } from '../../../src/database/postgres.ts';
import { flowCommands, flowMigrations } from '../../../src/flow/flow-commands.ts';
import type { RoutedEvent } from '../../../src/model/flow.ts';
import { scratchDatabase } from '../../e2e/scratch-database.ts';
import { POSTGRES } from '../../flow/flow-kit.ts';

const LANES = 40;
const ROUNDS = 25;

const event = (person: number, key: string): RoutedEvent => ({
  recipient: 'riverside',
  organization: 'riverside',
  eventKey: key,
  kind: 'appointment',
  lane: 'normal',
  person: `p${person}`,
  purpose: 'TREAT',
  resources: [],
});

/** The server ends a deadlock after a second, which a retry would hide: they are counted in a database of its own. */
it.skipIf(!POSTGRES)(
  'transactions that enter the same lanes in other orders never wait for each other in a ring',
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
        const made = await Promise.all([
          insert('a', up),
          insert('b', up.toReversed()),
          insert('c', up),
          insert('d', up.toReversed()),
        ]);
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
