import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { type ConnectionOptions, connect as connectTls, type SecureVersion } from 'node:tls';
import type { Attempt, SendOptions, Transport, TransportCode, TransportLog } from '../../model/transport.ts';
import { checkCredentials } from '../credentials.ts';
import { FrameDecoder, type FrameEvent } from '../mllp-decoder.ts';
import { frame } from '../mllp-frame.ts';
import { type MatchAck, readAnswer } from './answer.ts';
import { connectFailure, lostAfterWrite } from './connection-failure.ts';
import { Turn } from './turn.ts';

const TAIL_MS = 100;
const KEEP_ALIVE_MS = 30_000;

export interface ClientTls {
  /** PEM of the authorities that may vouch for the partner; absent: the platform's. */
  readonly ca?: string | Buffer;
  /** Mutual TLS: our own certificate. */
  readonly key?: string | Buffer;
  readonly cert?: string | Buffer;
  /** The name the partner's certificate must carry, where it is not `host`. */
  readonly serverName?: string;
  readonly minVersion?: SecureVersion;
}

export interface MllpClientOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: ClientTls;
  /** TCP and TLS together. */
  readonly connectTimeoutMs: number;
  readonly answerMaxBytes: number;
  /** Sends that may wait for the connection; one more is `transport.busy`. */
  readonly waitingMax: number;
  /** False: a new connection for each message, for partners that end it after each ACK. */
  readonly keepOpen?: boolean;
  /** MSA-2 and MSA-1 of an ACK; undefined if the bytes are none. */
  readonly matchAck: MatchAck;
  readonly log: TransportLog;
}

/**
 * One connection to one partner, made when needed and kept; one message on it at a time.
 * After any doubt (no answer in time, half an answer, an answer to something else, bytes nobody asked for) the connection
 * is dropped, so that a late ACK is never taken for the next message's. Throws `transport.tls-credentials` at start.
 * Rule: HL7 v2 2.9.2, FIELD 8, 9, 31.
 */
export function mllpClient(options: MllpClientOptions): Transport {
  return new MllpClient(options);
}

interface Exchange {
  readonly controlId: string;
  readonly done: (attempt: Attempt) => void;
}

class MllpClient implements Transport {
  readonly #options: MllpClientOptions;
  readonly #turn: Turn;
  #connection: Connection | undefined;
  #closed = false;

  constructor(options: MllpClientOptions) {
    checkCredentials(options.tls ?? {});
    this.#options = options;
    this.#turn = new Turn(options.waitingMax);
  }

  async send(payload: Uint8Array, { controlId, timeoutMs, urgent = false }: SendOptions): Promise<Attempt> {
    const framed = frame(payload);
    if (!framed) return notSent('transport.payload-unframeable', 'the message holds a VT or FS byte');
    if (!(await this.#turn.take(urgent))) return notSent('transport.busy', `${this.#turn.waiting} sends wait already`);
    try {
      const connection = await this.#connected();
      if (!(connection instanceof Connection)) return connection;
      const attempt = await connection.exchange(framed, controlId, timeoutMs);
      if (this.#options.keepOpen === false) connection.drop();
      return attempt;
    } finally {
      this.#turn.give();
    }
  }

  /** A message that is on its way keeps its time to be answered. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#turn.take(true);
    this.#connection?.drop();
    this.#turn.give();
  }

  async #connected(): Promise<Connection | Attempt> {
    if (this.#closed) return notSent('transport.closed', 'this transport is closed');
    // Some partners end the connection right behind each ACK. A turn of the event loop reads an end that is already here,
    // which keeps this message from being written into a closed connection and parked as unknown.
    if (this.#connection?.usable) await turnOfTheLoop();
    if (this.#connection?.usable) return this.#connection;
    const opened = await openSocket(this.#options);
    if ('kind' in opened) return opened;
    this.#connection = new Connection(opened, this.#options);
    return this.#connection;
  }
}

/** An open socket and the one message on it. */
class Connection {
  readonly #socket: Socket;
  readonly #options: MllpClientOptions;
  readonly #decoder: FrameDecoder;
  #exchange: Exchange | undefined;
  #answered = false;
  #error: NodeJS.ErrnoException | undefined;
  #tailTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: MllpClientOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#decoder = new FrameDecoder({ frameMaxBytes: options.answerMaxBytes });
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#ended());
  }

  get usable(): boolean {
    return this.#socket.writable && this.#socket.readable && !this.#socket.destroyed;
  }

  drop(): void {
    clearTimeout(this.#tailTimer);
    this.#socket.destroy();
  }

  exchange(framed: Buffer, controlId: string, timeoutMs: number): Promise<Attempt> {
    if (!this.usable)
      return Promise.resolve(notSent('transport.reset', 'the connection broke before anything was sent'));
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#late(timeoutMs), timeoutMs);
      this.#exchange = {
        controlId,
        done: (attempt) => {
          clearTimeout(late);
          this.#exchange = undefined;
          resolve(attempt);
        },
      };
      this.#socket.write(framed);
    });
  }

  #read(chunk: Buffer): void {
    clearTimeout(this.#tailTimer);
    for (const event of this.#decoder.feed(chunk)) this.#take(event);
    if (!this.#exchange && (this.#decoder.unfinished || this.#decoder.junkBytes > 0)) this.#unasked();
    if (this.#decoder.awaitingTail && !this.#socket.destroyed) {
      this.#tailTimer = setTimeout(() => {
        for (const event of this.#decoder.settle()) this.#take(event);
      }, TAIL_MS);
    }
  }

  #take(event: FrameEvent): void {
    if (!this.#exchange) this.#unasked();
    else if (event.kind === 'frame') this.#judge(event.bytes, this.#exchange);
    else if (event.kind === 'broken' && event.why === 'oversize') {
      this.#doubt('transport.answer-too-long', `the answer passes ${this.#options.answerMaxBytes} bytes`);
    } else if (event.kind === 'broken') {
      this.#doubt('transport.answer-garbled', `the answer is a broken frame (${event.why})`);
    } else {
      this.#options.log('transport.junk', { host: this.#options.host, bytesCount: event.bytesCount });
    }
  }

  #judge(bytes: Uint8Array, exchange: Exchange): void {
    const match = readAnswer(this.#options.matchAck, bytes);
    // A view of the chunk would keep the whole chunk in memory for as long as the answer is kept.
    const ack = new Uint8Array(bytes);
    if (!match) {
      this.#doubt('transport.answer-garbled', 'the answer is no acknowledgement');
    } else if (match.controlId === exchange.controlId) {
      this.#answered = true;
      exchange.done({ kind: 'answered', ack });
    } else {
      this.drop();
      exchange.done({ kind: 'mismatched', ack });
    }
  }

  /** Bytes while nothing is on its way: whatever they answer, it is not the next message. */
  #unasked(): void {
    if (this.#socket.destroyed) return;
    this.#options.log('transport.answer-garbled', {
      host: this.#options.host,
      port: this.#options.port,
      unasked: true,
    });
    this.drop();
  }

  #late(timeoutMs: number): void {
    const within = `within ${timeoutMs} ms`;
    if (this.#decoder.junkBytes > 0)
      this.#doubt('transport.answer-garbled', `bytes without a frame, and no answer ${within}`);
    else if (this.#decoder.unfinished) this.#doubt('transport.half-answer', `the answer did not end ${within}`);
    else this.#doubt('transport.ack-timeout', `no answer ${within}`);
  }

  #doubt(code: TransportCode, message: string): void {
    this.drop();
    this.#exchange?.done({ kind: 'unknown', code, message });
  }

  #ended(): void {
    const exchange = this.#exchange;
    const halfAnswer = this.#decoder.unfinished || this.#decoder.junkBytes > 0;
    // An FS was the last byte before the end: the answer is whole.
    for (const event of this.#decoder.settle()) this.#take(event);
    this.drop();
    if (exchange && exchange === this.#exchange) exchange.done(lostAfterWrite(this.#error, halfAnswer, this.#answered));
  }
}

/** An open connection, with TLS agreed where it is asked for; or why nothing could be sent. */
function openSocket(options: MllpClientOptions): Promise<Socket | Extract<Attempt, { kind: 'not-sent' }>> {
  const { host, port, tls, connectTimeoutMs } = options;
  return new Promise((resolve) => {
    const socket = dial(options);
    if (!(socket instanceof Error)) {
      const late = setTimeout(() => {
        socket.destroy();
        resolve(notSent('transport.connect-timeout', `${host}:${port} not connected within ${connectTimeoutMs} ms`));
      }, connectTimeoutMs);
      const failed = (error: NodeJS.ErrnoException): void => {
        clearTimeout(late);
        resolve(connectFailure(error, `${host}:${port}`));
      };
      // Stays on the socket for life: an error may come at any time between this and the listeners of its owner.
      socket.on('error', failed);
      socket.once('close', () => failed(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        clearTimeout(late);
        socket.setNoDelay(true);
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
        resolve(socket);
      });
    } else resolve(notSent('transport.tls-credentials', `key, certificate or ca cannot be used: ${socket.message}`));
  });
}

function dial({ host, port, tls }: MllpClientOptions): Socket | Error {
  if (!tls) return connect({ host, port });
  const { ca, key, cert, serverName, minVersion = 'TLSv1.2' } = tls;
  const settings: ConnectionOptions = { host, port, minVersion, rejectUnauthorized: true };
  if (ca) settings.ca = ca;
  if (key) settings.key = key;
  if (cert) settings.cert = cert;
  if (serverName) settings.servername = serverName;
  try {
    return connectTls(settings);
  } catch (error) {
    return error instanceof Error ? error : new Error('unknown');
  }
}

/** Two: the first fires before the sockets are looked at again. */
async function turnOfTheLoop(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

function notSent(code: TransportCode, message: string): Extract<Attempt, { kind: 'not-sent' }> {
  return { kind: 'not-sent', code, message };
}
