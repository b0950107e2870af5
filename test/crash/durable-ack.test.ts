import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCrash } from './crash-run.ts';
import { miniTarget } from './mini-target.ts';
import { hasStrace, mutant, type Order, traceOne } from './trace.ts';

const isDurableFirst = ({ written, synced, acked }: Order): boolean =>
  written >= 0 && synced > written && acked > synced;

/** The mutation: the ACK no longer waits for the journal. */
const ACK_EARLY = {
  file: 'src/flow/ingest.ts',
  from: 'appended = await journal.append(message, translate.takesDirect(urgencyOf(message)));',
  to: `void journal.append(message, false).catch(() => {});
      appended = { outcome: 'stored', id: 1, lease: 0, flagged: false, ackAt: message.receivedAt };`,
};

describe.skipIf(!hasStrace)('the order of system calls', () => {
  it('a message is written to the journal and synced before its ACK is written to the socket', async () => {
    const order = await traceOne();
    expect(order.written).toBeGreaterThanOrEqual(0);
    expect(order.synced).toBeGreaterThan(order.written);
    expect(order.acked).toBeGreaterThan(order.synced);
  }, 60_000);

  it('the check is red when the ACK moves before the commit', async () => {
    const { root, remove } = await mutant(ACK_EARLY.file, ACK_EARLY.from, ACK_EARLY.to);
    expect(isDurableFirst(await traceOne(root))).toBe(false);
    await remove();
  }, 60_000);

  it('the check is red when an append is committed without sync', async () => {
    const { root, remove } = await mutant(
      'src/flow/journal-commands.ts',
      "'journal.append': append",
      "'journal.append': unsynced(append)",
    );
    expect(isDurableFirst(await traceOne(root))).toBe(false);
    await remove();
  }, 60_000);
});

describe('the crash test itself', () => {
  it('finds lost messages when the ACK moves before the commit', async () => {
    const { root, remove } = await mutant(ACK_EARLY.file, ACK_EARLY.from, ACK_EARLY.to);
    const hubScript = join(root, 'test/crash/hub-process.ts');
    const target = await miniTarget({ ack: 'received', random: () => 0.5, hubScript, drainMs: 3000 });
    const plan = { kills: 3, acks: 200, connections: 8, patientsEach: 3, random: () => 0.5 };
    const report = await runCrash(target, plan);
    expect(report.lost.length).toBeGreaterThan(0);
    await remove();
  }, 120_000);
});
