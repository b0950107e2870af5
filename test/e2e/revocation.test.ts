import type { Consent, Patient, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directoryOf } from '../../fixtures/demo/directory.ts';
import { riverside } from '../../fixtures/demo/messages.ts';
import { CASEY, pid } from '../../fixtures/demo/people.ts';
import { calendar, message, segment } from '../../fixtures/demo/segment.ts';
import { type App, until } from '../../fixtures/demo/world.ts';
import { FEEDS } from './day.ts';
import { Mllp } from './mllp.ts';
import { ackOf, Network, WAIT_MS } from './network.ts';

const DAY = calendar('2026-03-02');
const PROGRAM = riverside(DAY);

/** A safety note of Riverside's Part 2 program. */
const note = (n: number): string =>
  PROGRAM.activation
    .replace(/PID\|[^\r]*/, segment('PID', pid(CASEY, ['RIV'])))
    .replace(/PV1\|[^\r]*/, segment('PV1', { 1: '1', 2: 'R', 10: 'PATH', 19: 'RV2002^^^RIV-VN^VN' }))
    .replace('RIV000020', `RIV90002${n}`)
    .replace('RIVNOTE31', `RIVNOTE9${n}`)
    .replace('pressured speech', `pressured speech number ${n}`);

const atLakeside = message(
  segment('MSH', {
    2: '^~\\&',
    3: 'LAKEEHR',
    4: 'LAKE',
    7: DAY.at(0, '0700'),
    9: 'ADT^A04^ADT_A01',
    10: 'LAKE000900',
    11: 'T',
    12: '2.5.1',
  }),
  segment('EVN', { 1: 'A04', 2: DAY.at(0, '0700') }),
  segment('PID', pid(CASEY, ['LAKE', 'RIV'])),
  segment('PV1', { 1: '1', 2: 'O', 3: 'CLINIC^^^LAKE', 19: 'LV3900^^^LAKE-VN^VN', 44: DAY.at(0, '0700') }),
);

const act = (code: string) => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code });

/** The patient's written consent that Riverside discloses Part 2 records to Lakeside for treatment. */
const consentOf = (patient: string): Consent => ({
  resourceType: 'Consent',
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [{ coding: [act('IDSCL')] }],
  patient: { reference: `Patient/${patient}` },
  dateTime: new Date().toISOString(),
  organization: [{ reference: 'Organization/riverside' }],
  policyRule: { coding: [act('42CFRPart2')] },
  provision: {
    type: 'permit',
    period: {
      start: new Date(Date.now() - 86_400_000).toISOString(),
      end: new Date(Date.now() + 86_400_000).toISOString(),
    },
    actor: [
      {
        role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
        reference: { reference: 'Organization/lakeside' },
      },
    ],
    action: ['disclose', 'access'].map((code) => ({
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code }],
    })),
    securityLabel: [
      act('42CFRPart2'),
      act('SUD'),
      { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' },
    ],
    purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }],
  },
});

describe('consent to disclose Part 2 records is asked at the moment of sending', () => {
  let network: Network;
  let owner: App;
  let consent: Consent;

  beforeAll(async () => {
    network = await Network.start();
    owner = await network.app('riverside');
    for (const organization of ['riverside', 'lakeside', 'harbor-psychiatry'])
      await (await network.app(organization)).do('POST', '', directoryOf(organization));
    await send('riverside', PROGRAM.part2Registration);
    await send('lakeside', atLakeside);
  });
  afterAll(() => network.stop());

  async function send(partner: 'riverside' | 'lakeside', text: string): Promise<void> {
    const sender = new Mllp(network.world.ports.feeds[FEEDS[partner]] as number);
    expect(ackOf(await sender.send(text)).code).toBe('AA');
    sender.close();
  }

  const atClinic = (n: number): string[] =>
    (network.world.received.lakeside ?? []).flatMap(({ message: text }) =>
      text.includes(`speech number ${n}`) ? [text] : [],
    );

  const rowsToClinic = async () =>
    (await network.outbox('&recipient=lakeside'))
      .filter((row) => row.event.kind === 'safety-note')
      .sort((a, b) => a.id - b.id);

  /** Obligations of the sender to telephone. */
  const telephone = async (): Promise<Task[]> =>
    (await owner.search<Task>('Task?_count=100')).filter(
      (each) =>
        each.code?.coding?.[0]?.code === 'telephone-recipient' && each.owner?.reference === 'Organization/riverside',
    );

  /** Nothing Lakeside can read or was sent tells of the program. */
  async function clinicKnowsNothingOf(n: number): Promise<void> {
    expect(atClinic(n)).toEqual([]);
    const clinic = await network.app('lakeside');
    const seen = JSON.stringify(
      await Promise.all(
        ['Communication', 'Task', 'Flag', 'DocumentReference'].map((type) => clinic.search(`${type}?_count=200`)),
      ),
    );
    expect(seen).not.toContain(`speech number ${n}`);
  }

  test('without consent the note does not leave; the program is asked to telephone, and not told why', async () => {
    await send('riverside', note(1));
    const told = await until(async () => {
      const all = await telephone();
      return all.length > 0 && all;
    }, WAIT_MS);
    expect(told).toHaveLength(1);
    await network.quiet();
    await clinicKnowsNothingOf(1);
    for (const row of await rowsToClinic()) expect(row.state).not.toBe('sent');
    expect(JSON.stringify(told)).not.toMatch(/consent/i);
  });

  test('with consent the next note arrives', async () => {
    const [patient] = await owner.search<Patient>(
      `Patient?identifier=https://riverside.example/sid/mrn|${CASEY.mrn.RIV}&_count=1`,
    );
    consent = await owner.do<Consent>('POST', 'Consent', consentOf(patient?.id ?? ''));
    await send('riverside', note(2));
    expect(await until(() => atClinic(2)[0], WAIT_MS)).toBeDefined();
    await network.quiet();
    expect(atClinic(2)).toHaveLength(1);
    expect(atClinic(1)).toEqual([]);
  });

  test('revoked while a note is queued to a partner that is down: it is not sent when the partner is back', async () => {
    await network.world.stopEngine('lakeside');
    await send('riverside', note(3));
    const queued = await until(async () => {
      const row = (await rowsToClinic()).at(-1);
      return /connect-refused|partner-down/.test(row?.waiting?.code ?? '') && row;
    }, WAIT_MS);
    expect(queued).toBeTruthy();
    const before = (await telephone()).length;
    await owner.do('PUT', `Consent/${consent.id}`, { ...consent, status: 'inactive' });
    await network.world.startEngine('lakeside');
    const settled = await until(async () => {
      const row = (await rowsToClinic()).find((each) => each.id === (queued as { id: number }).id);
      return row && !['queued', 'sending'].includes(row.state) && row;
    }, WAIT_MS);
    expect(settled).toMatchObject({ state: expect.not.stringMatching(/^sent$/), waiting: { code: 'consent.denied' } });
    await network.quiet();
    await clinicKnowsNothingOf(3);
    expect((await telephone()).length).toBe(before + 1);
  });

  test('a replay of everything sends none of what consent held back', async () => {
    const rows = (await network.outbox()).map((row) => `${row.id} ${row.state}`).sort();
    expect((await network.cli('replay', '--all')).code).toBe(0);
    await network.quiet();
    expect((await network.outbox()).map((row) => `${row.id} ${row.state}`).sort()).toEqual(rows);
    await clinicKnowsNothingOf(1);
    await clinicKnowsNothingOf(3);
  });
});
