import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { FLOW_LIMITS } from '../../src/flow/hub-flow.ts';
import { BESIDE_URGENT } from '../../src/flow/urgent.ts';
import type { Job } from '../../src/model/flow.ts';
import type { UntoldMessage } from '../../src/model/journal.ts';
import { ENGINES, freshSchema, message, temporaryDir, until } from './flow-kit.ts';
import { clinicOf, type MiniHub, type MiniSetup, noteEvent, startMiniHub } from './mini-hub.ts';

describe.each(ENGINES)('react, sweep and replay on %s', (engine) => {
  const ended: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end();
  });

  const start = async (setup: Partial<MiniSetup> = {}): Promise<MiniHub> => {
    const dir = await temporaryDir();
    ended.push(() => rm(dir, { recursive: true, force: true }));
    const postgres = engine === 'postgres' ? { postgresUrl: await freshSchema() } : {};
    const hub = await startMiniHub({ dir, partners: [], ...postgres, ...setup });
    ended.push(() => hub.stop());
    return hub;
  };
  const send = (hub: MiniHub, controlId: string, patient = '100', event = 'ADT^A08') =>
    hub.flow.ingest(message({ controlId, patients: [patient], event }), hub.feed.id, 'test');
  const quick = { ...FLOW_LIMITS, react: { inFlightMax: 8, triesMax: 3, backOff: { firstMs: 5, maxMs: 20 } } };

  it('jobs of one person run in order, one at a time; persons run beside each other', async () => {
    const seen: Job[] = [];
    let [running, most] = [new Map<string, number>(), 0];
    const hub = await start({
      deps: {
        route: async (job) => {
          const person = job.person ?? '';
          running.set(person, (running.get(person) ?? 0) + 1);
          expect(running.get(person)).toBe(1);
          most = Math.max(most, [...running.values()].filter((n) => n > 0).length);
          await new Promise((resolve) => setTimeout(resolve, 5));
          running.set(person, 0);
          seen.push(job);
          return [];
        },
      },
    });
    await Promise.all(Array.from({ length: 20 }, (_, i) => send(hub, `R${i}`, `P${i % 4}`)));
    await until('all ran', () => seen.length === 20);
    for (let p = 0; p < 4; p += 1) {
      const ids = seen.filter(({ person }) => person === `P${p}`).map(({ id }) => id);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
    }
    expect(most).toBeGreaterThan(1);
    running = new Map();
  });

  it('a subscriber that is away is asked again beyond the tries of other jobs, and hears it when it is back', async () => {
    let asked = 0;
    const hub = await start({
      limits: quick,
      deps: {
        route: async () => {
          asked += 1;
          if (asked <= 3 * quick.react.triesMax) throw Object.assign(new Error('away'), { code: 'subscription.away' });
          return [];
        },
      },
    });
    await send(hub, 'AWAY1');
    await until('told', () => asked > 3 * quick.react.triesMax);
    await until('done', async () => Object.keys((await hub.flow.status.counts()).jobs).length === 0);
  });

  it('a job that fails is tried again with back-off, then parks with its reason, and the person’s later jobs go on', async () => {
    const tries: string[] = [];
    const hub = await start({
      limits: quick,
      deps: {
        route: async (job) => {
          tries.push(job.resourceId);
          if (job.resourceId === '1') throw new Error('name of a patient');
          return [];
        },
      },
    });
    await send(hub, 'A1');
    await send(hub, 'A2');
    await until('the second ran', () => tries.includes('2'));
    expect(tries).toEqual(['1', '1', '1', '2']);
    const [parked] = await hub.flow.status.jobs({ state: 'parked' });
    expect(parked).toMatchObject({ reason: { code: 'job.poison' } });
    expect(JSON.stringify(parked)).not.toContain('name of a patient');
  });

  it('a safety job runs although every slot is taken by jobs that hang', async () => {
    const seen: string[] = [];
    let release = (): void => {};
    const hangs = new Promise<void>((resolve) => {
      release = resolve;
    });
    const hub = await start({
      limits: quick,
      feed: { ack: 'received' },
      deps: {
        route: async (job) => {
          if (job.lane === 'normal') await hangs;
          seen.push(job.lane);
          return [];
        },
      },
    });
    for (let i = 0; i < 30; i += 1) await send(hub, `H${i}`, `P${i}`);
    await send(hub, 'H-urgent', 'P0', 'MDM^T02');
    await until('the safety job ran', () => seen.length === 1);
    expect(seen).toEqual(['safety']);
    release();
    await until('the others ran', () => seen.length === 31);
  });

  it('after a safety job few routine ones run beside each other for a moment, so that the note comes through', async () => {
    const clock = { ms: Date.now() };
    let [running, ran] = [0, 0];
    const go: (() => void)[] = [];
    const hub = await start({
      limits: quick,
      feed: { ack: 'received' },
      deps: {
        now: () => clock.ms,
        route: async (job) => {
          ran += 1;
          if (job.lane === 'safety') return [];
          running += 1;
          await new Promise<void>((resolve) => go.push(resolve));
          running -= 1;
          return [];
        },
      },
    });
    await send(hub, 'U-urgent', 'P0', 'MDM^T02');
    await until('the note was routed', () => ran === 1);
    for (let i = 1; i <= 20; i += 1) await send(hub, `U${i}`, `P${i}`);
    await until('routine goes on', () => running === BESIDE_URGENT);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(running).toBe(BESIDE_URGENT);
    clock.ms += 1000;
    go.shift()?.();
    await until('all slots are in use', () => running === quick.react.inFlightMax);
    const rest = setInterval(() => {
      for (const each of go.splice(0)) each();
    }, 5);
    await until('all ran', () => ran === 21 && running === 0);
    clearInterval(rest);
  });

  it('the events of a routing and the end of its job are one commit: a routing that ran twice queues once', async () => {
    const clinic = clinicOf({});
    const hub = await start({ partners: [clinic], deps: { send: { send: () => new Promise(() => {}) } } });
    await send(hub, 'E1');
    await until('queued', async () => (await hub.flow.status.outbox({})).length === 1);
    await hub.queue([noteEvent(clinic, '1', '100', 'normal')]);
    expect(await hub.flow.status.outbox({})).toHaveLength(1);
  });

  it('a parked safety note is told at once, again until that succeeds, and only once more than that', async () => {
    const told: UntoldMessage[] = [];
    let fails = 1;
    const hub = await start({
      deps: {
        translate: { version: '1', translate: () => ({ kind: 'unsupported', identity: true }) },
        raiseParked: async (parked) => {
          if (fails-- > 0) throw new Error('not now');
          told.push(parked);
        },
      },
    });
    await send(hub, 'S1', '100', 'MDM^T02');
    await until('told', () => told.length === 1, 30_000);
    await send(hub, 'S2', '200', 'MDM^T02');
    await until('the second told', () => told.length === 2);
    expect(told.map(({ journalId }) => journalId)).toEqual([1, 2]);
    expect(told[0]).toMatchObject({ trigger: 'MDM^T02', code: 'map.identity-unsupported' });
  }, 60_000);

  it('a replay runs every message again under a run number of its own, and says what became of each', async () => {
    const hub = await start();
    for (let i = 0; i < 5; i += 1) await send(hub, `M${i}`, `P${i}`);
    const results = [];
    for await (const one of hub.flow.replay.run('all', 'operator', false)) results.push(one);
    expect(results.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([1, 2, 3, 4, 5].map((id) => `${id} applied`));
    const notes = await hub.notes();
    expect(notes.map(({ journalId }) => journalId).sort()).toEqual(
      [1, 2, 3, 4, 5].flatMap((id) => [`${id}`, `${id}.1`]).sort(),
    );
  });

  it('a dry run changes nothing and says what would change', async () => {
    const audits: unknown[] = [];
    const hub = await start({
      deps: {
        preview: async () => ({ outcome: 'applied', changed: [{ type: 'Patient', id: 'p', versionId: '2' }] }),
        auditReplay: async (entry) => void audits.push(entry),
      },
    });
    await send(hub, 'D1');
    const results = [];
    for await (const one of hub.flow.replay.run([1, 99], 'operator', true)) results.push(one);
    expect(results).toEqual([
      { id: 1, outcome: 'would-change', changes: ['Patient/p'] },
      { id: 99, outcome: 'would-park', code: 'body.purged', text: expect.any(String) },
    ]);
    expect(audits).toEqual([{ by: 'operator', messages: [1, 99], dryRun: true }]);
    expect(await hub.notes()).toHaveLength(1);
  });

  it('retention takes the body; hash, ACK and the answer to a repeat stay', async () => {
    const hub = await start({ feed: { retentionDays: 0 } });
    const first = await send(hub, 'K1');
    // AA stands for the store's commit; the journal notes it a moment later.
    await until('noted', async () => (await hub.flow.status.messages({ state: 'applied' })).length === 1);
    await hub.journalDb.write('journal.purge', { now: Date.now() + 1000, limit: 10 });
    expect(await hub.journalDb.read('journal.body', { id: 1 })).toBeUndefined();
    const again = await send(hub, 'K1');
    expect(Buffer.from(again.bytes!).toString()).toBe(Buffer.from(first.bytes!).toString());
    expect((await hub.flow.status.messages({}))[0]).toMatchObject({
      repeats: 1,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('stopping finishes what is under way and takes nothing new', async () => {
    const hub = await start({ feed: { ack: 'received' } });
    await Promise.all(Array.from({ length: 50 }, (_, i) => send(hub, `Z${i}`, `P${i}`)));
    await hub.flow.stop(5000);
    const refused = await send(hub, 'LATE');
    expect(refused.code).toBe('AR');
    const states = new Set((await hub.flow.status.messages({ limit: 100 })).map(({ state }) => state));
    expect(states.has('claimed')).toBe(false);
  });
});

describe.skipIf(!ENGINES.includes('postgres' as never))('two hubs on one PostgreSQL', () => {
  it('share the work: every message is applied once, and a repeat at the other hub is recognised', async () => {
    const url = await freshSchema();
    const dir = await temporaryDir();
    const hubs = [
      await startMiniHub({ dir, partners: [], postgresUrl: url }),
      await startMiniHub({ dir, partners: [], postgresUrl: url }),
    ];
    const sends = Array.from({ length: 200 }, (_, i) =>
      hubs[i % 2]!.flow.ingest(
        message({ controlId: `T${i >> 1}`, patients: [`P${(i >> 1) % 7}`] }),
        hubs[0]!.feed.id,
        'test',
      ),
    );
    const codes = (await Promise.all(sends)).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['AA']));
    await until('all applied', async () => (await hubs[0]!.notes()).length >= 100);
    const ids = (await hubs[0]!.notes()).map(({ controlId }) => controlId);
    expect(new Set(ids).size).toBe(100);
    expect(ids).toHaveLength(100);
    const rows = await hubs[1]!.flow.status.messages({ limit: 200 });
    expect(rows.map(({ repeats }) => repeats)).toEqual(Array.from({ length: 100 }, () => 1));
    await Promise.all(hubs.map((hub) => hub.stop()));
    await rm(dir, { recursive: true, force: true });
  });
});
