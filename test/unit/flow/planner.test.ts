import { afterAll, describe, expect, it } from 'vitest';
import { JOB_LANES, OUTBOX_LANES } from '../../../src/database/job-table.ts';
import { laneStatements } from '../../../src/database/lane.ts';
import { migrate } from '../../../src/database/migrate.ts';
import { openSqlite } from '../../../src/database/sqlite-connection.ts';
import { flowMigrations } from '../../../src/flow/flow-commands.ts';
import { JOB_SQL } from '../../../src/flow/job-commands.ts';
import { JOURNAL_QUERIES } from '../../../src/flow/journal-queries.ts';
import { CLAIM_SQLITE, JOURNAL_SQL } from '../../../src/flow/journal-sql.ts';
import { JOURNAL_LANES, journalMigrations } from '../../../src/flow/journal-tables.ts';
import { OUTBOX_SQL } from '../../../src/flow/outbox-commands.ts';
import { OUTBOX_QUERIES } from '../../../src/flow/outbox-queries.ts';

const connection = openSqlite(':memory:', { readOnly: false, env: {} });
await migrate(connection.tx, [...journalMigrations, ...flowMigrations], (sql) => connection.raw.exec(sql));
afterAll(() => connection.close());

const named = (prefix: string, statements: Readonly<Record<string, unknown>>): [string, string][] =>
  Object.entries(statements).flatMap(([name, sql]) => (typeof sql === 'string' ? [[`${prefix}.${name}`, sql]] : []));

const HOT = [
  ...named('journal', JOURNAL_SQL),
  ['journal.claim', CLAIM_SQLITE] as [string, string],
  ...named('journal', JOURNAL_QUERIES),
  ...named('job', JOB_SQL),
  ...named('outbox', OUTBOX_SQL),
  ...named('outbox', OUTBOX_QUERIES),
  ...[JOURNAL_LANES, JOB_LANES, OUTBOX_LANES].flatMap((tables) => named(tables.name, laneStatements(tables))),
];

/** A scan of a whole table grows with what the hub ever saw; one of a partial index grows with what waits. */
const OF_WHAT_WAITS = /INDEX (message_(waiting|ready|parked|untold)|outbox_(ready|open|untold)|job_(ready|open))\b/;
const scansAll = (detail: string): boolean =>
  /^SCAN (?!CONSTANT ROW|\(subquery)/.test(detail) && !OF_WHAT_WAITS.test(detail);

describe('the planner uses an index', () => {
  it.each(HOT)('%s', (_, sql) => {
    const plan = connection.raw.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    expect(plan.map(({ detail }) => detail).filter(scansAll)).toEqual([]);
  });

  it('a claim sorts nothing: the index gives safety first, then age', () => {
    const plan = connection.raw.prepare(`EXPLAIN QUERY PLAN ${CLAIM_SQLITE}`).all() as { detail: string }[];
    expect(plan.map(({ detail }) => detail).join('\n')).not.toContain('TEMP B-TREE');
    expect(plan.some(({ detail }) => detail.includes('message_ready'))).toBe(true);
  });
});
