import { connect, type Socket } from 'node:net';

const VT = 0x0b;
const END = Buffer.from([0x1c, 0x0d]);

/** A sender's connection: one message in flight, as engines do. Knows nothing of the product. */
export class Mllp {
  readonly #socket: Socket;
  #held = Buffer.alloc(0);
  #waiting: ((answer: string) => void) | undefined;
  #isOver = false;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk: Buffer) => {
      this.#held = Buffer.concat([this.#held, chunk]);
      const end = this.#held.indexOf(END);
      if (end < 0) return;
      const answer = this.#held.subarray(this.#held.indexOf(VT) + 1, end).toString('utf8');
      this.#held = this.#held.subarray(end + END.length);
      this.#answer(answer);
    });
    const over = (): void => {
      this.#isOver = true;
      this.#answer('');
    };
    this.#socket.on('error', over);
    this.#socket.on('close', over);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The answer; '' when the connection ended without one. */
  send(message: string): Promise<string> {
    if (this.#isOver) return Promise.resolve('');
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#socket.write(Buffer.concat([Buffer.from([VT]), Buffer.from(message, 'utf8'), END]));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #answer(text: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(text);
  }
}
