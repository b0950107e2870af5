import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/crash/crash-run.ts';
import { slowSync } from './slow-sync.ts';

const ENTRY = fileURLToPath(new URL('../bin/handoff.mjs', import.meta.url));

/** A hub as its users start it, on an empty home, with one sending partner and two feeds of it. */
export interface RealHub {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly http: string;
  /** Path of its settings. */
  readonly config: string;
  readonly ports: { readonly applied: number; readonly received: number };
  /** From the start of the process until both feeds take connections. Milliseconds. */
  readonly startMs: number;
  /** Resident memory, and how much of it is files of the database mapped into it, which the system takes back when it needs it. Bytes. */
  memory(): Promise<{ readonly rss: number; readonly mapped: number }>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface RealHubOptions {
  readonly dir: string;
  /** `sqlite:PATH` under `dir` when absent. */
  readonly database?: string;
  readonly ports?: { readonly http: number; readonly applied: number; readonly received: number };
  /** Port of the engine of a second partner, Riverside, that is told of referrals to it. */
  readonly partnerPort?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Each sync to disk takes this much longer. Microseconds. */
  readonly syncUs?: number | undefined;
}

export async function realHubPorts(): Promise<NonNullable<RealHubOptions['ports']>> {
  const [http, applied, received] = [await freePort(), await freePort(), await freePort()];
  return { http, applied, received };
}

export async function startRealHub(options: RealHubOptions): Promise<RealHub> {
  const { dir } = options;
  await mkdir(dir, { recursive: true });
  const ports = options.ports ?? (await realHubPorts());
  const config = join(dir, 'handoff.yaml');
  await writeFile(config, settings(options, ports));
  const began = performance.now();
  const { program, args } = slowSync(process.execPath, [ENTRY, 'start'], options.syncUs);
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, HANDOFF_CONFIG: config, ...options.env },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await Promise.race([
    Promise.all([listening(ports.applied, child), listening(ports.received, child)]),
    exited.then(() => {
      throw new Error(`the hub ended (${child.exitCode ?? child.signalCode})`);
    }),
  ]);
  return {
    pid: child.pid!,
    child,
    http: `http://127.0.0.1:${ports.http}`,
    config,
    ports,
    startMs: performance.now() - began,
    memory: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      const bytes = (name: string): number =>
        Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? Number.NaN) * 1024;
      return { rss: bytes('VmRSS'), mapped: bytes('RssFile') };
    },
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}

function settings({ dir, database, partnerPort }: RealHubOptions, ports: NonNullable<RealHubOptions['ports']>): string {
  const feed = (id: string, port: number, ack: string): string =>
    `      - { id: ${id}, transport: { kind: mllp, host: 127.0.0.1, port: ${port} }, ack: ${ack}, processingIds: [T], backlogMax: { rows: 10000000, ageMs: 3600000 }, backlogHard: { rows: 20000000 } }`;
  const endpoint = `      - { id: riverside-engine, transport: { kind: mllp, host: 127.0.0.1, port: ${partnerPort ?? 1} }, version: 2.5.1, application: RIVEHR, facility: RIV, timeoutMs: 5000, retry: { firstMs: 100, maxMs: 1000 } }`;
  return `http: 127.0.0.1:${ports.http}
database: ${database ?? `sqlite:${join(dir, 'home')}`}
keyFile: ${join(dir, 'hub.key')}
log: { level: warn }
limits: { requestsPerSecond: 1000000 }
partners:
  - id: genhosp
    name: General Hospital
    organization: genhosp
    issues: [https://genhosp.example/sid/mrn, https://genhosp.example/sid/visit, https://genhosp.example/sid/referral]
    zone: America/New_York
    authorities:
      GENHOSP: https://genhosp.example/sid/mrn
      GENHOSP-REF: https://genhosp.example/sid/referral
      PAYER: https://payer.example/sid/plan
      RIV: https://riverside.example/sid/mrn
      NPI: http://hl7.org/fhir/sid/us-npi
    defaultAuthority: GENHOSP
    programs:
      - { id: inpatient, name: Inpatient Psychiatry, levelOfCare: ip }
    feeds:
${feed('genhosp-applied', ports.applied, 'applied')}
${feed('genhosp-received', ports.received, 'received')}
  - id: riverside
    name: Riverside
    organization: riverside
    issues: [https://riverside.example/sid/mrn]
    zone: America/New_York
    authorities:
      RIV: https://riverside.example/sid/mrn
      GENHOSP: https://genhosp.example/sid/mrn
      GENHOSP-REF: https://genhosp.example/sid/referral
    programs:
      - { id: php, name: Partial Hospitalization, levelOfCare: php }
    endpoints:
${endpoint}
`;
}

/** Asks the operating system who listens, so that the hub's own counters and limits see no connection of ours. */
async function listening(port: number, child: ChildProcess): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  while (child.exitCode === null && child.signalCode === null) {
    const table = await readFile('/proc/net/tcp', 'utf8');
    if (new RegExp(`:${hex} 00000000:0000 0A`).test(table)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
