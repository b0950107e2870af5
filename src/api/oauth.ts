import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { coversScope } from '../model/scope.ts';
import type { AccessTokens } from './access-token.ts';
import { peerOf } from './peer.ts';
import { RateLimit } from './rate-limit.ts';
import { authorizeRouter } from './smart/authorize.ts';
import { provenClient } from './smart/client-proof.ts';
import { openidConfiguration, smartConfiguration } from './smart/discovery.ts';
import { type Form, formOf } from './smart/form.ts';
import { introspect, revokeToken } from './smart/introspect.ts';
import { makeLaunch } from './smart/launch.ts';
import { OauthError } from './smart/oauth-error.ts';
import type { SmartDeps } from './smart/smart-deps.ts';
import { exchangeToken } from './smart/token-exchange.ts';

export interface OauthDeps extends SmartDeps {
  readonly tokens: AccessTokens;
}

/** Failed proofs from one address. */
const FAILURES_PER_SECOND = 10;

/**
 * OAuth2 of SMART App Launch and Backend Services: /oauth2/authorize and its pages, token, introspect, revoke, launch, and discovery.
 * A token says who asks and with which scopes; what that one sees is decided at each read.
 */
export function oauthRouter(deps: OauthDeps): Router {
  const router = express.Router();
  const failures = new RateLimit(FAILURES_PER_SECOND, deps.clock);
  const body = express.text({ type: ['application/x-www-form-urlencoded', 'application/json'], limit: '32kb' });
  /** One endpoint that answers in JSON; the answer is never kept by anybody. Rule: RFC 6749 §5. */
  const endpoint = (path: string, realm: string, answer: (request: Request) => Promise<object>): void => {
    router.post(path, body, async (request, response) => {
      response.set('cache-control', 'no-store');
      try {
        // Checking a secret is slow on purpose: who guesses must not keep the hub busy.
        if (failures.isSpent(request.ip ?? ''))
          throw new OauthError(429, 'temporarily_unavailable', 'too many failed attempts');
        response.json(await answer(request));
      } catch (error) {
        if (!(error instanceof OauthError)) throw error;
        if (error.status === 401) {
          failures.take(request.ip ?? '');
          response.set('www-authenticate', `${realm} realm="handoff"`);
        }
        response.status(error.status).json({ error: error.code, error_description: error.message });
      }
    });
  };
  endpoint('/oauth2/token', 'Basic', (request) => grant(deps, request, formIn(request)));
  endpoint('/oauth2/introspect', 'Basic', (request) =>
    introspect(deps, request.headers.authorization, formIn(request)),
  );
  endpoint('/oauth2/revoke', 'Basic', (request) => revokeToken(deps, request.headers.authorization, formIn(request)));
  endpoint('/oauth2/launch', 'Bearer', (request) => makeLaunch(deps, request));
  router.use(authorizeRouter(deps));
  const smart = (_request: Request, response: Response) => void response.json(smartConfiguration(deps));
  router.get('/.well-known/smart-configuration', smart);
  router.get(`${new URL(deps.service.base).pathname}/.well-known/smart-configuration`, smart);
  router.get(
    '/.well-known/openid-configuration',
    (_request, response) => void response.json(openidConfiguration(deps)),
  );
  router.get('/oauth2/jwks', (_request, response) => void response.json(deps.idTokens.keys));
  router.use('/oauth2', unreadable);
  return router;
}

/** Rule: RFC 6749 §3.2: no parameter comes twice. */
function formIn({ body }: Request): Form {
  const form = formOf(body);
  if (form.repeated.length === 0) return form;
  throw new OauthError(400, 'invalid_request', 'a parameter comes twice or is too long');
}

/** A body that is too long, or in an encoding nobody knows. */
function unreadable(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  const { status } = error as { status?: number };
  if (response.headersSent || status === undefined || status < 400 || status >= 500) next(error);
  else response.status(status).json({ error: 'invalid_request', error_description: 'the request cannot be read' });
}

async function grant(deps: OauthDeps, request: Request, form: Form): Promise<object> {
  const { authorization } = request.headers;
  switch (form.get('grant_type')) {
    case 'client_credentials':
      return clientCredentials(deps, authorization, form);
    case 'authorization_code':
    case 'refresh_token':
      return exchangeToken(deps, authorization, form, peerOf(request));
    default:
      throw new OauthError(400, 'unsupported_grant_type', 'the grant type is not supported');
  }
}

async function clientCredentials(deps: OauthDeps, authorization: string | undefined, form: Form): Promise<object> {
  const client = await provenClient(deps, authorization, form);
  if (client.redirect_uris !== null)
    throw new OauthError(400, 'unauthorized_client', 'an app acts for a person, never for itself');
  const scopes = grantedScopes(client.scopes.split(' '), form.get('scope'));
  const subject = { id: client.id, organization: client.organization ?? undefined, operator: client.operator === 1 };
  const { token, expiresIn } = await deps.tokens.issue(subject, scopes);
  return { access_token: token, token_type: 'bearer', expires_in: expiresIn, scope: scopes.join(' ') };
}

/** Those asked for that the client has, word by word or under a wider one; all of them when none is named. */
function grantedScopes(own: readonly string[], asked: string | undefined): string[] {
  if (asked === undefined || asked.trim() === '') return [...own];
  const wanted = asked.trim().split(/\s+/);
  const granted = wanted.filter((scope) => own.some((has) => coversScope(has, scope)));
  if (granted.length === 0) throw new OauthError(400, 'invalid_scope', 'the client has none of these scopes');
  return granted;
}
