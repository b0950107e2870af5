import type { CommandTable, Tx } from '../database/command.ts';
import { coversScope, scopeWords } from '../model/scope.ts';
import type { TokenHolder } from './access-commands.ts';
import { type AuditRecord, storeAudit } from './audit.ts';
import { findLogin } from './login-commands.ts';

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

type TokenKind = 'code' | 'access' | 'refresh';

/** A code or refresh token, presented for new tokens. Hashes of the new ones come along: the store never holds a token. */
export interface Exchange {
  readonly kind: 'code' | 'refresh';
  readonly hash: string;
  readonly client: string;
  /** Of a code. */
  readonly redirectUri?: string;
  readonly challenge?: string;
  /** Of a refresh: fewer than granted. */
  readonly scope?: string;
  readonly access: string;
  readonly accessSec: number;
  readonly refresh: string;
  readonly at: number;
}

/** `refused`: RFC 6749 error code. */
export type Exchanged =
  | { readonly outcome: 'issued'; readonly granted: Granted; readonly refreshes: boolean }
  | { readonly outcome: 'refused'; readonly error: 'invalid_grant' | 'invalid_scope' };

interface GrantRow {
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

const BY_TOKEN = `SELECT g.*, t.kind, t.scopes AS token_scopes, t.issued_at, t.expires_at AS token_expires_at, t.used_at
  FROM app_token t JOIN app_grant g ON g.id = t.grant_id WHERE t.hash = ?`;

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
  await tx.run(
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

/**
 * New tokens for a code or a refresh token, each of which is good once: a second use means that two hold it, and revokes the whole
 * grant. Rule: RFC 6749 §4.1.2 and §10.5, RFC 9700 §2.2.2 and §4.14.2.
 */
async function exchange(tx: Tx, asked: Exchange): Promise<Exchanged> {
  const { at } = asked;
  const refused = { outcome: 'refused', error: 'invalid_grant' } as const;
  const [row] = await tx.query<GrantRow>(`${BY_TOKEN} AND t.kind = ?`, [asked.hash, asked.kind]);
  // Another app's token is left as it is: its owner may still need it.
  if (!row || row.client !== asked.client) return refused;
  const online = asked.kind === 'refresh' && !scopeWords(row.scopes).includes('offline_access');
  const granted = await grantedOf(tx, row, at);
  if (granted && asked.kind === 'code' && !isBound(row, asked)) return refused;
  if (granted && online && !(await isSession(tx, row.session, at))) return refused;
  const scopes = asked.scope === undefined ? row.scopes : narrowed(row.scopes, asked.scope);
  if (granted && scopes === undefined) return { outcome: 'refused', error: 'invalid_scope' };
  const first =
    (await tx.run('UPDATE app_token SET used_at = ? WHERE hash = ? AND used_at IS NULL', [at, asked.hash])) === 1;
  if (!first) {
    await revokeGrant(tx, row.id, at);
    await storeAudit(tx, [reuseAudit(row, at)]);
  }
  if (!first || !granted || scopes === undefined) return refused;
  const expiresAt = Math.min(at + asked.accessSec * 1000, row.expires_at);
  await addToken(tx, row.id, 'access', asked.access, scopes, at, expiresAt);
  const refreshes = scopeWords(row.scopes).some((word) => word === 'offline_access' || word === 'online_access');
  if (refreshes) await addToken(tx, row.id, 'refresh', asked.refresh, row.scopes, at, row.expires_at);
  await storeAudit(tx, [tokenAudit(granted, at)]);
  return { outcome: 'issued', refreshes, granted: { ...granted, scopes, kind: 'access', issuedAt: at, expiresAt } };
}

const isBound = (row: GrantRow, { redirectUri, challenge }: Exchange): boolean =>
  row.redirect_uri === redirectUri && row.challenge === challenge;

/** The scopes asked for, if the grant has them all; undefined otherwise. Rule: RFC 6749 §6. */
function narrowed(has: string, asked: string): string | undefined {
  const own = scopeWords(has);
  const wanted = scopeWords(asked);
  const all = wanted.length > 0 && wanted.every((word) => own.some((each) => coversScope(each, word)));
  return all ? wanted.join(' ') : undefined;
}

/** The grant of a row that counts at this instant; undefined when token, grant, person or app has ended, or it was used up. */
async function grantedOf(tx: Tx, row: GrantRow, at: number): Promise<Granted | undefined> {
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

async function findToken(tx: Tx, hash: string, at: number): Promise<Granted | undefined> {
  const [row] = await tx.query<GrantRow>(BY_TOKEN, [hash]);
  return row && grantedOf(tx, row, at);
}

/** A refresh token takes its whole grant with it, an access token only itself. Rule: RFC 7009 §2.1. */
async function revoke(tx: Tx, { hash, client, at }: { hash: string; client: string; at: number }): Promise<void> {
  const [row] = await tx.query<GrantRow>(BY_TOKEN, [hash]);
  if (!row || row.client !== client) return;
  if (row.kind === 'access') await tx.run('DELETE FROM app_token WHERE hash = ?', [hash]);
  else await revokeGrant(tx, row.id, at);
}

async function revokeGrant(tx: Tx, id: string, at: number): Promise<void> {
  await tx.run('UPDATE app_grant SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', [at, id]);
}

/** Forgets what is over. Used codes and refresh tokens stay as long as their grant, so that a second use is recognised. */
async function purge(tx: Tx, { at }: { at: number }): Promise<void> {
  await tx.run("DELETE FROM app_token WHERE kind = 'access' AND expires_at <= ?", [at]);
  await tx.run('DELETE FROM app_token WHERE grant_id IN (SELECT id FROM app_grant WHERE expires_at <= ?)', [at]);
  await tx.run('DELETE FROM app_grant WHERE expires_at <= ?', [at]);
  await tx.run('DELETE FROM launch WHERE expires_at <= ?', [at]);
  await tx.run('DELETE FROM login_session WHERE expires_at <= ?', [at]);
}

const isClient = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx.query('SELECT id FROM client WHERE id = ? AND revoked_at IS NULL', [id])).length > 0;

const isSession = async (tx: Tx, hash: string, at: number): Promise<boolean> =>
  (await tx.query('SELECT hash FROM login_session WHERE hash = ? AND expires_at > ?', [hash, at])).length > 0;

async function addToken(
  tx: Tx,
  grant: string,
  kind: TokenKind,
  hash: string,
  scopes: string,
  at: number,
  expiresAt: number,
): Promise<void> {
  await tx.run(
    'INSERT INTO app_token (hash, kind, grant_id, scopes, issued_at, expires_at, used_at) VALUES (?, ?, ?, ?, ?, ?, NULL)',
    [hash, kind, grant, scopes, at, expiresAt],
  );
}

/** Somebody else may hold what this person gave the app: operators see it. */
const reuseAudit = ({ login: id, client }: GrantRow, at: number): AuditRecord => ({
  at,
  actor: { kind: 'user', id, scopes: [] },
  action: 'L',
  outcome: 401,
  query: `reuse ${client}`,
});

function tokenAudit({ client, patient, holder }: Granted, at: number): AuditRecord {
  const { name: id, organization, practitionerRole } = holder;
  return {
    at,
    actor: { kind: 'user', id, organization, practitionerRole, scopes: [] },
    action: 'L',
    outcome: 200,
    query: `token ${client}`,
    ...(patient === undefined ? {} : { target: `Patient/${patient}`, type: 'Patient' }),
  };
}
