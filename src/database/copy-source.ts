import type { DatabaseSync } from 'node:sqlite';
import { DatabaseError } from './command.ts';
import { type Migration, migrate } from './migrate.ts';
import { openSqlite } from './sqlite-connection.ts';
import { type Cell, cellOf, contentOf, isLeaseTime, type Mark, type Table } from './table-copy.ts';

const BATCH_ROWS = 1000;
/** A batch is also over when its cells are this long together. */
const BATCH_CHARS = 4 * 1024 * 1024;

/** One SQLite file of a home that nobody else has open, read in one snapshot. */
export interface CopySource {
  readonly tables: readonly string[];
  columns(table: string): readonly string[];
  count(table: Table): number;
  read(table: Table): AsyncIterable<readonly Cell[][]>;
  query<R>(sql: string): R[];
  /** Ends the snapshot and writes one statement. */
  finish(sql: string): void;
  close(): void;
}

/** Opens a file of a home under its lock and brings its schema forward, as a start of this hub would. */
export async function openCopySource(file: string, migrations: readonly Migration[], mark: Mark): Promise<CopySource> {
  const connection = openSqlite(file, { readOnly: false, env: {} });
  const { raw } = connection;
  try {
    await migrate(connection.tx, migrations, (sql) => raw.exec(sql));
    raw.exec('BEGIN');
    return sourceOn(raw, connection.close, mark);
  } catch (error) {
    connection.close();
    throw error;
  }
}

function sourceOn(raw: DatabaseSync, close: () => void, mark: Mark): CopySource {
  const query = <R>(sql: string): R[] => raw.prepare(sql).all() as R[];
  return {
    tables: query<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'migration' ORDER BY name",
    ).map(({ name }) => name),
    columns: (table) => query<{ name: string }>(`PRAGMA table_info("${table}")`).map(({ name }) => name),
    count: (table) =>
      query<{ rows: number }>(`SELECT count(*) AS rows FROM "${table.name}"${contentOf(table, mark)}`)[0]?.rows ?? 0,
    read: (table) => readTable(raw, table, mark),
    query,
    finish: (sql) => {
      raw.exec('COMMIT');
      raw.exec(sql);
    },
    close,
  };
}

async function* readTable(raw: DatabaseSync, table: Table, mark: Mark): AsyncIterable<readonly Cell[][]> {
  const columns = table.columns.map((column) => (isLeaseTime(column) ? '0' : `"${column.name}"`));
  const statement = raw.prepare(`SELECT ${columns.join(', ')} FROM "${table.name}"${contentOf(table, mark)}`);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  let batch: Cell[][] = [];
  let chars = 0;
  for (const values of statement.iterate() as unknown as Iterable<readonly unknown[]>) {
    if (values.length !== table.columns.length)
      throw new DatabaseError('database.failed', `${table.name}: a short row`);
    const row = table.columns.map((column, i) => cellOf(values[i], table, column));
    for (const cell of row) chars += cell?.length ?? 0;
    batch.push(row);
    if (batch.length < BATCH_ROWS && chars < BATCH_CHARS) continue;
    yield batch;
    batch = [];
    chars = 0;
  }
  if (batch.length > 0) yield batch;
}
