import type { CommandTable, Tx } from '../database/command.ts';
import type { Migration } from '../database/migrate.ts';
import { HOLDER_LOCKS } from '../database/postgres-holder.ts';

/** The number of the hub that has claimed a row: see `Holder`. On SQLite there is one hub, and it is 0. */
export const holderColumn = (table: string): string =>
  `ALTER TABLE ${table} ADD COLUMN holder INTEGER NOT NULL DEFAULT 0`;

export const holderMigrations: readonly Migration[] = [
  {
    name: 'flow-0003-holders',
    up: () => [holderColumn('job'), holderColumn('outbox'), 'CREATE TABLE hub_holder (holder INTEGER PRIMARY KEY)'],
  },
];

const CLAIMED = [
  `UPDATE message SET state = 'received', lease_until = 0 WHERE state = 'claimed'`,
  `UPDATE job SET state = 'queued', lease_until = 0 WHERE state = 'claimed'`,
  `UPDATE outbox SET state = 'queued', lease_until = 0 WHERE state = 'sending'`,
] as const;

/**
 * PostgreSQL: says that this hub is there, and frees what hubs that are gone had claimed. Gives how many rows came free. The journal, the
 * jobs and the outbox lie in the one database.
 */
async function look(tx: Tx): Promise<number> {
  tx.send('INSERT INTO hub_holder (holder) VALUES (?) ON CONFLICT DO NOTHING', [tx.holder]);
  const gone = await tx.query<{ holder: number }>(
    `SELECT h.holder FROM hub_holder h WHERE h.holder <> ? AND NOT EXISTS (SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.classid::bigint = ? AND l.objid::bigint = h.holder AND l.objsubid = 2)
     ORDER BY h.holder FOR UPDATE SKIP LOCKED`,
    [tx.holder, HOLDER_LOCKS],
  );
  let freed = 0;
  for (const { holder } of gone) {
    for (const statement of CLAIMED) freed += await tx.run(`${statement} AND holder = ?`, [holder]);
    tx.send('DELETE FROM hub_holder WHERE holder = ?', [holder]);
  }
  return freed;
}

export const holderCommands: CommandTable = { 'holder.look': look };
