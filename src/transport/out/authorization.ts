import type { Attempt } from '../../model/transport.ts';
import { baseOf, HttpCaller, type HttpEndpoint } from './http-call.ts';

/** A token is not used in its last seconds: it would expire on the way. */
const TOKEN_MARGIN_MS = 30_000;
const TOKEN_DEFAULT_MS = 300_000;

export type Authorization =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | {
      /** OAuth 2 client credentials. Rule: RFC 6749, 4.4 and 2.3.1. */
      readonly kind: 'client-credentials';
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope?: string;
    };

type NotSent = Extract<Attempt, { kind: 'not-sent' }>;

/** Gives the Authorization header of each request, or why there is none. */
export interface Authorizer {
  header(timeoutMs: number): Promise<{ readonly value: string | undefined } | NotSent>;
  /** The partner did not accept the header: a cached token is not used again. */
  refused(): void;
  close(): void;
}

export function authorizer(authorization: Authorization, endpoint: HttpEndpoint, now: () => number): Authorizer {
  switch (authorization.kind) {
    case 'none':
      return fixed(undefined);
    case 'bearer':
      return fixed(`Bearer ${authorization.token}`);
    case 'basic':
      return fixed(basic(authorization.user, authorization.password));
    case 'client-credentials':
      return new ClientCredentials(authorization, endpoint, now);
  }
}

function fixed(value: string | undefined): Authorizer {
  return { header: async () => ({ value }), refused: () => undefined, close: () => undefined };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** One token for all requests until shortly before it expires; requests that come meanwhile wait for the same fetch. */
class ClientCredentials implements Authorizer {
  readonly #settings: Extract<Authorization, { kind: 'client-credentials' }>;
  readonly #caller: HttpCaller;
  readonly #url: URL;
  readonly #now: () => number;
  #token: { readonly value: string; readonly untilMs: number } | undefined;
  #fetching: Promise<{ readonly value: string } | NotSent> | undefined;

  constructor(
    settings: Extract<Authorization, { kind: 'client-credentials' }>,
    endpoint: HttpEndpoint,
    now: () => number,
  ) {
    this.#settings = settings;
    this.#url = baseOf(settings.tokenUrl);
    this.#caller = new HttpCaller({ ...endpoint, url: settings.tokenUrl }, now);
    this.#now = now;
  }

  async header(timeoutMs: number): Promise<{ readonly value: string } | NotSent> {
    if (this.#token && this.#now() < this.#token.untilMs) return { value: this.#token.value };
    this.#fetching ??= this.#fetch(timeoutMs).finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  refused(): void {
    this.#token = undefined;
  }

  close(): void {
    this.#caller.close();
  }

  async #fetch(timeoutMs: number): Promise<{ readonly value: string } | NotSent> {
    const { clientId, clientSecret, scope } = this.#settings;
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) });
    const attempt = await this.#caller.call({
      url: this.#url,
      method: 'POST',
      headers: {
        authorization: basic(encodeURIComponent(clientId), encodeURIComponent(clientSecret)),
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: Buffer.from(form.toString()),
      timeoutMs,
      bodyMatters: true,
    });
    // Whatever became of the token request: of the message itself nothing was sent.
    if (attempt.kind === 'not-sent') return attempt;
    if (attempt.kind !== 'answered') return refusal('no complete answer from the token endpoint');
    const token = attempt.status === 200 ? readToken(attempt.ack) : undefined;
    if (!token) return refusal(`the token endpoint answered ${attempt.status} without a bearer token`);
    const value = `Bearer ${token.value}`;
    this.#token = { value, untilMs: this.#now() + Math.max(0, token.validMs - TOKEN_MARGIN_MS) };
    return { value };
  }
}

function refusal(message: string): NotSent {
  return { kind: 'not-sent', code: 'transport.token-refused', message };
}

function readToken(body: Uint8Array): { value: string; validMs: number } | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { access_token: value, expires_in: seconds, token_type: type } = answer as Record<string, unknown>;
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) return undefined;
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer') return undefined;
  return { value, validMs: typeof seconds === 'number' ? seconds * 1000 : TOKEN_DEFAULT_MS };
}
