import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './crash-run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const hasStrace = spawnSync('strace', ['-V']).status === 0;

/** A copy of the sources in which one piece of text is another. Fails if the text is not there: a mutation that changes nothing proves nothing. */
export async function mutant(
  file: string,
  from: string,
  to: string,
): Promise<{ readonly root: string; remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'handoff-mutant-'));
  for (const name of ['src', 'test', 'package.json']) await cp(join(ROOT, name), join(root, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const path = join(root, file);
  const text = await readFile(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} does not hold the text to be changed`);
  await writeFile(path, text.replace(from, to));
  return { root, remove: () => rm(root, { recursive: true, force: true }) };
}

/** What the kernel saw, in order, of one message on its way through a hub. */
export interface Order {
  /** Position of the write of the message into the journal's log. */
  readonly written: number;
  /** Position of the first completed sync of that log after it. */
  readonly synced: number;
  /** Position of the write of its ACK to the socket. */
  readonly acked: number;
}

/** Runs a hub under strace, sends it one message, and reads from the trace when it was written, synced and acknowledged. */
export async function traceOne(root: string = ROOT): Promise<Order> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'handoff-trace-'));
  const output = join(dir, 'trace');
  const trace = ['-f', '-y', '-s', '8192', '-e', 'trace=fsync,fdatasync,pwrite64,write,writev,sendto', '-o', output];
  const hub = [
    join(root, 'test/crash/hub-process.ts'),
    '--dir',
    dir,
    '--port',
    String(port),
    '--partner-port',
    '1',
    '--ack',
    'received',
  ];
  const child = spawn('strace', [...trace, process.execPath, ...hub], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: root,
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // strace holds signals back from itself: the hub is ended by its own id, and strace with it.
  let pid: number | undefined;
  try {
    const line = await Promise.race([
      new Promise<string>((resolve) => child.stdout.once('data', (data: Buffer) => resolve(data.toString()))),
      ended.then(() => {
        throw new Error('the hub under strace ended');
      }),
    ]);
    pid = Number(line.split(' ')[1]);
    await exchange(port, 'TRACED-1');
  } finally {
    if (pid) process.kill(pid, 'SIGKILL');
    await ended;
  }
  const order = readOrder(await readFile(output, 'latin1'), 'TRACED-1');
  await rm(dir, { recursive: true, force: true });
  return order;
}

/** Positions are line numbers of the trace; -1: never. A call that another thread interrupts counts when it resumes. */
function readOrder(trace: string, controlId: string): Order {
  const lines = trace.split('\n');
  const written = lines.findIndex(
    (line) => /pwrite64\(\d+<[^>]*journal\.db-wal>/.test(line) && line.includes(controlId),
  );
  const acked = lines.findIndex(
    (line) => /(write|writev|sendto)\(\d+<(socket|TCP)/.test(line) && line.includes(`MSA|AA|${controlId}`),
  );
  const unfinished = new Set<string>();
  const synced = lines.findIndex((line, at) => {
    const thread = line.split(' ', 1)[0]!;
    if (/f(data)?sync\(\d+<[^>]*journal\.db-wal>/.test(line) && at > written && written >= 0) {
      if (/= 0$/.test(line)) return true;
      unfinished.add(thread);
    }
    return /<\.\.\. f(data)?sync resumed>/.test(line) && unfinished.has(thread);
  });
  return { written, synced, acked };
}

function exchange(port: number, controlId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      const msh = `MSH|^~\\&|HIS|GH|HANDOFF|HUB|20260105||ADT^A08|${controlId}|T|2.5.1`;
      socket.write(`\u000b${msh}\rPID|1||T1^^^GH^MR\rNTE|1||1\r\u001c\r`);
    });
    socket.once('error', reject);
    socket.once('data', () => {
      socket.end();
      // Late enough for a commit that comes after the ACK to be seen.
      setTimeout(resolve, 300);
    });
  });
}
