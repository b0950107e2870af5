import type { CommandTable, Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import { loadRow, parseRow } from './rows.ts';

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
}

/** Whom a personal token stands for, as the store has it now. */
export interface TokenHolder {
  readonly name: string;
  readonly scopes: string;
  readonly practitionerRole: string;
  readonly practitioner: string | undefined;
  readonly organization: string;
}

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
    await tx.run(
      `INSERT INTO client (id, name, organization, operator, scopes, secret_hash, jwks, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
      ],
    );
  },
  'access.client': async (tx, id: string) =>
    (await tx.query<ClientRecord>('SELECT * FROM client WHERE id = ? AND revoked_at IS NULL', [id]))[0],
  'access.clients': (tx) =>
    tx.query(
      'SELECT id, name, organization, operator, scopes, created_at, revoked_at FROM client ORDER BY created_at, id',
    ),
  'access.revoke-client': (tx, { id, at }: { id: string; at: number }) =>
    tx.run('UPDATE client SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', [at, id]),
  'access.add-user-token': async (tx, token: UserTokenRecord) => {
    if (!(await activeRole(tx, token.practitionerRole, token.at))) return false;
    await tx.run(
      'INSERT INTO user_token (hash, name, practitioner_role, scopes, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, NULL)',
      [token.hash, token.name, token.practitionerRole, token.scopes, token.at, token.expiresAt ?? null],
    );
    return true;
  },
  'access.user': (tx, args: { hash: string; at: number }) => tokenHolder(tx, args),
  'access.revoke-user-tokens': (tx, { name, at }: { name: string; at: number }) =>
    tx.run('UPDATE user_token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL', [at, name]),
  'access.use-assertion': async (
    tx,
    { client, jti, expiresAt, at }: { client: string; jti: string; expiresAt: number; at: number },
  ) => {
    await tx.run('DELETE FROM used_assertion WHERE expires_at < ?', [at]);
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

/**
 * The organization and practitioner of a role that is active at this instant, with its practitioner; else nothing. Only the
 * organization itself, or an operator, says who speaks for it: a role another one wrote names a colleague and opens nothing.
 */
async function activeRole(
  tx: Tx,
  id: string,
  at: number,
): Promise<{ organization: string; practitioner: string | undefined } | undefined> {
  const row = await loadRow(tx, 'PractitionerRole', id);
  if (!row || row.deleted === 1) return undefined;
  const role = parseRow(row, bodyKeysOf(tx.env)) as unknown as {
    active?: boolean;
    period?: { start?: string; end?: string };
    organization?: { reference?: string };
    practitioner?: { reference?: string };
  };
  const organization = role.organization?.reference?.replace(/^Organization\//, '');
  if (role.active !== true || !organization || !isCurrent(role.period, at)) return undefined;
  // A role is worth what its organization says: nobody appoints his own people to another one.
  if (row.owner_org !== '' && row.owner_org !== organization) return undefined;
  if (row.owner_org !== '' && row.owner_org !== organization) return undefined;
  const practitioner = role.practitioner?.reference?.replace(/^Practitioner\//, '');
  if (practitioner !== undefined) {
    const person = await loadRow(tx, 'Practitioner', practitioner);
    const inactive =
      person &&
      (person.deleted === 1 || (parseRow(person, bodyKeysOf(tx.env)) as { active?: boolean }).active === false);
    if (inactive) return undefined;
  }
  return { organization, practitioner };
}

function isCurrent(period: { start?: string; end?: string } | undefined, at: number): boolean {
  if (period?.start !== undefined && Date.parse(period.start) > at) return false;
  // A day belongs to its period whole.
  const end =
    period?.end === undefined ? undefined : Date.parse(period.end) + (period.end.length <= 10 ? 86_400_000 : 0);
  return end === undefined || end > at;
}
