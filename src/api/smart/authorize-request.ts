import type { ClientRecord } from '../../server/access-commands.ts';
import type { Form } from './form.ts';

/** What an app asks of a person. */
export interface AuthorizeRequest {
  readonly client: ClientRecord;
  readonly redirectUri: string;
  readonly state: string;
  readonly scope: string;
  /** S256. */
  readonly challenge: string;
  readonly nonce: string | undefined;
  /** Handle an EHR gave the app. */
  readonly launch: string | undefined;
}

/** Told on a page: nothing may be sent to an address that is not known to be the app's. */
interface PageFault {
  readonly kind: 'page';
  readonly text: string;
}

/** Told to the app, at its own address. */
export interface RedirectFault {
  readonly kind: 'redirect';
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly error: string;
  readonly text: string;
}

export type ReadRequest = { readonly kind: 'request'; readonly request: AuthorizeRequest } | PageFault | RedirectFault;

const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const TEXT = /^[\x20-\x7e]{1,1000}$/;

/** Parameters of an authorization request; others are ignored, and do not survive the pages. */
export const REQUEST_NAMES: readonly string[] = [
  'response_type',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'aud',
  'launch',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'response_mode',
  'prompt',
  'max_age',
  'request',
  'request_uri',
];

/**
 * Checks an authorization request. The redirect URI must be one of the app's, letter by letter, before anything goes there; PKCE with
 * S256 is demanded of every app. Rule: SMART App Launch 2.2 app-launch; RFC 6749 §4.1.2.1; RFC 7636 §4.4; RFC 9700 §2.1.
 */
export function readAuthorizeRequest(form: Form, client: ClientRecord | undefined, fhirBase: string): ReadRequest {
  const redirectUri = form.get('redirect_uri');
  const registered = JSON.parse(client?.redirect_uris ?? '[]') as readonly string[];
  if (form.repeated.some((name) => name === 'client_id' || name === 'redirect_uri'))
    return { kind: 'page', text: 'The request names an app or an address twice.' };
  if (!client || registered.length === 0) return { kind: 'page', text: 'The app is not registered here.' };
  if (redirectUri === undefined || !registered.includes(redirectUri))
    return { kind: 'page', text: 'The address to return to is not one of the app’s.' };
  const state = form.get('state');
  const told = state !== undefined && TEXT.test(state) && !form.repeated.includes('state') ? state : undefined;
  const fault = faultOf(form, fhirBase, told);
  if (fault) return { kind: 'redirect', redirectUri, state: told, error: fault[0], text: fault[1] };
  const request: AuthorizeRequest = {
    client,
    redirectUri,
    state: told!,
    scope: form.get('scope')!,
    challenge: form.get('code_challenge')!,
    nonce: form.get('nonce'),
    launch: form.get('launch'),
  };
  return { kind: 'request', request };
}

/** Whether the app wants the person to prove himself again, signed in though he is. Rule: OpenID Connect Core 3.1.2.1. */
export function wantsSignIn(form: Form, signedInAt: number, now: number): boolean {
  const maxAge = form.get('max_age');
  if (form.get('prompt')?.split(' ').includes('login')) return true;
  return maxAge !== undefined && now - signedInAt >= Number(maxAge) * 1000;
}

function faultOf(form: Form, fhirBase: string, state: string | undefined): readonly [string, string] | undefined {
  const { repeated } = form;
  if (repeated.some((name) => REQUEST_NAMES.includes(name)))
    return ['invalid_request', 'a parameter comes twice or is too long'];
  if (state === undefined) return ['invalid_request', 'state is missing'];
  if (form.has('request')) return ['request_not_supported', 'request objects are not supported'];
  if (form.has('request_uri')) return ['request_uri_not_supported', 'request objects are not supported'];
  if (form.get('response_type') !== 'code') return ['unsupported_response_type', 'only code is supported'];
  if ((form.get('response_mode') ?? 'query') !== 'query') return ['invalid_request', 'only query is supported'];
  if (form.get('aud')?.replace(/\/$/, '') !== fhirBase) return ['invalid_request', 'aud is not the FHIR base'];
  if (form.get('code_challenge_method') !== 'S256') return ['invalid_request', 'PKCE with S256 is needed'];
  if (!CHALLENGE.test(form.get('code_challenge') ?? '')) return ['invalid_request', 'code_challenge is not S256'];
  if (!/^\d{1,9}$/.test(form.get('max_age') ?? '0')) return ['invalid_request', 'max_age is not a number of seconds'];
  if (form.has('nonce') && !TEXT.test(form.get('nonce')!)) return ['invalid_request', 'nonce is not plain text'];
  const scopes = form.get('scope')?.split(' ') ?? [];
  if (scopes.length === 0) return ['invalid_scope', 'scope is missing'];
  if (scopes.includes('launch') !== form.has('launch'))
    return ['invalid_request', 'the launch parameter and the launch scope go together'];
  // A person is always asked, so that nothing can be granted without a page.
  if (form.get('prompt')?.split(' ').includes('none')) return ['interaction_required', 'the person must be asked'];
  return undefined;
}
