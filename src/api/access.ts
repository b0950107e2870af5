import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock, NewId } from '../model/clock.ts';
import type { Database } from '../model/database.ts';
import type { ClientRecord, UserTokenRecord } from '../server/access-commands.ts';

const scryptAsync = promisify(scrypt) as (secret: string, salt: Buffer, length: number) => Promise<Buffer>;
const HASH_BYTES = 32;

/** A personal token begins with this, so that it is told from an access token without asking the database. */
export const PERSONAL_PREFIX = 'hpt_';

export interface NewClient {
  readonly name: string;
  /** Space separated. */
  readonly scope: string;
  /** Absent: an operator's client, which sees every organization. Only the command line and /ops make those. */
  readonly organization?: string;
  /** JWK set (JSON) or its https address, for `private_key_jwt`; then there is no secret. */
  readonly jwks?: string;
}

export interface NewUser {
  readonly name: string;
  /** PractitionerRole id. */
  readonly practitionerRole: string;
  readonly scope?: string;
  readonly expiresAt?: number;
}

/** Makes and ends what people and programs come in with. Secrets are shown once and kept as hashes. */
export interface AccessAdmin {
  addClient(client: NewClient): Promise<{ client_id: string; client_secret?: string }>;
  /** Throws when the role is not active: a token never outlives it. */
  addUser(user: NewUser): Promise<{ token: string; name: string }>;
  clients(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  revokeClient(id: string): Promise<void>;
  revokeUser(name: string): Promise<void>;
}

/** SMART version 2 (or 1) on resources. A scope that opens nothing by a slip of the pen is refused when the client is made. */
const RESOURCE_SCOPE = /^(system|user)\/(\*|[A-Z][A-Za-z]+)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)(\?\S+)?$/;

export const USER_SCOPES = 'user/*.cruds';

export function makeAccessAdmin(deps: { database: Database; clock: Clock; newId: NewId }): AccessAdmin {
  const { database, clock, newId } = deps;
  return {
    async addClient({ name, scope, organization, jwks }) {
      const scopes = scope.trim().split(/\s+/);
      if (!scopes.every((each) => RESOURCE_SCOPE.test(each)))
        throw new Error('a scope is not of the form system/Patient.cruds');
      const id = newId();
      const secret = jwks === undefined ? randomBytes(32).toString('base64url') : undefined;
      const record: ClientRecord = {
        id,
        name,
        organization: organization ?? null,
        operator: organization === undefined ? 1 : 0,
        scopes: scopes.join(' '),
        secret_hash: secret === undefined ? null : await hashSecret(secret),
        jwks: jwks ?? null,
        created_at: clock.now(),
        revoked_at: null,
      };
      await database.write('access.add-client', record);
      return secret === undefined ? { client_id: id } : { client_id: id, client_secret: secret };
    },
    async addUser({ name, practitionerRole, scope, expiresAt }) {
      const token = `${PERSONAL_PREFIX}${randomBytes(32).toString('base64url')}`;
      const record: UserTokenRecord = {
        hash: hashToken(token),
        name,
        practitionerRole,
        scopes: scope ?? USER_SCOPES,
        at: clock.now(),
        expiresAt,
      };
      if (!(await database.write<boolean>('access.add-user-token', record)))
        throw new Error('there is no such active PractitionerRole');
      return { token, name };
    },
    clients: () => database.read('access.clients', undefined),
    revokeClient: async (id) => void (await database.write('access.revoke-client', { id, at: clock.now() })),
    revokeUser: async (name) => void (await database.write('access.revoke-user-tokens', { name, at: clock.now() })),
  };
}

/** Random tokens of 256 bits need no slow hash. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await scryptAsync(secret, salt, HASH_BYTES);
  return `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Takes as long for a wrong secret as for a right one. */
export async function isSecret(secret: string, stored: string): Promise<boolean> {
  const [, salt = '', hash = ''] = stored.split('$');
  const expected = Buffer.from(hash, 'base64url');
  const given = await scryptAsync(secret, Buffer.from(salt, 'base64url'), HASH_BYTES);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
