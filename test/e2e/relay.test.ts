import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generalHospital, lakeside, riverside } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';
import { FEEDS, type Sent } from './day.ts';
import { ackOf, Network } from './network.ts';

const DAY = calendar('2026-03-02');
const HOSPITAL = generalHospital(DAY);
const CLINIC = lakeside(DAY);

/** Riverside asks to be told on of visits and doses; nobody else asks for anything. */
function asking(settings: Record<string, unknown>): Record<string, unknown> {
  const partners = settings.partners as { id: string; endpoints: Record<string, unknown>[] }[];
  for (const partner of partners)
    if (partner.id === 'riverside') for (const endpoint of partner.endpoints) endpoint.relays = ['ADT', 'RAS'];
  return settings;
}

describe('events of their source, told on over real sockets', () => {
  let network: Network;
  beforeAll(async () => {
    network = await Network.start({ change: asking });
  });
  afterAll(() => network.stop());

  async function send(partner: Sent['partner'], message: string): Promise<void> {
    expect(ackOf(await network.world.send(partner, FEEDS[partner], message)).code).toBe('AA');
    await network.quiet();
  }

  const arrived = (partner: string): string[] =>
    (network.world.received[partner] ?? [])
      .map(({ message }) => message.split('|')[8] ?? '')
      .filter((type) => /^(ADT|RAS|DFT)/.test(type));

  test('each act reaches who asks and treats, once, in its order, whatever is sent or replayed again', async () => {
    await send('riverside', riverside(DAY).registration);
    await send('general-hospital', HOSPITAL.admission);
    await send('general-hospital', HOSPITAL.discharge);
    await send('lakeside', CLINIC.registration);
    await send('lakeside', CLINIC.order);
    await send('lakeside', CLINIC.administration);
    const acts = ['ADT^A01^ADT_A01', 'ADT^A03^ADT_A03', 'ADT^A04^ADT_A01', 'RAS^O17^RAS_O17'];
    expect(arrived('riverside')).toEqual(acts);

    await send('general-hospital', HOSPITAL.admission);
    await send('lakeside', CLINIC.administration);
    expect((await network.cli('replay', '--all')).code).toBe(0);
    await network.quiet();
    expect(arrived('riverside')).toEqual(acts);
    expect([...arrived('general-hospital'), ...arrived('lakeside')]).toEqual([]);
  });

  test('what a source tells of several devices arrives as one session', () => {
    const ras = network.world.received.riverside?.find(({ message }) => message.includes('RAS^O17'))?.message ?? '';
    const devices = (text: string) => text.split('\r').filter((line) => line.startsWith('RXA|')).length;
    expect(devices(ras)).toBe(devices(CLINIC.administration));
    expect(ras).toContain('R5521^^^RIV^MR');
  });
});
