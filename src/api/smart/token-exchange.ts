import { createHash, createHmac } from 'node:crypto';
import type { Peer } from '../../model/actor.ts';
import { scopeWords } from '../../model/scope.ts';
import type { Exchange, Exchanged } from '../../server/grant-exchange.ts';
import type { Granted } from '../../server/grant-rows.ts';
import { APP_PREFIX, hashToken, newSecret } from '../access.ts';
import { presentingClient } from './client-proof.ts';
import type { Form } from './form.ts';
import { OauthError } from './oauth-error.ts';
import type { SmartDeps } from './smart-deps.ts';

const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/** grant_type authorization_code and refresh_token. Throws OauthError. Rule: SMART App Launch 2.2 app-launch; RFC 6749 §4.1.3, §6. */
export async function exchangeToken(
  deps: SmartDeps,
  authorization: string | undefined,
  form: Form,
  peer: Peer,
): Promise<object> {
  const client = await presentingClient(deps, authorization, form);
  const access = newSecret(APP_PREFIX);
  const refresh = newSecret();
  const exchanged = await deps.database.write<Exchanged>('grant.exchange', {
    ...presented(form),
    client: client.id,
    access: access.hash,
    accessSec: deps.limits.accessTokenSec,
    refresh: refresh.hash,
    at: deps.clock.now(),
    peer,
  } satisfies Exchange);
  if (exchanged.outcome === 'refused')
    throw new OauthError(400, exchanged.error, 'the code or token is not good, or more is asked than was granted');
  const { granted, refreshes } = exchanged;
  return {
    access_token: access.secret,
    token_type: 'Bearer',
    expires_in: Math.floor((granted.expiresAt - granted.issuedAt) / 1000),
    scope: granted.scopes,
    ...(refreshes ? { refresh_token: refresh.secret } : {}),
    ...launchContext(granted),
    ...(await identity(deps, granted)),
  };
}

function presented(form: Form): Pick<Exchange, 'kind' | 'hash' | 'redirectUri' | 'challenge' | 'scope'> {
  if (form.get('grant_type') === 'refresh_token') {
    const token = form.get('refresh_token');
    const scope = form.get('scope');
    if (token === undefined) throw new OauthError(400, 'invalid_request', 'refresh_token is missing');
    return { kind: 'refresh', hash: hashToken(token), ...(scope === undefined ? {} : { scope }) };
  }
  const code = form.get('code');
  const redirectUri = form.get('redirect_uri');
  const verifier = form.get('code_verifier');
  if (code === undefined || redirectUri === undefined || !VERIFIER.test(verifier ?? ''))
    throw new OauthError(400, 'invalid_request', 'code, redirect_uri and code_verifier are needed');
  const challenge = createHash('sha256').update(verifier!).digest('base64url');
  return { kind: 'code', hash: hashToken(code), redirectUri, challenge };
}

/** Which patient the app works on. The hub shows no patient itself: the app must. Rule: SMART App Launch 2.2, "Launch context". */
export function launchContext({ patient, encounter }: Granted): object {
  if (patient === undefined) return {};
  return { patient, need_patient_banner: true, ...(encounter === undefined ? {} : { encounter }) };
}

/** Absolute, as an app compares it. */
export function fhirUserOf({ service }: SmartDeps, { holder }: Granted): string {
  if (holder.patient !== undefined) return `${service.base}/Patient/${holder.patient}`;
  return holder.practitioner === undefined
    ? `${service.base}/PractitionerRole/${holder.practitionerRole}`
    : `${service.base}/Practitioner/${holder.practitioner}`;
}

/** The same for one person always, and no name. */
export const subjectOf = ({ subjectKey }: SmartDeps, { holder }: Granted): string =>
  createHmac('sha256', subjectKey).update(`subject ${holder.name}`).digest('base64url');

async function identity(deps: SmartDeps, granted: Granted): Promise<object> {
  const words = scopeWords(granted.scopes);
  if (!words.includes('openid')) return {};
  const fhirUser = words.includes('fhirUser') ? { fhirUser: fhirUserOf(deps, granted) } : {};
  return { id_token: await deps.idTokens.sign(granted, { subject: subjectOf(deps, granted), ...fhirUser }) };
}
