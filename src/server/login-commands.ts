import type { CommandTable, Tx } from '../database/command.ts';
import type { TokenHolder } from './access-commands.ts';
import { activeRole } from './active-role.ts';
import { type AuditRecord, storeAudit } from './audit.ts';
import { livingPatient } from './living-patient.ts';

/** Somebody who may sign in, as the store has it now. */
export type Login = TokenHolder & { readonly passwordHash: string };

/** A signed-in person in one browser. */
export type Session = TokenHolder & {
  /** Milliseconds. */
  readonly signedInAt: number;
  readonly expiresAt: number;
};

/** Of a clinician in a role, or of a patient. */
export interface LoginRecord {
  readonly name: string;
  readonly passwordHash: string;
  readonly practitionerRole?: string;
  /** Patient id. */
  readonly patient?: string;
  readonly scopes: string;
  readonly at: number;
}

export interface SessionRecord {
  /** Of the cookie. */
  readonly hash: string;
  readonly login: string;
  readonly at: number;
  readonly expiresAt: number;
  readonly audit: AuditRecord;
}

/** People who sign in with a password, and their sessions. A person whose role has ended is nobody at the next look. */
export const loginCommands: CommandTable = {
  'login.set': setLogin,
  'login.kind': (tx, name: string) => kindOf(tx, name),
  'login.find': (tx, { name, at }: { name: string; at: number }) => findLogin(tx, name, at),
  'login.open-session': async (tx, { hash, login, at, expiresAt, audit }: SessionRecord) => {
    tx.send('INSERT INTO login_session (hash, login, created_at, expires_at) VALUES (?, ?, ?, ?)', [
      hash,
      login,
      at,
      expiresAt,
    ]);
    storeAudit(tx, [audit]);
  },
  'login.session': (tx, { hash, at }: { hash: string; at: number }) => findSession(tx, hash, at),
  'login.end-session': async (tx, { hash, audit }: { hash: string; audit: AuditRecord }) => {
    tx.send('DELETE FROM login_session WHERE hash = ?', [hash]);
    storeAudit(tx, [audit]);
  },
};

/** Whose name this is now; undefined: nobody's. */
async function kindOf(tx: Tx, name: string): Promise<'patient' | 'clinician' | undefined> {
  const [login] = await tx.query<Pick<Whose, 'patient'>>(
    'SELECT patient FROM login WHERE name = ? AND disabled_at IS NULL',
    [name],
  );
  if (login) return login.patient === null ? 'clinician' : 'patient';
  const [token] = await tx.query('SELECT 1 AS one FROM user_token WHERE name = ? AND revoked_at IS NULL LIMIT 1', [
    name,
  ]);
  return token ? 'clinician' : undefined;
}

/**
 * Gives somebody a password, or a new one: then nothing that was opened with the old one goes on. False: the role is not active, or the
 * patient not a living one of a record in use.
 */
async function setLogin(tx: Tx, record: LoginRecord): Promise<boolean> {
  const { name, passwordHash, practitionerRole = '', patient = null, scopes, at } = record;
  if (!(await whoseLogin(tx, { practitioner_role: practitionerRole, patient }, at))) return false;
  tx.send('DELETE FROM login_session WHERE login = ?', [name]);
  tx.send('UPDATE app_grant SET revoked_at = ? WHERE login = ? AND revoked_at IS NULL', [at, name]);
  tx.send(
    `INSERT INTO login (name, password_hash, practitioner_role, patient, scopes, created_at, disabled_at)
     VALUES (?, ?, ?, ?, ?, ?, NULL)
     ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash, practitioner_role = excluded.practitioner_role,
       patient = excluded.patient, scopes = excluded.scopes, disabled_at = NULL`,
    [name, passwordHash, practitionerRole, patient, scopes, at],
  );
  return true;
}

/** Ends a login: sessions and grants end with it, for they are looked up through it. */
export async function disableLogin(tx: Tx, name: string, at: number): Promise<void> {
  tx.send('UPDATE login SET disabled_at = ? WHERE name = ? AND disabled_at IS NULL', [at, name]);
  tx.send('DELETE FROM login_session WHERE login = ?', [name]);
  tx.send('UPDATE app_grant SET revoked_at = ? WHERE login = ? AND revoked_at IS NULL', [at, name]);
}

export async function findLogin(tx: Tx, name: string, at: number): Promise<Login | undefined> {
  const [login] = await tx.query<Whose & { password_hash: string; scopes: string }>(
    'SELECT password_hash, practitioner_role, patient, scopes FROM login WHERE name = ? AND disabled_at IS NULL',
    [name],
  );
  const whose = login && (await whoseLogin(tx, login, at));
  if (!login || !whose) return undefined;
  return { name, passwordHash: login.password_hash, scopes: login.scopes, ...whose };
}

interface Whose {
  readonly practitioner_role: string;
  readonly patient: string | null;
}

/** Whom a login stands for now; a patient's follows the merges of his record. Undefined: nobody any more. */
async function whoseLogin(tx: Tx, { practitioner_role: practitionerRole, patient: id }: Whose, at: number) {
  if (id !== null) {
    const patient = await livingPatient(tx, id);
    return patient === undefined ? undefined : { patient };
  }
  const role = await activeRole(tx, practitionerRole, at);
  return role && { practitionerRole, ...role };
}

async function findSession(tx: Tx, hash: string, at: number): Promise<Session | undefined> {
  const [session] = await tx.query<{ login: string; created_at: number; expires_at: number }>(
    'SELECT login, created_at, expires_at FROM login_session WHERE hash = ? AND expires_at > ?',
    [hash, at],
  );
  const login = session && (await findLogin(tx, session.login, at));
  if (!session || !login) return undefined;
  const { passwordHash: _hash, ...holder } = login;
  return { ...holder, signedInAt: session.created_at, expiresAt: session.expires_at };
}
