import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../model/clock.ts';
import type { Database } from '../../model/database.ts';
import type { ClientRecord } from '../../server/access-commands.ts';
import { isSecret, NOBODYS_SECRET } from '../access.ts';
import type { Form } from './form.ts';
import { invalidClient, OauthError } from './oauth-error.ts';

export interface ProofDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** Origin clients see; the audience of their assertions. */
  readonly origin: string;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ASSERTION_MAX_SECONDS = 300;

/** The client of a call, by secret or private_key_jwt. Throws invalid_client (401) for one that did not prove itself. */
export async function provenClient(
  deps: ProofDeps,
  authorization: string | undefined,
  form: Form,
): Promise<ClientRecord> {
  const assertion = form.get('client_assertion');
  if (assertion !== undefined) {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE)
      throw new OauthError(400, 'invalid_request', 'the client_assertion_type is not jwt-bearer');
    return clientByAssertion(deps, assertion);
  }
  const [id, secret] = basicOf(authorization) ?? [form.get('client_id'), form.get('client_secret')];
  if (!id || !secret) throw invalidClient();
  const client = await deps.database.read<ClientRecord | undefined>('access.client', id);
  // An unknown client costs the same time as a wrong secret.
  const stored = client?.secret_hash ?? NOBODYS_SECRET;
  if (!(await isSecret(secret, stored)) || !client) throw invalidClient();
  return client;
}

/**
 * The app that presents a code or a token: a confidential one proves itself, a public one only says who it is and is bound by PKCE
 * and rotation. Rule: RFC 6749 §3.2.1.
 */
export async function presentingClient(
  deps: ProofDeps,
  authorization: string | undefined,
  form: Form,
): Promise<ClientRecord> {
  const id = form.get('client_id');
  const proves = authorization !== undefined || form.has('client_secret') || form.has('client_assertion');
  if (proves || id === undefined) return provenClient(deps, authorization, form);
  const client = await deps.database.read<ClientRecord | undefined>('access.client', id);
  if (client?.public !== 1) throw invalidClient();
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
async function clientByAssertion({ database, clock, origin }: ProofDeps, assertion: string): Promise<ClientRecord> {
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
