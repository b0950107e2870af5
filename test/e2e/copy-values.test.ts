import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../src/database/migrate.ts';
import { openSqlite } from '../../src/database/sqlite-connection.ts';
import { journalMigrations } from '../../src/flow/journal-tables.ts';
import { copyHome } from '../../src/hub/copy-home.ts';
import { storeMigrations } from '../../src/workers/store-commands.ts';
import { temporaryFolder } from './network.ts';
import { type ScratchDatabase, SERVER, scratchDatabase } from './scratch-database.ts';

const QUIET = { begin: () => {}, step: () => {}, end: () => {} };
const TEXTS = ['', 'NULL', '"{a,\\b}"', "it's ünï𝄞", '\r\n\t\u001f', '{}', 'é\u0301'];
const REALS = [0.1, 1e21, 5e-324, 1.7976931348623157e308, -123.456, 3];
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

describe.skipIf(!SERVER)('what copying must not change', () => {
  let home: string;
  let target: ScratchDatabase;
  beforeEach(async () => {
    home = temporaryFolder();
    target = await scratchDatabase();
    for (const [name, migrations] of [
      ['journal', journalMigrations],
      ['store', storeMigrations],
    ] as const) {
      const { raw, tx, close } = openSqlite(join(home, `${name}.db`), { readOnly: false, env: {} });
      await migrate(tx, migrations, (sql) => raw.exec(sql));
      if (name === 'store') {
        for (const [i, text] of TEXTS.entries())
          await tx.run('INSERT INTO idx_string (p, value, exact, rid) VALUES (1, ?, ?, ?)', [text, text, i]);
        for (const [i, real] of REALS.entries())
          await tx.run('INSERT INTO idx_number (p, lo, hi, rid) VALUES (1, ?, ?, ?)', [real, real, i]);
      } else {
        for (const month of [202601, 202602])
          await tx.run("INSERT INTO body VALUES (?, ?, 'h', 'k', ?, 9007199254740991)", [month, month, ALL_BYTES]);
        await tx.run("INSERT INTO journal_lane VALUES ('l', 41, 0)");
        await tx.run(
          `INSERT INTO message VALUES (7, 'f', 'p', 's', 'c', 'h', 1, 'peer', 'ADT^A01', '2.5.1', 1, 0, NULL, 'v', NULL, 202601,
            'claimed', 0, 3, 0, 12, 99999999999999, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, NULL, 0)`,
        );
      }
      close();
    }
  });
  afterEach(async () => {
    rmSync(home, { recursive: true, force: true });
    await target?.drop();
  });

  test('every text, number and byte arrives; a lease ends, its fencing token stays; the next id comes after the last', async () => {
    expect(await copyHome(home, target.url, QUIET)).toMatchObject({ differing: [] });
    const strings = await target.query<{ value: string }>('SELECT value FROM idx_string ORDER BY rid');
    expect(strings.map(({ value }) => value)).toEqual(TEXTS);
    const numbers = await target.query<{ lo: number }>('SELECT lo FROM idx_number ORDER BY rid');
    expect(numbers.map(({ lo }) => lo)).toEqual(REALS);
    const bodies = await target.query<{ bytes: Buffer; part: string }>(
      'SELECT bytes, tableoid::regclass::text AS part FROM body ORDER BY month',
    );
    expect(bodies).toEqual([
      { bytes: ALL_BYTES, part: 'body_202601' },
      { bytes: ALL_BYTES, part: 'body_202602' },
    ]);
    expect(await target.query('SELECT numbered::integer FROM journal_lane')).toEqual([{ numbered: 41 }]);
    const claims = 'SELECT id::integer, lease::integer, lease_until::integer, tries FROM message';
    expect(await target.query(claims)).toEqual([{ id: 7, lease: 12, lease_until: 0, tries: 3 }]);
    const next = "SELECT nextval(pg_get_serial_sequence('message', 'id'))::integer AS id";
    expect(await target.query(next)).toEqual([{ id: 8 }]);
  });
});
