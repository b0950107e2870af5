import { describe, expect, it } from 'vitest';
import type { MappedMessage } from '../../../src/mapping/map-message.ts';
import type { ApplyUnit } from '../../../src/model/store.ts';
import { map, PID, text } from '../mapping/network.ts';
import { memoryStore } from './support/memory-store.ts';

const SCH = 'SCH|A1^ID|A1^ID||||R|REASON|DOSE|60|min|^^^20260309130000^20260309140000||||||||||||||Booked';
const aip = (name: string, action = '') => `AIP|1|${action}|${name.length}^${name}^P^^^^^^ID`;
const siu = (hour: number, trigger: string, ...resources: string[]) =>
  map(text(`SIU^${trigger}^SIU_S12`, [SCH, PID, 'RGS|1', ...resources], `20260302${hour}0000`));

let applied = 0;
const unitOf = (mapped: MappedMessage): ApplyUnit => ({
  journalId: `j${++applied}`,
  partner: 'clinic',
  organization: 'clinic-org',
  stamp: mapped.stamp,
  mapped,
  provenance: { bodyHash: mapped.stamp.hash, mappingVersion: '1', receivedAt: mapped.stamp.at, event: mapped.event },
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]));
}

/** Status, who takes part, and which services, after the messages in this order; each applied twice. */
async function stateAfter(messages: readonly MappedMessage[], type = 'Appointment'): Promise<unknown[]> {
  const store = await memoryStore();
  for (const [i, mapped] of [...messages, ...messages].entries())
    await store.run('store.apply', { unit: unitOf(mapped), at: 1_000_000 + i });
  const rows = await store.tx.query<{ json: string }>('SELECT json FROM resource WHERE type = ?', [type]);
  store.close();
  return rows.map(({ json }) => JSON.parse(json));
}

describe('services and resources of one appointment, in any order', () => {
  const booked = siu(10, 'S12', aip('Ode'), aip('Brandt'), 'AIS|1||ESK', 'AIL|1||R1^^^CLINIC');
  const added = siu(11, 'S18', aip('Quinn', 'A'));
  const off = siu(12, 'S20', aip('Ode', 'D'), 'AIL|1|X|R1^^^CLINIC');
  const served = siu(13, 'S18', 'AIS|1|A|OBS');
  const whole = siu(14, 'S14', aip('Ode'));

  interface Seen {
    readonly status: string;
    readonly participant: readonly { readonly actor: { readonly display?: string } }[];
    readonly serviceType: readonly { readonly coding: readonly { readonly code: string }[] }[];
  }
  const shown = (seen: unknown) => {
    const { status, participant, serviceType } = seen as Seen;
    return {
      status,
      who: participant.flatMap(({ actor }) => actor.display ?? []).sort(),
      services: serviceType.map(({ coding }) => coding[0]!.code).sort(),
    };
  };

  it('are what was booked, with what was added and without what was taken off; the rest stays', async () => {
    for (const order of permutations([booked, added, off, served])) {
      const found = await stateAfter(order);
      expect(found.map(shown)).toEqual([
        { status: 'booked', who: ['CLINIC R1', 'P Brandt', 'P Quinn'], services: ['ESK', 'OBS'] },
      ]);
    }
  });

  it('a later booking that lists them states them whole, each kind for itself', async () => {
    for (const order of permutations([booked, added, off, whole])) {
      const found = await stateAfter(order);
      expect(found.map(shown)).toEqual([{ status: 'booked', who: ['CLINIC R1', 'P Ode'], services: ['ESK'] }]);
    }
  });

  it('a cancelled appointment stays cancelled, whatever is changed about its resources', async () => {
    for (const order of permutations([booked, siu(15, 'S15'), siu(16, 'S18', aip('Quinn', 'A'))])) {
      const [found] = await stateAfter(order);
      expect(shown(found).status).toBe('cancelled');
    }
  });

  it('a blocked time is free once it was opened, and blocked again when that was later', async () => {
    const said = (hour: number, trigger: string) => siu(hour, trigger, `${aip('Ode')}|||20260309090000|||60|min`);
    for (const order of permutations([said(10, 'S23'), said(11, 'S24')]))
      expect(await stateAfter(order, 'Slot')).toMatchObject([{ status: 'free' }]);
    for (const order of permutations([said(10, 'S23'), said(11, 'S24'), said(12, 'S23')]))
      expect(await stateAfter(order, 'Slot')).toMatchObject([{ status: 'busy-unavailable' }]);
  });
});
