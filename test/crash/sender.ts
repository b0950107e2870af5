import { connect, type Socket } from 'node:net';

const VT = 0x0b;
const END = Buffer.from([0x1c, 0x0d]);

export interface CrashMessage {
  readonly controlId: string;
  readonly patient: string;
  /** From 1, per patient, in the order they happened. */
  readonly serial: number;
}

/** When it was first sent and when it was answered, by `performance.now()`. */
export interface AckedMessage extends CrashMessage {
  readonly sentMs: number;
  readonly ackedMs: number;
}

/** A sender that behaves as interface engines do: one message at a time on one connection, the same message again until it has its ACK. */
export class CrashSender {
  readonly acked: AckedMessage[] = [];
  /** The same message sent again, because the connection ended before its ACK. */
  repeats = 0;
  refused = 0;
  readonly #port: number;
  readonly #name: string;
  readonly #write: (message: CrashMessage) => Buffer;
  readonly #patients: number;
  readonly #serials: number[];
  readonly #pauseMs: number;
  #socket: Socket | undefined;
  #stopped = false;

  /** `pauseMs`: between an answer and the next message. */
  constructor(port: number, name: string, patients: number, write: (message: CrashMessage) => Buffer, pauseMs = 0) {
    this.#pauseMs = pauseMs;
    this.#write = write;
    this.#port = port;
    this.#name = name;
    this.#patients = patients;
    this.#serials = Array.from({ length: patients }, () => 0);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Sends until stopped. A message under way is sent until it is answered, so that what was acknowledged has no holes. */
  async run(): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const index = n % this.#patients;
      this.#serials[index]! += 1;
      const serial = this.#serials[index]!;
      const patient = `${this.#name}P${index}`;
      const controlId = `${this.#name}-${n}`;
      const bytes = this.#write({ controlId, patient, serial });
      const sentMs = performance.now();
      for (let tries = 0; ; tries += 1) {
        if (tries > 0) this.repeats += 1;
        const code = await this.#exchange(bytes, controlId);
        if (code === 'AA' || code === 'CA') break;
        if (code) this.refused += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      this.acked.push({ controlId, patient, serial, sentMs, ackedMs: performance.now() });
      if (this.#pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    }
    this.#socket?.destroy();
  }

  /** The ACK code; undefined: the connection ended first. */
  async #exchange(bytes: Buffer, controlId: string): Promise<string | undefined> {
    const socket = await this.#connected();
    if (!socket) return undefined;
    return new Promise((resolve) => {
      let held = Buffer.alloc(0);
      const end = (code: string | undefined): void => {
        clearTimeout(timer);
        socket.removeAllListeners('data');
        socket.removeAllListeners('close');
        if (code === undefined) {
          socket.destroy();
          this.#socket = undefined;
        }
        resolve(code);
      };
      const timer = setTimeout(() => end(undefined), 15_000);
      socket.on('close', () => end(undefined));
      socket.on('data', (chunk: Buffer) => {
        held = Buffer.concat([held, chunk]);
        if (held.indexOf(END) < 0) return;
        const msa = /MSA\|([A-Z]{2})\|([^|\r]*)/.exec(held.toString('latin1'));
        end(msa?.[2] === controlId ? msa[1] : undefined);
      });
      socket.write(Buffer.concat([Buffer.from([VT]), bytes, END]));
    });
  }

  #connected(): Promise<Socket | undefined> {
    if (this.#socket && !this.#socket.destroyed) return Promise.resolve(this.#socket);
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1');
      socket.setNoDelay(true);
      socket.once('error', () => resolve(undefined));
      socket.once('connect', () => {
        this.#socket = socket;
        resolve(socket);
      });
      socket.on('error', () => {});
    });
  }
}
