import type { Encounter, Patient } from '@medplum/fhirtypes';
import { afterEach, describe, expect, it } from 'vitest';
import { generalHospital, lakeside, riverside } from '../../../fixtures/demo/messages.ts';
import { AVERY, pid } from '../../../fixtures/demo/people.ts';
import { calendar, message, segment } from '../../../fixtures/demo/segment.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { routeTriggers } from '../../../src/hub/route-job.ts';
import type { Partner } from '../../../src/model/partner.ts';
import type { RelayType } from '../../../src/model/relay.ts';
import { CONFIG, JourneyHub } from '../../golden/journey-hub.ts';

const DAY = calendar('2026-03-02');
const HOSPITAL = generalHospital(DAY);
const PROGRAM = riverside(DAY);
const CLINIC = lakeside(DAY);
const VISIT = 'V88001^^^GENH-VN^VN';

const asking = (relays: Readonly<Record<string, readonly RelayType[]>>): Partner[] =>
  CONFIG.partners.map((partner) => ({
    ...partner,
    endpoints: partner.endpoints.map((endpoint) => ({ ...endpoint, relays: relays[partner.id] ?? [] })),
  }));

const hospital = (trigger: string, id: string, time: string, ...segments: string[]): string =>
  message(
    segment('MSH', {
      2: '^~\\&',
      3: 'GENADT',
      4: 'GENH',
      5: 'HANDOFF',
      6: 'HUB',
      7: time,
      9: trigger,
      10: id,
      11: 'T',
      12: '2.5.1',
    }),
    segment('EVN', { 1: trigger.split('^')[1], 2: time }),
    ...segments,
  );

const avery = (more: Record<number, string> = {}) => segment('PID', { ...pid(AVERY, ['GENH']), ...more });
const stay = (more: Record<number, string> = {}) =>
  segment('PV1', { 1: '1', 2: 'I', 3: 'PSY^301^1^GENH', 10: 'PSY', 19: VISIT, 44: DAY.at(-10, '0910'), ...more });

const UPDATE = hospital('ADT^A08^ADT_A01', 'GENH000101', DAY.at(-9, '0800'), avery(), stay({ 3: 'PSY^305^2^GENH' }));
const TAKEN_BACK = hospital('ADT^A13^ADT_A01', 'GENH000102', DAY.at(-7, '1200'), avery(), stay());

describe('what a source did to what it owns is told on (issue 3, relay)', () => {
  let hub: JourneyHub;
  afterEach(() => hub.close());

  async function open(relays: Readonly<Record<string, readonly RelayType[]>>): Promise<void> {
    hub = await JourneyHub.open(asking(relays));
  }

  async function play(...messages: (string | undefined)[]): Promise<void> {
    for (const each of messages) {
      expect(await hub.receive(Buffer.from(each ?? ''))).toMatchObject({
        outcome: expect.stringMatching(/applied|unchanged/),
      });
      await hub.settle();
    }
  }

  /** Recipient and trigger of everything told on, in order; what consent kept back shows its code. */
  async function told(): Promise<string[]> {
    const rows = (await hub.deliveries()).filter(({ event }) => event.kind === 'relay');
    return rows.map(({ event, state, waiting }) => {
      const trigger = event.eventKey.split('/')[1];
      return `${event.recipient} ${trigger}${state === 'sent' ? '' : ` ${waiting?.code}`}`;
    });
  }

  const relayed = async () =>
    (await hub.deliveries()).flatMap(({ event, payload }) =>
      event.kind === 'relay' && payload ? [parseMessage(payload).message] : [],
    );

  it('an admission, its update and its discharge go to who asks and treats, each once however often they are sent', async () => {
    await open({ riverside: ['ADT'], lakeside: ['ADT'], 'general-hospital': ['ADT'] });
    await play(PROGRAM.registration, HOSPITAL.admission, UPDATE, HOSPITAL.discharge);
    // Lakeside does not know the patient, and the hospital hears of Riverside's registration only.
    const once = ['general-hospital ADT^A04', 'riverside ADT^A01', 'riverside ADT^A08', 'riverside ADT^A03'];
    expect((await told()).filter((each) => !each.startsWith('general-hospital'))).toEqual(once.slice(1));
    await play(HOSPITAL.admission, HOSPITAL.discharge, UPDATE);
    expect((await told()).filter((each) => !each.startsWith('general-hospital'))).toEqual(once.slice(1));
  });

  it('an admission causes no job where nobody asks to be told', async () => {
    const types = (partners: readonly Partner[]) => routeTriggers(partners).map(({ resourceType }) => resourceType);
    expect(types(CONFIG.partners)).not.toContain('Encounter');
    expect(types(asking({ riverside: ['RAS'] }))).toEqual(expect.arrayContaining(['Encounter', 'Patient', 'Task']));
    await open({});
  });

  it('nobody is told who does not ask, whatever else its endpoint takes', async () => {
    await open({ lakeside: ['ADT'] });
    await play(PROGRAM.registration, HOSPITAL.admission, HOSPITAL.discharge);
    expect(await told()).toEqual([]);
  });

  it('no order of the messages admits again who was discharged, and the last word is the same (H10)', async () => {
    const orders = [
      [HOSPITAL.admission, UPDATE, HOSPITAL.discharge],
      [HOSPITAL.admission, HOSPITAL.discharge, UPDATE],
      [UPDATE, HOSPITAL.admission, HOSPITAL.discharge],
      [UPDATE, HOSPITAL.discharge, HOSPITAL.admission],
      [HOSPITAL.discharge, HOSPITAL.admission, UPDATE],
      [HOSPITAL.discharge, UPDATE, HOSPITAL.admission],
    ];
    const lastWords = new Set<string>();
    for (const [index, order] of orders.entries()) {
      if (index > 0) await hub.close();
      await open({ riverside: ['ADT'] });
      await play(PROGRAM.registration, ...order);
      const triggers = (await told()).map((each) => each.split('^')[1]);
      expect(triggers).toContain('A03');
      expect(triggers.slice(triggers.indexOf('A03'))).not.toContain('A01');
      const last = (await relayed()).at(-1);
      const said = (name: string, ...paths: string[]) => paths.map((path) => last?.segment(name)?.text(path));
      lastWords.add([...said('PID', '5', '7'), ...said('PV1', '3.2', '19', '44', '45')].join(' '));
    }
    expect([...lastWords]).toHaveLength(1);
    expect([...lastWords][0]).toBe('Marlowe 19910417 301 V88001 20260220091000-0500 20260223110000-0500');
  });

  it('a discharge that its source takes back is told as taken back', async () => {
    await open({ riverside: ['ADT'] });
    await play(PROGRAM.registration, HOSPITAL.admission, HOSPITAL.discharge, TAKEN_BACK);
    expect(await told()).toEqual(['riverside ADT^A01', 'riverside ADT^A03', 'riverside ADT^A13']);
    expect((await relayed()).at(-1)?.segment('PV1')?.get(45)).toBeUndefined();
  });

  it('an update of the person alone names no visit', async () => {
    await open({ riverside: ['ADT'] });
    const moved = hospital(
      'ADT^A08^ADT_A01',
      'GENH000103',
      DAY.at(-9, '0900'),
      avery({ 11: '7 Oak Lane^^Riverton^NY^10001' }),
    );
    await play(PROGRAM.registration, HOSPITAL.admission, moved);
    expect((await told()).at(-1)).toBe('riverside ADT^A08');
    const last = (await relayed()).at(-1);
    expect([last?.segment('PV1')?.get(2), last?.segment('PV1')?.get(19)]).toEqual(['N', undefined]);
    expect(last?.segment('PID')?.get(11)).toBe('7 Oak Lane');
  });

  it('only the numbers of the source and of the receiver leave in it', async () => {
    await open({ riverside: ['ADT'] });
    const numbers = '100234^^^GENH^MR~R5521^^^RIV^MR~L0913^^^2.16.840.1.113883.19.9&&ISO^MR';
    await play(
      PROGRAM.registration,
      hospital('ADT^A01^ADT_A01', 'GENH000104', DAY.at(-10, '0912'), avery({ 3: numbers }), stay()),
    );
    const [pidSegment] = (await relayed())[0]!.segments('PID');
    expect(
      pidSegment
        ?.repetitions(3)
        .map((each) => each.get(1))
        .sort(),
    ).toEqual(['100234', 'R5521']);
  });

  it('what an app, a bot or another organization changed is nobody’s event', async () => {
    await open({ riverside: ['ADT', 'DFT', 'RAS'], lakeside: ['ADT', 'DFT', 'RAS'] });
    await play(PROGRAM.registration, HOSPITAL.admission);
    const before = await told();
    const visits = (await hub.read('general-hospital', 'Encounter')) as { entry: { resource: Encounter }[] };
    const visit = visits.entry
      .map(({ resource }) => resource)
      .find(({ identifier }) => identifier?.[0]?.value === 'V88001')!;
    await hub.request('general-hospital', `PUT Encounter/${visit.id}`, { ...visit, priority: { text: 'urgent' } });
    await hub.settle();
    expect(await told()).toEqual(before);
  });

  describe('a merge', () => {
    const OTHER = hospital(
      'ADT^A04^ADT_A01',
      'GENH000110',
      DAY.at(-12, '0800'),
      segment('PID', { 1: '1', 3: '100299^^^GENH^MR', 5: 'Marlowe^Avery', 7: '19910417', 8: 'F' }),
    );
    const MERGE = hospital(
      'ADT^A40^ADT_A39',
      'GENH000111',
      DAY.at(-6, '0800'),
      avery(),
      segment('MRG', { 1: '100299^^^GENH^MR' }),
    );

    it('of the source’s own two numbers is told once as A40 (H7)', async () => {
      await open({ riverside: ['ADT'] });
      await play(PROGRAM.registration, HOSPITAL.admission, OTHER, MERGE, MERGE);
      expect((await told()).filter((each) => each.endsWith('A40'))).toEqual(['riverside ADT^A40']);
      const last = (await relayed()).at(-1);
      expect([last?.segment('PID')?.get(3), last?.segment('MRG')?.get(1)]).toEqual(['100234', '100299']);
    });

    it('that a person decides in the hub is never sent (H7)', async () => {
      await open({ riverside: ['ADT'] });
      await play(PROGRAM.registration, HOSPITAL.admission, OTHER);
      const before = await told();
      const found = (await hub.read('general-hospital', 'Patient?identifier=100234,100299')) as {
        entry: { resource: Patient }[];
      };
      const own = found.entry
        .map(({ resource }) => resource)
        .filter(({ identifier }) => identifier?.[0]?.system?.includes('general-hospital'));
      const one = own.find(({ identifier }) => identifier?.[0]?.value === '100234')!;
      const other = own.find(({ identifier }) => identifier?.[0]?.value === '100299')!;
      await hub.request('general-hospital', `PUT Patient/${one.id}`, {
        ...one,
        link: [...(one.link ?? []), { other: { reference: `Patient/${other.id}` }, type: 'replaces' }],
      });
      await hub.request('general-hospital', `PUT Patient/${other.id}`, {
        ...other,
        active: false,
        link: [{ other: { reference: `Patient/${one.id}` }, type: 'replaced-by' }],
      });
      await hub.settle();
      expect(await told()).toEqual(before);
    });
  });

  it('a dose goes with its whole session, its correction as an event of its own (H11)', async () => {
    await open({ riverside: ['RAS'] });
    await play(PROGRAM.registration, CLINIC.registration, CLINIC.order, CLINIC.administration, CLINIC.administration);
    expect(await told()).toEqual(['riverside RAS^O17']);
    const given = parseMessage(Buffer.from(CLINIC.administration)).message.segments('RXA').length;
    expect((await relayed())[0]?.segments('RXA')).toHaveLength(given);
    const corrected = CLINIC.administration
      .replace('|LAKE000', '|LAKE900')
      .replace(/\|CP\|/, '|PA|')
      .replaceAll(/^(MSH(?:\|[^|]*){5}\|)(\d{12})/gm, (_, head: string) => `${head}${DAY.at(1, '2100')}`);
    await play(corrected);
    expect(await told()).toEqual(['riverside RAS^O17', 'riverside RAS^O17']);
    const last = (await relayed()).at(-1)!;
    expect(
      last
        .segments('RXA')
        .map((rxa) => rxa.get(20))
        .sort(),
    ).toEqual([...Array<string>(given - 1).fill('CP'), 'PA']);
  });

  it('a charge goes to who asks; a Part 2 visit stays without consent (H3)', async () => {
    await open({ lakeside: ['ADT', 'DFT'] });
    const charge = message(
      segment('MSH', {
        2: '^~\\&',
        3: 'RIVEHR',
        4: 'RIV',
        5: 'HANDOFF',
        6: 'HUB',
        7: DAY.at(2, '1700'),
        9: 'DFT^P03^DFT_P03',
        10: 'RIV000201',
        11: 'T',
        12: '2.5.1',
      }),
      segment('EVN', { 1: 'P03', 2: DAY.at(2, '1700') }),
      segment('PID', pid(AVERY, ['RIV'])),
      segment('PV1', { 1: '1', 2: 'R', 10: 'PHP', 19: 'RV2001^^^RIV-VN^VN' }),
      segment('FT1', { 1: '1', 2: 'CH-1', 4: DAY.day(2), 6: 'CG', 7: 'H0035^Partial hospitalization^HCPCS', 10: '1' }),
    );
    await play(PROGRAM.registration, CLINIC.registration, charge, charge);
    expect((await told()).filter((each) => each.includes('DFT'))).toEqual(['lakeside DFT^P03']);
    await play(CLINIC.caseyRegistration, PROGRAM.part2Registration);
    expect((await told()).at(-1)).toBe('lakeside ADT^A04 consent.denied');
    const tasks = (await hub.read('operator', 'Task')) as { entry?: unknown[] };
    expect(JSON.stringify(tasks.entry ?? [])).not.toContain('telephone-recipient');
  });
});
