import { parentPort, workerData } from 'node:worker_threads';
import type { SqliteWorkerData } from '../database/sqlite.ts';
import { hostSqlite } from '../database/sqlite-host.ts';
import { journalCommands } from '../flow/journal-commands.ts';
import { journalMigrations } from '../flow/journal-tables.ts';

if (!parentPort) throw new Error('journal-worker runs as a worker thread');
await hostSqlite({
  ...(workerData as SqliteWorkerData),
  port: parentPort as unknown as Parameters<typeof hostSqlite>[0]['port'],
  commands: journalCommands,
  migrations: journalMigrations,
  // Its inserts are at the ends of its trees, and a commit that has split a page looks through the whole cache.
  cacheKb: 16_384,
});
