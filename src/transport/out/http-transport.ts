import type { Attempt } from '../../model/transport.ts';
import { type Authorization, type Authorizer, authorizer } from './authorization.ts';
import { baseOf, type HttpCall, HttpCaller, type HttpEndpoint } from './http-call.ts';
import { Turn } from './turn.ts';

export interface HttpTransportOptions extends HttpEndpoint {
  readonly authorization?: Authorization;
  /** Requests at once; further ones wait. */
  readonly atOnceMax: number;
  /** Requests that may wait; one more is `transport.busy`. */
  readonly waitingMax: number;
  readonly now: () => number;
}

/** What the HTTP transports share: places, authorization, closing. Throws `transport.request-invalid` for a bad URL. */
export class HttpTransport {
  readonly #base: URL;
  readonly #caller: HttpCaller;
  readonly #authorizer: Authorizer;
  readonly #turn: Turn;
  readonly #atOnceMax: number;
  #closed = false;

  constructor(options: HttpTransportOptions) {
    this.#base = baseOf(options.url);
    this.#caller = new HttpCaller(options, options.now);
    this.#authorizer = authorizer(options.authorization ?? { kind: 'none' }, options, options.now);
    this.#turn = new Turn(options.waitingMax, options.atOnceMax);
    this.#atOnceMax = options.atOnceMax;
  }

  /** `path` as it stands below the base; undefined: it would lead out of it. */
  async send(path: string, call: Omit<HttpCall, 'url'>, urgent: boolean): Promise<Attempt> {
    const url = this.#below(path);
    if (!url)
      return { kind: 'not-sent', code: 'transport.request-invalid', message: 'the path leads out of the endpoint' };
    if (!(await this.#turn.take(urgent))) {
      return { kind: 'not-sent', code: 'transport.busy', message: `${this.#turn.waiting} sends wait already` };
    }
    try {
      if (this.#closed) return { kind: 'not-sent', code: 'transport.closed', message: 'this transport is closed' };
      const authorization = await this.#authorizer.header(call.timeoutMs);
      if ('kind' in authorization) return authorization;
      const own = authorization.value === undefined ? {} : { authorization: authorization.value };
      const attempt = await this.#caller.call({ ...call, url, headers: { ...call.headers, ...own } });
      if (attempt.kind === 'answered' && attempt.status === 401) this.#authorizer.refused();
      return attempt;
    } finally {
      this.#turn.give();
    }
  }

  /** Requests on their way keep their time to be answered. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (let place = 0; place < this.#atOnceMax; place += 1) await this.#turn.take(true);
    this.#caller.close();
    this.#authorizer.close();
    for (let place = 0; place < this.#atOnceMax; place += 1) this.#turn.give();
  }

  #below(path: string): URL | undefined {
    if (path === '') return new URL(this.#base);
    const root = `${this.#base.origin}${this.#base.pathname.replace(/\/$/, '')}/`;
    const text = root + path;
    if (!URL.canParse(text)) return undefined;
    const url = new URL(text);
    return url.href.startsWith(root) ? url : undefined;
  }
}
