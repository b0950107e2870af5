import type { Actor } from '../model/actor.ts';
import type { Clock } from '../model/clock.ts';
import type { Database } from '../model/database.ts';
import type { TokenHolder } from '../server/access-commands.ts';
import { hashToken, PERSONAL_PREFIX } from './access.ts';
import type { AccessTokens } from './access-token.ts';

/** The actor of an Authorization header; undefined for none that counts. What it may do is asked later. */
export type Authenticate = (authorization: string | undefined) => Promise<Actor | undefined>;

/**
 * Bearer tokens: signed access tokens of clients, and personal tokens, which are looked up at every request because they end
 * with the PractitionerRole they are bound to.
 */
export function makeAuthenticate(deps: { database: Database; clock: Clock; tokens: AccessTokens }): Authenticate {
  const { database, clock, tokens } = deps;
  return async (authorization) => {
    const token = /^Bearer ([A-Za-z0-9_.~+/=-]{1,4096})$/.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    if (!token.startsWith(PERSONAL_PREFIX)) return tokens.verify(token);
    const holder = await database.read<TokenHolder | undefined>('access.user', {
      hash: hashToken(token),
      at: clock.now(),
    });
    if (!holder) return undefined;
    const { name, organization, practitioner, practitionerRole, scopes } = holder;
    return {
      kind: 'user',
      id: name,
      organization,
      practitionerRole,
      ...(practitioner !== undefined ? { practitioner } : {}),
      scopes: scopes.split(' '),
    };
  };
}
