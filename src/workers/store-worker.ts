import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { SqliteWorkerData } from '../database/sqlite.ts';
import { hostSqlite } from '../database/sqlite-host.ts';
import { storeCommands, storeMigrations } from './store-commands.ts';

const { file, role, env } = workerData as SqliteWorkerData;

await hostSqlite({
  port: parentPort as MessagePort,
  file,
  role,
  commands: storeCommands(env),
  migrations: storeMigrations,
  env,
});
