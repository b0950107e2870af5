import type { HubMetrics } from '../api/metrics.ts';
import type { Flow } from '../flow/hub-flow.ts';
import type { Feed } from '../model/partner.ts';
import type { TransportLog } from '../model/transport.ts';
import { type MllpServer, mllpServer } from '../transport/in/mllp-server.ts';
import type { LiveConfig } from './live-config.ts';

const FRAME_TIMEOUT_MS = 60_000;

/** The MLLP listeners of all feeds. A reload opens, closes and re-keys them; the others go on undisturbed. */
export class Listeners {
  readonly #flow: Flow;
  readonly #metrics: HubMetrics;
  readonly #log: TransportLog;
  readonly #open = new Map<string, { readonly feed: Feed; readonly server: MllpServer }>();

  constructor(flow: Flow, metrics: HubMetrics, log: TransportLog) {
    this.#flow = flow;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Brings the open listeners to what the configuration says. Throws a TransportError for an address that cannot be had. */
  async follow(config: LiveConfig): Promise<void> {
    const wanted = new Map(
      config.feeds().flatMap((feed) => (feed.transport.kind === 'mllp' ? [[feed.id, feed] as const] : [])),
    );
    for (const [id, { feed, server }] of this.#open) {
      const next = wanted.get(id);
      if (next && same(feed, next)) {
        if (next.transport.kind === 'mllp' && next.transport.tls) server.reloadTls(next.transport.tls);
        continue;
      }
      await server.close({ drainMs: 5_000 });
      this.#open.delete(id);
    }
    for (const [id, feed] of wanted) {
      if (!this.#open.has(id)) this.#open.set(id, { feed, server: await this.#listen(feed) });
    }
  }

  /** Feed → address it really listens on. */
  addresses(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#open].map(([id, { server }]) => [id, `${server.address.host}:${server.address.port}`]),
    );
  }

  async close(drainMs: number): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ server }) => server.close({ drainMs })));
    this.#open.clear();
  }

  #listen(feed: Feed): Promise<MllpServer> {
    const { transport } = feed;
    if (transport.kind !== 'mllp') throw new Error('not an MLLP feed');
    const handlers = this.#flow.frames(feed.id);
    return mllpServer({
      host: transport.host,
      port: transport.port,
      ...(transport.tls ? { tls: transport.tls } : {}),
      limits: {
        frameMaxBytes: feed.frameMaxBytes,
        connectionsMax: feed.connectionsMax,
        idleTimeoutMs: feed.idleTimeoutMs,
        frameTimeoutMs: FRAME_TIMEOUT_MS,
        inFlightMax: feed.inFlightMax,
      },
      ...handlers,
      onFrame: async (bytes, peer) => {
        const end = this.#metrics.ack.startTimer({ feed: feed.id });
        const answer = await handlers.onFrame(bytes, peer);
        end({ code: answer.code ?? 'none' });
        return answer;
      },
      log: (code, facts) => this.#log(code, { feed: feed.id, ...facts }),
    });
  }
}

/** Whether the listener itself may stay: its address and limits are what they were. Everything else is asked at each message. */
function same(a: Feed, b: Feed): boolean {
  const shape = ({ transport, frameMaxBytes, connectionsMax, idleTimeoutMs, inFlightMax }: Feed) =>
    JSON.stringify([
      transport.kind === 'mllp' ? [transport.host, transport.port, transport.tls?.requestClientCert ?? null] : null,
      frameMaxBytes,
      connectionsMax,
      idleTimeoutMs,
      inFlightMax,
    ]);
  return shape(a) === shape(b);
}
