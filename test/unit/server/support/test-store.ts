import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openPostgresDatabase } from '../../../../src/database/postgres.ts';
import { openSqliteDatabase } from '../../../../src/database/sqlite.ts';
import type { Actor } from '../../../../src/model/actor.ts';
import type { Clock } from '../../../../src/model/clock.ts';
import type { Database } from '../../../../src/model/database.ts';
import type { Store } from '../../../../src/model/store.ts';
import { type FhirService, makeFhirService } from '../../../../src/server/service.ts';
import { makeStore } from '../../../../src/server/store.ts';
import { type StoreEnv, storeCommands, storeMigrations } from '../../../../src/workers/store-commands.ts';

/** A store with its clock in the test's hand. */
export interface TestStore {
  readonly database: Database;
  readonly store: Store;
  readonly fhir: FhirService;
  readonly clock: Clock & { ms: number };
  /** Closes it and opens what it holds anew, as another release with other settings would. */
  reopen(options: StoreOptions): Promise<TestStore>;
  close(): Promise<void>;
}

type StoreOptions = Partial<Pick<StoreEnv, 'definitions' | 'triggers' | 'bodyKeys' | 'subscriptionEndpoints'>>;

export const POSTGRES_URL = process.env.HANDOFF_TEST_POSTGRES;
/** Both engines when a PostgreSQL is given, else the embedded one. */
export const ENGINES: readonly ('sqlite' | 'postgres')[] = POSTGRES_URL ? ['sqlite', 'postgres'] : ['sqlite'];

export const DEFINITIONS = new URL('../../../../build/definitions.json.gz', import.meta.url).href;
export const HUB_KEY = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';

export async function openTestStore(engine: 'sqlite' | 'postgres', options: StoreOptions = {}): Promise<TestStore> {
  return storeIn(engine === 'sqlite' ? sqliteHome() : await postgresHome(), options);
}

/** Where the data of a store lie, while databases on them come and go. */
interface Home {
  open(env: StoreEnv): Promise<Database>;
  remove(): Promise<void>;
}

async function storeIn(home: Home, options: StoreOptions): Promise<TestStore> {
  const env: StoreEnv = { definitions: DEFINITIONS, hubKey: HUB_KEY, issuers: {}, triggers: [], ...options };
  const database = await home.open(env);
  const clock = { ms: Date.parse('2026-03-02T10:00:00Z'), now: () => clock.ms };
  return {
    database,
    store: makeStore(database, clock),
    fhir: makeFhirService({ database, clock, base: 'http://hub.test/fhir/R4' }),
    clock,
    reopen: async (other) => {
      await database.close();
      return storeIn(home, other);
    },
    close: async () => {
      await database.close();
      await home.remove();
    },
  };
}

function sqliteHome(): Home {
  const home = mkdtempSync(join(tmpdir(), 'handoff-store-'));
  return {
    open: (env) =>
      openSqliteDatabase({
        file: join(home, 'store.db'),
        worker: new URL('../../../../src/workers/store-worker.ts', import.meta.url),
        readers: 1,
        readTimeoutMs: 20_000,
        env,
      }),
    remove: async () => rmSync(home, { recursive: true, force: true }),
  };
}

async function postgresHome(): Promise<Home> {
  const name = `handoff_test_${randomUUID().replaceAll('-', '')}`;
  const admin = async (statement: string) => {
    const client = new pg.Client(POSTGRES_URL);
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await admin(`CREATE DATABASE ${name}`);
  const url = new URL(POSTGRES_URL!);
  url.pathname = `/${name}`;
  return {
    open: (env) =>
      openPostgresDatabase({
        url: url.href,
        commands: storeCommands(env),
        migrations: storeMigrations,
        env,
        readTimeoutMs: 20_000,
      }),
    remove: () => admin(`DROP DATABASE ${name}`),
  };
}

export const client = (organization: string, scopes: readonly string[] = ['system/*.cruds']): Actor => ({
  kind: 'client',
  id: `client-of-${organization}`,
  organization,
  scopes,
});
