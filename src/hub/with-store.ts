import { randomUUID } from 'node:crypto';
import { type AccessAdmin, makeAccessAdmin } from '../api/access.ts';
import { loadConfig } from '../config/load.ts';
import type { Database } from '../model/database.ts';
import { loadHubKey } from './key.ts';
import { openDatabases } from './open.ts';

/** Opens the configured store for one change while no hub runs on it, and closes it again. Throws HomeLocked when one does. */
export async function withStore<T>(change: (admin: AccessAdmin, database: Database) => Promise<T>): Promise<T> {
  const config = loadConfig();
  const databases = await openDatabases(config, loadHubKey(config.keyFile));
  try {
    const database = databases.store;
    return await change(makeAccessAdmin({ database, clock: { now: Date.now }, newId: randomUUID }), database);
  } finally {
    await databases.close();
  }
}
