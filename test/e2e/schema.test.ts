import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { generalHospital } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openSqlite } from '../../src/database/sqlite-connection.ts';
import { journalMigrations } from '../../src/flow/journal-tables.ts';
import { storeMigrations } from '../../src/workers/store-commands.ts';
import { Mllp } from './mllp.ts';
import { ackOf, Cli, freePorts, handoff, ROOT, temporaryFolder } from './network.ts';
import { type ScratchDatabase, SERVER, scratchDatabase } from './scratch-database.ts';

const SCHEMAS = join(ROOT, 'fixtures', 'schemas');
const RELEASES = readdirSync(SCHEMAS);
/** What every fixture was made with: see scripts/schema-fixture.ts. */
const { admission } = generalHospital(calendar('2026-03-02'));
const FILES = [
  ['journal', journalMigrations],
  ['store', storeMigrations],
] as const;

const fixture = (release: string, name: string): string => readFileSync(join(SCHEMAS, release, name), 'utf8');

/** Tables and indexes in the database's own words, without layout. */
function schemaOf(database: DatabaseSync): string[] {
  const rows = database.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').all() as { sql: string }[];
  return rows.map(({ sql }) => sql.replace(/\s+/g, ' ')).sort();
}

/** That of the version under work is made when it is released. */
test('every version released before this one has its schema among the fixtures', () => {
  const released = [...readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').matchAll(/^## (\d+\.\d+\.\d+)/gm)];
  const { version: current } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const before = released.map(([, version]) => version).filter((version) => version !== current);
  expect(RELEASES).toEqual(expect.arrayContaining(['0.1.0', ...before]));
});

describe.each(RELEASES)('a database of release %s', (release) => {
  let home = '';
  let hub: Cli | undefined;
  let shared: ScratchDatabase | undefined;
  let fresh: ScratchDatabase | undefined;

  afterEach(async () => {
    if (hub?.isRunning) hub.signal('SIGKILL');
    await hub?.ended;
    rmSync(home, { recursive: true, force: true });
    await shared?.drop();
    await fresh?.drop();
    [hub, shared, fresh] = [undefined, undefined, undefined];
  });

  /** Starts this version on the database of the release, and looks whether it works on with what is in it. */
  async function goesOn(database: (home: string) => string): Promise<void> {
    home = temporaryFolder();
    const base = await freePorts(2);
    const settings = parse(fixture(release, 'handoff.yaml')) as {
      partners: { feeds: { transport: { port: number } }[] }[];
    };
    for (const { feeds } of settings.partners) for (const { transport } of feeds) transport.port = base + 1;
    const config = join(home, 'handoff.yaml');
    const keyFile = join(home, 'hub.key');
    copyFileSync(join(SCHEMAS, release, 'hub.key'), keyFile);
    writeFileSync(
      config,
      stringify({ ...settings, log: { level: 'warn' }, http: `127.0.0.1:${base}`, database: database(home), keyFile }),
    );
    const env = { HANDOFF_CONFIG: config };
    hub = new Cli(['start'], env);
    await hub.ready(base);

    expect(hub.out + hub.err).toMatch(/[1-9]\d* resources are indexed by older rules; run handoff reindex/);
    const rebuilt = async (...args: string[]) => JSON.parse((await handoff(['reindex', ...args], env)).out).rebuilt;
    expect(await rebuilt()).toBeGreaterThan(0);
    expect(await rebuilt()).toBe(0);

    const sender = new Mllp(base + 1);
    expect(ackOf(await sender.send(admission)).code).toBe('AA');
    const listed = async () => (await handoff(['messages', '--json'], env)).out.trim().split('\n');
    expect((await listed()).map((line) => JSON.parse(line))).toMatchObject([
      { controlId: 'GENH000001', state: 'applied' },
    ]);
    expect(ackOf(await sender.send(admission.replace('GENH000001', 'LATER1'))).code).toBe('AA');
    expect((await listed()).length).toBe(2);
    sender.close();
    hub.signal('SIGTERM');
    expect((await hub.ended).code).toBe(0);
    expect([await rebuilt(), (await rebuilt('--type', 'Patient', '--all')) > 0]).toEqual([0, true]);
  }

  test('migrates forward on SQLite: the hub starts on it, knows its messages again, and has the schema of a new one', async () => {
    await goesOn((folder) => {
      for (const [name] of FILES) {
        const database = new DatabaseSync(join(folder, `${name}.db`));
        database.exec(fixture(release, `${name}.sql`));
        database.close();
      }
      return `sqlite:${folder}`;
    });
    for (const [name, migrations] of FILES) {
      const made = openSqlite(':memory:', { readOnly: false, env: {} });
      await migrate(made.tx, migrations, (sql) => made.raw.exec(sql));
      const forward = new DatabaseSync(join(home, `${name}.db`), { readOnly: true });
      expect(schemaOf(forward)).toEqual(schemaOf(made.raw));
      forward.close();
      made.close();
    }
  });

  test.skipIf(!SERVER)(
    'migrates forward on PostgreSQL: the hub starts on it, and it has the schema of a new one',
    async () => {
      const old = await scratchDatabase();
      shared = old;
      await old.query(fixture(release, 'postgres.sql'));
      await goesOn(() => old.url);
      const made = await scratchDatabase();
      fresh = made;
      await startOn(made.url);
      for (const sql of [COLUMNS, INDEXES]) expect(await old.query(sql)).toEqual(await made.query(sql));
    },
  );

  /** A new hub makes its schema in an empty database. */
  async function startOn(url: string): Promise<void> {
    const base = await freePorts(1);
    const config = join(home, 'new.yaml');
    writeFileSync(config, stringify({ http: `127.0.0.1:${base}`, database: url, keyFile: join(home, 'new.key') }));
    hub = new Cli(['start'], { HANDOFF_CONFIG: config });
    await hub.ready(base);
    hub.signal('SIGTERM');
    expect((await hub.ended).code).toBe(0);
  }
});

/** Partitions are made for the months that have messages. */
const COLUMNS = `SELECT table_name, column_name, data_type, collation_name, is_nullable, is_identity FROM information_schema.columns
  WHERE table_schema = 'public' AND table_name !~ '^body_[0-9]+$' ORDER BY table_name, column_name`;
const INDEXES = `SELECT tablename, indexname, indexdef FROM pg_indexes
  WHERE schemaname = 'public' AND tablename !~ '^body_[0-9]+$' ORDER BY tablename, indexname`;
