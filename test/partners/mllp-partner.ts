import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { parseArgs } from 'node:util';

/** Knows nothing of the product: what it says about a message can be held against what the hub says. */

const FRAME_END = Buffer.from([0x1c, 0x0d]);

export const BEHAVIOURS = [
  'AA', // and the other acknowledgement codes: answers with it
  'AE',
  'AR',
  'CA',
  'CE',
  'CR',
  'wrong-id', // AA to a message nobody sent
  'no-id', // AA to no message
  'twice', // AA two times
  'late', // AA after `delayMs`
  'slow', // AA, one byte each `delayMs`
  'no-final-cr', // AA, its frame without the CR
  'close-after', // AA, then ends the connection
  'silent', // reads and says nothing
  'deaf', // does not even read
  'close', // reads, then ends the connection
  'reset-before', // resets before it reads
  'reset-after', // reads, then resets
  'half-ack', // half an AA, then ends the connection
  'half-ack-reset', // half an AA, then resets
  'stuck-ack', // half an AA, then says nothing
  'garbage', // a frame that is no HL7
  'junk', // bytes without a frame
  'empty', // a frame with nothing in it
  'huge', // an AA of a megabyte
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

export interface Received {
  readonly controlId: string;
  readonly type: string;
  readonly bytes: Buffer;
  readonly sha256: string;
  /** 1 for the first time this control id came with this content. */
  readonly times: number;
  /** By `performance.now()`. */
  readonly atMs: number;
}

export interface PartnerOptions {
  readonly host?: string;
  readonly port?: number;
  /** One per message, in order; the last one stays. */
  readonly behaviour: Behaviour | readonly Behaviour[];
  readonly delayMs?: number;
  readonly tls?: TlsOptions;
  readonly onReceived?: (received: Received) => void;
}

/** A partner's interface engine that behaves as told, well or badly. */
export class MllpPartner {
  /** Every frame, repeats included. */
  readonly received: Received[] = [];
  connections = 0;
  port = 0;
  readonly #times = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  readonly #options: PartnerOptions;
  readonly #server: Server;
  #behaviours: Behaviour[] = [];

  private constructor(options: PartnerOptions) {
    this.#options = options;
    this.behave(options.behaviour);
    this.#server = options.tls
      ? createTlsServer(options.tls, (socket) => this.#accept(socket))
      : createServer((socket) => this.#accept(socket));
    this.#server.on('tlsClientError', () => undefined);
  }

  static async start(options: PartnerOptions): Promise<MllpPartner> {
    const partner = new MllpPartner(options);
    await new Promise<void>((resolve, reject) => {
      partner.#server.once('error', reject);
      partner.#server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
    });
    partner.port = (partner.#server.address() as AddressInfo).port;
    return partner;
  }

  /** What an idempotent receiver holds: each message once, in the order of its first arrival. */
  get distinct(): Received[] {
    return this.received.filter(({ times }) => times === 1);
  }

  behave(behaviour: Behaviour | readonly Behaviour[]): void {
    this.#behaviours = typeof behaviour === 'string' ? [behaviour] : [...behaviour];
  }

  /** Ends every open connection as a restart would. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.dropConnections();
    await closed;
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.#behaviours[0] === 'reset-before') {
      this.#next();
      reset(socket);
      return;
    }
    if (this.#behaviours[0] === 'deaf') {
      this.#next();
      socket.pause();
      return;
    }
    let held = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      for (let end = held.indexOf(FRAME_END); end >= 0; end = held.indexOf(FRAME_END)) {
        this.#receive(held.subarray(held.indexOf(0x0b) + 1, end), socket);
        held = held.subarray(end + FRAME_END.length);
      }
    });
  }

  #next(): Behaviour {
    return this.#behaviours.length > 1 ? this.#behaviours.shift()! : this.#behaviours[0]!;
  }

  #receive(content: Buffer, socket: Socket): void {
    const bytes = Buffer.from(content);
    const header = readHeader(bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const key = `${header.controlId} ${sha256}`;
    const times = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, times);
    const atMs = performance.now();
    const received = { controlId: header.controlId, type: header.type, bytes, sha256, times, atMs };
    this.received.push(received);
    this.#options.onReceived?.(received);
    this.#answer(this.#next(), header, socket);
  }

  #answer(behaviour: Behaviour, header: Header, socket: Socket): void {
    const delayMs = this.#options.delayMs ?? 1000;
    const accepted = framed(ackOf(header, 'AA'));
    const half = accepted.subarray(0, accepted.length >> 1);
    const acts: Record<Behaviour, () => void> = {
      AA: () => socket.write(accepted),
      AE: () => socket.write(framed(ackOf(header, 'AE'))),
      AR: () => socket.write(framed(ackOf(header, 'AR'))),
      CA: () => socket.write(framed(ackOf(header, 'CA'))),
      CE: () => socket.write(framed(ackOf(header, 'CE'))),
      CR: () => socket.write(framed(ackOf(header, 'CR'))),
      'wrong-id': () => socket.write(framed(ackOf({ ...header, controlId: 'NOBODYS' }, 'AA'))),
      'no-id': () => socket.write(framed(ackOf({ ...header, controlId: '' }, 'AA'))),
      twice: () => socket.write(Buffer.concat([accepted, accepted])),
      late: () => void setTimeout(() => socket.write(accepted), delayMs).unref(),
      slow: () => trickle(socket, accepted, delayMs),
      'no-final-cr': () => socket.write(accepted.subarray(0, -1)),
      'close-after': () => socket.end(accepted),
      silent: () => undefined,
      deaf: () => socket.pause(),
      close: () => socket.end(),
      'reset-before': () => reset(socket),
      'reset-after': () => reset(socket),
      'half-ack': () => socket.end(half),
      'half-ack-reset': () => socket.write(half, () => setTimeout(() => reset(socket), 20)),
      'stuck-ack': () => socket.write(half),
      garbage: () => socket.write(framed(Buffer.from('<html>no</html>'))),
      junk: () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      empty: () => socket.write(framed(Buffer.alloc(0))),
      huge: () => socket.write(framed(Buffer.concat([ackOf(header, 'AA'), Buffer.alloc(1_000_000, 0x41)]))),
    };
    acts[behaviour]();
  }
}

interface Header {
  readonly controlId: string;
  readonly type: string;
  readonly processingId: string;
  readonly version: string;
}

function readHeader(bytes: Buffer): Header {
  const first = bytes.toString('latin1').split('\r', 1)[0] ?? '';
  const fields = first.split(first[3] ?? '|');
  return {
    type: fields[8] ?? '',
    controlId: fields[9] ?? '',
    processingId: fields[10] ?? 'T',
    version: fields[11] ?? '2.5.1',
  };
}

let acksMade = 0;

function ackOf({ controlId, processingId, version }: Header, code: string): Buffer {
  acksMade += 1;
  const msh = `MSH|^~\\&|PARTNER|PARTNER|HANDOFF|HANDOFF|20260101120000||ACK|P${acksMade}|${processingId}|${version}`;
  return Buffer.from(`${msh}\rMSA|${code}|${controlId}\r`, 'latin1');
}

function framed(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x0b]), content, FRAME_END]);
}

function reset(socket: Socket): void {
  // A TLS socket has no reset of its own: cutting it off is the nearest thing.
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

function trickle(socket: Socket, bytes: Buffer, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= bytes.length) clearInterval(timer);
    else socket.write(bytes.subarray(at, ++at));
  }, everyMs);
  timer.unref();
}

/** `node mllp-partner.ts --port 0 --behaviour AA[,AE…] [--delay-ms 1000] [--bodies]`; a line on stdin changes the behaviour. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      behaviour: { type: 'string', default: 'AA' },
      'delay-ms': { type: 'string', default: '1000' },
      bodies: { type: 'boolean', default: false },
    },
  });
  const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const partner = await MllpPartner.start({
    host: values.host,
    port: Number(values.port),
    behaviour: behavioursFrom(values.behaviour),
    delayMs: Number(values['delay-ms']),
    onReceived: ({ bytes, ...facts }) => {
      say({ event: 'frame', ...facts, ...(values.bodies ? { body: bytes.toString('base64') } : {}) });
    },
  });
  say({ event: 'listening', port: partner.port });
  createInterface({ input: process.stdin }).on('line', (line) => {
    partner.behave(behavioursFrom(line));
    say({ event: 'behaving', behaviour: line });
  });
  process.on('SIGTERM', () => void partner.close().then(() => process.exit(0)));
}

function behavioursFrom(text: string): Behaviour[] {
  return text.split(',').map((word) => {
    const known = BEHAVIOURS.find((behaviour) => behaviour === word.trim());
    if (!known) throw new Error(`no such behaviour: ${word}; known are ${BEHAVIOURS.join(', ')}`);
    return known;
  });
}

if (import.meta.main) await main();
