import type { Tx } from '../database/command.ts';
import type { Peer } from '../model/actor.ts';
import { coversScope, scopeWords } from '../model/scope.ts';
import { type AuditRecord, storeAudit } from './audit.ts';
import { addToken, type Granted, type GrantRow, grantedOf, isSession, revokeGrant, TOKEN } from './grant-rows.ts';

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
  /** Whoever presents it. */
  readonly peer: Peer;
}

/** `refused`: RFC 6749 error code. */
export type Exchanged =
  | { readonly outcome: 'issued'; readonly granted: Granted; readonly refreshes: boolean }
  | { readonly outcome: 'refused'; readonly error: 'invalid_grant' | 'invalid_scope' };

/**
 * New tokens for a code or a refresh token, each of which is good once: a second use means that two hold it, and revokes the whole
 * grant. Rule: RFC 6749 §4.1.2 and §10.5, RFC 9700 §2.2.2 and §4.14.2.
 */
export async function exchange(tx: Tx, asked: Exchange): Promise<Exchanged> {
  const { at } = asked;
  const refused = { outcome: 'refused', error: 'invalid_grant' } as const;
  const [row] = await tx.query<GrantRow>(`${TOKEN} AND t.kind = ?`, [asked.hash, asked.kind]);
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
    storeAudit(tx, [reuseAudit(row, asked)]);
  }
  if (!first || !granted || scopes === undefined) return refused;
  const expiresAt = Math.min(at + asked.accessSec * 1000, row.expires_at);
  await addToken(tx, row.id, 'access', asked.access, scopes, at, expiresAt);
  const refreshes = scopeWords(row.scopes).some((word) => word === 'offline_access' || word === 'online_access');
  if (refreshes) await addToken(tx, row.id, 'refresh', asked.refresh, row.scopes, at, row.expires_at);
  storeAudit(tx, [tokenAudit(granted, asked)]);
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

/** Somebody else may hold what this person gave the app: operators see it. */
const reuseAudit = ({ login: id, client: app }: GrantRow, { at, peer }: Exchange): AuditRecord => ({
  at,
  actor: { kind: 'user', id, app, scopes: [], peer },
  action: 'L',
  outcome: 401,
  query: 'reuse',
});

function tokenAudit({ client: app, patient, holder }: Granted, { at, peer }: Exchange): AuditRecord {
  const { name: id, organization, practitionerRole } = holder;
  const role = practitionerRole === undefined ? {} : { organization, practitionerRole };
  return {
    at,
    actor: { kind: 'user', id, ...role, app, scopes: [], peer },
    action: 'L',
    outcome: 200,
    query: 'token',
    ...(patient === undefined ? {} : { target: `Patient/${patient}`, type: 'Patient' }),
  };
}
