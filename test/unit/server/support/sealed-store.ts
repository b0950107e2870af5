import { join } from 'node:path';
import type { BodyKeys } from '../../../../src/database/envelope.ts';
import { openSqliteDatabase } from '../../../../src/database/sqlite.ts';
import { HUB } from '../../../../src/model/actor.ts';
import { EVERYTHING } from '../../../../src/model/visibility.ts';
import { makeStore } from '../../../../src/server/store.ts';
import { ENV } from './memory-store.ts';

/** A store in a given folder under given keys. */
export async function openSealedStore(home: string, bodyKeys: BodyKeys) {
  const database = await openSqliteDatabase({
    file: join(home, 'store.db'),
    worker: new URL('../../../../src/workers/store-worker.ts', import.meta.url),
    readers: 1,
    readTimeoutMs: 20_000,
    env: { ...ENV, bodyKeys },
  });
  const store = makeStore(database, { now: () => 0 });
  return {
    put: (resource: { resourceType: string; id: string; [element: string]: unknown }) => store.put(resource, HUB),
    read: (type: string, id: string) => store.read(type, id, EVERYTHING),
    close: () => database.close(),
  };
}
