import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';

/** One browser at the sign-in pages. Its cookie becomes a session only when the store knows the hash of its value. */
export interface Browser {
  readonly cookie: string;
  /** What every form of ours must bring back. */
  readonly csrf: string;
}

/** Cookies and form tokens of the sign-in pages; any hub with the same key knows them. */
export interface Browsers {
  /** The browser of a request; one without a cookie gets one with this answer. */
  of(request: Request, response: Response): Browser;
  /** A cookie nobody knew before: whoever planted the former one is left behind. Rule: OWASP session fixation. */
  renew(response: Response): Browser;
  /** Whether one of our own pages sent the form, from this browser. */
  isGenuine(request: Request, browser: Browser, csrf: string | undefined): boolean;
}

const VALUE = /^[A-Za-z0-9_-]{43}$/;

export function makeBrowsers({ key, origin }: { readonly key: Buffer; readonly origin: string }): Browsers {
  const secure = origin.startsWith('https:');
  // A __Host- cookie cannot be set by a neighbour's subdomain. Rule: RFC 6265bis §4.1.3.2.
  const name = secure ? '__Host-handoff' : 'handoff';
  const browserOf = (cookie: string): Browser => ({
    cookie,
    csrf: createHmac('sha256', key).update(`csrf ${cookie}`).digest('base64url'),
  });
  const renew = (response: Response): Browser => {
    const value = randomBytes(32).toString('base64url');
    response.set('set-cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`);
    return browserOf(value);
  };
  return {
    renew,
    of(request, response) {
      const given = cookieOf(request.headers.cookie, name);
      return given === undefined ? renew(response) : browserOf(given);
    },
    isGenuine(request, { csrf }, given) {
      const site = request.headers['sec-fetch-site'];
      if (site !== undefined && site !== 'same-origin') return false;
      const own = Buffer.from(csrf);
      const sent = Buffer.from(given ?? '');
      return own.length === sent.length && timingSafeEqual(own, sent);
    },
  };
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key = '', value = ''] = part.trim().split('=');
    if (key === name && VALUE.test(value)) return value;
  }
  return undefined;
}
