import type { CommandTable } from '../../../../src/database/command.ts';
import { migrate } from '../../../../src/database/migrate.ts';
import { openSqlite, type SqliteConnection } from '../../../../src/database/sqlite-connection.ts';
import { type StoreEnv, storeCommands, storeMigrations } from '../../../../src/workers/store-commands.ts';
import { HUB_KEY } from './test-store.ts';

export const ENV: StoreEnv = {
  definitions: new URL('../../../../build/definitions.json.gz', import.meta.url).href,
  hubKey: HUB_KEY,
  issuers: {},
  triggers: [],
};

let commands: CommandTable | undefined;

/** The store's commands on a database in memory, in this thread: for tests that need many stores or look at the tables. */
export interface MemoryStore extends SqliteConnection {
  run<R>(command: string, args: unknown): Promise<R>;
}

export async function memoryStore(env: StoreEnv = ENV): Promise<MemoryStore> {
  commands ??= storeCommands(ENV);
  const connection = openSqlite(':memory:', { readOnly: false, env });
  await migrate(connection.tx, storeMigrations, (text) => connection.raw.exec(text));
  return {
    ...connection,
    run: <R>(command: string, args: unknown) => commands![command]!(connection.tx, args) as Promise<R>,
  };
}
