import { createHmac, randomUUID } from 'node:crypto';
import type { AccessTokens } from '../api/access-token.ts';
import type { Authenticate } from '../api/authenticate.ts';
import type { OauthDeps } from '../api/oauth.ts';
import { makeBrowsers } from '../api/smart/browser.ts';
import { makeIdTokens } from '../api/smart/id-token.ts';
import type { SmartLimits } from '../api/smart/smart-deps.ts';
import type { Clock } from '../model/clock.ts';
import type { Database } from '../model/database.ts';
import type { FhirService } from '../server/service.ts';
import { signingKey } from './signing-key.ts';

/** What the OAuth2 endpoints need; `tokensKey` is the hub's, from which every key but the id tokens' is derived. */
export async function oauthDeps(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly service: FhirService;
  readonly authenticate: Authenticate;
  readonly tokens: AccessTokens;
  readonly tokensKey: Buffer;
  readonly origin: string;
  readonly limits: SmartLimits;
}): Promise<OauthDeps> {
  const { tokensKey, ...shared } = parts;
  const { database, clock, origin } = parts;
  const derive = (purpose: string): Buffer => createHmac('sha256', tokensKey).update(purpose).digest();
  return {
    ...shared,
    newId: randomUUID,
    browsers: makeBrowsers({ key: derive('sign-in forms'), origin }),
    idTokens: await makeIdTokens(await signingKey(database, tokensKey), origin, clock),
    subjectKey: derive('subjects'),
  };
}
