import type { RequestHandler } from 'express';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const ASKED = 'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer';
const SHOWN = 'Allow, Content-Location, ETag, Expires, Last-Modified, Location, Retry-After, Warning, X-Progress';
const PREFLIGHT_SEC = 600;

/** What apps in a browser call: FHIR, discovery, and the endpoints that take no cookie. Never the sign-in pages. */
const OPEN = /^\/(fhir\/R4(\/|$)|\.well-known\/|oauth2\/(token|jwks|introspect|revoke)$)/;

/** Lets scripts of the origins of the settings, and of no others, use the hub; never with cookies. Rule: Fetch, "CORS protocol". */
export function cors(origins: readonly string[]): RequestHandler {
  return (request, response, next) => {
    if (!OPEN.test(request.path)) return next();
    response.vary('Origin');
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return next();
    response.set({ 'access-control-allow-origin': origin, 'access-control-expose-headers': SHOWN });
    if (request.method !== 'OPTIONS') return next();
    response
      .set({
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': ASKED,
        'access-control-max-age': String(PREFLIGHT_SEC),
      })
      .status(204)
      .end();
  };
}
