import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsync, fsyncSync, mkdirSync, openSync, rmSync, writeSync, writev } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { slowSync } from './slow-sync.ts';

/**
 * The least a durable MLLP listener can do: append each frame to a file, fsync once for all that came meanwhile, answer AA.
 * No parsing beyond the control id, no queue, no product code. What the hub does is measured against it in the same run.
 */

const FRAME_END = Buffer.from([0x1c, 0x0d]);
const PIPE = 0x7c;

interface Waiting {
  readonly frame: Buffer;
  readonly socket: Socket;
}

function serve(file: string, port: number): void {
  mkdirSync(dirname(file), { recursive: true });
  const journal = openSync(file, 'a');
  let waiting: Waiting[] = [];
  let busy = false;

  const commit = (): void => {
    if (busy || waiting.length === 0) return;
    busy = true;
    const group = waiting;
    waiting = [];
    writev(
      journal,
      group.map(({ frame }) => frame),
      (writeError) => {
        if (writeError) throw writeError;
        fsync(journal, (syncError) => {
          if (syncError) throw syncError;
          for (const { frame, socket } of group) socket.write(acknowledge(frame));
          busy = false;
          commit();
        });
      },
    );
  };

  const server = createServer((socket) => {
    let held: Buffer = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (let end = held.indexOf(FRAME_END); end >= 0; end = held.indexOf(FRAME_END)) {
        waiting.push({ frame: held.subarray(0, end + 2), socket });
        held = held.subarray(end + 2);
      }
      commit();
    });
  });
  server.listen(port, '127.0.0.1', () => {
    process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
  });
}

function acknowledge(frame: Buffer): Buffer {
  let from = 0;
  for (let field = 0; field < 9; field += 1) from = frame.indexOf(PIPE, from) + 1;
  const controlId = frame.toString('latin1', from, frame.indexOf(PIPE, from));
  return Buffer.from(
    `\x0bMSH|^~\\&|FLOOR|FLOOR|||20260101000000||ACK|${controlId}|T|2.5.1\rMSA|AA|${controlId}\r\x1c\r`,
    'latin1',
  );
}

/**
 * Appends of a message with an fsync each, per second, one by one, in a file beside the measured ones. Without it no two
 * floors can be compared: disks differ by a factor of a hundred, and some answer an fsync before anything is safe.
 */
export function fsyncsPerS(file: string, seconds = 1): number {
  mkdirSync(dirname(file), { recursive: true });
  const scratch = openSync(file, 'a');
  const message = Buffer.alloc(1000, 0x41);
  const startedMs = performance.now();
  let count = 0;
  while (performance.now() - startedMs < seconds * 1000) {
    writeSync(scratch, message);
    fsyncSync(scratch);
    count += 1;
  }
  const perS = (count * 1000) / (performance.now() - startedMs);
  closeSync(scratch);
  rmSync(file);
  return perS;
}

export interface Floor {
  readonly port: number;
  stop(): Promise<void>;
}

/** The floor as a process of its own, appending to `file`; each sync takes `syncUs` longer. */
export async function startFloor(file: string, syncUs?: number): Promise<Floor> {
  const script = fileURLToPath(import.meta.url);
  const { program, args } = slowSync(process.execPath, [script, '--file', file], syncUs);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await firstLine(child);
  return {
    port,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: child.stdout! }))
    return (JSON.parse(line) as { port: number }).port;
  throw new Error('the floor ended before it listened');
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { file: { type: 'string' }, port: { type: 'string', default: '0' } } });
  if (values.file === undefined) throw new Error('--file is needed');
  serve(values.file, Number(values.port));
}
