import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type SecureVersion, TLSSocket, type Server as TlsServer } from 'node:tls';
import type { TransportCode } from '../../model/transport.ts';
import { checkCredentials } from '../credentials.ts';
import { TransportError } from '../transport-error.ts';
import { MemoryBudget } from './memory-budget.ts';
import { InboundConnection } from './mllp-connection.ts';
import type { MllpCounters, MllpHandlers, MllpLimits, Peer } from './mllp-contract.ts';

const HELD_POLL_MS = 50;
const HELD_MAX_BYTES = 268_435_456;
const HANDSHAKE_TIMEOUT_MS = 10_000;

const LISTEN_CODES: Readonly<Record<string, TransportCode>> = {
  EADDRINUSE: 'transport.port-in-use',
  EACCES: 'transport.port-denied',
  EADDRNOTAVAIL: 'transport.port-denied',
};

/** PEM. With `ca`, client certificates are verified against it and nothing else. */
export interface TlsCredentials {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  readonly ca?: string | Buffer;
}

export interface MllpServerOptions extends MllpHandlers {
  readonly host: string;
  /** 0: any free port; `address` tells which. */
  readonly port: number;
  readonly tls?: TlsCredentials & {
    /** Mutual TLS: a sender without a certificate that `ca` vouches for is turned away. */
    readonly requestClientCert?: boolean;
    readonly minVersion?: SecureVersion;
  };
  readonly limits: MllpLimits;
}

export interface MllpServer {
  readonly address: { readonly host: string; readonly port: number };
  readonly counters: Readonly<MllpCounters>;
  /** Stops reading every connection, present and future. */
  pause(): void;
  resume(): void;
  /** New connections get the new credentials, open ones go on. Throws `transport.tls-credentials` and keeps the old ones. */
  reloadTls(credentials: TlsCredentials): void;
  /** Takes no more connections and no more frames, answers those in flight, ends; after `drainMs` cuts off what is left. */
  close(options: { readonly drainMs: number }): Promise<void>;
}

/**
 * Listens for MLLP senders, plain or TLS. Resolves when the port is open.
 * Rejects with a TransportError: `transport.port-in-use`, `.port-denied`, `.listen-failed`, `.tls-credentials`.
 */
export async function mllpServer(options: MllpServerOptions): Promise<MllpServer> {
  const listener = new Listener(options);
  await listener.open();
  return listener;
}

class Listener implements MllpServer {
  readonly counters: MllpCounters = {
    connectionsOpen: 0,
    connectionsOpened: 0,
    connectionsRefused: 0,
    tlsFailed: 0,
    bytesIn: 0,
    bytesOut: 0,
    bytesHeld: 0,
    frames: 0,
    answers: 0,
    unanswered: 0,
    junkBytes: 0,
    broken: { empty: 0, restarted: 0, truncated: 0, oversize: 0, refused: 0 },
  };
  readonly #options: MllpServerOptions;
  readonly #server: Server | TlsServer;
  readonly #connections = new Set<InboundConnection>();
  /** Also those whose TLS handshake is not over. */
  readonly #sockets = new Set<Socket>();
  readonly #heldPoll: NodeJS.Timeout;
  readonly #memory: MemoryBudget;
  #paused = false;
  #closing = false;

  constructor(options: MllpServerOptions) {
    this.#options = options;
    this.#memory = new MemoryBudget(options.limits.heldMaxBytes ?? HELD_MAX_BYTES, this.counters);
    this.#server = options.tls ? this.#tlsServer(options.tls) : this.#plainServer();
    this.#server.maxConnections = options.limits.connectionsMax;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('drop', (from) => {
      this.counters.connectionsRefused += 1;
      options.log('transport.connections-max', { address: from?.remoteAddress ?? '' });
    });
    this.#heldPoll = setInterval(() => {
      for (const connection of this.#connections) if (connection.held) connection.advance();
    }, HELD_POLL_MS);
    this.#heldPoll.unref();
  }

  get address(): { host: string; port: number } {
    const bound = this.#server.address() as AddressInfo | null;
    return { host: bound?.address ?? this.#options.host, port: bound?.port ?? this.#options.port };
  }

  open(): Promise<void> {
    const { host, port, log } = this.#options;
    return new Promise((resolve, reject) => {
      const refused = (error: NodeJS.ErrnoException): void => {
        clearInterval(this.#heldPoll);
        const code = LISTEN_CODES[error.code ?? ''] ?? 'transport.listen-failed';
        reject(new TransportError(code, `${host}:${port} cannot be opened: ${error.code ?? error.message}`, error));
      };
      this.#server.once('error', refused);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', refused);
        this.#server.on('error', (error: NodeJS.ErrnoException) => {
          log('transport.listen-failed', { error: error.code ?? error.name });
        });
        resolve();
      });
    });
  }

  pause(): void {
    this.#setPaused(true);
  }

  resume(): void {
    this.#setPaused(false);
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused;
    for (const connection of this.#connections) connection.setPaused(paused);
  }

  reloadTls(credentials: TlsCredentials): void {
    const { tls } = this.#options;
    if (!tls) throw new TransportError('transport.tls-credentials', 'this listener is not a TLS listener');
    checkCredentials(credentials);
    (this.#server as TlsServer).setSecureContext({ ...credentials, minVersion: tls.minVersion ?? 'TLSv1.2' });
  }

  async close({ drainMs }: { readonly drainMs: number }): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#heldPoll);
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const connection of this.#connections) connection.drain();
    const cutOff = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
      for (const socket of this.#sockets) socket.destroy();
    }, drainMs);
    await closed;
    clearTimeout(cutOff);
  }

  #plainServer(): Server {
    return createServer({ allowHalfOpen: true, pauseOnConnect: false }, (socket) => this.#accept(socket));
  }

  #tlsServer(tls: NonNullable<MllpServerOptions['tls']>): TlsServer {
    checkCredentials(tls);
    const { key, cert, ca, requestClientCert = false, minVersion = 'TLSv1.2' } = tls;
    if (requestClientCert && !ca) {
      throw new TransportError(
        'transport.tls-credentials',
        'client certificates are required, and no ca is given to verify them',
      );
    }
    const server = createTlsServer(
      {
        key,
        cert,
        ...(ca ? { ca } : {}),
        minVersion,
        requestCert: requestClientCert,
        rejectUnauthorized: requestClientCert,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        allowHalfOpen: true,
      },
      (socket) => this.#accept(socket),
    );
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      this.counters.tlsFailed += 1;
      this.#options.log('transport.tls-handshake', {
        address: socket.remoteAddress ?? '',
        error: error.code ?? error.name,
      });
      socket.destroy();
    });
    return server;
  }

  #accept(socket: Socket | TLSSocket): void {
    this.counters.connectionsOpened += 1;
    this.counters.connectionsOpen += 1;
    const connection = new InboundConnection({
      ...handlers(this.#options),
      limits: this.#options.limits,
      socket,
      peer: peerOf(socket, this.counters.connectionsOpened),
      counters: this.counters,
      memory: this.#memory,
      paused: this.#paused,
      closed: (gone) => {
        this.counters.connectionsOpen -= 1;
        this.#connections.delete(gone);
      },
    });
    this.#connections.add(connection);
    if (this.#closing) connection.drain();
  }
}

function handlers({ onFrame, onBroken, gate, log }: MllpHandlers): MllpHandlers {
  return { onFrame, onBroken, log, ...(gate ? { gate } : {}) };
}

function peerOf(socket: Socket | TLSSocket, number: number): Peer {
  const peer = { id: `c${number}`, address: socket.remoteAddress ?? '' };
  if (!(socket instanceof TLSSocket) || !socket.authorized) return peer;
  const cn: string | string[] | undefined = socket.getPeerCertificate().subject?.CN;
  return cn === undefined ? peer : { ...peer, cn: String(cn) };
}
