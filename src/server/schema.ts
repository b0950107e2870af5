import { createHash } from 'node:crypto';
import type { Tx } from '../database/command.ts';
import type { Migration } from '../database/migrate.ts';
import { patientLoginMigration, smartMigration } from './smart-schema.ts';

type Dialect = Tx['dialect'];

const rowId = (dialect: Dialect): string =>
  dialect === 'sqlite' ? 'INTEGER PRIMARY KEY' : 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY';
/** Byte order on both engines: prefixes and keysets depend on it. */
const text = (dialect: Dialect): string => (dialect === 'sqlite' ? 'TEXT' : 'TEXT COLLATE "C"');
const real = (dialect: Dialect): string => (dialect === 'sqlite' ? 'REAL' : 'DOUBLE PRECISION');
/** On SQLite a table that is its own primary-key index: one b-tree instead of two. */
const clustered = (dialect: Dialect): string => (dialect === 'sqlite' ? ' WITHOUT ROWID' : '');

/**
 * The store's tables. Ownership, person and label columns stand on the row itself, so that visibility is a predicate on
 * stored columns and never a look into JSON. `p` of an index table is `parameterKey(type, code)`.
 * Instants are milliseconds since the epoch, except in access_grant, which compares ISO text with the reader's instant.
 */
export const serverMigrations: readonly Migration[] = [
  { name: 'server-0001-resources', up: resources },
  { name: 'server-0002-index', up: indexes },
  { name: 'server-0003-persons', up: persons },
  { name: 'server-0004-access', up: access },
  { name: 'server-0005-audit-owner', up: (dialect) => [`ALTER TABLE audit ADD COLUMN owner ${text(dialect)}`] },
  {
    name: 'server-0006-readers',
    up: () => [
      'CREATE INDEX resource_owner ON resource (owner_org, type)',
      'CREATE INDEX access_grant_recipient ON access_grant (recipient, person)',
    ],
  },
  { name: 'server-0007-folds', up: foldsByRow },
  {
    // Rows under the keys that `SAME_AS` (index-rows) has replaced, by the hash of their own names.
    name: 'server-0008-same-as',
    up: () =>
      [
        ['reference', 'Coverage.beneficiary'],
        ['string', 'Patient.phonetic'],
        ['string', 'Person.phonetic'],
        ['string', 'Practitioner.phonetic'],
        ['string', 'RelatedPerson.phonetic'],
      ].map(([table, name]) => `DELETE FROM idx_${table} WHERE p = ${ownKey(name!)}`),
  },
  smartMigration,
  {
    // What IHE BALP asks of an access beyond who and what: from where, under which token, for which patient, by which interaction.
    name: 'server-0010-audit-peer',
    up: (dialect) =>
      [
        'address TEXT',
        'request_id TEXT',
        'token TEXT',
        `patient ${text(dialect)}`,
        'interaction TEXT',
        'request TEXT',
      ].map((column) => `ALTER TABLE audit ADD COLUMN ${column}`),
  },
  patientLoginMigration,
];

const ownKey = (name: string): number => createHash('sha256').update(name).digest().readUInt32BE(0) >>> 1;

function resources(dialect: Dialect): string[] {
  const t = text(dialect);
  return [
    `CREATE TABLE resource (
      rid ${rowId(dialect)}, type ${t} NOT NULL, id ${t} NOT NULL, version INTEGER NOT NULL, last_updated BIGINT NOT NULL,
      deleted INTEGER NOT NULL, json TEXT NOT NULL, hash TEXT NOT NULL, owner_org ${t} NOT NULL, program ${t},
      person ${t} NOT NULL, patient ${t}, labels INTEGER NOT NULL, shared INTEGER NOT NULL, foreign_refs INTEGER NOT NULL,
      folded INTEGER NOT NULL)`,
    'CREATE UNIQUE INDEX resource_key ON resource (type, id)',
    'CREATE INDEX resource_updated ON resource (type, last_updated, rid)',
    'CREATE INDEX resource_person ON resource (person, type)',
    `CREATE TABLE history (
      rid BIGINT NOT NULL, version INTEGER NOT NULL, last_updated BIGINT NOT NULL, deleted INTEGER NOT NULL, json TEXT NOT NULL)`,
    'CREATE UNIQUE INDEX history_key ON history (rid, version)',
    'CREATE INDEX history_updated ON history (last_updated, rid)',
    `CREATE TABLE resource_party (rid BIGINT NOT NULL, org ${t} NOT NULL, PRIMARY KEY (rid, org))${clustered(dialect)}`,
    'CREATE INDEX resource_party_org ON resource_party (org, rid)',
    `CREATE TABLE fold (id ${t} NOT NULL, type ${t} NOT NULL, state TEXT NOT NULL, PRIMARY KEY (id, type))`,
    'CREATE TABLE group_snapshot (group_key TEXT PRIMARY KEY, state TEXT NOT NULL)',
    `CREATE TABLE apply_issue (
      id ${rowId(dialect)}, journal_id TEXT NOT NULL, severity TEXT NOT NULL, code TEXT NOT NULL, location TEXT, part TEXT,
      text TEXT NOT NULL)`,
    'CREATE INDEX apply_issue_journal ON apply_issue (journal_id)',
  ];
}

/** A fold under its resource's row: at the table's end when new, and no index of random names. */
function foldsByRow(dialect: Dialect): string[] {
  return [
    'ALTER TABLE fold RENAME TO fold_ahead',
    `CREATE TABLE fold (rid ${dialect === 'sqlite' ? 'INTEGER' : 'BIGINT'} PRIMARY KEY, state TEXT NOT NULL)`,
    `INSERT INTO fold (rid, state) SELECT r.rid, f.state FROM fold_ahead f JOIN resource r ON r.type = f.type AND r.id = f.id`,
    `DELETE FROM fold_ahead WHERE EXISTS (SELECT 1 FROM resource r WHERE r.type = fold_ahead.type AND r.id = fold_ahead.id)`,
  ];
}

function indexes(dialect: Dialect): string[] {
  const t = text(dialect);
  const table = (name: string, columns: string, key: string): string =>
    `CREATE TABLE idx_${name} (p INTEGER NOT NULL, ${columns}, rid BIGINT NOT NULL, PRIMARY KEY (${key}))${clustered(dialect)}`;
  return [
    table('token', `code ${t} NOT NULL, system ${t} NOT NULL`, 'p, code, rid, system'),
    table('string', `value ${t} NOT NULL, exact ${t} NOT NULL`, 'p, value, rid, exact'),
    table('date', 'lo BIGINT NOT NULL, hi BIGINT NOT NULL', 'p, rid, lo, hi'),
    'CREATE INDEX idx_date_lo ON idx_date (p, lo, hi, rid)',
    'CREATE INDEX idx_date_hi ON idx_date (p, hi, lo, rid)',
    table('number', `lo ${real(dialect)} NOT NULL, hi ${real(dialect)} NOT NULL`, 'p, lo, hi, rid'),
    table(
      'quantity',
      `code ${t} NOT NULL, lo ${real(dialect)} NOT NULL, hi ${real(dialect)} NOT NULL, system ${t} NOT NULL, unit ${t} NOT NULL`,
      'p, code, lo, hi, rid, system, unit',
    ),
    table('reference', `tid ${t} NOT NULL, ttype ${t} NOT NULL`, 'p, tid, ttype, rid'),
    table('uri', `value ${t} NOT NULL`, 'p, value, rid'),
    table(
      'composite',
      `code ${t} NOT NULL, system ${t} NOT NULL, code2 ${t} NOT NULL, system2 ${t} NOT NULL, lo ${real(dialect)} NOT NULL, hi ${real(dialect)} NOT NULL`,
      'p, code, code2, lo, hi, system, system2, rid',
    ),
  ];
}

function persons(dialect: Dialect): string[] {
  const t = text(dialect);
  return [
    `CREATE TABLE person (person ${t} PRIMARY KEY, created_at BIGINT NOT NULL)`,
    `CREATE TABLE person_member (
      patient ${t} NOT NULL, person ${t} NOT NULL, since BIGINT NOT NULL, until BIGINT, basis TEXT NOT NULL)`,
    'CREATE UNIQUE INDEX person_member_current ON person_member (patient) WHERE until IS NULL',
    'CREATE INDEX person_member_person ON person_member (person) WHERE until IS NULL',
    `CREATE TABLE person_identifier (patient ${t} NOT NULL, system ${t} NOT NULL, value ${t} NOT NULL,
      PRIMARY KEY (patient, system, value))${clustered(dialect)}`,
    'CREATE INDEX person_identifier_value ON person_identifier (value, system, patient)',
    `CREATE TABLE person_edge (a ${t} NOT NULL, b ${t} NOT NULL, active INTEGER NOT NULL, stamp TEXT NOT NULL, basis TEXT NOT NULL,
      PRIMARY KEY (a, b))${clustered(dialect)}`,
    'CREATE INDEX person_edge_b ON person_edge (b)',
    `CREATE TABLE access_grant (
      id ${rowId(dialect)}, person ${t} NOT NULL, owner ${t} NOT NULL, recipient ${t} NOT NULL, purpose ${t} NOT NULL,
      labels INTEGER NOT NULL, withheld ${t} NOT NULL, since ${t} NOT NULL, until ${t}, basis ${t} NOT NULL)`,
    'CREATE INDEX access_grant_person ON access_grant (person, recipient)',
  ];
}

function access(dialect: Dialect): string[] {
  const t = text(dialect);
  return [
    `CREATE TABLE client (
      id ${t} PRIMARY KEY, name ${t} NOT NULL, organization ${t}, operator INTEGER NOT NULL, scopes TEXT NOT NULL, secret_hash TEXT,
      jwks TEXT, created_at BIGINT NOT NULL, revoked_at BIGINT)`,
    `CREATE TABLE user_token (
      hash ${t} PRIMARY KEY, name TEXT NOT NULL, practitioner_role ${t} NOT NULL, scopes TEXT NOT NULL, created_at BIGINT NOT NULL,
      expires_at BIGINT, revoked_at BIGINT)`,
    `CREATE TABLE used_assertion (client ${t} NOT NULL, jti ${t} NOT NULL, expires_at BIGINT NOT NULL, PRIMARY KEY (client, jti))`,
    'CREATE INDEX used_assertion_expiry ON used_assertion (expires_at)',
    `CREATE TABLE audit (
      id ${rowId(dialect)}, at BIGINT NOT NULL, actor_kind TEXT NOT NULL, actor TEXT NOT NULL, organization TEXT, role TEXT,
      action TEXT NOT NULL, outcome INTEGER NOT NULL, type ${t}, target ${t}, version INTEGER, person ${t}, query TEXT,
      purpose TEXT)`,
    'CREATE INDEX audit_at ON audit (at)',
    'CREATE INDEX audit_target ON audit (target, at)',
  ];
}
