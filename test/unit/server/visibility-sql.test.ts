import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobTableMigrations } from '../../../src/database/job-table.ts';
import { migrate } from '../../../src/database/migrate.ts';
import { openSqlite, type SqliteConnection } from '../../../src/database/sqlite-connection.ts';
import { LABEL } from '../../../src/model/labels.ts';
import type { Purpose, Visibility } from '../../../src/model/visibility.ts';
import { parameterKey } from '../../../src/server/index-rows.ts';
import { serverMigrations } from '../../../src/server/schema.ts';
import { visibleRows } from '../../../src/server/visibility-sql.ts';

const ORGS = ['a', 'b', 'c'];
const PERSONS = ['', 'p1', 'p2', '*'];
const TYPES = ['Observation', 'Task', 'Condition'];
const INSTANTS = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'];
const PURPOSES: Purpose[] = ['TREAT', 'ETREAT'];

const labels = fc.subarray(Object.values(LABEL)).map((bits) => bits.reduce((all, bit) => all | bit, 0));
const row = fc.record({
  type: fc.constantFrom(...TYPES),
  owner: fc.constantFrom(...ORGS, ''),
  person: fc.constantFrom(...PERSONS),
  labels: fc.oneof(fc.constant(0), labels),
  shared: fc.constantFrom(0, 0, 0, 1),
  parties: fc.subarray(ORGS),
});
const grant = fc.record({
  person: fc.constantFrom('p1', 'p2'),
  owner: fc.constantFrom(...ORGS),
  recipient: fc.constantFrom(...ORGS),
  purpose: fc.constantFrom(...PURPOSES),
  labels: fc.oneof(fc.constant(0), labels),
  withheld: fc.subarray(TYPES),
  since: fc.constantFrom(...INSTANTS),
  until: fc.option(fc.constantFrom(...INSTANTS), { nil: undefined }),
});
type RowShape = typeof row extends fc.Arbitrary<infer T> ? T : never;
type GrantShape = typeof grant extends fc.Arbitrary<infer T> ? T : never;

/** The rule of model/visibility.ts in plain words, without SQL. */
function maySee(
  r: RowShape,
  grants: readonly GrantShape[],
  organization: string,
  purpose: Purpose,
  at: string,
): boolean {
  if (r.owner === organization || r.shared === 1) return true;
  if (r.parties.includes(organization) && (r.labels & ~LABEL.MENTAL) === 0) return true;
  return grants.some(
    (g) =>
      r.person === g.person &&
      g.recipient === organization &&
      g.owner === r.owner &&
      g.purpose === purpose &&
      (r.labels & ~g.labels) === 0 &&
      !g.withheld.includes(r.type) &&
      g.since <= at &&
      (g.until === undefined || at < g.until),
  );
}

describe('the visibility predicate', () => {
  let connection: SqliteConnection;
  beforeAll(async () => {
    connection = openSqlite(':memory:', { readOnly: false, env: {} });
    await migrate(connection.tx, [...jobTableMigrations, ...serverMigrations], (text) => connection.raw.exec(text));
  });
  afterAll(() => connection?.close());

  async function store(rows: readonly RowShape[]): Promise<void> {
    const { tx, raw } = connection;
    raw.exec('DELETE FROM resource; DELETE FROM resource_party; DELETE FROM access_grant; DELETE FROM idx_token;');
    for (const [n, r] of rows.entries()) {
      await tx.run(
        `INSERT INTO resource (rid, type, id, version, last_updated, deleted, json, hash, owner_org, program, person, patient, labels, shared, foreign_refs, folded)
         VALUES (?, ?, ?, 1, 0, 0, '{}', '', ?, NULL, ?, NULL, ?, ?, 0, 0)`,
        [n, r.type, `r${n}`, r.owner, r.person, r.labels, r.shared],
      );
      for (const org of r.parties) await tx.run('INSERT INTO resource_party (rid, org) VALUES (?, ?)', [n, org]);
    }
  }

  async function seenAs(as: Visibility): Promise<number[]> {
    const visible = visibleRows(as, 'r');
    const sql = `SELECT r.rid FROM resource r WHERE ${visible.text} ORDER BY r.rid`;
    return (await connection.tx.query<{ rid: number }>(sql, visible.params)).map(({ rid }) => rid);
  }

  it('shows a patient exactly what is of his person alone and not withheld from him, and the directory', async () => {
    const { tx } = connection;
    const coded = fc.subarray(Array.from({ length: 12 }, (_, n) => n));
    const rowsOfSome = fc.array(row, { minLength: 1, maxLength: 12 });
    const patient = fc.constantFrom('p1', 'p2', 'old', 'nobody');
    await tx.run(
      "INSERT INTO person_member (patient, person, since, basis) VALUES ('old', 'p1', 0, ''), ('p1', 'p1', 0, '')",
    );
    await fc.assert(
      fc.asyncProperty(rowsOfSome, coded, patient, async (rows, noPat, of) => {
        await store(rows);
        for (const n of noPat)
          if (rows[n])
            await tx.run("INSERT INTO idx_token (p, code, system, rid) VALUES (?, 'NOPAT', '', ?)", [
              parameterKey(rows[n].type, '_security'),
              n,
            ]);
        const person = of === 'old' ? 'p1' : of;
        const withheld = LABEL.PSYTHPN | LABEL.VERY_RESTRICTED | LABEL.PROTECTED | LABEL.UNKNOWN | LABEL.NO_DISCLOSURE;
        const expected = rows.flatMap((r, n) => {
          const own = r.person === person && (r.labels & withheld) === 0 && r.type !== 'Task' && !noPat.includes(n);
          return r.shared === 1 || own ? [n] : [];
        });
        expect(await seenAs({ kind: 'patient', patient: of, types: TYPES })).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('shows exactly the rows the rule allows, whatever rows, parties and grants there are', async () => {
    const { tx } = connection;
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        fc.array(grant, { maxLength: 8 }),
        fc.constantFrom(...ORGS),
        fc.constantFrom(...PURPOSES),
        fc.constantFrom(...INSTANTS),
        async (rows, grants, organization, purpose, at) => {
          await store(rows);
          for (const g of grants) {
            await tx.run(
              "INSERT INTO access_grant (person, owner, recipient, purpose, labels, withheld, since, until, basis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')",
              [
                g.person,
                g.owner,
                g.recipient,
                g.purpose,
                g.labels,
                `,${g.withheld.join(',')},`,
                g.since,
                g.until ?? null,
              ],
            );
          }
          const expected = rows.flatMap((r, n) => (maySee(r, grants, organization, purpose, at) ? [n] : []));
          expect(await seenAs({ kind: 'organization', organization, purpose, at })).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
