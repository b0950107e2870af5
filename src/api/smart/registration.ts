import { parseScope } from '../../model/scope.ts';
import type { NewClient } from '../access.ts';
import { AccessRefused } from '../access-refused.ts';

/** Scopes that open no resource. Rule: SMART App Launch 2.2 scopes-and-launch-context. */
export const APP_WORDS: readonly string[] = [
  'openid',
  'fhirUser',
  'launch',
  'launch/patient',
  'offline_access',
  'online_access',
];

const refused = (text: string): AccessRefused => new AccessRefused('ops.client', text);

const REDIRECTS_MAX = 10;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Throws for a scope that opens nothing by a slip of the pen, or that a client of this kind cannot be given. */
export function checkScopes(scopes: readonly string[], isApp: boolean): void {
  for (const each of scopes) {
    const context = parseScope(each)?.context;
    const fits = isApp
      ? APP_WORDS.includes(each) || context === 'user' || context === 'patient'
      : context === 'system' || context === 'user';
    if (fits) continue;
    throw refused(`a scope is not of the form ${isApp ? 'patient/Patient.rs or openid' : 'system/Patient.cruds'}`);
  }
}

/** Throws for an app whose codes could go astray. */
export function checkApp({ redirectUris = [], launchUri, organization, jwks, public: isPublic }: NewClient): void {
  if (redirectUris.length === 0 || redirectUris.length > REDIRECTS_MAX)
    throw refused(`an app has 1 to ${REDIRECTS_MAX} redirect URIs`);
  for (const uri of redirectUris) {
    if (!isSafe(uri, isPublic === true))
      throw refused('a redirect URI is https, http on this machine, or the reverse-domain scheme of a public app');
  }
  if (launchUri !== undefined && !isSafe(launchUri, false))
    throw refused('the launch URI is https, or http on this machine');
  if (organization !== undefined) throw refused('an app sees what its users see: it has no organization');
  if (jwks !== undefined && isPublic === true) throw refused('a public app has no key');
}

/** Rule: RFC 9700 §2.1 and §4.1.1 (no plain http but loopback), RFC 8252 §7.1 (private-use schemes), RFC 6749 §3.1.2 (no fragment). */
function isSafe(uri: string, isPublic: boolean): boolean {
  if (!URL.canParse(uri) || uri.includes('#') || uri.length > 1000) return false;
  const { protocol, hostname, username, password } = new URL(uri);
  if (username !== '' || password !== '') return false;
  if (protocol === 'https:') return true;
  return protocol === 'http:' ? LOOPBACK.has(hostname) : isPublic && /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+:$/.test(protocol);
}
