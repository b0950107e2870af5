import express, { type Request, type Response, type Router } from 'express';
import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../model/clock.ts';
import type { Database } from '../model/database.ts';
import type { ClientRecord } from '../server/access-commands.ts';
import { isSecret } from './access.ts';
import type { AccessTokens } from './access-token.ts';
import { RateLimit } from './rate-limit.ts';

export interface OauthDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly tokens: AccessTokens;
  /** Origin clients see, e.g. `https://hub.example`; the audience of their assertions. */
  readonly origin: string;
  /** Base of the FHIR API. */
  readonly fhirBase: string;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ASSERTION_MAX_SECONDS = 300;
/** Failed proofs from one address. */
const FAILURES_PER_SECOND = 10;

/** A refusal of the token endpoint. Rule: RFC 6749 §5.2. */
class OauthError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const invalidClient = (): OauthError =>
  new OauthError(401, 'invalid_client', 'the client is not known or did not prove itself');

/**
 * POST /oauth2/token (client_credentials with a secret or private_key_jwt) and SMART discovery.
 * A token says who asks and with which scopes; what that client sees is decided at each read.
 */
export function oauthRouter(deps: OauthDeps): Router {
  const router = express.Router();
  const failures = new RateLimit(FAILURES_PER_SECOND, deps.clock);
  router.post('/oauth2/token', express.urlencoded({ extended: false, limit: '32kb' }), async (request, response) => {
    response.set('cache-control', 'no-store');
    try {
      // Checking a secret is slow on purpose: who guesses must not keep the hub busy.
      if (failures.isSpent(request.ip ?? ''))
        throw new OauthError(429, 'temporarily_unavailable', 'too many failed attempts');
      response.json(await grant(deps, request));
    } catch (error) {
      if (!(error instanceof OauthError)) throw error;
      if (error.status === 401) {
        failures.take(request.ip ?? '');
        response.set('www-authenticate', 'Basic realm="handoff"');
      }
      response.status(error.status).json({ error: error.code, error_description: error.message });
    }
  });
  const discovery = (_request: Request, response: Response) => void response.json(smartConfiguration(deps));
  router.get('/.well-known/smart-configuration', discovery);
  router.get(`${new URL(deps.fhirBase).pathname}/.well-known/smart-configuration`, discovery);
  return router;
}

/** Rule: SMART App Launch 2.2, conformance. */
export function smartConfiguration({ origin }: Pick<OauthDeps, 'origin'>): object {
  return {
    token_endpoint: `${origin}/oauth2/token`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    grant_types_supported: ['client_credentials'],
    scopes_supported: ['system/*.cruds', 'user/*.cruds'],
    capabilities: ['client-confidential-symmetric', 'client-confidential-asymmetric', 'permission-v1', 'permission-v2'],
  };
}

async function grant(deps: OauthDeps, request: Request): Promise<object> {
  const body = (request.body ?? {}) as Readonly<Record<string, string | undefined>>;
  if (body.grant_type !== 'client_credentials')
    throw new OauthError(400, 'unsupported_grant_type', 'only client_credentials is supported');
  const client = await provenClient(deps, request, body);
  const scopes = grantedScopes(client.scopes.split(' '), body.scope);
  const subject = { id: client.id, organization: client.organization ?? undefined, operator: client.operator === 1 };
  const { token, expiresIn } = await deps.tokens.issue(subject, scopes);
  return { access_token: token, token_type: 'bearer', expires_in: expiresIn, scope: scopes.join(' ') };
}

async function provenClient(
  deps: OauthDeps,
  request: Request,
  body: Readonly<Record<string, string | undefined>>,
): Promise<ClientRecord> {
  if (body.client_assertion !== undefined) {
    if (body.client_assertion_type !== ASSERTION_TYPE)
      throw new OauthError(400, 'invalid_request', 'the client_assertion_type is not jwt-bearer');
    return clientByAssertion(deps, body.client_assertion);
  }
  const [id, secret] = basicOf(request.headers.authorization) ?? [body.client_id, body.client_secret];
  if (!id || !secret) throw invalidClient();
  const client = await deps.database.read<ClientRecord | undefined>('access.client', id);
  // An unknown client costs the same time as a wrong secret.
  const stored = client?.secret_hash ?? 'scrypt$AAAAAAAAAAAAAAAAAAAAAA$AAAA';
  if (!(await isSecret(secret, stored)) || !client) throw invalidClient();
  return client;
}

function basicOf(authorization: string | undefined): [string, string] | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  try {
    return [decodeURIComponent(text.slice(0, colon)), decodeURIComponent(text.slice(colon + 1))];
  } catch {
    return undefined;
  }
}

/** Rule: SMART App Launch 2.2, client authentication asymmetric: RS384/ES384, exp within five minutes, jti used once. */
async function clientByAssertion({ database, clock, origin }: OauthDeps, assertion: string): Promise<ClientRecord> {
  const id = subjectOf(assertion);
  const client = id === undefined ? undefined : await database.read<ClientRecord | undefined>('access.client', id);
  if (!client?.jwks) throw invalidClient();
  const keys = client.jwks.startsWith('https://')
    ? createRemoteJWKSet(new URL(client.jwks), { timeoutDuration: 5000 })
    : createLocalJWKSet(JSON.parse(client.jwks));
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(assertion, keys, {
      algorithms: ['RS384', 'ES384'],
      issuer: client.id,
      subject: client.id,
      audience: `${origin}/oauth2/token`,
      requiredClaims: ['exp', 'jti'],
      currentDate: new Date(clock.now()),
    }));
  } catch {
    throw invalidClient();
  }
  const expiresAt = (payload.exp ?? 0) * 1000;
  if (expiresAt > clock.now() + ASSERTION_MAX_SECONDS * 1000) throw invalidClient();
  const first = await database.write<boolean>('access.use-assertion', {
    client: client.id,
    jti: String(payload.jti),
    expiresAt,
    at: clock.now(),
  });
  if (!first) throw invalidClient();
  return client;
}

function subjectOf(assertion: string): string | undefined {
  try {
    return decodeJwt(assertion).sub;
  } catch {
    return undefined;
  }
}

/** Those asked for that the client has, word by word or under a wider one; all of them when none is named. */
function grantedScopes(own: readonly string[], asked: string | undefined): string[] {
  if (asked === undefined || asked.trim() === '') return [...own];
  const wanted = asked.trim().split(/\s+/);
  const granted = wanted.filter((scope) => own.some((has) => covers(has, scope)));
  if (granted.length === 0) throw new OauthError(400, 'invalid_scope', 'the client has none of these scopes');
  return granted;
}

const LETTERS: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

function covers(has: string, wanted: string): boolean {
  if (has === wanted) return true;
  const parse = (scope: string) => /^(system|user)\/(\*|[A-Za-z]+)\.([a-z*]+)(?:\?(.*))?$/.exec(scope);
  const wide = parse(has);
  const narrow = parse(wanted);
  if (!wide || !narrow || wide[1] !== narrow[1] || (wide[2] !== '*' && wide[2] !== narrow[2])) return false;
  const letters = LETTERS[wide[3]!] ?? wide[3]!;
  const all = [...(LETTERS[narrow[3]!] ?? narrow[3]!)].every((letter) => letters.includes(letter));
  return all && (wide[4] === undefined || wide[4] === narrow[4]);
}
