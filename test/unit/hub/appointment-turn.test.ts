import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lakeside, riverside } from '../../../fixtures/demo/messages.ts';
import { calendar } from '../../../fixtures/demo/segment.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { JourneyHub } from '../../golden/journey-hub.ts';

const DAY = calendar('2026-03-02');
const CLINIC = lakeside(DAY);

/** The booking of a dose as its owner sends it with another trigger, a later time and other fields. */
function dose(trigger: string, hour: string, change: (text: string) => string = (text) => text): string {
  const [msh = '', ...rest] = CLINIC.doseBooked.split('\r');
  const header = msh.split('|');
  header[6] = DAY.at(0, hour);
  header[8] = `SIU^${trigger}^SIU_S12`;
  header[9] = `LAKE9${trigger}${hour}`;
  return [header.join('|'), ...change(rest.join('\r')).split('\r')].join('\r');
}

const longer = (text: string): string =>
  text
    .replaceAll('|120|', '|180|')
    .replace(
      /(\^\^\^\d{12}\^\d{8})(\d{2})/,
      (_, head: string, hour: string) => `${head}${String(Number(hour) + 1).padStart(2, '0')}`,
    );
const later = (text: string): string => text.replaceAll(DAY.day(1), DAY.day(2)).replaceAll(DAY.day(0), DAY.day(1));
const withStatus = (status: string) => (text: string) => text.replace('Booked^Booked', `${status}^${status}`);

describe('what the owner of an appointment did is told as that act (issue 3, SIU)', () => {
  let hub: JourneyHub;
  beforeEach(async () => {
    hub = await JourneyHub.open();
    await play(riverside(DAY).registration, CLINIC.registration);
  });
  afterEach(() => hub.close());

  async function play(...messages: string[]): Promise<void> {
    for (const each of messages) {
      expect(await hub.receive(Buffer.from(each))).toMatchObject({
        outcome: expect.stringMatching(/applied|unchanged/),
      });
      await hub.settle();
    }
  }

  async function told(): Promise<string[]> {
    return (await hub.deliveries()).flatMap(({ event, payload }) =>
      event.kind === 'appointment' && event.recipient === 'riverside' && payload
        ? [parseMessage(payload).message.header.triggerEvent ?? '']
        : [],
    );
  }

  it('booked, made longer, moved, and each again when its message comes again: S12, S14, S13, once', async () => {
    const acts = [dose('S12', '0950'), dose('S14', '0951', longer), dose('S13', '0952', later)];
    await play(...acts, ...acts);
    expect(await told()).toEqual(['S12', 'S14', 'S13']);
    const [, changed] = (await hub.deliveries()).filter(
      ({ event, payload }) => event.kind === 'appointment' && payload,
    );
    expect(
      parseMessage(changed?.payload ?? Buffer.alloc(0))
        .message.segment('SCH')
        ?.get(9),
    ).toBe('180');
  });

  it.each([
    ['S15', 'Cancelled'],
    ['S16', 'Discontinued'],
    ['S17', 'Deleted'],
    ['S26', 'Noshow'],
  ])('ended by %s: told as that', async (trigger, status) => {
    await play(dose('S12', '0950'), dose(trigger, '0955', withStatus(status)));
    expect(await told()).toEqual(['S12', trigger]);
  });

  it('an appointment of the program is told to the clinic only when it fails', async () => {
    await play(riverside(DAY).group);
    expect((await hub.deliveries()).filter(({ event }) => event.kind === 'appointment')).toEqual([]);
  });
});
