import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutboxRow } from '../../src/flow/outbox-queries.ts';
import type { Endpoint } from '../../src/model/partner.ts';
import { type Behaviour, MllpPartner } from '../partners/mllp-partner.ts';
import { ENGINES, FEED, freshSchema, message, temporaryDir, until } from './flow-kit.ts';
import { clinicOf, type MiniHub, type MiniSetup, noteEvent, startMiniHub } from './mini-hub.ts';

describe.each(ENGINES)('deliver on %s', (engine) => {
  const ended: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end();
  });

  const partnerUp = async (
    behaviour: Behaviour | readonly Behaviour[],
    port = 0,
    delayMs = 200,
  ): Promise<MllpPartner> => {
    const partner = await MllpPartner.start({ behaviour, port, delayMs });
    ended.push(() => partner.close());
    return partner;
  };
  const hubFor = async (
    port: number,
    endpoint: Partial<Endpoint> = {},
    setup: Partial<MiniSetup> = {},
  ): Promise<MiniHub & { readonly clinic: ReturnType<typeof clinicOf> }> => {
    const dir = await temporaryDir();
    ended.push(() => rm(dir, { recursive: true, force: true }));
    const clinic = clinicOf({ transport: { kind: 'mllp', host: '127.0.0.1', port }, ...endpoint });
    const postgres = engine === 'postgres' ? { postgresUrl: await freshSchema() } : {};
    const hub = await startMiniHub({ dir, partners: [clinic], ...postgres, ...setup });
    ended.push(() => hub.stop());
    return { ...hub, clinic };
  };
  const rows = (hub: MiniHub): Promise<OutboxRow[]> => hub.flow.status.outbox({ limit: 100 });

  it('a message is told on once, and its row is sent with the partner’s ACK', async () => {
    const partner = await partnerUp('AA');
    const hub = await hubFor(partner.port);
    await hub.flow.ingest(message({ controlId: 'M1', extra: 'NTE|1||7' }), hub.feed.id, 'test');
    await until('sent', async () => (await rows(hub))[0]?.state === 'sent');
    expect(partner.received.map(({ bytes }) => bytes.toString().includes('ZNT|M1|100|7'))).toEqual([true]);
    expect((await rows(hub))[0]).toMatchObject({ ackCode: 'AA', tries: 1 });
    expect(hub.returned).toEqual([]);
  });

  it('a replay of everything sends nothing again', async () => {
    const partner = await partnerUp('AA');
    const hub = await hubFor(partner.port);
    for (const controlId of ['M1', 'M2']) await hub.flow.ingest(message({ controlId }), hub.feed.id, 'test');
    await until('both sent', () => partner.received.length === 2);
    const event = noteEvent(hub.clinic, '1', '100', 'normal');
    await hub.queue([event, event]);
    expect((await rows(hub)).filter(({ event: { eventKey } }) => eventKey === 'note/1')).toHaveLength(1);
  });

  it('a partner that is down gets everything once and in order when it is back, and the queue says why it waits', async () => {
    const reserved = await MllpPartner.start({ behaviour: 'AA' });
    const { port } = reserved;
    await reserved.close();
    const hub = await hubFor(port);
    for (let serial = 1; serial <= 30; serial += 1) {
      const patients = [`P${serial % 3}`];
      await hub.flow.ingest(
        message({ controlId: `M${serial}`, patients, extra: `NTE|1||${serial}` }),
        hub.feed.id,
        'test',
      );
    }
    await until('the link is down', async () => (await hub.flow.status.links())[0]?.state === 'down');
    await until('30 rows', async () => (await rows(hub)).length === 30);
    const waiting = new Set((await rows(hub)).map(({ waiting: why }) => why?.code));
    expect(
      [...waiting].every((code) => code && /deliver\.(partner-down|waits-for-lane|queued)|transport\./.test(code)),
    ).toBe(true);
    expect(waiting.has('deliver.partner-down')).toBe(true);
    const partner = await partnerUp('AA', port);
    await until('all delivered', () => partner.distinct.length === 30);
    expect(partner.received).toHaveLength(30);
    for (const patient of ['P0', 'P1', 'P2'])
      expect(serialsOf(partner, patient)).toEqual(sorted(serialsOf(partner, patient)));
  });

  it.each<[Behaviour, string]>([
    ['wrong-id', 'ack.mismatched'],
    ['silent', 'transport.ack-timeout'],
    ['reset-after', 'transport.reset'],
    ['garbage', 'ack.'],
  ])('a partner that recognises repeats and answers “%s” gets the same bytes again', async (behaviour) => {
    const partner = await partnerUp([behaviour, 'AA']);
    const hub = await hubFor(partner.port, { timeoutMs: 300 });
    await hub.flow.ingest(message({ controlId: 'M1' }), hub.feed.id, 'test');
    await until('sent', async () => (await rows(hub))[0]?.state === 'sent');
    expect(partner.received.length).toBeGreaterThan(1);
    expect(partner.distinct).toHaveLength(1);
  });

  it.each<Behaviour>(['wrong-id', 'silent', 'reset-after'])(
    'an unknown outcome (%s) at a partner that cannot recognise a repeat parks, and somebody is told',
    async (behaviour) => {
      const partner = await partnerUp(behaviour);
      const hub = await hubFor(partner.port, { timeoutMs: 300, recognisesRepeats: false });
      await hub.flow.ingest(message({ controlId: 'M1' }), hub.feed.id, 'test');
      await until('told', () => hub.returned.length === 1);
      expect((await rows(hub))[0]).toMatchObject({ state: 'unknown', waiting: { code: 'deliver.outcome-unknown' } });
      expect(partner.received).toHaveLength(1);
      expect(hub.returned[0]).toMatchObject({ code: 'deliver.outcome-unknown' });
    },
  );

  it('AE is final: the row is refused, somebody is told, later rows of the patient go on', async () => {
    const partner = await partnerUp(['AE', 'AA']);
    const hub = await hubFor(partner.port);
    for (const controlId of ['M1', 'M2']) await hub.flow.ingest(message({ controlId }), hub.feed.id, 'test');
    await until('second sent', async () => (await rows(hub))[0]?.state === 'sent');
    expect((await rows(hub)).map(({ state }) => state)).toEqual(['sent', 'refused']);
    await until('told', () => hub.returned.length === 1);
    expect(hub.returned[0]).toMatchObject({ code: 'ack.error' });
  });

  it('AR means later: the same bytes go again until they are taken', async () => {
    const partner = await partnerUp(['AR', 'AR', 'AA']);
    const hub = await hubFor(partner.port);
    await hub.flow.ingest(message({ controlId: 'M1' }), hub.feed.id, 'test');
    await until('sent', async () => (await rows(hub))[0]?.state === 'sent');
    expect(partner.received).toHaveLength(3);
    expect(partner.distinct).toHaveLength(1);
  });

  it('a slow partner and a silent one leave the other partners alone', async () => {
    const [silent, well] = [await partnerUp('silent'), await partnerUp('AA')];
    const at = (port: number): Partial<Endpoint> => ({ transport: { kind: 'mllp', host: '127.0.0.1', port } });
    const partners = [clinicOf({ ...at(silent.port), timeoutMs: 4000 }), clinicOf(at(well.port), 'practice')];
    const hub = await hubFor(well.port, {}, { partners });
    for (let i = 0; i < 50; i += 1) {
      await hub.flow.ingest(message({ controlId: `M${i}`, patients: [`P${i}`] }), hub.feed.id, 'test');
    }
    await until('the well one has all', () => well.distinct.length === 50);
    expect(silent.received.length).toBeLessThanOrEqual(1);
  });

  it('a safety note leaves first although 10,000 rows are queued to a partner that was down and a row of the patient is parked', async () => {
    const reserved = await MllpPartner.start({ behaviour: 'AA' });
    const { port } = reserved;
    await reserved.close();
    const hub = await hubFor(port, { retry: { firstMs: 200, maxMs: 1000, tries: 5 } });
    const events = Array.from({ length: 10_000 }, (_, i) => noteEvent(hub.clinic, `n${i}`, `P${i % 500}`, 'normal'));
    await hub.queue(events.slice(0, 1));
    await parkFirst(hub);
    for (let from = 1; from < events.length; from += 500) await hub.queue(events.slice(from, from + 500));
    await hub.flow.ingest(message({ controlId: 'wake' }), hub.feed.id, 'test');
    await until('the link is down', async () => (await hub.flow.status.links())[0]?.state === 'down');
    await hub.queue([noteEvent(hub.clinic, 'urgent', 'P0', 'safety')]);
    const partner = await partnerUp('AA', port);
    await until('some arrived', () => partner.received.length >= 3, 30_000);
    expect(partner.received[0]?.bytes.toString()).toContain('ZNT|urgent');
  }, 60_000);

  it('consent that denies at the instant of sending keeps the row here, and somebody is told', async () => {
    const partner = await partnerUp('AA');
    const hub = await hubFor(
      partner.port,
      {},
      {
        deps: {
          gather: async (event) => ({
            kind: 'found',
            items: [
              { resource: { resourceType: 'Basic', id: event.resources[0]!.slice(6), code: {} }, owner: 'org-other' },
            ],
            facts: { person: 'p', patients: [], facts: [], affiliations: {} },
          }),
        },
      },
    );
    await hub.flow.ingest(message({ controlId: 'M1' }), hub.feed.id, 'test');
    await until('told', () => hub.returned.length === 1);
    expect(hub.returned[0]).toMatchObject({ code: 'consent.denied' });
    expect(partner.received).toEqual([]);
  });

  it('an application ACK of enhanced mode leaves as an exchange of its own', async () => {
    const partner = await partnerUp('AA');
    const hospital = clinicOf({ transport: { kind: 'mllp', host: '127.0.0.1', port: partner.port } }, 'hospital');
    const hub = await hubFor(
      partner.port,
      {},
      {
        partners: [],
        deps: {
          config: {
            version: () => '1',
            feed: (id) => (id === 'hospital-mllp' ? { feed: FEED, partner: hospital } : undefined),
            partner: () => hospital,
            partners: () => [hospital],
          },
        },
      },
    );
    const bytes = message({ controlId: 'E1', acceptAck: 'AL', applicationAck: 'AL' });
    const answer = await hub.flow.ingest(bytes, hub.feed.id, 'test');
    expect(Buffer.from(answer.bytes!).toString()).toContain('MSA|CA|E1');
    await until('application ACK', () => partner.received.length === 1);
    const text = partner.received[0]!.bytes.toString();
    expect(text).toContain('MSA|AA|E1');
    expect(text).toMatch(/^MSH\|.*\|\|AL\|NE/);
  });
});

/** The oldest row ends as one whose outcome nobody knows, and holds its lane. */
async function parkFirst(hub: MiniHub): Promise<void> {
  const claim = { recipient: 'clinic', limit: 1, safetyOnly: false, leaseMs: 1000, now: Date.now() };
  const [row] = await hub.storeDb.write<{ id: number; lease: number }[]>('outbox.claim', claim);
  const outcome = { kind: 'unknown', code: 'deliver.outcome-unknown', text: '', holdLane: true };
  await hub.storeDb.write('outbox.settle', { settled: [{ ...row, outcome }], now: Date.now() });
}

function serialsOf(partner: MllpPartner, patient: string): number[] {
  return partner.received.flatMap(({ bytes }) => {
    const note = /ZNT\|[^|]*\|([^|]*)\|(\d+)/.exec(bytes.toString());
    return note?.[1] === patient ? [Number(note[2])] : [];
  });
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
