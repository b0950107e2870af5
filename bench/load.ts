import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LatencyHistogram } from './latency.ts';

/**
 * Sends ADT messages over N connections, each with one message in flight, and measures the time to each ACK.
 * Runs in a process of its own so that it takes nothing from the process it measures but its share of the machine.
 */

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Measured time, after `warmupS`. With `count`, whichever ends first. */
  readonly seconds?: number;
  /** Messages in all, warm-up included. */
  readonly count?: number;
  readonly warmupS?: number;
  /** Messages per second over all connections; absent: as fast as ACKs come. */
  readonly ratePerS?: number;
  /** Patients the messages are spread over in turn; absent: a new one for each message. */
  readonly patients?: number;
  /** Up to four letters or digits: control ids are this and eight digits, counted from 0. */
  readonly prefix?: string;
  /** With `{CONTROL}`, `{PATIENT}` and `{VISIT}`, segments ended by CR. */
  readonly template?: string;
}

export interface LoadReport {
  readonly connections: number;
  /** Measured, warm-up excluded. */
  readonly seconds: number;
  readonly acceptedPerS: number;
  readonly latency: ReturnType<LatencyHistogram['summary']>;
  /** Positive answers, warm-up included: control ids `prefix` + 00000000 … are those sent. */
  readonly accepted: number;
  readonly sent: number;
  readonly prefix: string;
  readonly codes: Readonly<Record<string, number>>;
  /** Answers that name another message, and connections that ended early. */
  readonly mismatched: number;
  readonly lostConnections: number;
  readonly acceptedEachS: readonly number[];
}

/** Twelve segments of an admission; nobody in it exists. */
export const ADT_A01 = [
  'MSH|^~\\&|ADT|GENHOSP|HANDOFF|HUB|20260105083000-0500||ADT^A01^ADT_A01|{CONTROL}|T|2.5.1|||||||UNICODE UTF-8',
  'EVN|A01|20260105083000-0500|||R1^REGISTRAR^ONE',
  'PID|1||{PATIENT}^^^GENHOSP^MR||LOAD^SAMPLE^Q^^^^L||19800101|F|||1 SAMPLE STREET^^SPRINGFIELD^IL^62701^USA^H||^PRN^PH^^1^217^5550100|||S||{VISIT}^^^GENHOSP^AN',
  'PD1||||1234567893^PSYCHIATRIST^OUT^^^^^^NPI',
  'NK1|1|LOAD^SECOND^Q^^^^L|SPO^Spouse^HL70063|1 SAMPLE STREET^^SPRINGFIELD^IL^62701^USA|^PRN^PH^^1^217^5550101',
  'PV1|1|I|PSY^101^A^GENHOSP||||1234567893^ATTENDING^ANN^^^^^^NPI|||PSY||||1|||1234567893^ATTENDING^ANN^^^^^^NPI|IP|{VISIT}^^^GENHOSP^VN|||||||||||||||||||||||||20260105083000-0500',
  'PV2|||F33.2^Major depressive disorder, recurrent severe^I10C',
  'OBX|1|NM|8302-2^Body height^LN||170|cm^centimeter^UCUM|||||F|||20260105083000-0500',
  'AL1|1|DA|70618^Penicillin^RXNORM|MO|Rash',
  'DG1|1||F33.2^Major depressive disorder, recurrent severe without psychotic features^I10C||20260105083000-0500|A',
  'DG1|2||F41.1^Generalized anxiety disorder^I10C||20260105083000-0500|A',
  'IN1|1|PPO^Sample plan^L|12345^^^PAYER|SAMPLE PAYER|1 PAYER ROAD^^SPRINGFIELD^IL^62702^USA',
  '',
].join('\r');

const DIGITS = 8;
const FRAME_END = Buffer.from([0x1c, 0x0d]);
const MSA = Buffer.from('MSA|');

/** One message in one buffer, in which only the numbers change. */
class Stamped {
  readonly bytes: Buffer;
  readonly #controls: readonly number[];
  readonly #patients: readonly number[];

  constructor(template: string, prefix: string) {
    const zeros = '0'.repeat(DIGITS);
    // Placeholders of one width each, so that finding them again in the finished bytes is finding their digits.
    const marked = template
      .replaceAll('{CONTROL}', `\x01${prefix}${zeros}`)
      .replaceAll('{PATIENT}', `\x02P${zeros}`)
      .replaceAll('{VISIT}', `\x02V${zeros}`);
    const controls: number[] = [];
    const patients: number[] = [];
    let plain = '\x0b';
    for (const character of marked) {
      if (character === '\x01') controls.push(Buffer.byteLength(plain) + prefix.length);
      else if (character === '\x02') patients.push(Buffer.byteLength(plain) + 1);
      else plain += character;
    }
    this.bytes = Buffer.from(`${plain}\x1c\r`, 'utf8');
    this.#controls = controls;
    this.#patients = patients;
  }

  stamp(control: number, patient: number): void {
    for (const at of this.#controls) this.#write(control, at);
    for (const at of this.#patients) this.#write(patient, at);
  }

  /** Whether the answer names this message. */
  isNamedIn(ack: Buffer, prefix: string): boolean {
    const from = this.#controls[0]! - prefix.length;
    return ack.indexOf(this.bytes.subarray(from, from + prefix.length + DIGITS)) >= 0;
  }

  #write(value: number, at: number): void {
    let left = value;
    for (let digit = DIGITS - 1; digit >= 0; digit -= 1) {
      this.bytes[at + digit] = 0x30 + (left % 10);
      left = Math.floor(left / 10);
    }
  }
}

class Load {
  readonly #options: LoadOptions;
  readonly #prefix: string;
  readonly #latency = new LatencyHistogram();
  readonly #codes: Record<string, number> = {};
  readonly #eachS: number[] = [];
  #sent = 0;
  #accepted = 0;
  #mismatched = 0;
  #lost = 0;
  #startedMs = 0;
  #measuredFromMs = 0;
  #endsMs = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#prefix = options.prefix ?? 'L';
  }

  async run(): Promise<LoadReport> {
    const { host, port, connections, warmupS = 0, seconds = Number.POSITIVE_INFINITY } = this.#options;
    const sockets = await Promise.all(Array.from({ length: connections }, () => dial(host, port)));
    this.#startedMs = performance.now();
    this.#measuredFromMs = this.#startedMs + warmupS * 1000;
    this.#endsMs = this.#measuredFromMs + seconds * 1000;
    await Promise.all(sockets.map((socket) => this.#drive(socket)));
    const measuredS = (Math.min(performance.now(), this.#endsMs) - this.#measuredFromMs) / 1000;
    return {
      connections,
      seconds: measuredS,
      acceptedPerS: this.#latency.count / measuredS,
      latency: this.#latency.summary(),
      accepted: this.#accepted,
      sent: this.#sent,
      prefix: this.#prefix,
      codes: this.#codes,
      mismatched: this.#mismatched,
      lostConnections: this.#lost,
      acceptedEachS: this.#eachS,
    };
  }

  /** One connection until the end of the load. */
  #drive(socket: Socket): Promise<void> {
    const { template = ADT_A01, patients, count = Number.POSITIVE_INFINITY, ratePerS } = this.#options;
    const message = new Stamped(template, this.#prefix);
    let sentMs = 0;
    let held: Buffer | undefined;
    return new Promise((resolve) => {
      const next = (): void => {
        if (this.#sent >= count || performance.now() >= this.#endsMs) {
          socket.off('close', lost);
          socket.end();
          resolve();
          return;
        }
        const number = this.#sent;
        const dueMs = ratePerS === undefined ? 0 : this.#startedMs + (number / ratePerS) * 1000 - performance.now();
        if (dueMs > 1) {
          setTimeout(next, dueMs);
          return;
        }
        this.#sent += 1;
        message.stamp(number, patients === undefined ? number : number % patients);
        sentMs = performance.now();
        socket.write(message.bytes);
      };
      const lost = (): void => {
        this.#lost += 1;
        resolve();
      };
      socket.on('close', lost);
      socket.on('data', (chunk: Buffer) => {
        const ack: Buffer = held ? Buffer.concat([held, chunk]) : chunk;
        held = ack;
        if (!ack.subarray(-2).equals(FRAME_END)) return;
        held = undefined;
        this.#answered(ack, message, performance.now(), sentMs);
        next();
      });
      next();
    });
  }

  #answered(ack: Buffer, message: Stamped, nowMs: number, sentMs: number): void {
    const at = ack.indexOf(MSA) + MSA.length;
    const code = ack.toString('latin1', at, at + 2);
    this.#codes[code] = (this.#codes[code] ?? 0) + 1;
    if (!message.isNamedIn(ack, this.#prefix)) {
      this.#mismatched += 1;
      return;
    }
    if (code !== 'AA' && code !== 'CA') return;
    this.#accepted += 1;
    const second = Math.floor((nowMs - this.#startedMs) / 1000);
    while (this.#eachS.length <= second) this.#eachS.push(0);
    this.#eachS[second] = this.#eachS[second]! + 1;
    if (nowMs >= this.#measuredFromMs && nowMs <= this.#endsMs) this.#latency.record((nowMs - sentMs) * 1000);
  }
}

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      // What breaks later is counted when the connection closes.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** In this process. Rejects only if it cannot connect. */
export function runLoad(options: LoadOptions): Promise<LoadReport> {
  return new Load(options).run();
}

/** In a process of its own. */
export async function startLoad(options: LoadOptions): Promise<LoadReport> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(options));
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') throw new Error('the load generator ended without a report');
  return JSON.parse(text) as LoadReport;
}

/** Options as JSON on stdin, or `--port 2575 [--host 127.0.0.1] [--connections 16] [--seconds 10] [--count N]` and the like. */
async function optionsFromOutside(): Promise<LoadOptions> {
  if (process.argv.length > 2) {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      options: {
        host: text,
        port: text,
        connections: text,
        seconds: text,
        count: text,
        warmup: text,
        rate: text,
        patients: text,
        prefix: text,
      },
    });
    const number = (value: string | undefined, name: string) => (value === undefined ? {} : { [name]: Number(value) });
    return {
      host: values.host ?? '127.0.0.1',
      port: Number(values.port ?? 2575),
      connections: Number(values.connections ?? 16),
      ...(values.seconds === undefined && values.count === undefined ? { seconds: 10 } : {}),
      ...number(values.seconds, 'seconds'),
      ...number(values.count, 'count'),
      ...number(values.warmup, 'warmupS'),
      ...number(values.rate, 'ratePerS'),
      ...number(values.patients, 'patients'),
      ...(values.prefix === undefined ? {} : { prefix: values.prefix }),
    };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as LoadOptions;
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await runLoad(await optionsFromOutside()))}\n`);
