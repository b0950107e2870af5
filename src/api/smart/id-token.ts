import { createPrivateKey, createPublicKey } from 'node:crypto';
import { exportJWK, type JWK, SignJWT } from 'jose';
import type { Clock } from '../../model/clock.ts';
import type { Granted } from '../../server/grant-rows.ts';

/** Signs who signed in, so that an app can check it with the published key. */
export interface IdTokens {
  /** Public keys, for `jwks_uri`. */
  readonly keys: { readonly keys: readonly JWK[] };
  /** Claims of OpenID Connect Core 2 and SMART's fhirUser. `subject` never tells the name. */
  sign(granted: Granted, claims: { readonly subject: string; readonly fhirUser?: string }): Promise<string>;
}

const ID_TOKEN_SEC = 300;

/** `pem`: the hub's RSA key (PKCS #8). RS256 is what every OpenID Connect client must understand. Rule: OpenID Connect Core 15.1. */
export async function makeIdTokens(pem: string, issuer: string, clock: Clock): Promise<IdTokens> {
  const key = createPrivateKey(pem);
  const jwk = await exportJWK(createPublicKey(key));
  const kid = String(jwk.n).slice(0, 16);
  return {
    keys: { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] },
    sign({ client, nonce, signedInAt }, { subject, fhirUser }) {
      const now = Math.floor(clock.now() / 1000);
      return new SignJWT({
        auth_time: Math.floor(signedInAt / 1000),
        ...(nonce === undefined ? {} : { nonce }),
        ...(fhirUser === undefined ? {} : { fhirUser }),
      })
        .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(client)
        .setIssuedAt(now)
        .setExpirationTime(now + ID_TOKEN_SEC)
        .sign(key);
    },
  };
}
