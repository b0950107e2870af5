import { createHmac } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Actor } from '../model/actor.ts';
import type { Clock } from '../model/clock.ts';

/** Short-lived tokens of clients, signed by the hub itself. */
export interface AccessTokens {
  issue(
    client: TokenSubject,
    scopes: readonly string[],
    seconds?: number,
  ): Promise<{ token: string; expiresIn: number }>;
  /** The client a token stands for; undefined for one that is not ours, changed or expired. */
  verify(token: string): Promise<Actor | undefined>;
}

export interface TokenSubject {
  readonly id: string;
  readonly organization: string | undefined;
  readonly operator: boolean;
}

const ISSUER = 'handoff';
const SECONDS_DEFAULT = 300;
const CACHE_MAX = 1000;

/** `hubKey` is the hub's secret; the signing key is derived from it, so that no id can be traced to a token or back. */
export function makeAccessTokens(hubKey: Buffer, clock: Clock, secondsDefault = SECONDS_DEFAULT): AccessTokens {
  const key = createHmac('sha256', hubKey).update('access tokens').digest();
  const known = new Map<string, { readonly actor: Actor; readonly until: number }>();
  return {
    async issue({ id, organization, operator }, scopes, seconds = secondsDefault) {
      const now = Math.floor(clock.now() / 1000);
      const token = await new SignJWT({
        // RFC 9068 names the client twice; MedplumClient checks this one.
        client_id: id,
        scope: scopes.join(' '),
        ...(organization !== undefined ? { org: organization } : {}),
        ...(operator ? { operator: true } : {}),
      })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
        .setIssuer(ISSUER)
        .setSubject(id)
        .setIssuedAt(now)
        .setExpirationTime(now + seconds)
        .sign(key);
      return { token, expiresIn: seconds };
    },
    async verify(token) {
      const cached = known.get(token);
      if (cached && cached.until > clock.now()) return cached.actor;
      try {
        const { payload } = await jwtVerify(token, key, {
          issuer: ISSUER,
          algorithms: ['HS256'],
          typ: 'at+jwt',
          currentDate: new Date(clock.now()),
        });
        const actor = actorOf(payload);
        if (known.size >= CACHE_MAX) known.clear();
        known.set(token, { actor, until: (payload.exp ?? 0) * 1000 });
        return actor;
      } catch {
        // Changed, foreign or expired: the caller answers 401 to all alike.
        return undefined;
      }
    },
  };
}

function actorOf(payload: Readonly<Record<string, unknown>>): Actor {
  const scopes = String(payload.scope ?? '')
    .split(' ')
    .filter((scope) => scope !== '');
  const organization = typeof payload.org === 'string' ? payload.org : undefined;
  const kind = payload.operator === true && organization === undefined ? 'operator' : 'client';
  return { kind, id: String(payload.sub), scopes, ...(organization !== undefined ? { organization } : {}) };
}
