import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSqliteDatabase } from '../../src/database/sqlite.ts';
import type { Database } from '../../src/model/database.ts';
import type { MessageRow } from '../../src/model/journal.ts';
import type { Note } from '../flow/mini-commands.ts';
import { MllpPartner } from '../partners/mllp-partner.ts';
import { CrashSender } from './sender.ts';

/** Where a message passes from one hand to the next. */
export const HAND_OFFS = [
  'before:journal.append',
  'after:journal.append',
  'before:mini.apply',
  'after:mini.apply',
  'before:journal.settle',
  'after:journal.settle',
  'before:ack',
  'after:job.settle',
  'after:outbox.claim',
  'after:outbox.prepare',
  'before:send',
  'after:send',
  'before:outbox.settle',
  'after:outbox.settle',
] as const;

export interface CrashPlan {
  readonly kills: number;
  /** Goes on after the last kill until so many messages are acknowledged. */
  readonly acks: number;
  readonly connections: number;
  readonly patientsEach: number;
  /** At every other kill the process dies at a hand-off, else at a random moment. */
  readonly random: () => number;
  readonly ack: 'applied' | 'received';
  /** Another hub than ours: a mutant. */
  readonly hubScript?: string;
  /** How long the last deliveries may take. */
  readonly drainMs?: number;
  readonly progress?: (line: string) => void;
}

export interface CrashReport {
  readonly kills: number;
  readonly acknowledged: number;
  /** Acknowledged and not in the journal. */
  readonly lost: readonly string[];
  /** Acknowledged and not applied exactly once. */
  readonly notOnce: readonly string[];
  /** Acknowledged and not delivered exactly once to a partner that recognises repeats. */
  readonly deliveredNotOnce: readonly string[];
  /** Patients whose messages were applied or delivered out of order. */
  readonly outOfOrder: readonly string[];
  readonly repeatsBySenders: number;
  readonly repeatsToPartner: number;
  /** From the start of the process until it takes messages. Milliseconds. */
  readonly restartMs: readonly number[];
}

/** Runs a load over several connections while the hub is killed again and again, then holds what every side saw against each other. */
export async function runCrash(plan: CrashPlan): Promise<CrashReport> {
  const dir = await mkdtemp(join(tmpdir(), 'handoff-crash-'));
  const port = await freePort();
  const partner = await MllpPartner.start({ behaviour: 'AA' });
  const senders = Array.from({ length: plan.connections }, (_, i) => new CrashSender(port, `S${i}`, plan.patientsEach));
  const restartMs: number[] = [];
  const acknowledged = (): number => senders.reduce((sum, { acked }) => sum + acked.length, 0);
  const start = async (crash?: { readonly at: string; readonly on: number }): Promise<ChildProcess> => {
    const began = performance.now();
    const child = startHub(dir, port, partner.port, plan, crash);
    await ready(child);
    restartMs.push(performance.now() - began);
    return child;
  };
  let hub = await start();
  const running = senders.map((sender) => sender.run());
  for (let kill = 1; kill <= plan.kills; kill += 1) {
    const until = (plan.acks * kill) / (plan.kills + 1);
    while (acknowledged() < until) await pause(5);
    if (kill % 2 === 0) {
      await pause(plan.random() * 60);
      hub.kill('SIGKILL');
      await exited(hub);
      hub = await start();
    } else {
      hub.kill('SIGKILL');
      await exited(hub);
      const at = HAND_OFFS[((kill - 1) / 2) % HAND_OFFS.length]!;
      hub = await start({ at, on: 1 + Math.floor(plan.random() * 20) });
      await exited(hub);
      hub = await start();
    }
    plan.progress?.(`${kill}/${plan.kills} kills, ${acknowledged()} acknowledged`);
  }
  while (acknowledged() < plan.acks) await pause(20);
  for (const sender of senders) sender.stop();
  await Promise.all(running);
  const acked = senders.flatMap((sender) => sender.acked);
  await drained(partner, acked.length, plan.drainMs ?? 120_000);
  hub.kill('SIGTERM');
  await exited(hub);
  const report = await verify(dir, acked, partner);
  await partner.close();
  await rm(dir, { recursive: true, force: true });
  return {
    ...report,
    kills: plan.kills,
    repeatsBySenders: senders.reduce((sum, { repeats }) => sum + repeats, 0),
    repeatsToPartner: partner.received.length - partner.distinct.length,
    restartMs,
  };
}

function startHub(
  dir: string,
  port: number,
  partnerPort: number,
  plan: CrashPlan,
  crash: { readonly at: string; readonly on: number } | undefined,
): ChildProcess {
  const script = plan.hubScript ?? fileURLToPath(new URL('./hub-process.ts', import.meta.url));
  const args = [script, '--dir', dir, '--port', String(port), '--partner-port', String(partnerPort), '--ack', plan.ack];
  if (crash) args.push('--crash-at', crash.at, '--crash-on', String(crash.on));
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout!.once('data', () => resolve());
    // A hand-off can be passed before it listens: the rows of the last run wait for it.
    child.once('exit', (code, signal) =>
      signal === 'SIGKILL' ? resolve() : reject(new Error(`the hub ended (${code})`)),
    );
  });
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

async function drained(partner: MllpPartner, count: number, forMs: number): Promise<void> {
  const end = Date.now() + forMs;
  while (partner.distinct.length < count && Date.now() < end) await pause(100);
}

interface Acked {
  readonly controlId: string;
  readonly patient: string;
  readonly serial: number;
}

type Verified = Pick<CrashReport, 'acknowledged' | 'lost' | 'notOnce' | 'deliveredNotOnce' | 'outOfOrder'>;

async function verify(dir: string, acked: readonly Acked[], partner: MllpPartner): Promise<Verified> {
  const workers = { journal: '../../src/workers/journal-worker.ts', store: '../flow/mini-worker.ts' };
  const open = (name: 'journal' | 'store'): Promise<Database> => {
    const worker = new URL(workers[name], import.meta.url);
    return openSqliteDatabase({ file: join(dir, `${name}.db`), worker, readers: 1, readTimeoutMs: 60_000, env: {} });
  };
  const [journalDb, storeDb] = await Promise.all([open('journal'), open('store')]);
  const journaled = count((await allMessages(journalDb)).map(({ controlId }) => controlId));
  const notes = await storeDb.read<Note[]>('mini.notes', {});
  await Promise.all([journalDb.close(), storeDb.close()]);
  const applied = count(notes.map(({ controlId }) => controlId));
  const told = partner.distinct.flatMap(({ bytes }) => {
    const found = /ZNT\|([^|]*)\|([^|]*)\|(\d+)/.exec(bytes.toString('latin1'));
    return found ? [{ controlId: found[1]!, patient: found[2]!, serial: Number(found[3]) }] : [];
  });
  const delivered = count(told.map(({ controlId }) => controlId));
  const wrong = (counts: ReadonlyMap<string, number>): string[] =>
    acked.filter(({ controlId }) => counts.get(controlId) !== 1).map(({ controlId }) => controlId);
  return {
    acknowledged: acked.length,
    lost: wrong(journaled),
    notOnce: wrong(applied),
    deliveredNotOnce: wrong(delivered),
    outOfOrder: [...new Set([...unordered(notes), ...unordered(told)])],
  };
}

async function allMessages(db: Database): Promise<MessageRow[]> {
  const rows: MessageRow[] = [];
  for (let before: number | undefined; ; ) {
    const page = await db.read<MessageRow[]>('journal.list', { limit: 500, ...(before ? { before } : {}) });
    if (page.length === 0) return rows;
    rows.push(...page);
    before = page.at(-1)!.id;
  }
}

function count(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function unordered(rows: readonly { readonly patient: string; readonly serial: number }[]): string[] {
  const last = new Map<string, number>();
  const wrong: string[] = [];
  for (const { patient, serial } of rows) {
    if (serial <= (last.get(patient) ?? 0)) wrong.push(patient);
    last.set(patient, serial);
  }
  return wrong;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return address.port;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
