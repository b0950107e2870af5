import type { CommandTable, Tx } from '../database/command.ts';
import { exchange } from './grant-exchange.ts';
import {
  addToken,
  type Granted,
  type GrantRow,
  grantedOf,
  isClient,
  isSession,
  revokeGrant,
  TOKEN,
} from './grant-rows.ts';

/** What a person let an app do; its code, access and refresh tokens hang on it and end with it. */
export interface NewGrant {
  readonly id: string;
  readonly client: string;
  readonly login: string;
  /** Hash of the session in which it was given. */
  readonly session: string;
  readonly scopes: string;
  readonly patient: string | undefined;
  readonly encounter: string | undefined;
  readonly nonce: string | undefined;
  readonly redirectUri: string;
  /** S256 code challenge. */
  readonly challenge: string;
  readonly signedInAt: number;
  readonly at: number;
  readonly expiresAt: number;
  readonly code: { readonly hash: string; readonly expiresAt: number };
  /** Hash of the launch it uses up. */
  readonly launch: string | undefined;
}

/** Grants of people to apps. Nothing here throws for a token that is no good: a refusal must be able to revoke. */
export const grantCommands: CommandTable = {
  'grant.make': makeGrant,
  'grant.exchange': exchange,
  'grant.token': (tx, { hash, at }: { hash: string; at: number }) => findToken(tx, hash, at),
  'grant.revoke': revoke,
  'grant.purge': purge,
};

/** False: the launch was used, or the session or the app is gone; then nothing is written. */
async function makeGrant(tx: Tx, grant: NewGrant): Promise<boolean> {
  if (!(await isClient(tx, grant.client)) || !(await isSession(tx, grant.session, grant.at))) return false;
  if (grant.launch !== undefined) {
    const used = await tx.run('UPDATE launch SET used_at = ? WHERE hash = ? AND used_at IS NULL AND expires_at > ?', [
      grant.at,
      grant.launch,
      grant.at,
    ]);
    if (used === 0) return false;
  }
  tx.send(
    `INSERT INTO app_grant (id, client, login, session, scopes, patient, encounter, nonce, redirect_uri, challenge,
      signed_in_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)`,
    [
      grant.id,
      grant.client,
      grant.login,
      grant.session,
      grant.scopes,
      grant.patient ?? null,
      grant.encounter ?? null,
      grant.nonce ?? null,
      grant.redirectUri,
      grant.challenge,
      grant.signedInAt,
      grant.expiresAt,
    ],
  );
  await addToken(tx, grant.id, 'code', grant.code.hash, grant.scopes, grant.at, grant.code.expiresAt);
  return true;
}

async function findToken(tx: Tx, hash: string, at: number): Promise<Granted | undefined> {
  const [row] = await tx.query<GrantRow>(TOKEN, [hash]);
  return row && grantedOf(tx, row, at);
}

/** A refresh token takes its whole grant with it, an access token only itself. Rule: RFC 7009 §2.1. */
async function revoke(tx: Tx, { hash, client, at }: { hash: string; client: string; at: number }): Promise<void> {
  const [row] = await tx.query<GrantRow>(TOKEN, [hash]);
  if (!row || row.client !== client) return;
  if (row.kind === 'access') tx.send('DELETE FROM app_token WHERE hash = ?', [hash]);
  else await revokeGrant(tx, row.id, at);
}

/** Forgets what is over. Used codes and refresh tokens stay as long as their grant, so that a second use is recognised. */
async function purge(tx: Tx, { at }: { at: number }): Promise<void> {
  tx.send("DELETE FROM app_token WHERE kind = 'access' AND expires_at <= ?", [at]);
  tx.send('DELETE FROM app_token WHERE grant_id IN (SELECT id FROM app_grant WHERE expires_at <= ?)', [at]);
  tx.send('DELETE FROM app_grant WHERE expires_at <= ?', [at]);
  tx.send('DELETE FROM launch WHERE expires_at <= ?', [at]);
  tx.send('DELETE FROM login_session WHERE expires_at <= ?', [at]);
}
