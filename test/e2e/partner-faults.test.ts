import type { Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directoryOf } from '../../fixtures/demo/directory.ts';
import { lakeside, riverside } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';
import { until } from '../../fixtures/demo/world.ts';
import { dayOf, FEEDS, type Sent } from './day.ts';
import { Mllp } from './mllp.ts';
import { ackOf, Network, type OutboxRow, WAIT_MS } from './network.ts';

const DAY = calendar('2026-03-02');
const field = (message: string, name: string, n: number): string =>
  message
    .split('\r')
    .find((line) => line.startsWith(name))
    ?.split('|')[name === 'MSH' ? n - 1 : n] ?? '';
const controlId = (message: string): string => field(message, 'MSH', 10);

describe('a partner in trouble', () => {
  let network: Network;
  beforeEach(async () => {
    network = await Network.start();
    for (const organization of ['riverside', 'lakeside', 'harbor-psychiatry'])
      await (await network.app(organization)).do('POST', '', directoryOf(organization));
  });
  afterEach(() => network.stop());

  /** From the test itself, as that partner's sending side: its listener may be down. */
  async function send(partner: Sent['partner'], message: string): Promise<string> {
    const sender = new Mllp(network.world.ports.feeds[FEEDS[partner]] as number);
    try {
      return await sender.send(message);
    } finally {
      sender.close();
    }
  }

  const received = (partner: string): string[] => (network.world.received[partner] ?? []).map(({ message }) => message);

  const tasks = async (code: string): Promise<Task[]> =>
    (await network.operator.search<Task>('Task?_count=200')).filter((each) => each.code?.coding?.[0]?.code === code);

  test('one that is down the whole day and then back gets everything once and in order; the others do not wait', async () => {
    await network.world.stopEngine('riverside');
    for (const { partner, message } of dayOf('2026-03-02')) expect(ackOf(await send(partner, message)).code).toBe('AA');
    await network.quiet(['riverside']);
    const waiting = await network.outbox('&recipient=riverside');
    expect(waiting.length).toBeGreaterThanOrEqual(3);
    for (const row of waiting) {
      expect(row.state).toBe('queued');
      expect(row.waiting?.code).toMatch(/^(transport\.connect-refused|deliver\.(partner-down|waits-for-lane|queued))$/);
    }
    expect(received('lakeside').length).toBeGreaterThan(0);
    expect(
      (await tasks('acknowledge-safety-note')).find((each) => each.owner?.reference === 'Organization/riverside'),
    ).toMatchObject({ status: 'requested' });

    await network.world.startEngine('riverside');
    await network.quiet();
    const rows = (await network.outbox('&recipient=riverside')).sort((a, b) => a.id - b.id);
    expect(rows.map((row) => row.state)).toEqual(rows.map(() => 'sent'));
    const ids = received('riverside').map(controlId);
    expect([...ids].sort()).toEqual(rows.map((row) => row.controlId).sort());
    const lane = ({ event }: OutboxRow): string => `${event.lane} ${event.person}`;
    for (const name of new Set(rows.map(lane))) {
      const due = rows.filter((row) => lane(row) === name).map((row) => row.controlId as string);
      expect(ids.filter((id) => due.includes(id))).toEqual(due);
    }
    expect(await tasks('telephone-recipient')).toEqual([]);
  });

  test('a safety note is on the wire while a scheduling message of the same patient is parked and another waits behind it', async () => {
    const [program, clinic] = [riverside(DAY), lakeside(DAY)];
    expect(ackOf(await send('riverside', program.registration)).code).toBe('AA');
    expect(ackOf(await send('lakeside', clinic.registration)).code).toBe('AA');
    // No start, no end: it cannot be mapped, parks, and holds the scheduling lane of the patient.
    const broken = clinic.doseBooked
      .replace(/\|\^\^\^\d{12}\^\d{12}/, '|')
      .replace(/\|\d{12}\|\|\|120\|min/, '||||120|min');
    expect(ackOf(await send('lakeside', broken))).toMatchObject({ code: 'AE' });
    const behind = send('lakeside', clinic.doseMoved);
    const latencies: number[] = [];
    for (const n of [1, 2, 3, 4, 5]) {
      const before = Date.now();
      const note = clinic.dissociation.replace('LAKENOTE12', `LAKENOTE${n}`).replace('LAKE000030', `LAKE10003${n}`);
      expect(ackOf(await send('lakeside', note)).code).toBe('AA');
      const seen = await until(
        () => received('riverside').filter((each) => each.includes('Dissociation persisting')).length >= n,
        WAIT_MS,
      );
      expect(seen).toBe(true);
      latencies.push(Date.now() - before);
    }
    const parked = await network.messages('&state=parked');
    expect(parked.map((row) => row.controlId)).toEqual(['LAKE000010']);
    expect((await network.messages('&state=received')).map((row) => row.controlId)).toEqual(['LAKE000011']);
    // The best of five: what the machine does beside the test is not the hub's.
    expect(Math.min(...latencies)).toBeLessThan(1000);
    await behind;
  });

  test('one that answers AE to a safety note: its sender gets the obligation to telephone, with the number and without the reason', async () => {
    const [program, clinic] = [riverside(DAY), lakeside(DAY)];
    await send('riverside', program.registration);
    await send('lakeside', clinic.registration);
    network.world.answerWith('riverside', 'AE');
    expect(ackOf(await send('lakeside', clinic.dissociation)).code).toBe('AA');
    const [telephone] = (await until(async () => {
      const all = await tasks('telephone-recipient');
      return all.length > 0 && all;
    }, WAIT_MS)) as Task[];
    await network.quiet();
    expect(telephone).toMatchObject({
      owner: { reference: 'Organization/lakeside' },
      status: expect.stringMatching(/requested|received/),
    });
    expect(telephone?.restriction?.period?.end).toBeDefined();
    expect(JSON.stringify(telephone?.input)).toContain('Organization/riverside');
    const told = await until(() => received('lakeside').find((each) => /telephone/i.test(each)), WAIT_MS);
    expect(told).toContain('+1-555-0142');
    // Ids in the header may hold any letters.
    expect(told?.slice(told.indexOf('OBX|'))).not.toMatch(/AE|refused|consent/);
    const open = (await tasks('acknowledge-safety-note')).find(
      (each) => each.owner?.reference === 'Organization/riverside',
    );
    expect(open).toMatchObject({ status: 'requested' });
    const row = (await network.outbox('&recipient=riverside')).find((each) => each.event.kind === 'safety-note');
    expect(row).toMatchObject({ state: expect.stringMatching(/parked|refused/), tries: 1 });
    expect(await tasks('telephone-recipient')).toHaveLength(1);
  });

  test('a note that comes before its patient is known to the program: the sender telephones, and the program gets it when it admits', async () => {
    const [program, clinic] = [riverside(DAY), lakeside(DAY)];
    expect(ackOf(await send('lakeside', clinic.dissociation)).code).toBe('AA');
    expect(await until(async () => (await tasks('telephone-recipient')).length === 1, WAIT_MS)).toBe(true);
    await network.quiet();
    expect(received('riverside')).toEqual([]);
    expect(await tasks('acknowledge-safety-note')).toEqual([]);

    const admittedAt = Date.now();
    expect(ackOf(await send('riverside', program.registration)).code).toBe('AA');
    expect(
      await until(() => received('riverside').some((each) => each.includes('Dissociation persisting')), WAIT_MS),
    ).toBe(true);
    await network.quiet();
    const [demand, ...more] = await tasks('acknowledge-safety-note');
    expect(more).toEqual([]);
    expect(demand).toMatchObject({ owner: { reference: 'Organization/riverside' }, status: 'received' });
    expect(Date.parse(demand?.restriction?.period?.end ?? '')).toBeGreaterThan(admittedAt);
    const [telephone] = await tasks('telephone-recipient');
    expect(telephone?.status).toMatch(/requested|received/);
  });
});
