import type { Database } from '../model/database.ts';
import type { Reindex } from '../model/reindex.ts';

/** The rebuild of the search index on an open store. It runs beside everything else a hub does. */
export const reindexOf = (database: Database): Reindex => ({
  begin: (scope) => (scope.all ? database.write('hub.reindex-begin', scope) : database.read('hub.index-left', scope)),
  step: (scope) => database.write('hub.reindex', scope),
});

/** Resources that searches may miss, because older rules indexed them. */
export const indexedByOlderRules = async (database: Database): Promise<number> =>
  (await reindexOf(database).begin({})).left;
