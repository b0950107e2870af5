import { join } from 'node:path';
import type { BotModule } from '../../bots/hub.ts';
import { BOTS } from '../../bots/registry.ts';
import type { Config } from '../config/load.ts';
import { joinCommands } from '../database/command.ts';
import { openPostgresDatabase } from '../database/postgres.ts';
import { openSqliteDatabase } from '../database/sqlite.ts';
import { WriteWatch } from '../database/write-watch.ts';
import { journalCommands } from '../flow/journal-commands.ts';
import { journalMigrations } from '../flow/journal-tables.ts';
import type { Database } from '../model/database.ts';
import type { Appended } from '../model/journal.ts';
import type { Applied, Trigger } from '../model/store.ts';
import { type StoreEnv, storeCommands, storeMigrations } from '../workers/store-commands.ts';
import type { HubKey } from './key.ts';
import { lockHome } from './lock.ts';
import { buildFile, workerUrl } from './paths.ts';
import type { Watches } from './readiness.ts';
import { mirrorTriggers, routeTriggers } from './route-job.ts';

/** The databases of one hub. On PostgreSQL both are the same. */
export interface Databases {
  readonly journal: Database;
  readonly store: Database;
  /** Folder of an embedded home, for the free space on its disk. */
  readonly home?: string;
  /** What becomes of their writes. */
  readonly watches: Watches;
  close(): Promise<void>;
}

/**
 * Opens what the configuration names and brings its schema forward. Throws HomeLocked, `database.*` codes (a closed one: `database.moved`, `database.copy-unfinished`), or `hub.key-other`
 * when the database was made with another hub key: its ids would not be found again.
 */
export async function openDatabases(config: Config, key: HubKey): Promise<Databases> {
  const env = storeEnv(config, key, BOTS);
  const opened = config.database.startsWith('sqlite:') ? await openHome(config, env) : await openShared(config, env);
  try {
    if (await opened.store.write<boolean>('hub.claim-key', key.fingerprint)) {
      await opened.store.write('hub.index-mark', undefined);
      return opened;
    }
    throw new Error(`hub.key-other: the database was made with another hub key than that of ${config.keyFile}`);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function storeEnv(config: Config, key: HubKey, modules: readonly BotModule[]): StoreEnv {
  const { encryption } = config;
  const keys = encryption && {
    current: encryption.keyId,
    keys: { ...encryption.retired, [encryption.keyId]: encryption.key },
  };
  const triggers: Trigger[] = [
    ...routeTriggers(config.partners),
    ...mirrorTriggers(config.partners),
    ...modules.flatMap((each) => each.triggers),
  ];
  return {
    definitions: buildFile('definitions.json.gz').href,
    hubKey: key.ids.toString('hex'),
    triggers,
    issuers: issuersOf(config),
    subscriptionEndpoints: config.subscriptions,
    ...(keys ? { bodyKeys: keys } : {}),
  };
}

/** Identifier system → organization that issues it. Ids depend on it: a change needs a restart. */
export function issuersOf({ partners }: Pick<Config, 'partners'>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    partners.flatMap(({ issues, organization }) => (issues ?? []).map((system) => [system, organization])),
  );
}

async function openHome(config: Config, env: StoreEnv): Promise<Databases> {
  const home = config.database.slice('sqlite:'.length);
  const lock = lockHome(home);
  const opened: Database[] = [];
  const close = async (): Promise<void> => {
    for (const database of opened.reverse()) await database.close();
    lock.release();
  };
  try {
    const shared = {
      readTimeoutMs: config.limits.queryTimeoutMs,
      env,
      checkpoints: workerUrl('checkpoint-worker'),
    };
    const [journal, store] = await Promise.all([
      openSqliteDatabase({
        ...shared,
        file: join(home, 'journal.db'),
        worker: workerUrl('journal-worker'),
        readers: 1,
      }),
      openSqliteDatabase({
        ...shared,
        file: join(home, 'store.db'),
        worker: workerUrl('store-worker'),
        readers: config.readers,
      }),
    ]);
    opened.push(journal, store);
    const watches = { journal: watched(journal, 'journal.probe'), store: watched(store, 'hub.probe') };
    return { journal: watches.journal.database, store: watches.store.database, home, watches, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openShared(config: Config, env: StoreEnv): Promise<Databases> {
  const database = await openPostgresDatabase({
    url: config.database,
    commands: joinCommands(journalCommands, storeCommands(env)),
    migrations: [...journalMigrations, ...storeMigrations],
    env,
    readTimeoutMs: config.limits.queryTimeoutMs,
  });
  const watch = watched(database, 'journal.probe');
  const { database: shared } = watch;
  return { journal: shared, store: shared, watches: { database: watch }, close: () => database.close() };
}

const watched = (database: Database, probe: string): WriteWatch =>
  new WriteWatch(database, { now: Date.now, probe, wrote });

/** The two commands of most of the traffic; what they found there already they do not write again. */
function wrote(command: string, result: unknown): boolean {
  if (command === 'journal.append') return (result as readonly Appended[]).some(({ outcome }) => outcome === 'stored');
  return command === 'store.apply' && (result as Applied).outcome === 'applied';
}
