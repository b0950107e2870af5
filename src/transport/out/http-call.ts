import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Attempt } from '../../model/transport.ts';
import { checkCredentials } from '../credentials.ts';
import { TransportError } from '../transport-error.ts';
import { connectFailure, lostAfterWrite } from './connection-failure.ts';
import type { ClientTls } from './mllp-client.ts';

export interface HttpEndpoint {
  /** http or https; a path is kept as the base of every request. */
  readonly url: string;
  readonly tls?: ClientTls;
  /** TCP and TLS together. */
  readonly connectTimeoutMs: number;
  readonly answerMaxBytes: number;
}

export interface HttpCall {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly timeoutMs: number;
  /** False: the status alone is an answer, even where the body is lost or too long. */
  readonly bodyMatters: boolean;
}

/** What decides where a request goes and where it ends is never taken from settings or subscriptions. */
const OWN_HEADERS = ['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect', 'trailer'];

/** The endpoint's base, without a slash at its end. Throws `transport.request-invalid` at start rather than at the first send. */
export function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (!base || !['http:', 'https:'].includes(base.protocol)) {
    throw new TransportError('transport.request-invalid', 'an endpoint needs an http or https URL');
  }
  if (base.username || base.password || base.hash) {
    throw new TransportError('transport.request-invalid', 'credentials and fragments do not belong in an endpoint URL');
  }
  base.pathname = base.pathname.replace(/\/+$/, '');
  return base;
}

/** Kept-alive connections to one endpoint. Throws `transport.tls-credentials` at start. */
export class HttpCaller {
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #secure: boolean;
  readonly #endpoint: HttpEndpoint;
  readonly #now: () => number;

  constructor(endpoint: HttpEndpoint, now: () => number) {
    checkCredentials(endpoint.tls ?? {});
    this.#endpoint = endpoint;
    this.#now = now;
    this.#secure = new URL(endpoint.url).protocol === 'https:';
    const { ca, key, cert, serverName, minVersion = 'TLSv1.2' } = endpoint.tls ?? {};
    this.#agent = this.#secure
      ? new HttpsAgent({
          keepAlive: true,
          minVersion,
          rejectUnauthorized: true,
          ...(ca ? { ca } : {}),
          ...(key ? { key } : {}),
          ...(cert ? { cert } : {}),
          ...(serverName ? { servername: serverName } : {}),
        })
      : new HttpAgent({ keepAlive: true });
  }

  /** One request. Redirects are answers like any other: nothing is sent to an address that is not configured. */
  call(call: HttpCall): Promise<Attempt> {
    const where = call.url.host;
    const owned = Object.keys(call.headers).find((name) => OWN_HEADERS.includes(name.toLowerCase()));
    if (owned) {
      const message = `${where}: the header ${owned} cannot be set`;
      return Promise.resolve({ kind: 'not-sent', code: 'transport.request-invalid', message });
    }
    let request: ClientRequest;
    try {
      const length = call.body ? { 'content-length': String(call.body.length) } : {};
      const options = { agent: this.#agent, method: call.method, headers: { ...call.headers, ...length } };
      request = this.#secure ? httpsRequest(call.url, options) : httpRequest(call.url, options);
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      return Promise.resolve({ kind: 'not-sent', code: 'transport.request-invalid', message: `${where}: ${reason}` });
    }
    const attempt = this.#attempt(request, call, where);
    request.end(call.body);
    return attempt;
  }

  close(): void {
    this.#agent.destroy();
  }

  #attempt(request: ClientRequest, call: HttpCall, where: string): Promise<Attempt> {
    const { connectTimeoutMs } = this.#endpoint;
    return new Promise((resolve) => {
      let connected = false;
      let response: IncomingMessage | undefined;
      let timer = setTimeout(() => {
        done({
          kind: 'not-sent',
          code: 'transport.connect-timeout',
          message: `${where} not connected within ${connectTimeoutMs} ms`,
        });
      }, connectTimeoutMs);
      const done = (attempt: Attempt): void => {
        clearTimeout(timer);
        resolve(attempt);
        if (attempt.kind !== 'answered' || !response?.complete) request.destroy();
      };
      const lost = (attempt: Attempt): void => {
        done(response && !call.bodyMatters ? this.#answer(response, Buffer.alloc(0)) : attempt);
      };
      const late = (): void => {
        const code = response ? 'transport.half-answer' : 'transport.ack-timeout';
        lost({ kind: 'unknown', code, message: `${where}: no complete answer within ${call.timeoutMs} ms` });
      };
      const nowConnected = (): void => {
        connected = true;
        clearTimeout(timer);
        timer = setTimeout(late, call.timeoutMs);
      };
      request.on('socket', (socket) => {
        if (request.reusedSocket) nowConnected();
        else socket.once(this.#secure ? 'secureConnect' : 'connect', nowConnected);
      });
      request.on('error', (error) => {
        if (!connected) done(connectFailure(error, where));
        else lost(lostAfterWrite(error, response !== undefined, request.reusedSocket));
      });
      request.on('response', (incoming) => {
        response = incoming;
        this.#read(incoming, where, done, lost);
      });
    });
  }

  #read(
    response: IncomingMessage,
    where: string,
    done: (attempt: Attempt) => void,
    lost: (attempt: Attempt) => void,
  ): void {
    const { answerMaxBytes } = this.#endpoint;
    const chunks: Buffer[] = [];
    let bytesCount = 0;
    response.on('data', (chunk: Buffer) => {
      bytesCount += chunk.length;
      if (bytesCount <= answerMaxBytes) chunks.push(chunk);
      else
        lost({
          kind: 'unknown',
          code: 'transport.answer-too-long',
          message: `${where}: the answer passes ${answerMaxBytes} bytes`,
        });
    });
    response.on('error', (error) => lost(lostAfterWrite(error, true, true)));
    response.on('end', () => done(this.#answer(response, Buffer.concat(chunks))));
  }

  #answer(response: IncomingMessage, ack: Uint8Array): Attempt {
    const { 'content-type': contentType, location, etag, 'retry-after': retryAfter } = response.headers;
    const retryAfterMs = retryAfter === undefined ? undefined : this.#waitAsked(retryAfter);
    return {
      kind: 'answered',
      ack,
      status: response.statusCode ?? 0,
      ...(contentType === undefined ? {} : { contentType }),
      ...(location === undefined ? {} : { location }),
      ...(etag === undefined ? {} : { etag }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }

  /** Seconds or a date. Rule: RFC 9110, 10.2.3. */
  #waitAsked(text: string): number | undefined {
    if (/^\d+$/.test(text)) return Number(text) * 1000;
    const at = Date.parse(text);
    return Number.isNaN(at) ? undefined : Math.max(0, at - this.#now());
  }
}
