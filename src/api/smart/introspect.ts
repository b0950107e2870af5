import { scopeWords } from '../../model/scope.ts';
import type { Granted } from '../../server/grant-rows.ts';
import { hashToken } from '../access.ts';
import type { AccessTokens } from '../access-token.ts';
import { tokenId } from '../peer.ts';
import { presentingClient, provenClient } from './client-proof.ts';
import type { Form } from './form.ts';
import { OauthError } from './oauth-error.ts';
import type { SmartDeps } from './smart-deps.ts';
import { fhirUserOf, launchContext, subjectOf } from './token-exchange.ts';

const tokenIn = (form: Form): string => {
  const token = form.get('token');
  if (token === undefined) throw new OauthError(400, 'invalid_request', 'token is missing');
  return token;
};

/**
 * POST /oauth2/introspect, for clients that prove themselves. A client is told of its own tokens, an operator's client of all; any other
 * token is not active, whatever it is. `jti` is what the audit calls it. Rule: RFC 7662 §2.2 and §4; SMART App Launch 2.2 token-introspection.
 */
export async function introspect(
  deps: SmartDeps & { readonly tokens: AccessTokens },
  authorization: string | undefined,
  form: Form,
): Promise<object> {
  const client = await provenClient(deps, authorization, form);
  const token = tokenIn(form);
  const mayKnow = (owner: string): boolean => owner === client.id || client.operator === 1;
  const asked = { hash: hashToken(token), at: deps.clock.now() };
  const granted = await deps.database.read<Granted | undefined>('grant.token', asked);
  if (granted && granted.kind !== 'code')
    return mayKnow(granted.client) ? { ...told(deps, granted), jti: tokenId(token) } : { active: false };
  const actor = await deps.tokens.verify(token);
  if (!actor || !mayKnow(actor.id)) return { active: false };
  return {
    active: true,
    client_id: actor.id,
    sub: actor.id,
    scope: actor.scopes.join(' '),
    iss: deps.origin,
    jti: tokenId(token),
  };
}

function told(deps: SmartDeps, granted: Granted): object {
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  return {
    active: true,
    client_id: granted.client,
    scope: granted.scopes,
    iss: deps.origin,
    sub: subjectOf(deps, granted),
    iat: seconds(granted.issuedAt),
    exp: seconds(granted.expiresAt),
    ...launchContext(granted),
    ...(scopeWords(granted.scopes).includes('fhirUser') ? { fhirUser: fhirUserOf(deps, granted) } : {}),
  };
}

/** POST /oauth2/revoke. Success says that the token is no good now, not that it was before. Rule: RFC 7009 §2.2. */
export async function revokeToken(deps: SmartDeps, authorization: string | undefined, form: Form): Promise<object> {
  const client = await presentingClient(deps, authorization, form);
  const hash = hashToken(tokenIn(form));
  await deps.database.write('grant.revoke', { hash, client: client.id, at: deps.clock.now() });
  return {};
}
