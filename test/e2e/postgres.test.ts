import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { directoryOf } from '../../fixtures/demo/directory.ts';
import { playJourney } from '../../fixtures/demo/journey.ts';
import { generalHospital } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';
import { Timeline } from '../../fixtures/demo/timeline.ts';
import { shortTimeouts, until } from '../../fixtures/demo/world.ts';
import { dayOf, FEEDS } from './day.ts';
import { Mllp } from './mllp.ts';
import { ackOf, Cli, freePorts, type JournalRow, Network, WAIT_MS } from './network.ts';
import { type ScratchDatabase, SERVER, scratchDatabase } from './scratch-database.ts';

/** Far below the lease of what it had claimed, a minute: its lock tells that a hub is gone. */
const TAKEN_OVER_MS = 20_000;

describe.skipIf(!SERVER)('on PostgreSQL', () => {
  let database: ScratchDatabase;
  let network: Network;
  const others: Cli[] = [];

  beforeEach(async () => {
    database = await scratchDatabase();
    network = await Network.start({ database: database.url, change: shortTimeouts });
  });
  afterEach(async () => {
    for (const each of others.splice(0)) {
      if (each.isRunning) each.signal('SIGKILL');
      await each.ended;
    }
    await network?.stop();
    await database?.drop();
  });

  test('the whole journey of the demo is seen to happen', async () => {
    const { token, patient } = await playJourney(network.world, new Timeline(true), network.admin);
    expect(token).toMatch(/\./);
    expect(patient).toMatch(/^[0-9a-f-]{36}$/);
    expect(await network.world.stopHub()).toBe(0);
  });

  interface Another {
    readonly hub: Cli;
    readonly http: number;
    readonly ports: Readonly<Record<string, number>>;
  }

  /** Another hub on the same database: the same feeds and partners, listening elsewhere. */
  async function anotherHub(): Promise<Another> {
    const base = await freePorts(4);
    const settings = parse(readFileSync(join(network.home, 'handoff.yaml'), 'utf8')) as {
      http: string;
      partners: { feeds?: { id: string; transport: { port: number } }[] }[];
    };
    const ports: Record<string, number> = {};
    for (const feed of settings.partners.flatMap((each) => each.feeds ?? [])) {
      feed.transport.port = base + 1 + Object.keys(ports).length;
      ports[feed.id] = feed.transport.port;
    }
    settings.http = `127.0.0.1:${base}`;
    const file = join(network.home, `hub-${base}.yaml`);
    writeFileSync(file, stringify(settings));
    const hub = new Cli(['start'], { HANDOFF_CONFIG: file });
    others.push(hub);
    await hub.ready(base);
    return { hub, http: base, ports };
  }

  async function journal(): Promise<JournalRow[]> {
    const all: JournalRow[] = [];
    for (let before = ''; ; ) {
      const page = await network.messages(before);
      if (page.length === 0) return all;
      all.push(...page);
      before = `&before=${page.at(-1)?.id}`;
    }
  }

  test.each([2, 4])(
    '%i hubs share the feeds: nothing acknowledged is lost, applied twice or delivered twice',
    async (hubs) => {
      const more: Another[] = [];
      while (more.length < hubs - 1) more.push(await anotherHub());
      for (const organization of ['riverside', 'lakeside', 'harbor-psychiatry'])
        await (await network.app(organization)).do('POST', '', directoryOf(organization));
      const portOf = (feed: string, n: number): number =>
        (more[n % hubs]?.ports ?? network.world.ports.feeds)[feed] as number;

      // The day of one patient, each message through the other hub; beside it a crowd of admissions through both.
      const acknowledged: string[] = [];
      const day = async (): Promise<void> => {
        for (const [n, { partner, message }] of dayOf('2026-03-02').entries()) {
          const sender = new Mllp(portOf(FEEDS[partner], n));
          const { code, controlId } = ackOf(await sender.send(message));
          expect(code).toBe('AA');
          acknowledged.push(controlId);
          sender.close();
        }
      };
      const { admission } = generalHospital(calendar('2026-03-02'));
      const crowd = async (lane: number): Promise<void> => {
        const sender = new Mllp(portOf('general-mllp', lane));
        for (let i = 0; i < 25; i++) {
          const n = lane * 1000 + i;
          const text = admission
            .replace('GENH000001', `CROWD${n}`)
            .replace('100234^^^GENH', `90${n}^^^GENH`)
            .replace('V88001', `V9${n}`)
            .replace('P4471', `P9${n}`);
          const { code, controlId } = ackOf(await sender.send(text));
          expect(code).toBe('AA');
          acknowledged.push(controlId);
        }
        sender.close();
      };
      await Promise.all([day(), ...Array.from({ length: 2 * hubs }, (_, lane) => crowd(lane))]);
      await network.quiet([], 2 * WAIT_MS);

      const rows = await journal();
      expect(rows.map((row) => row.controlId).sort()).toEqual([...acknowledged].sort());
      expect(rows.filter((row) => row.state !== 'applied')).toEqual([]);
      const versions = await network.operator.search(
        'Patient?_count=500&identifier=https://general-hospital.example/sid/mrn|',
      );
      for (const each of versions.filter((patient) => JSON.stringify(patient).includes('"90')))
        expect(each.meta?.versionId).toBe('1');

      const outbox = await network.outbox();
      expect(outbox.map((row) => row.state)).toEqual(outbox.map(() => 'sent'));
      for (const partner of ['general-hospital', 'riverside', 'lakeside']) {
        const ids = (network.world.received[partner] ?? []).map(({ message }) => message.split('|')[9]);
        const due = outbox.filter((row) => row.event.recipient === partner).map((row) => row.controlId);
        expect([...ids].sort()).toEqual([...due].sort());
      }

      // One of them ends; the others go on without it.
      expect(await network.world.stopHub()).toBe(0);
      const sender = new Mllp(more[0]!.ports['general-mllp'] as number);
      const last = admission.replace('GENH000001', 'LAST1').replace('V88001', 'VLAST');
      expect(ackOf(await sender.send(last)).code).toBe('AA');
      sender.close();
      for (const { hub } of more) hub.signal('SIGTERM');
      for (const { hub } of more) expect((await hub.ended).code).toBe(0);
    },
  );

  test('what a killed hub had claimed, the other finishes without waiting for the leases', async () => {
    const { hub, http, ports } = await anotherHub();
    const { admission } = generalHospital(calendar('2026-03-02'));
    const acknowledged = new Set<string>();
    let n = 0;
    const senders = [0, 1, 2, 3].map(async () => {
      const sender = new Mllp(ports['general-mllp'] as number);
      while (!sender.isOver) {
        n += 1;
        const text = admission
          .replace('GENH000001', `KILL${n}`)
          .replace('100234^^^GENH', `90${n}^^^GENH`)
          .replace('V88001', `V9${n}`);
        const { code, controlId } = ackOf(await sender.send(text));
        if (code === 'AA') acknowledged.add(controlId);
      }
    });
    await until(() => acknowledged.size >= 40, WAIT_MS);
    hub.signal('SIGKILL');
    await hub.ended;
    await Promise.all(senders);
    expect(await fetch(`http://127.0.0.1:${http}/healthz`).catch(() => 'gone')).toBe('gone');
    const done = await until(async () => {
      const rows = await journal();
      const applied = new Set(rows.filter((row) => row.state === 'applied').map((row) => row.controlId));
      return rows.every((row) => row.state === 'applied') && [...acknowledged].every((each) => applied.has(each));
    }, TAKEN_OVER_MS);
    expect(done).toBe(true);
  });
});
