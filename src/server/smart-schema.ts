import type { Tx } from '../database/command.ts';
import type { Migration } from '../database/migrate.ts';

/**
 * SMART App Launch: people who may sign in, their sessions in a browser, registered apps, what people granted to apps, and through
 * which app an access came.
 * Codes, tokens and session cookies stand here as hashes only. Instants are milliseconds since the epoch.
 */
export const smartMigration: Migration = { name: 'server-0009-smart', up: tables };

function tables(dialect: Tx['dialect']): string[] {
  // Byte order on both engines, as in the other tables.
  const t = dialect === 'sqlite' ? 'TEXT' : 'TEXT COLLATE "C"';
  return [
    `ALTER TABLE audit ADD COLUMN app ${t}`,
    'ALTER TABLE client ADD COLUMN redirect_uris TEXT',
    'ALTER TABLE client ADD COLUMN launch_uri TEXT',
    'ALTER TABLE client ADD COLUMN public INTEGER NOT NULL DEFAULT 0',
    `CREATE TABLE login (
      name ${t} PRIMARY KEY, password_hash TEXT NOT NULL, practitioner_role ${t} NOT NULL, scopes TEXT NOT NULL,
      created_at BIGINT NOT NULL, disabled_at BIGINT)`,
    `CREATE TABLE login_session (
      hash ${t} PRIMARY KEY, login ${t} NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)`,
    'CREATE INDEX login_session_expiry ON login_session (expires_at)',
    `CREATE TABLE launch (
      hash ${t} PRIMARY KEY, client ${t}, login ${t}, patient ${t} NOT NULL, encounter ${t}, expires_at BIGINT NOT NULL,
      used_at BIGINT)`,
    'CREATE INDEX launch_expiry ON launch (expires_at)',
    `CREATE TABLE app_grant (
      id ${t} PRIMARY KEY, client ${t} NOT NULL, login ${t} NOT NULL, session ${t} NOT NULL, scopes TEXT NOT NULL, patient ${t},
      encounter ${t}, nonce TEXT, redirect_uri TEXT NOT NULL, challenge TEXT NOT NULL, signed_in_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL, revoked_at BIGINT)`,
    'CREATE INDEX app_grant_expiry ON app_grant (expires_at)',
    `CREATE TABLE app_token (
      hash ${t} PRIMARY KEY, kind TEXT NOT NULL, grant_id ${t} NOT NULL, scopes TEXT NOT NULL, issued_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL, used_at BIGINT)`,
    'CREATE INDEX app_token_grant ON app_token (grant_id)',
    'CREATE INDEX app_token_expiry ON app_token (kind, expires_at)',
  ];
}

/** People who sign in as patients: `practitioner_role` is '' for them. */
export const patientLoginMigration: Migration = {
  name: 'server-0011-patient-login',
  up: (dialect) => [`ALTER TABLE login ADD COLUMN patient ${dialect === 'sqlite' ? 'TEXT' : 'TEXT COLLATE "C"'}`],
};
