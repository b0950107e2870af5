import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseError } from '../database/command.ts';
import { type CopySource, openCopySource } from '../database/copy-source.ts';
import { type CopyTarget, openCopyTarget } from '../database/copy-target.ts';
import type { Migration } from '../database/migrate.ts';
import { digestOf, type Table } from '../database/table-copy.ts';
import { bodyPartition, journalMigrations } from '../flow/journal-tables.ts';
import { storeMigrations } from '../workers/store-commands.ts';
import { CLOSED } from './closed-mark.ts';
import { lockHome } from './lock.ts';

/** What a caller shows of a copy: rows done of `total`, first while copying, then while comparing. */
export interface CopyWatch {
  begin(phase: 'copied' | 'compared', total: number): void;
  step(rows: number): void;
  end(): void;
}

/** Tables compared, their rows, and the names of those that differ: then the target stays closed. */
export interface Copied {
  readonly tables: number;
  readonly rows: number;
  readonly differing: readonly string[];
}

const FILES: readonly (readonly [string, readonly Migration[]])[] = [
  ['journal.db', journalMigrations],
  ['store.db', storeMigrations],
];

/**
 * Copies both databases of an SQLite home into one PostgreSQL database and reads both sides back. The home must not be in use
 * (HomeLocked), the target must be empty or a broken-off copy. Only when every table agrees may a hub start on the target;
 * from then on none starts on the home. Leases are not copied, as nobody holds them; fencing tokens are.
 */
export async function copyHome(home: string, url: string, watch: CopyWatch): Promise<Copied> {
  refuseMissing(home);
  const lock = lockHome(home);
  const sources: CopySource[] = [];
  let target: CopyTarget | undefined;
  try {
    for (const [file, migrations] of FILES) sources.push(await openCopySource(join(home, file), migrations, CLOSED));
    target = await openCopyTarget(
      url,
      FILES.flatMap(([, migrations]) => migrations),
      CLOSED,
    );
    const pairs = pairTables(sources, target.tables);
    const total = pairs.reduce((sum, { source, table }) => sum + source.count(table), 0);
    await fill(pairs, target, total, watch);
    const differing = await compare(pairs, target, total, watch);
    if (differing.length === 0) {
      sources.find(({ tables }) => tables.includes(CLOSED.table))?.finish(closeAs('moved'));
      await target.exec(OPEN);
    }
    return { tables: pairs.length, rows: total, differing };
  } finally {
    await target?.close();
    for (const source of sources) source.close();
    lock.release();
  }
}

/** Lets a hub start again on a home that was copied: its operator decided that the copy is not to work. */
export async function reopenHome(home: string): Promise<void> {
  refuseMissing(home);
  const lock = lockHome(home);
  try {
    const source = await openCopySource(join(home, 'store.db'), storeMigrations, CLOSED);
    source.finish(OPEN);
    source.close();
  } finally {
    lock.release();
  }
}

const OPEN = `DELETE FROM ${CLOSED.table} WHERE name = '${CLOSED.name}'`;
const closeAs = (value: string): string =>
  `INSERT INTO ${CLOSED.table} (name, value) VALUES ('${CLOSED.name}', '${value}') ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

function refuseMissing(home: string): void {
  for (const [file] of FILES)
    if (!existsSync(join(home, file))) throw new DatabaseError('database.missing', `there is no ${join(home, file)}`);
}

interface Pair {
  readonly source: CopySource;
  readonly table: Table;
}

/** Each table of the target with the file that has it; a table or column that only one side knows is a fault of the program. */
function pairTables(sources: readonly CopySource[], tables: readonly Table[]): readonly Pair[] {
  const known = new Set(tables.map(({ name }) => name));
  const stray = sources.flatMap((source) => source.tables).filter((name) => !known.has(name));
  if (stray.length > 0) throw new DatabaseError('database.failed', `PostgreSQL has no ${stray.join(', ')}`);
  return tables.map((table) => {
    const source = sources.find(({ tables: all }) => all.includes(table.name));
    if (!source) throw new DatabaseError('database.failed', `SQLite has no ${table.name}`);
    const [ours, theirs] = [source.columns(table.name), table.columns.map(({ name }) => name)];
    if (ours.toSorted().join() !== theirs.toSorted().join())
      throw new DatabaseError('database.failed', `${table.name} has other columns on SQLite`);
    return { source, table };
  });
}

async function fill(pairs: readonly Pair[], target: CopyTarget, total: number, watch: CopyWatch): Promise<void> {
  watch.begin('copied', total);
  for (const { source, table } of pairs) {
    if (table.name === 'body') {
      for (const { month } of source.query<{ month: number }>('SELECT DISTINCT month FROM body'))
        await target.exec(bodyPartition(month));
    }
    await target.fill(table, source.read(table), (rows) => watch.step(rows));
  }
  watch.end();
}

async function compare(pairs: readonly Pair[], target: CopyTarget, total: number, watch: CopyWatch): Promise<string[]> {
  const differing: string[] = [];
  watch.begin('compared', total);
  for (const { source, table } of pairs) {
    const here = await digestOf(
      table,
      (each) => source.read(each),
      () => {},
    );
    const there = await digestOf(
      table,
      (each) => target.read(each),
      (rows) => watch.step(rows),
    );
    if (here.rows !== there.rows || here.hash !== there.hash) differing.push(table.name);
  }
  watch.end();
  return differing;
}
