import type { CommandTable, Tx } from '../database/command.ts';
import { activeRole } from './active-role.ts';
import { disableLogin } from './login-commands.ts';

/** A registered client as it is kept; the secret only as a hash. */
export interface ClientRecord {
  readonly id: string;
  readonly name: string;
  /** Absent only for an operator's client. */
  readonly organization: string | null;
  readonly operator: number;
  readonly scopes: string;
  readonly secret_hash: string | null;
  readonly jwks: string | null;
  readonly created_at: number;
  readonly revoked_at: number | null;
  /** JSON list of a registered app's redirect URIs; null for a client that acts for itself. */
  readonly redirect_uris: string | null;
  /** Where an EHR opens the app. */
  readonly launch_uri: string | null;
  /** 1: an app that can keep no secret. */
  readonly public: number;
}

/** Whom a personal token or a password stands for, as the store has it now. */
export type TokenHolder = { readonly name: string; readonly scopes: string } & (
  | {
      readonly practitionerRole: string;
      readonly practitioner: string | undefined;
      readonly organization: string;
      readonly patient?: never;
    }
  /** A patient who signs in to his own record. */
  | {
      readonly patient: string;
      readonly practitionerRole?: never;
      readonly practitioner?: never;
      readonly organization?: never;
    }
);

export interface UserTokenRecord {
  readonly hash: string;
  readonly name: string;
  readonly practitionerRole: string;
  readonly scopes: string;
  readonly at: number;
  readonly expiresAt: number | undefined;
}

/** Clients, personal tokens and used assertions. */
export const accessCommands: CommandTable = {
  'access.add-client': async (tx, client: ClientRecord) => {
    tx.send(
      `INSERT INTO client (id, name, organization, operator, scopes, secret_hash, jwks, created_at, revoked_at, redirect_uris,
        launch_uri, public) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        client.id,
        client.name,
        client.organization,
        client.operator,
        client.scopes,
        client.secret_hash,
        client.jwks,
        client.created_at,
        client.revoked_at,
        client.redirect_uris,
        client.launch_uri,
        client.public,
      ],
    );
  },
  'access.client': async (tx, id: string) =>
    (await tx.query<ClientRecord>('SELECT * FROM client WHERE id = ? AND revoked_at IS NULL', [id]))[0],
  'access.clients': (tx) =>
    tx.query(
      'SELECT id, name, organization, operator, scopes, redirect_uris, public, created_at, revoked_at FROM client ORDER BY created_at, id',
    ),
  'access.revoke-client': (tx, { id, at }: { id: string; at: number }) =>
    tx.run('UPDATE client SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', [at, id]),
  'access.add-user-token': async (tx, token: UserTokenRecord) => {
    if (!(await activeRole(tx, token.practitionerRole, token.at))) return false;
    tx.send(
      'INSERT INTO user_token (hash, name, practitioner_role, scopes, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, NULL)',
      [token.hash, token.name, token.practitionerRole, token.scopes, token.at, token.expiresAt ?? null],
    );
    return true;
  },
  'access.user': (tx, args: { hash: string; at: number }) => tokenHolder(tx, args),
  'access.revoke-user': async (tx, { name, at }: { name: string; at: number }) => {
    tx.send('UPDATE user_token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL', [at, name]);
    await disableLogin(tx, name, at);
  },
  'access.use-assertion': async (
    tx,
    { client, jti, expiresAt, at }: { client: string; jti: string; expiresAt: number; at: number },
  ) => {
    tx.send('DELETE FROM used_assertion WHERE expires_at < ?', [at]);
    return (
      (await tx.run('INSERT INTO used_assertion (client, jti, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', [
        client,
        jti,
        expiresAt,
      ])) === 1
    );
  },
};

async function tokenHolder(tx: Tx, { hash, at }: { hash: string; at: number }): Promise<TokenHolder | undefined> {
  const [token] = await tx.query<{ name: string; practitioner_role: string; scopes: string }>(
    'SELECT name, practitioner_role, scopes FROM user_token WHERE hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)',
    [hash, at],
  );
  const role = token && (await activeRole(tx, token.practitioner_role, at));
  if (!token || !role) return undefined;
  return { name: token.name, scopes: token.scopes, practitionerRole: token.practitioner_role, ...role };
}
