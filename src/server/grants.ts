import type { SqlValue, Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import type { Grant } from '../model/visibility.ts';
import type { Engine, GrantFacts, OwnedFact } from './engine.ts';
import { affiliationsOf } from './parties.ts';
import { parseRow, type Row } from './rows.ts';
import { insertRows, lockNames, queryKeys } from './statements.ts';

/**
 * Derives anew who may see what of these persons, from their facts as they stand in this transaction.
 * Grants are never edited by anything else, so what a revoked consent opened is closed when its commit is.
 */
export async function deriveGrants(tx: Tx, engine: Engine, persons: Iterable<string>): Promise<void> {
  const each = [...persons].filter((person) => person !== '').sort();
  // Of two writers of one person's facts the second must see what the first wrote.
  lockNames(
    tx,
    each.map((person) => `grants ${person}`),
  );
  for (const person of each) await deriveFor(tx, engine, person);
}

async function deriveFor(tx: Tx, engine: Engine, person: string): Promise<void> {
  const facts = await personFacts(tx, engine, person);
  await replaceGrants(tx, person, facts.facts.length === 0 ? [] : engine.grants.derive(facts));
}

/** All that decides who may see what of a person, as it stands in this transaction. */
export async function personFacts(tx: Tx, engine: Engine, person: string): Promise<GrantFacts> {
  const types = [...engine.grants.factTypes, 'Patient'];
  const rows =
    person === ''
      ? []
      : await tx.query<Row>(
          `SELECT * FROM resource WHERE person = ? AND type IN (${types.map(() => '?').join(', ')}) AND deleted = 0 ORDER BY type, id`,
          [person, ...types],
        );
  const keys = bodyKeysOf(tx.env);
  const patients = rows
    .filter(({ type }) => type === 'Patient')
    .map((row) => ({ patient: row.id, owner: row.owner_org }));
  const factRows = rows.filter(({ type }) => engine.grants.factTypes.includes(type));
  const parties = await partiesByRow(tx, factRows);
  const facts = factRows.map(
    (row): OwnedFact => ({
      resource: parseRow(row, keys),
      ...(row.owner_org === '' ? {} : { owner: row.owner_org }),
      parties: parties.get(row.rid) ?? [],
    }),
  );
  return { person, patients, facts, affiliations: await affiliationsOf(tx, engine.grants.affiliationsNeeded(facts)) };
}

async function partiesByRow(tx: Tx, rows: readonly Row[]): Promise<Map<number, string[]>> {
  const found = new Map<number, string[]>();
  const parties = await queryKeys<{ rid: number; org: string }>(
    tx,
    'SELECT rid, org FROM resource_party WHERE rid IN $KEYS',
    rows.map(({ rid }) => [rid]),
  );
  for (const { rid, org } of parties) found.set(rid, [...(found.get(rid) ?? []), org]);
  return found;
}

const COLUMNS = 'person, owner, recipient, purpose, labels, withheld, since, until, basis';

async function replaceGrants(tx: Tx, person: string, grants: readonly Grant[]): Promise<void> {
  const now = grants.map((grant): readonly SqlValue[] => [
    grant.person,
    grant.owner,
    grant.recipient,
    grant.purpose,
    grant.labels,
    `,${grant.typesWithheld.join(',')},`,
    grant.since,
    grant.until ?? null,
    grant.basis,
  ]);
  const had = await tx.query<Record<string, SqlValue>>(`SELECT ${COLUMNS} FROM access_grant WHERE person = ?`, [
    person,
  ]);
  const text = (values: readonly SqlValue[]): string => JSON.stringify(values);
  const names = COLUMNS.split(', ');
  const before = had.map((row) => text(names.map((name) => row[name] ?? null))).sort();
  const after = now.map(text).sort();
  if (before.length === after.length && before.every((each, at) => each === after[at])) return;
  tx.send('DELETE FROM access_grant WHERE person = ?', [person]);
  insertRows(tx, `INSERT INTO access_grant (${COLUMNS}) VALUES`, now);
}
