import { readAck } from '../hl7/read-ack.ts';
import type { SendPort } from '../model/flow.ts';
import type { Endpoint, FhirTransport, MirrorTransport, Partner } from '../model/partner.ts';
import type { Attempt, SendOptions, Transport, TransportLog } from '../model/transport.ts';
import { fhirRest } from '../transport/out/fhir-rest.ts';
import { hl7Http } from '../transport/out/http.ts';
import { mllpClient } from '../transport/out/mllp-client.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_MAX_BYTES = 1024 * 1024;
const WAITING_MAX = 64;
const HTTP_AT_ONCE_MAX = 4;

/** One transport for each endpoint of the partners, opened when first used. */
export class Senders implements SendPort {
  readonly #transports: ReadonlyMap<string, Transport>;

  constructor(partners: readonly Partner[], log: TransportLog) {
    this.#transports = new Map(
      partners.flatMap((partner) => partner.endpoints.map((each) => [each.id, open(each, log)] as const)),
    );
  }

  send(
    endpoint: Endpoint,
    payload: Uint8Array,
    options: { readonly controlId: string; readonly urgent: boolean },
  ): Promise<Attempt> {
    const transport = this.#transports.get(endpoint.id);
    if (!transport)
      return Promise.resolve({
        kind: 'not-sent',
        code: 'transport.closed',
        message: 'the endpoint is no longer configured',
      });
    return transport.send(payload, { ...options, timeoutMs: endpoint.timeoutMs });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((each) => each.close()));
  }
}

const matchAck = (bytes: Uint8Array) => {
  const ack = readAck(bytes);
  return ack.ok ? { controlId: ack.controlId, code: ack.code } : undefined;
};

function open({ transport }: Endpoint, log: TransportLog): Transport {
  const limits = { connectTimeoutMs: CONNECT_TIMEOUT_MS, answerMaxBytes: ANSWER_MAX_BYTES, waitingMax: WAITING_MAX };
  switch (transport.kind) {
    case 'mllp':
      return mllpClient({
        ...limits,
        host: transport.host,
        port: transport.port,
        ...(transport.tls ? { tls: transport.tls } : {}),
        matchAck,
        log,
      });
    case 'hl7-http': {
      const { url, authorization } = withToken(transport);
      return hl7Http({ ...limits, url, authorization, atOnceMax: 1, now: Date.now, matchAck });
    }
    case 'mirror':
    case 'fhir': {
      const { url, authorization } = withClient(transport);
      const rest = fhirRest({ ...limits, url, authorization, atOnceMax: HTTP_AT_ONCE_MAX, now: Date.now });
      const isMirror = transport.kind === 'mirror';
      // What became of each entry is asked, what the mirror made of it is not.
      const headers = { ...otherHeaders(transport.headers), ...(isMirror ? { prefer: 'return=minimal' } : {}) };
      return {
        send: (body: Uint8Array, options: SendOptions) =>
          rest.send({ method: 'POST', path: '', body, headers, answerMatters: isMirror }, options),
        close: () => rest.close(),
      };
    }
  }
}

type HttpTransportSettings = Pick<Extract<Endpoint['transport'], { url: string }>, 'url' | 'headers'>;

/** A configured client goes before a header: its tokens are fetched anew. */
function withClient(transport: FhirTransport | MirrorTransport) {
  const { url, authorization } = transport;
  if (!authorization) return withToken(transport);
  return { url, authorization: { kind: 'client-credentials', ...authorization } as const };
}

/** The Authorization header of the settings, as the transport takes it. */
function withToken({ url, headers }: HttpTransportSettings) {
  const value = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  const [scheme = '', rest = ''] = (value ?? '').split(/\s+(.*)/s);
  if (/^bearer$/i.test(scheme)) return { url, authorization: { kind: 'bearer', token: rest } as const };
  if (/^basic$/i.test(scheme)) {
    const [user = '', password = ''] = Buffer.from(rest, 'base64').toString('utf8').split(/:(.*)/s);
    return { url, authorization: { kind: 'basic', user, password } as const };
  }
  return { url, authorization: { kind: 'none' } as const };
}

const otherHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
