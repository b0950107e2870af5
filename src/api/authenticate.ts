import type { Actor } from '../model/actor.ts';
import type { Clock } from '../model/clock.ts';
import type { Database } from '../model/database.ts';
import type { TokenHolder } from '../server/access-commands.ts';
import type { Granted } from '../server/grant-rows.ts';
import { APP_PREFIX, hashToken, PERSONAL_PREFIX } from './access.ts';
import type { AccessTokens } from './access-token.ts';
import { userActor } from './user-actor.ts';

/** The actor of an Authorization header; undefined for none that counts. What it may do is asked later. */
export type Authenticate = (authorization: string | undefined) => Promise<Actor | undefined>;

/**
 * Bearer tokens: signed access tokens of clients; personal tokens and those of apps are looked up at every request, because they
 * end with the PractitionerRole they are bound to.
 */
export function makeAuthenticate(deps: { database: Database; clock: Clock; tokens: AccessTokens }): Authenticate {
  const { database, clock, tokens } = deps;
  return async (authorization) => {
    const token = /^Bearer ([A-Za-z0-9_.~+/=-]{1,4096})$/.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const asked = { hash: hashToken(token), at: clock.now() };
    if (token.startsWith(PERSONAL_PREFIX)) {
      const holder = await database.read<TokenHolder | undefined>('access.user', asked);
      return holder && userActor(holder, holder.scopes);
    }
    if (!token.startsWith(APP_PREFIX)) return tokens.verify(token);
    const granted = await database.read<Granted | undefined>('grant.token', asked);
    if (granted?.kind !== 'access') return undefined;
    const { holder, scopes, client: app, patient } = granted;
    return userActor(holder, scopes, { app, ...(patient === undefined ? {} : { launchPatient: patient }) });
  };
}
