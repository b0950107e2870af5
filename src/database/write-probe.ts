import { randomBytes } from 'node:crypto';
import type { Command } from './command.ts';
import type { Migration } from './migrate.ts';

/** More than a message of the usual size with its rows: the last free page of a disk must not pass for room. */
const PROBE_BYTES = 64 * 1024;

/** A table of one row that a probe writes over and over. `table` is the hub's own word and never from outside. */
export const probeMigration = (name: string, table: string): Migration => ({
  name,
  up: (dialect) => [
    `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, bytes ${dialect === 'sqlite' ? 'BLOB' : 'BYTEA'} NOT NULL)`,
  ],
});

/** Writes what no engine can compress or leave out. Its commit shows that the database takes writes now, and no more. */
export const probeCommand =
  (table: string): Command =>
  (tx) =>
    tx.run(`INSERT INTO ${table} (id, bytes) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes`, [
      randomBytes(PROBE_BYTES),
    ]);
