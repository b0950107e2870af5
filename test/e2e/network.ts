import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Admin } from '../../fixtures/demo/cast.ts';
import { App, type Ports, portsFrom, until, World, type WorldOptions } from '../../fixtures/demo/world.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HANDOFF = join(ROOT, 'bin', 'handoff.mjs');
/** How long anything may take on a machine that does other work beside. */
export const WAIT_MS = 20_000;
/** A World takes this many ports in a row. */
const PORTS_OF_A_WORLD = 8;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** First of `count` free ports in a row, below the range from which the system gives ports to clients. */
export async function freePorts(count = PORTS_OF_A_WORLD): Promise<number> {
  for (;;) {
    const base = 12_000 + Math.floor(Math.random() * 20_000);
    const all = await Promise.all(Array.from({ length: count }, (_, i) => isFree(base + i)));
    if (all.every(Boolean)) return base;
  }
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'handoff-e2e-'));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Settings must come from the test alone. */
function environment(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('HANDOFF_') && name !== 'NODE_OPTIONS');
  return { ...Object.fromEntries(kept), ...own };
}

/** A process of the command line, running. */
export class Cli {
  out = '';
  err = '';
  readonly ended: Promise<Ended>;
  readonly #child;

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    at: { cwd?: string; bin?: string; input?: string } = {},
  ) {
    this.#child = spawn(process.execPath, [at.bin ?? HANDOFF, ...args], {
      env: environment(env),
      cwd: at.cwd ?? ROOT,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin.end(at.input ?? '');
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.out += chunk.toString();
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.err += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => resolve({ code, out: this.out, err: this.err }));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when the hub at this address takes traffic; throws with what it said if it ends before. */
  async ready(http: number): Promise<void> {
    const up = await until(async () => {
      if (!this.isRunning) throw new Error(`ended at start: ${this.err}`);
      return fetch(`http://127.0.0.1:${http}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
    }, WAIT_MS);
    if (!up) throw new Error(`not ready: ${this.err}`);
  }
}

export const handoff = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  new Cli(args, env).ended;

export interface JournalRow {
  readonly id: string;
  readonly feed: string;
  readonly state: string;
  readonly trigger: string | null;
  readonly controlId: string | null;
  readonly reason: string | null;
}

export interface OutboxRow {
  readonly id: number;
  readonly event: {
    readonly recipient: string;
    readonly kind: string;
    readonly eventKey: string;
    readonly lane: string;
    readonly person?: string;
  };
  readonly state: string;
  readonly tries: number;
  readonly controlId?: string;
  readonly waiting?: { readonly code: string };
}

/** The demo network of one test, and the ways in that its users have. */
export class Network {
  readonly world: World;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** A client of the operator: sees every organization. */
  operator!: App;
  admin!: Admin;

  private constructor(ports: Ports, home: string, options: WorldOptions) {
    this.home = home;
    this.world = new World(ports, home, options);
    this.env = { HANDOFF_CONFIG: join(home, 'handoff.yaml') };
  }

  static async start(options: WorldOptions = {}): Promise<Network> {
    const network = new Network(portsFrom(await freePorts()), temporaryFolder(), options);
    try {
      await network.world.start();
      await network.#signIn();
    } catch (error) {
      await network.stop();
      throw error;
    }
    return network;
  }

  async stop(): Promise<void> {
    await this.world.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  cli(...args: readonly string[]): Promise<Ended> {
    return handoff(args, this.env);
  }

  async token(client: { readonly client_id: string; readonly client_secret: string }): Promise<string> {
    const response = await fetch(`${this.world.baseUrl}/oauth2/token`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
      },
      body: 'grant_type=client_credentials',
    });
    const { access_token: token } = (await response.json()) as { access_token?: string };
    if (!token) throw new Error(`no token: ${response.status}`);
    return token;
  }

  /** An app of an organization. */
  async app(organization: string): Promise<App> {
    const token = await this.token(await this.admin.client(`${organization} app`, 'system/*.cruds', organization));
    return new App(this.world.baseUrl, async () => token);
  }

  /** A person's own access. */
  async person(role: string): Promise<App> {
    const { token } = await this.admin.user(role, role);
    return new App(this.world.baseUrl, async () => token);
  }

  messages(query = ''): Promise<JournalRow[]> {
    return this.admin
      .ops<{ messages: JournalRow[] }>('GET', `/ops/messages?limit=500${query}`)
      .then((all) => all.messages);
  }

  outbox(query = ''): Promise<OutboxRow[]> {
    return this.admin.ops<{ rows: OutboxRow[] }>('GET', `/ops/outbox?limit=500${query}`).then((all) => all.rows);
  }

  /**
   * Until no message waits to be applied, no job waits for a bot and no row is on its way, seen three times in a row.
   * `stuck`: partners whose queues are meant to wait.
   */
  async quiet(stuck: readonly string[] = [], timeoutMs = WAIT_MS): Promise<void> {
    let calm = 0;
    const done = await until(async () => {
      const [status, waiting] = await Promise.all([
        this.admin.ops<{ jobs: Record<string, number> }>('GET', '/ops/status'),
        this.outbox('&state=queued'),
      ]);
      const [received, claimed, sending] = await Promise.all([
        this.messages('&state=received'),
        this.messages('&state=claimed'),
        this.outbox('&state=sending'),
      ]);
      const jobs = Object.entries(status.jobs).filter(([state]) => state !== 'done' && state !== 'parked');
      const moving =
        jobs.some(([, count]) => count > 0) ||
        received.length + claimed.length > 0 ||
        [...waiting, ...sending].some((row) => !stuck.includes(row.event.recipient));
      calm = moving ? 0 : calm + 1;
      return calm >= 3;
    }, timeoutMs);
    if (!done) throw new Error('the hub does not come to rest');
  }

  async #signIn(): Promise<void> {
    const made = await this.cli('client', 'add', 'operator', '--scope', 'system/*.cruds');
    if (made.code !== 0) throw new Error(`no client: ${made.err}`);
    const token = await this.token(JSON.parse(made.out));
    this.operator = new App(this.world.baseUrl, async () => token);
    const ops = async <T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> => {
      const response = await fetch(`${this.world.baseUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    };
    this.admin = {
      ops,
      client: (name, scope, organization) =>
        ops('POST', '/ops/clients', { name, scope, ...(organization ? { organization } : {}) }),
      user: (name, practitionerRole) => ops('POST', '/ops/users', { name, practitionerRole }),
    };
  }
}

/** The codes of an acknowledgement, and which message it answers. */
export function ackOf(answer: string): {
  readonly code: string;
  readonly controlId: string;
  readonly errors: string[];
} {
  const lines = answer.split('\r');
  const msa = lines.find((line) => line.startsWith('MSA'))?.split('|') ?? [];
  const errors = lines.filter((line) => line.startsWith('ERR'));
  return { code: msa[1] ?? '', controlId: msa[2] ?? '', errors };
}
