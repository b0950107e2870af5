import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface DemoPorts {
  readonly http: number;
  readonly general: number;
  readonly riverside: number;
  readonly lakeside: number;
  /** Engines of the partners: where the hub delivers. */
  readonly generalEngine: number;
  readonly riversideEngine: number;
  readonly lakesideEngine: number;
}

const DEMO: Readonly<Record<keyof DemoPorts, number>> = {
  http: 8080,
  general: 2575,
  riverside: 2576,
  lakeside: 2577,
  generalEngine: 3575,
  riversideEngine: 3576,
  lakesideEngine: 3577,
};

/** The settings of the demo network with other ports, a home of their own, and one feed that answers when a message is on disk. */
export async function demoSettings(dir: string, ports: DemoPorts): Promise<string> {
  let text = await readFile(join(ROOT, 'fixtures/demo/handoff.yaml'), 'utf8');
  for (const [name, port] of Object.entries(DEMO)) {
    text = text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), String(ports[name as keyof DemoPorts]));
  }
  text = text.replace('- id: general-mllp\n', '- id: general-mllp\n        ack: received\n');
  text = text.replaceAll('./data/demo', dir).replaceAll('cases: ..', `cases: ${join(ROOT, 'fixtures')}`);
  const file = join(dir, 'handoff.yaml');
  await writeFile(file, text);
  return file;
}

/** The real hub as its users start it. */
export function startDemoHub(settings: string): ChildProcess {
  return spawn(process.execPath, [join(ROOT, 'bin/handoff.mjs'), 'start'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, HANDOFF_CONFIG: settings },
  });
}

/** Resolves when somebody listens on every port, by the operating system's own table; rejects if the process ends before. */
export async function listening(ports: readonly number[], child: ChildProcess): Promise<void> {
  const wanted = ports.map(
    (port) => new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`),
  );
  while (child.exitCode === null && child.signalCode === null) {
    const table = await readFile('/proc/net/tcp', 'utf8');
    if (wanted.every((pattern) => pattern.test(table))) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`the hub ended (${child.exitCode ?? child.signalCode})`);
}
