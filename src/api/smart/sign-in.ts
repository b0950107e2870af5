import type { Peer } from '../../model/actor.ts';
import type { AuditRecord } from '../../server/audit.ts';
import type { Login } from '../../server/login-commands.ts';
import { hashToken, isSecret, NOBODYS_SECRET } from '../access.ts';
import { RateLimit } from '../rate-limit.ts';
import { userActor } from '../user-actor.ts';
import type { SmartDeps } from './smart-deps.ts';

/** Wrong passwords at once, and how many a second after that; each hub counts its own. */
const PER_NAME = { burst: 5, perSecond: 1 / 30 };
const PER_ADDRESS = { burst: 20, perSecond: 1 };

export interface Attempt {
  readonly name: string;
  readonly password: string;
  readonly peer: Peer;
  /** Client id of the app that waits. */
  readonly app: string;
  /** New value of the browser's cookie, should it succeed. */
  readonly cookie: string;
}

/** Opens sessions. Success: the session is durable. `refused` does not tell which of name and password was wrong. */
export type SignIn = (attempt: Attempt) => Promise<'signed-in' | 'refused' | 'throttled'>;

export function makeSignIn({ database, clock, limits }: SmartDeps): SignIn {
  const names = new RateLimit(PER_NAME.perSecond, clock, PER_NAME.burst);
  const addresses = new RateLimit(PER_ADDRESS.perSecond, clock, PER_ADDRESS.burst);
  return async ({ name, password, peer, app, cookie }) => {
    const { address = '' } = peer;
    // Taken before the slow check, so that many guesses at once are not all looked at.
    if (addresses.take(address) > 0 || names.take(name) > 0) return 'throttled';
    const at = clock.now();
    const login = await database.read<Login | undefined>('login.find', { name, at });
    const proven = await isSecret(password, login?.passwordHash ?? NOBODYS_SECRET);
    if (!login || !proven) {
      await database.write('audit.append', [loginAudit(login, 'login', app, 401, at, peer)]);
      return 'refused';
    }
    names.give(name);
    addresses.give(address);
    await database.write('login.open-session', {
      hash: hashToken(cookie),
      login: name,
      at,
      expiresAt: at + limits.sessionSec * 1000,
      audit: loginAudit(login, 'login', app, 200, at, peer),
    });
    return 'signed-in';
  };
}

/** Who is not known is not named: people type passwords into the wrong field. */
export function loginAudit(
  login: Parameters<typeof userActor>[0] | undefined,
  query: 'login' | 'sign-out',
  app: string,
  outcome: number,
  at: number,
  peer: Peer,
): AuditRecord {
  const actor = login ? userActor(login, '', { app }) : { kind: 'user' as const, id: 'unknown', app, scopes: [] };
  return { at, actor: { ...actor, peer }, action: 'L', outcome, query };
}
