import type { Tx } from '../database/command.ts';
import type { TokenHolder } from './access-commands.ts';
import { findLogin } from './login-commands.ts';

/** A grant as it stands, with the person it came from. */
export interface Granted {
  readonly id: string;
  readonly client: string;
  /** Of the token asked about; those of the whole grant for a code or refresh token. */
  readonly scopes: string;
  readonly patient: string | undefined;
  readonly encounter: string | undefined;
  readonly nonce: string | undefined;
  readonly signedInAt: number;
  readonly holder: TokenHolder;
  readonly kind: TokenKind;
  readonly issuedAt: number;
  /** Of the token; milliseconds. */
  readonly expiresAt: number;
}

export type TokenKind = 'code' | 'access' | 'refresh';

/** A token with its grant, as `TOKEN` reads it. */
export interface GrantRow {
  readonly id: string;
  readonly client: string;
  readonly login: string;
  readonly session: string;
  readonly scopes: string;
  readonly patient: string | null;
  readonly encounter: string | null;
  readonly nonce: string | null;
  readonly redirect_uri: string;
  readonly challenge: string;
  readonly signed_in_at: number;
  readonly expires_at: number;
  readonly revoked_at: number | null;
  readonly kind: TokenKind;
  readonly token_scopes: string;
  readonly issued_at: number;
  readonly token_expires_at: number;
  readonly used_at: number | null;
}

/** By hash. */
export const TOKEN = `SELECT g.*, t.kind, t.scopes AS token_scopes, t.issued_at, t.expires_at AS token_expires_at, t.used_at
  FROM app_token t JOIN app_grant g ON g.id = t.grant_id WHERE t.hash = ?`;

/** The grant of a row that counts at this instant; undefined when token, grant, person or app has ended, or it was used up. */
export async function grantedOf(tx: Tx, row: GrantRow, at: number): Promise<Granted | undefined> {
  if (row.revoked_at !== null || row.used_at !== null) return undefined;
  if (row.expires_at <= at || row.token_expires_at <= at || !(await isClient(tx, row.client))) return undefined;
  const login = await findLogin(tx, row.login, at);
  if (!login) return undefined;
  const { passwordHash: _hash, ...holder } = login;
  return {
    id: row.id,
    client: row.client,
    scopes: row.token_scopes,
    patient: row.patient ?? undefined,
    encounter: row.encounter ?? undefined,
    nonce: row.nonce ?? undefined,
    signedInAt: row.signed_in_at,
    holder,
    kind: row.kind,
    issuedAt: row.issued_at,
    expiresAt: row.token_expires_at,
  };
}

/** Ends a grant with all that hangs on it. */
export async function revokeGrant(tx: Tx, id: string, at: number): Promise<void> {
  tx.send('UPDATE app_grant SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', [at, id]);
}

export const isClient = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx.query('SELECT id FROM client WHERE id = ? AND revoked_at IS NULL', [id])).length > 0;

export const isSession = async (tx: Tx, hash: string, at: number): Promise<boolean> =>
  (await tx.query('SELECT hash FROM login_session WHERE hash = ? AND expires_at > ?', [hash, at])).length > 0;

export async function addToken(
  tx: Tx,
  grant: string,
  kind: TokenKind,
  hash: string,
  scopes: string,
  at: number,
  expiresAt: number,
): Promise<void> {
  tx.send(
    'INSERT INTO app_token (hash, kind, grant_id, scopes, issued_at, expires_at, used_at) VALUES (?, ?, ?, ?, ?, ?, NULL)',
    [hash, kind, grant, scopes, at, expiresAt],
  );
}
