import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WriteWatch } from '../../src/database/write-watch.ts';
import { readAck } from '../../src/hl7/read-ack.ts';
import type { Database } from '../../src/model/database.ts';
import { cuttable } from './cuttable.ts';
import { freshSchema, message, POSTGRES, temporaryDir, until } from './flow-kit.ts';
import { type MiniHub, startMiniHub } from './mini-hub.ts';

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

const canMount = process.getuid?.() === 0 && spawnSync('sh', ['-c', 'unshare -m true']).status === 0;

async function send(
  hub: MiniHub,
  controlId: string,
  size = 0,
): Promise<{ code: string | undefined; why: string | undefined }> {
  const extra = `NTE|1||1|${'x'.repeat(size)}`;
  const answer = await hub.flow.ingest(message({ controlId, patients: [controlId], extra }), hub.feed.id, 'test');
  const ack = answer.bytes ? readAck(answer.bytes) : undefined;
  return { code: ack?.ok ? ack.code : undefined, why: ack?.ok ? ack.errors[0]?.applicationCode : undefined };
}

/** Watches the journal of a hub; nothing but a probe counts as a proof. */
function watching() {
  let watch: WriteWatch | undefined;
  const wrap = (db: Database, name: 'journal' | 'store'): Database => {
    if (name === 'store') return db;
    watch = new WriteWatch(db, { now: Date.now, probe: 'journal.probe', wrote: () => false });
    return watch.database;
  };
  return { wrap, fault: async () => (await watch?.fault())?.code };
}

const journaled = async (hub: MiniHub): Promise<string[]> =>
  (await hub.flow.status.messages({ limit: 500 })).map(({ controlId }) => controlId).sort();

describe('trouble of our own', () => {
  it.skipIf(!canMount)(
    'a full disk gives no positive ACK but a coded refusal, and the hub recovers when there is room, without a restart',
    async () => {
      const dir = await temporaryDir();
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', dir]).status).toBe(0);
      ended.push(async () => {
        spawnSync('umount', ['-l', dir]);
        await rm(dir, { recursive: true, force: true });
      });
      await writeFile(join(dir, 'filler'), Buffer.alloc(9_000_000));
      const journal = watching();
      const hub = await startMiniHub({ dir, partners: [], feed: { ack: 'received' }, wrap: journal.wrap });
      ended.push(() => hub.stop());
      expect(await journal.fault()).toBeUndefined();
      const accepted: string[] = [];
      let refused: Awaited<ReturnType<typeof send>> | undefined;
      for (let i = 0; i < 400 && !refused; i += 1) {
        const answer = await send(hub, `F${i}`, 20_000);
        if (answer.code === 'AA') accepted.push(`F${i}`);
        else refused = answer;
      }
      expect(refused).toEqual({ code: 'AR', why: 'database.full' });
      expect(await journal.fault()).toBe('database.full');
      expect(await journaled(hub)).toEqual([...accepted].sort());
      await rm(join(dir, 'filler'));
      await until('known to be written again', async () => (await journal.fault()) === undefined);
      await until('a positive ACK again', async () => (await send(hub, 'AFTER', 20_000)).code === 'AA');
      await until('everything accepted is applied', async () => (await hub.notes()).length === accepted.length + 1);
      expect(await journaled(hub)).toEqual([...accepted, 'AFTER'].sort());
    },
    60_000,
  );

  it('a disk that runs short closes the gate before it is full: pause, then a coded refusal', async () => {
    const dir = await temporaryDir();
    let freeBytes = 10_000;
    const disk = { pauseBelowBytes: 1000, refuseBelowBytes: 100 };
    const { FLOW_LIMITS } = await import('../../src/flow/hub-flow.ts');
    const hub = await startMiniHub({
      dir,
      partners: [],
      deps: { freeBytes: async () => freeBytes, limits: { ...FLOW_LIMITS, disk } },
    });
    ended.push(
      () => rm(dir, { recursive: true, force: true }),
      () => hub.stop(),
    );
    const { gate } = hub.flow.frames(hub.feed.id);
    expect(gate()).toBe('open');
    freeBytes = 500;
    await until('paused', () => gate() === 'paused');
    freeBytes = 50;
    await until('refuse', () => gate() === 'refuse');
    expect(await send(hub, 'N1')).toEqual({ code: 'AR', why: 'database.full' });
    freeBytes = 10_000;
    await until('open', () => gate() === 'open');
    expect((await send(hub, 'N1')).code).toBe('AA');
  });

  it('a store that cannot be written gives late answers, loses nothing, and what was accepted is applied when it is back', async () => {
    const dir = await temporaryDir();
    let down = true;
    const hub = await startMiniHub({
      dir,
      partners: [],
      feed: { ackWaitMs: 100 },
      wrap: (db, name) => ({
        ...db,
        write: <R>(command: string, args: unknown): Promise<R> =>
          down && name === 'store' && command === 'mini.apply'
            ? Promise.reject(Object.assign(new Error('down'), { code: 'database.unavailable' }))
            : db.write<R>(command, args),
      }),
    });
    ended.push(
      () => rm(dir, { recursive: true, force: true }),
      () => hub.stop(),
    );
    expect(await send(hub, 'S1')).toEqual({ code: 'AA', why: 'apply.late' });
    down = false;
    await until('applied', async () => (await hub.notes()).length === 1);
    const row = async () => (await hub.flow.status.messages({}))[0];
    await until('settled and marked late', async () => {
      const found = await row();
      return found?.state === 'applied' && found.late && found.tries === 1;
    });
  });

  it.skipIf(!POSTGRES)(
    'an unreachable database gives no positive ACK but a coded refusal, and the hub recovers without a restart',
    async () => {
      const dir = await temporaryDir();
      const url = new URL(await freshSchema());
      const proxy = await cuttable(Number(url.port), url.hostname);
      url.port = String(proxy.port);
      url.hostname = '127.0.0.1';
      const database = watching();
      const hub = await startMiniHub({ dir, partners: [], postgresUrl: url.href, wrap: database.wrap });
      ended.push(
        () => rm(dir, { recursive: true, force: true }),
        () => proxy.close(),
        () => hub.stop(),
      );
      expect((await send(hub, 'P1')).code).toBe('AA');
      proxy.cut();
      expect(await send(hub, 'P2')).toEqual({ code: 'AR', why: 'database.unavailable' });
      expect(await database.fault()).toBe('database.unavailable');
      proxy.mend();
      await until('known to be written again', async () => (await database.fault()) === undefined);
      await until('a positive ACK again', async () => (await send(hub, 'P2')).code === 'AA');
      await until('both applied', async () => (await hub.notes()).length === 2);
    },
    60_000,
  );
});
