import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { type CrashMessage, CrashSender } from './sender.ts';

export interface CrashPlan {
  readonly kills: number;
  /** Goes on after the last kill until so many messages are acknowledged. */
  readonly acks: number;
  readonly connections: number;
  readonly patientsEach: number;
  readonly random: () => number;
  readonly progress?: (line: string) => void;
}

/** What is killed: a hub as a process, with the partner it tells and the means to look at what it holds afterwards. */
export interface CrashTarget {
  /** Where messages are sent. */
  readonly port: number;
  /** Starts it; resolves when it takes messages. With `dying` it is to die soon by itself at the hand-off of that number. */
  start(dying?: number): Promise<ChildProcess>;
  /** After the first start, before the load. */
  prepare(patients: readonly string[]): Promise<void>;
  write(message: CrashMessage): Buffer;
  /** Kills the process at some moment of its work. */
  kill(hub: ChildProcess): Promise<void>;
  /** Resolves when everything acknowledged has been told on, or after a generous time. */
  drained(acked: readonly CrashMessage[]): Promise<void>;
  /** After the process ended. */
  verify(acked: readonly CrashMessage[]): Promise<Verified>;
  close(): Promise<void>;
}

export interface Verified {
  /** Acknowledged and not exactly once in the journal. */
  readonly lost: readonly string[];
  /** Acknowledged and not applied exactly once. */
  readonly notOnce: readonly string[];
  /** Acknowledged and not delivered exactly once to a partner that recognises repeats. */
  readonly deliveredNotOnce: readonly string[];
  /** Patients whose messages were applied or delivered out of order. */
  readonly outOfOrder: readonly string[];
  readonly repeatsToPartner: number;
}

export interface CrashReport extends Verified {
  readonly kills: number;
  readonly acknowledged: number;
  readonly repeatsBySenders: number;
  /** From the start of the process until it takes messages. Milliseconds. */
  readonly restartMs: readonly number[];
}

/** Runs a load over several connections while the hub is killed again and again, then holds what every side saw against each other. */
export async function runCrash(target: CrashTarget, plan: CrashPlan): Promise<CrashReport> {
  const names = Array.from({ length: plan.connections }, (_, i) => `S${i}`);
  const senders = names.map(
    (name) => new CrashSender(target.port, name, plan.patientsEach, (one) => target.write(one)),
  );
  const restartMs: number[] = [];
  const acknowledged = (): number => senders.reduce((sum, { acked }) => sum + acked.length, 0);
  const start = async (dying?: number): Promise<ChildProcess> => {
    const began = performance.now();
    const child = await target.start(dying);
    restartMs.push(performance.now() - began);
    return child;
  };
  let hub = await start();
  await target.prepare(names.flatMap((name) => Array.from({ length: plan.patientsEach }, (_, i) => `${name}P${i}`)));
  const running = senders.map((sender) => sender.run());
  for (let kill = 1; kill <= plan.kills; kill += 1) {
    const until = (plan.acks * kill) / (plan.kills + 1);
    while (acknowledged() < until) await pause(5);
    await target.kill(hub);
    await exited(hub);
    if (kill % 2 === 1) await exited(await start(kill >> 1));
    hub = await start();
    plan.progress?.(`${kill}/${plan.kills} kills, ${acknowledged()} acknowledged`);
  }
  while (acknowledged() < plan.acks) await pause(20);
  for (const sender of senders) sender.stop();
  await Promise.all(running);
  const acked = senders.flatMap((sender) => sender.acked);
  await target.drained(acked);
  hub.kill('SIGTERM');
  await exited(hub);
  const verified = await target.verify(acked);
  await target.close();
  const repeatsBySenders = senders.reduce((sum, { repeats }) => sum + repeats, 0);
  return { ...verified, kills: plan.kills, acknowledged: acked.length, repeatsBySenders, restartMs };
}

export async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

export function count(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Which of the acknowledged are not there exactly once. */
export function wrong(acked: readonly CrashMessage[], counts: ReadonlyMap<string, number>): string[] {
  return acked.filter(({ controlId }) => counts.get(controlId) !== 1).map(({ controlId }) => controlId);
}

/** Patients whose serials do not rise from row to row. */
export function unordered(rows: readonly { readonly patient: string; readonly serial: number }[]): string[] {
  const last = new Map<string, number>();
  const found = new Set<string>();
  for (const { patient, serial } of rows) {
    if (serial <= (last.get(patient) ?? 0)) found.add(patient);
    last.set(patient, serial);
  }
  return [...found];
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return address.port;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
