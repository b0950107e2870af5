import { DatabaseError, type Tx } from './command.ts';

/** One numbered step of the schema. Once released it is never edited. `up` gives the statements for the dialect. */
export interface Migration {
  /** `0001-journal`: order and name. */
  readonly name: string;
  up(dialect: Tx['dialect']): readonly string[];
}

/**
 * Brings the schema forward to the newest migration, each step in a transaction of its own.
 * A database that holds a step this program does not know is refused: it was written by a newer hub (`database.newer`).
 */
export async function migrate(
  tx: Tx,
  migrations: readonly Migration[],
  exec: (sql: string) => void | Promise<void>,
): Promise<void> {
  await exec('CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)');
  const done = new Set((await tx.query<{ name: string }>('SELECT name FROM migration')).map((row) => row.name));
  const known = new Set(migrations.map((m) => m.name));
  for (const name of done) {
    if (!known.has(name))
      throw new DatabaseError('database.newer', `the database has migration ${name}, which this version does not know`);
  }
  for (const migration of migrations) {
    if (done.has(migration.name)) continue;
    await exec('BEGIN');
    try {
      for (const statement of migration.up(tx.dialect)) await exec(statement);
      await tx.run('INSERT INTO migration (name, applied_at) VALUES (?, ?)', [
        migration.name,
        new Date().toISOString(),
      ]);
      await exec('COMMIT');
    } catch (error) {
      await exec('ROLLBACK');
      throw error;
    }
  }
}
