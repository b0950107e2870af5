import { APP_WORDS } from './registration.ts';

/** Origin clients see, e.g. `https://hub.example`. */
interface Origin {
  readonly origin: string;
}

const endpoints = ({ origin }: Origin) => ({
  issuer: origin,
  jwks_uri: `${origin}/oauth2/jwks`,
  authorization_endpoint: `${origin}/oauth2/authorize`,
  token_endpoint: `${origin}/oauth2/token`,
  introspection_endpoint: `${origin}/oauth2/introspect`,
  revocation_endpoint: `${origin}/oauth2/revoke`,
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
  grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
  scopes_supported: [...APP_WORDS, 'patient/*.cruds', 'user/*.cruds', 'system/*.cruds'],
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
});

/** Rule: SMART App Launch 2.2, conformance. */
export const smartConfiguration = (of: Origin): object => ({
  ...endpoints(of),
  capabilities: [
    'launch-ehr',
    'launch-standalone',
    'authorize-post',
    'client-public',
    'client-confidential-symmetric',
    'client-confidential-asymmetric',
    'sso-openid-connect',
    'context-banner',
    'context-ehr-patient',
    'context-ehr-encounter',
    'context-standalone-patient',
    'permission-offline',
    'permission-online',
    'permission-patient',
    'permission-user',
    'permission-v1',
    'permission-v2',
  ],
});

/** Rule: OpenID Connect Discovery 1.0 §3. */
export const openidConfiguration = (of: Origin): object => ({
  ...endpoints(of),
  response_modes_supported: ['query'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'fhirUser'],
  request_parameter_supported: false,
  request_uri_parameter_supported: false,
});
