import pg from 'pg';
import { DatabaseError, toWireError } from './command.ts';
import { type Migration, migrate } from './migrate.ts';
import { migrationTx, refuseUnsafe, SCHEMA_LOCK } from './postgres-session.ts';
import { type Cell, type Column, contentOf, type Mark, realText, type Table } from './table-copy.ts';

const FETCH_ROWS = 2000;
const CONNECT_TIMEOUT_MS = 10_000;

/** A PostgreSQL database that is being filled, under the lock that keeps hubs from starting on it. */
export interface CopyTarget {
  /** The hub's tables, after migration, without partitions. */
  readonly tables: readonly Table[];
  exec(sql: string): Promise<void>;
  /** Writes one table in one transaction. */
  fill(table: Table, batches: AsyncIterable<readonly Cell[][]>, step: (rows: number) => void): Promise<void>;
  read(table: Table): AsyncIterable<readonly Cell[][]>;
  close(): Promise<void>;
}

/**
 * Takes the database for a copy: empty, or left by a copy that was broken off, which is emptied. Leaves the mark in it, under which no
 * hub starts. Throws `database.not-empty` for any other, `database.busy` while somebody else
 * works on it, `database.unsafe` as a hub's start does.
 */
export async function openCopyTarget(url: string, migrations: readonly Migration[], mark: Mark): Promise<CopyTarget> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true });
  // A connection that breaks fails the statement under way; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    await refuseUnsafe(client);
    await lock(client);
    await refuseForeign(client, mark);
    await migrate(migrationTx(client, {}), migrations, async (sql) => {
      await client.query(sql);
    });
    const tables = await tablesOf(client);
    await take(client, tables, mark);
    return targetOn(client, tables, mark);
  } catch (error) {
    await client.end();
    const wire = toWireError(error);
    throw new DatabaseError(wire.code, wire.message);
  }
}

async function lock(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS mine', [SCHEMA_LOCK]);
  if (rows[0]?.mine !== true)
    throw new DatabaseError('database.busy', 'another copy, or a hub that starts, is at work on this database');
}

async function tablesOf(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<{ name: string; column: string; type: string }>(
    `SELECT c.relname AS name, a.attname AS column, format_type(a.atttypid, NULL) AS type
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum`,
  );
  const columns = Map.groupBy(
    rows.filter(({ name }) => name !== 'migration'),
    ({ name }) => name,
  );
  return [...columns].map(([name, all]) => ({
    name,
    columns: all.map(({ column, type }): Column => ({ name: column, type })),
  }));
}

/** Tables of somebody else, or a hub's with something in them: nothing is written there. */
async function refuseForeign(client: pg.Client, mark: Mark): Promise<void> {
  const tables = await tablesOf(client);
  const { rows } = await client.query("SELECT to_regclass('migration') IS NOT NULL AS ours");
  if (tables.length > 0 && rows[0]?.ours !== true)
    throw new DatabaseError('database.not-empty', 'the database has tables that are not of a hub');
  if (!(await isMarked(client, tables, mark))) await refuseRows(client, tables);
}

async function isMarked(client: pg.Client, tables: readonly Table[], mark: Mark): Promise<boolean> {
  if (!tables.some(({ name }) => name === mark.table)) return false;
  const { rows } = await client.query(`SELECT 1 FROM "${mark.table}" WHERE name = $1`, [mark.name]);
  return rows.length > 0;
}

async function refuseRows(client: pg.Client, tables: readonly Table[]): Promise<void> {
  for (const { name } of tables) {
    const { rows } = await client.query(`SELECT EXISTS (SELECT 1 FROM "${name}") AS filled`);
    if (rows[0]?.filled) throw new DatabaseError('database.not-empty', `the database has rows in ${name}`);
  }
}

/** Under a lock on the mark's table: a hub that was starting has claimed the database by now, or will see the mark. */
async function take(client: pg.Client, tables: readonly Table[], mark: Mark): Promise<void> {
  await client.query('BEGIN');
  await client.query(`LOCK TABLE "${mark.table}" IN ACCESS EXCLUSIVE MODE`);
  if (!(await isMarked(client, tables, mark))) await refuseRows(client, tables);
  await client.query(`TRUNCATE ${tables.map(({ name }) => `"${name}"`).join(', ')} RESTART IDENTITY`);
  await client.query(`INSERT INTO "${mark.table}" (name, value) VALUES ($1, 'copy')`, [mark.name]);
  await client.query('COMMIT');
}

function targetOn(client: pg.Client, tables: readonly Table[], mark: Mark): CopyTarget {
  return {
    tables,
    exec: async (sql) => {
      await client.query(sql);
    },
    async fill(table, batches, step) {
      const insert = insertStatement(table);
      try {
        await client.query('BEGIN');
        for await (const rows of batches) {
          await client.query(insert, columnsOf(table, rows));
          step(rows.length);
        }
        await advanceIdentity(client, table);
        await client.query('COMMIT');
      } catch (error) {
        if (error instanceof DatabaseError) throw error;
        // The server's own words may repeat a value.
        throw new DatabaseError(
          toWireError(error).code,
          `${table.name}: the rows cannot be stored (${sqlState(error)})`,
        );
      }
    },
    read: (table) => readTable(client, table, mark),
    close: () => client.end(),
  };
}

const sqlState = (error: unknown): string => String((error as { code?: unknown } | undefined)?.code ?? 'no code');

/** One parameter for each column: an array. */
function insertStatement({ name, columns }: Table): string {
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  const arrays = columns.map(({ type }, i) => `$${i + 1}::${type}[]`).join(', ');
  return `INSERT INTO "${name}" (${names}) OVERRIDING SYSTEM VALUE SELECT * FROM unnest(${arrays})`;
}

const columnsOf = (table: Table, rows: readonly (readonly Cell[])[]): unknown[] =>
  table.columns.map((_, i) =>
    rows.map((row) => {
      const cell = row[i] ?? null;
      return cell instanceof Uint8Array ? Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength) : cell;
    }),
  );

/** What the table makes next comes after all it has. */
async function advanceIdentity(client: pg.Client, { name }: Table): Promise<void> {
  const { rows } = await client.query<{ column: string }>(
    'SELECT attname AS column FROM pg_attribute WHERE attrelid = $1::regclass AND attidentity <> $2',
    [`"${name}"`, ''],
  );
  for (const { column } of rows)
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), max("${column}")) FROM "${name}" HAVING max("${column}") IS NOT NULL`,
      [`"${name}"`, column],
    );
}

/** Everything as the server's text, so that no driver rounds it. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

async function* readTable(client: pg.Client, table: Table, mark: Mark): AsyncIterable<readonly Cell[][]> {
  const columns = table.columns.map(({ name }) => `"${name}"`).join(', ');
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await client.query(
      `DECLARE copied NO SCROLL CURSOR FOR SELECT ${columns} FROM "${table.name}"${contentOf(table, mark)}`,
    );
    for (;;) {
      const { rows } = await client.query<(string | null)[]>({
        text: `FETCH ${FETCH_ROWS} FROM copied`,
        rowMode: 'array',
        types: AS_TEXT as unknown as pg.CustomTypesConfig,
      });
      if (rows.length === 0) break;
      yield rows.map((row) => table.columns.map((column, i) => fromText(row[i] ?? null, column)));
    }
  } finally {
    await client.query('ROLLBACK');
  }
}

function fromText(text: string | null, { type }: Column): Cell {
  if (text === null) return null;
  if (type === 'double precision') return realText(Number(text));
  return type === 'bytea' ? Buffer.from(text.slice(2), 'hex') : text;
}
