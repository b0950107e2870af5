/**
 * Keeps the schema of a release with a little content, for test/e2e/schema.test.ts: `node scripts/schema-fixture.ts` at the commit of a
 * release writes fixtures/schemas/VERSION/. Needs HANDOFF_TEST_POSTGRES (a server with an empty database) and its `pg_dump`.
 * What is written is never edited: later hubs must still be able to start on it.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { stringify } from 'yaml';
import { generalHospital } from '../fixtures/demo/messages.ts';
import { calendar } from '../fixtures/demo/segment.ts';
import { checkConfig } from '../src/config/load.ts';
import { copyHome } from '../src/hub/copy-home.ts';
import { startHub } from '../src/hub/hub.ts';
import { makeLog } from '../src/hub/log.ts';
import { Mllp } from '../test/e2e/mllp.ts';

const SETTINGS = {
  http: '127.0.0.1:0',
  log: { level: 'silent' },
  partners: [
    {
      id: 'general-hospital',
      name: 'General Hospital',
      organization: 'general-hospital',
      zone: 'America/New_York',
      authorities: { GENH: 'https://general-hospital.example/sid/mrn' },
      feeds: [{ id: 'general-mllp', transport: { kind: 'mllp', host: '127.0.0.1', port: 0 } }],
    },
  ],
};

const url = process.env.HANDOFF_TEST_POSTGRES;
if (!url) throw new Error('HANDOFF_TEST_POSTGRES is not set');
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const folder = join('fixtures', 'schemas', version);
const home = mkdtempSync(join(tmpdir(), 'handoff-schema-'));
const keyFile = join(home, 'hub.key');
const silent = { begin: () => {}, step: () => {}, end: () => {} };
try {
  const hub = await startHub(
    checkConfig('schema', { ...SETTINGS, database: `sqlite:${home}`, keyFile }, {}),
    makeLog('silent'),
  );
  const sender = new Mllp(Number(hub.feeds['general-mllp']?.split(':').at(-1)));
  const answer = await sender.send(generalHospital(calendar('2026-03-02')).admission);
  sender.close();
  if (!answer.includes('MSA|AA')) throw new Error('the message was not taken');
  await hub.stop();
  mkdirSync(folder, { recursive: true });
  for (const name of ['journal', 'store']) writeFileSync(join(folder, `${name}.sql`), dump(join(home, `${name}.db`)));
  const { differing } = await copyHome(home, url, silent);
  if (differing.length > 0) throw new Error(`the copy differs: ${differing.join(', ')}`);
  writeFileSync(join(folder, 'postgres.sql'), dumpPostgres(url));
  writeFileSync(join(folder, 'hub.key'), readFileSync(keyFile));
  writeFileSync(join(folder, 'handoff.yaml'), stringify(SETTINGS));
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** Tables with their rows, then indexes: they fill faster so. */
function dump(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true });
  const all = (sql: string) => database.prepare(sql).all() as Record<string, string>[];
  const lines: string[] = [];
  for (const { type, name, sql } of all(
    "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type = 'index', rowid",
  )) {
    lines.push(`${sql};`);
    if (type !== 'table') continue;
    const columns = all(`PRAGMA table_info("${name}")`).map((column) => `quote("${column.name}")`);
    for (const { row } of all(`SELECT ${columns.join(" || ', ' || ")} AS row FROM "${name}"`))
      lines.push(`INSERT INTO "${name}" VALUES (${row});`);
  }
  database.close();
  return `${lines.join('\n')}\n`;
}

function dumpPostgres(from: string): string {
  const program = globSync('/usr/lib/postgresql/*/bin/pg_dump').at(-1) ?? 'pg_dump';
  const { status, stdout, stderr } = spawnSync(program, ['--inserts', '--no-owner', '--no-privileges', from], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(stderr);
  // Comments, blank lines and the words of psql itself are not statements.
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('--') && !line.startsWith('\\'));
  return `${lines.join('\n')}\n`;
}
