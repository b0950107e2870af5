import { lookup as resolveName } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { TransportCode } from '../../model/transport.ts';
import { connectFailure } from './connection-failure.ts';

export interface WebHookOptions {
  /** Asked for the very address a connection goes to: what a name resolved to yesterday says nothing. */
  readonly isAllowed: (address: string) => boolean;
  /** TCP and TLS together. */
  readonly connectTimeoutMs: number;
}

export interface WebHookRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the first byte sent to the status line of the answer. */
  readonly timeoutMs: number;
}

/** `taken`: an answer of 2xx. Redirects are not followed: they are answers that did not take it. */
export type WebHookOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'failed'; readonly code: TransportCode | `transport.http-${number}` };

class AddressRefused extends Error {
  readonly code = 'EACCES';
}

/**
 * Sends to an endpoint that a client named: one attempt, never to an address that is not allowed, whatever its name resolves
 * to at the moment of connecting. The body of the answer is not read. Never rejects. Rule: OWASP SSRF.
 */
export function webHook({
  isAllowed,
  connectTimeoutMs,
}: WebHookOptions): (request: WebHookRequest) => Promise<WebHookOutcome> {
  const lookup: RequestOptions['lookup'] = (hostname, options, done) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '', 0);
      // One that is not allowed among several refuses all: the next attempt could pick it.
      if (addresses.length === 0 || addresses.some(({ address }) => !isAllowed(address)))
        return done(new AddressRefused(), '', 0);
      if (options.all) return done(null, addresses);
      done(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
  return (request) => attempt(request, lookup, isAllowed, connectTimeoutMs);
}

function attempt(
  { method, url, headers, body, timeoutMs }: WebHookRequest,
  lookup: RequestOptions['lookup'],
  isAllowed: WebHookOptions['isAllowed'],
  connectTimeoutMs: number,
): Promise<WebHookOutcome> {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  const failed = (code: TransportCode | `transport.http-${number}`): WebHookOutcome => ({ kind: 'failed', code });
  if (!target || !['http:', 'https:'].includes(target.protocol))
    return Promise.resolve(failed('transport.request-invalid'));
  const host = target.hostname.replace(/^\[|\]$/g, '');
  // A literal address is never looked up.
  if (isIP(host) && !isAllowed(host)) return Promise.resolve(failed('transport.unreachable'));
  return new Promise((resolve) => {
    let settled = false;
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const length = { 'content-length': String(body === undefined ? 0 : Buffer.byteLength(body)) };
    const options: RequestOptions = {
      method,
      headers: { ...headers, ...length },
      agent: false,
      ...(lookup ? { lookup } : {}),
    };
    let request: ReturnType<typeof send>;
    try {
      request = send(target, options);
    } catch {
      return resolve(failed('transport.request-invalid'));
    }
    let timer = setTimeout(() => done(failed('transport.connect-timeout')), connectTimeoutMs);
    const done = (outcome: WebHookOutcome): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      request.destroy();
      resolve(outcome);
    };
    request.on('socket', (socket) => {
      socket.once(target.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        timer = setTimeout(() => done(failed('transport.ack-timeout')), timeoutMs);
      });
    });
    request.on('response', ({ statusCode = 0 }) =>
      done(statusCode >= 200 && statusCode < 300 ? { kind: 'taken' } : failed(`transport.http-${statusCode}`)),
    );
    request.on('error', (error) =>
      done(failed(error instanceof AddressRefused ? 'transport.unreachable' : connectFailure(error, target.host).code)),
    );
    request.end(body);
  });
}
