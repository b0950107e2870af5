import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock, NewId } from '../model/clock.ts';
import type { Database } from '../model/database.ts';
import type { ClientRecord, UserTokenRecord } from '../server/access-commands.ts';
import type { LoginRecord } from '../server/login-commands.ts';
import { AccessRefused } from './access-refused.ts';
import { checkApp, checkScopes } from './smart/registration.ts';

const scryptAsync = promisify(scrypt) as (secret: string, salt: Buffer, length: number) => Promise<Buffer>;
const HASH_BYTES = 32;

/** A personal token begins with this, so that it is told from an access token without asking the database. */
export const PERSONAL_PREFIX = 'hpt_';
/** An access token that a person gave an app begins with this. */
export const APP_PREFIX = 'hat_';

export interface NewClient {
  readonly name: string;
  /** Space separated. */
  readonly scope: string;
  /** Absent: an operator's client, which sees every organization. Only the command line and /ops make those. */
  readonly organization?: string;
  /** JWK set (JSON) or its https address, for `private_key_jwt`; then there is no secret. */
  readonly jwks?: string;
  /** Makes it an app that people sign in to: the exact addresses to which a code may go. */
  readonly redirectUris?: readonly string[];
  /** Where an EHR opens the app. */
  readonly launchUri?: string;
  /** An app that can keep no secret: it proves itself by PKCE alone. */
  readonly public?: boolean;
}

export interface NewUser {
  readonly name: string;
  /** PractitionerRole id. */
  readonly practitionerRole: string;
  readonly scope?: string;
  readonly expiresAt?: number;
  /** With it the person can sign in to apps under this name. */
  readonly password?: string;
}

/** A patient who may sign in to apps that read his own record. He has no personal token: he acknowledges nothing. */
export interface NewPatientLogin {
  readonly name: string;
  /** Patient id. */
  readonly patient: string;
  readonly password: string;
}

/** Makes and ends what people and programs come in with. Secrets are shown once and kept as hashes. */
export interface AccessAdmin {
  addClient(client: NewClient): Promise<{ client_id: string; client_secret?: string }>;
  /** Throws when the role is not active: a token never outlives it. A password given replaces that of the same name. */
  addUser(user: NewUser): Promise<{ token: string; name: string }>;
  /** Throws when there is no living patient of that record. A password given replaces that of the same name. */
  addPatient(login: NewPatientLogin): Promise<{ name: string }>;
  clients(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  revokeClient(id: string): Promise<void>;
  revokeUser(name: string): Promise<void>;
}

export const USER_SCOPES = 'user/*.cruds';
const PATIENT_SCOPES = 'user/*.rs';

export function makeAccessAdmin(deps: { database: Database; clock: Clock; newId: NewId }): AccessAdmin {
  const { database, clock, newId } = deps;
  /** A name means one human to the audit: a clinician's is never given to a patient, nor the other way round. */
  const requireName = async (name: string, kind: 'clinician' | 'patient'): Promise<void> => {
    const taken = await database.read<'clinician' | 'patient' | undefined>('login.kind', name);
    if (taken !== undefined && taken !== kind)
      throw new AccessRefused('ops.name-taken', 'the name is that of a clinician or of a patient');
  };
  return {
    async addClient(client) {
      const { name, organization, jwks, redirectUris, launchUri } = client;
      const scopes = client.scope.trim().split(/\s+/);
      const isApp = redirectUris !== undefined;
      checkScopes(scopes, isApp);
      if (isApp) checkApp(client);
      const id = newId();
      const secret = jwks === undefined && client.public !== true ? randomBytes(32).toString('base64url') : undefined;
      const record: ClientRecord = {
        id,
        name,
        organization: organization ?? null,
        // An app acts for who signs in, never for itself.
        operator: organization === undefined && !isApp ? 1 : 0,
        scopes: scopes.join(' '),
        secret_hash: secret === undefined ? null : await hashSecret(secret),
        jwks: jwks ?? null,
        created_at: clock.now(),
        revoked_at: null,
        redirect_uris: isApp ? JSON.stringify(redirectUris) : null,
        launch_uri: launchUri ?? null,
        public: client.public === true ? 1 : 0,
      };
      await database.write('access.add-client', record);
      return secret === undefined ? { client_id: id } : { client_id: id, client_secret: secret };
    },
    async addUser({ name, practitionerRole, scope, expiresAt, password }) {
      await requireName(name, 'clinician');
      const passwordHash = password === undefined ? undefined : await hashSecret(checkedPassword(password));
      const { secret: token, hash } = newSecret(PERSONAL_PREFIX);
      const record: UserTokenRecord = {
        hash,
        name,
        practitionerRole,
        scopes: scope ?? USER_SCOPES,
        at: clock.now(),
        expiresAt,
      };
      if (!(await database.write<boolean>('access.add-user-token', record)))
        throw new AccessRefused('ops.role-inactive', 'there is no such active PractitionerRole');
      if (passwordHash !== undefined) {
        const login: LoginRecord = { name, passwordHash, practitionerRole, scopes: record.scopes, at: record.at };
        await database.write('login.set', login);
      }
      return { token, name };
    },
    async addPatient({ name, patient, password }) {
      await requireName(name, 'patient');
      const passwordHash = await hashSecret(checkedPassword(password));
      const login: LoginRecord = { name, passwordHash, patient, scopes: PATIENT_SCOPES, at: clock.now() };
      if (!(await database.write<boolean>('login.set', login)))
        throw new AccessRefused('ops.patient-unknown', 'there is no such Patient whose record is in use');
      return { name };
    },
    clients: () => database.read('access.clients', undefined),
    revokeClient: async (id) => void (await database.write('access.revoke-client', { id, at: clock.now() })),
    revokeUser: async (name) => void (await database.write('access.revoke-user', { name, at: clock.now() })),
  };
}

const PASSWORD_MIN = 12;
const PASSWORD_MAX = 200;

/** Long enough, and no composition rules. Rule: NIST SP 800-63B §5.1.1.2. */
function checkedPassword(password: string): string {
  const { length } = [...password];
  if (length < PASSWORD_MIN || length > PASSWORD_MAX)
    throw new AccessRefused('ops.password', `a password has ${PASSWORD_MIN} to ${PASSWORD_MAX} characters`);
  return password;
}

/** A random secret, and the hash under which the store knows it. */
export function newSecret(prefix = ''): { secret: string; hash: string } {
  const secret = `${prefix}${randomBytes(32).toString('base64url')}`;
  return { secret, hash: hashToken(secret) };
}

/** Random tokens of 256 bits need no slow hash. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await scryptAsync(secret.normalize('NFC'), salt, HASH_BYTES);
  return `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Of the same cost as any stored one: who is not known takes as long as who is. */
export const NOBODYS_SECRET = 'scrypt$AAAAAAAAAAAAAAAAAAAAAA$AAAA';

/** Takes as long for a wrong secret as for a right one. */
export async function isSecret(secret: string, stored: string): Promise<boolean> {
  const [, salt = '', hash = ''] = stored.split('$');
  const expected = Buffer.from(hash, 'base64url');
  const given = await scryptAsync(secret.normalize('NFC'), Buffer.from(salt, 'base64url'), HASH_BYTES);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
