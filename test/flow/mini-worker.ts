import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { SqliteWorkerData } from '../../src/database/sqlite.ts';
import { hostSqlite } from '../../src/database/sqlite-host.ts';
import { miniCommands, miniMigrations } from './mini-commands.ts';

const port = parentPort as unknown as MessagePort;
await hostSqlite({ ...(workerData as SqliteWorkerData), port, commands: miniCommands, migrations: miniMigrations });
