import type { Clock } from '../model/clock.ts';
import type { Database } from '../model/database.ts';
import type { Applied, Store, Stored } from '../model/store.ts';
import type { ApplyArgs } from './apply.ts';
import type { PutArgs, SearchArgs } from './commands.ts';
import { ReadTogether } from './read-together.ts';

/** The `Store` port over a database that has the server's commands. A resolved write is durable. */
export function makeStore(database: Database, clock: Clock): Store {
  const together = new ReadTogether(database);
  return {
    apply: (unit) => database.write<Applied>('store.apply', { unit, at: clock.now() } satisfies ApplyArgs),
    read: (type, id, as) => together.read(type, id, as),
    search: (query, as) => database.read<Stored[]>('store.search', { query, as, at: clock.now() } satisfies SearchArgs),
    put: (resource, by) => database.write<Stored>('store.put', { resource, by, at: clock.now() } as PutArgs),
  };
}
