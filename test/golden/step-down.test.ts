import { expect, it } from 'vitest';
import { lakeside, riverside } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';
import { JourneyHub } from './journey-hub.ts';

const DAY = calendar('2026-03-02');
const program = riverside(DAY);
const clinic = lakeside(DAY);
/** Riverside discharges whom it had registered. */
const discharge = program.registration
  .replaceAll('A04', 'A03')
  .replace('RIV000002', 'RIV000090')
  .replaceAll(DAY.at(-6, '0845'), DAY.at(1, '0900'))
  .replace(/^(PV1\|.*)$/m, `$1|${DAY.at(1, '0900')}`);
const DOSING = ['MedicationRequest', 'Appointment', 'EpisodeOfCare'];

it('a program episode that ends leaves the order, the booked dose and the clinic’s own episode as they were (R25)', async () => {
  const hub = await JourneyHub.open();
  try {
    const receive = async (message: string): Promise<void> => {
      expect(await hub.receive(Buffer.from(message))).toMatchObject({ outcome: 'applied' });
      await hub.settle();
    };
    for (const message of [program.registration, clinic.registration, clinic.order, clinic.doseBooked])
      await receive(message);
    const of = async (owner: string) =>
      (await hub.rows()).filter((row) => row.owner_org === owner && DOSING.includes(row.type));
    const before = await of('lakeside');
    expect([...new Set(before.map(({ type }) => type))].sort()).toEqual([...DOSING].sort());
    await receive(discharge);
    const [episode] = (await of('riverside')).filter(({ type }) => type === 'EpisodeOfCare');
    expect(JSON.parse(episode?.json ?? '{}')).toMatchObject({ status: 'finished' });
    expect(await of('lakeside')).toEqual(before);
  } finally {
    await hub.close();
  }
});
