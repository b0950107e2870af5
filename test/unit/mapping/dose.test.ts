import { describe, expect, it } from 'vitest';
import type { MappedMessage } from '../../../src/mapping/map-message.ts';
import { emptyFold, foldAssertions, materialise } from '../../../src/server/fold.ts';
import { type Loose, map, PID, partner, resources, stated, text } from './network.ts';

const rxa = (
  subId: string,
  extra: { amount?: string; status?: string; action?: string; lot?: string; at?: string; end?: string } = {},
) => {
  const { amount = '28', status = 'CP', action = 'A', lot = `LOT${subId}`, at = '202603101510', end = at } = extra;
  return `RXA|0|${subId}|${at}|${end}|2201625^Spravato^RXNORM|${amount}|mg^^UCUM||||||||${lot}|||||${status}|${action}`;
};
const ras = (...segments: string[]) => map(text('RAS^O17^RAS_O17', [PID, 'ORC|RE|O1^ID|F1^ID', ...segments]));
const given = (...segments: string[]) => resources(ras(...segments), 'MedicationAdministration');

describe('administrations (H11)', () => {
  it('each RXA is one administration with its own lot, all part of one session; nothing is added up', () => {
    const mapped = ras(rxa('1'), rxa('2', { at: '202603101515' }), 'RXR|NS^Nasal^HL70162');
    const administrations = resources(mapped, 'MedicationAdministration');
    const [session, ...others] = resources(mapped, 'Procedure');
    expect(others).toEqual([]);
    expect(administrations.map((each) => each.contained[0].batch.lotNumber)).toEqual(['LOT1', 'LOT2']);
    expect(administrations.map((each) => each.dosage.dose)).toEqual([
      { value: 28, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' },
      { value: 28, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' },
    ]);
    for (const each of administrations) expect(each.partOf).toEqual([{ reference: `Procedure/${session.id}` }]);
    expect(JSON.stringify(mapped)).not.toContain('56');
  });

  it.each([
    ['CP', 'completed'],
    ['PA', 'stopped'],
    ['RE', 'not-done'],
    ['NA', 'not-done'],
    ['', 'unknown'],
  ])('RXA-20 %s is %s (guide: partial is completed)', (status, expected) => {
    expect(given(rxa('1', { status }))[0].status).toBe(expected);
  });

  it('a partial dose marks its session stopped, with the amount that was given', () => {
    const mapped = ras(rxa('1'), rxa('2', { status: 'PA', amount: '14' }));
    expect(resources(mapped, 'Procedure')[0].status).toBe('stopped');
    expect(resources(mapped, 'MedicationAdministration')[1].dosage.dose.value).toBe(14);
  });

  it('RXA-21 D takes back that one record, U changes it in place', () => {
    const [before] = given(rxa('2'));
    const [deleted] = given(rxa('2', { action: 'D' }));
    const [updated] = given(rxa('2', { action: 'U', amount: '14', at: '202603101516' }));
    expect([deleted.id, updated.id]).toEqual([before.id, before.id]);
    expect(deleted.status).toBe('entered-in-error');
    expect(updated.dosage.dose.value).toBe(14);
  });

  it('a second device that is refused or taken back in a message of its own leaves the session as the first made it', () => {
    const first = ras(rxa('1'));
    const sessionOf = (...messages: MappedMessage[]) =>
      messages.reduce((state, { resources: all, stamp }) => {
        const said = all.find((each) => each.type === 'Procedure')!;
        return foldAssertions(state, said, stamp, 'clinic');
      }, emptyFold('clinic-org'));
    for (const second of [
      ras(rxa('2', { status: 'RE', at: '202603101515' })),
      ras(rxa('2', { action: 'D', at: '202603101515' })),
      ras(rxa('2', { at: '202603101515' })),
    ]) {
      for (const order of [
        [first, second],
        [second, first],
      ]) {
        expect(materialise('Procedure', 'session', sessionOf(...order))).toMatchObject({
          status: 'completed',
          performedPeriod: { start: '2026-03-10T15:10:00-04:00' },
        });
      }
    }
    const partial = ras(rxa('2', { status: 'PA', amount: '14' }));
    for (const order of [
      [first, partial],
      [partial, first],
    ])
      expect(materialise('Procedure', 'session', sessionOf(...order))).toMatchObject({ status: 'stopped' });
    expect(resources(ras(rxa('1', { status: 'RE' })), 'Procedure')[0].status).toBe('not-done');
  });

  it('the deletion of the one total of a session takes the session back', () => {
    const total = map(
      text('RAS^O17^RAS_O17', [PID, 'ORC|RE|O1^ID|F1^ID', rxa('1', { action: 'D', amount: '56' })]),
      partner({ administration: 'total' }),
    );
    expect(stated(total, 'Procedure', 'status')).toMatchObject({ op: 'set', value: 'entered-in-error' });
  });

  it('RXA-4 equal to RXA-3 is an unknown end', () => {
    expect(given(rxa('1'))[0].effectivePeriod.end).toBeUndefined();
    expect(given(rxa('1', { end: '202603101512' }))[0].effectivePeriod.end).toBe('2026-03-10T15:12:00-04:00');
  });

  it('999 is an unknown amount and no dose', () =>
    expect(given(rxa('1', { amount: '999' }))[0].dosage).toBeUndefined());

  it.each(['NS', 'IN'])('route %s is nasal, 46713006, not dental use', (route) => {
    expect(given(rxa('1'), `RXR|${route}`)[0].dosage.route.coding[0].code).toBe('46713006');
  });

  it('two RXA with the same sub-id are still two administrations', () => {
    const ids = given(rxa('1'), rxa('1', { at: '202603101515' })).map((each) => each.id);
    expect(new Set(ids).size).toBe(2);
  });

  it('blood pressures of one session are panels by moment', () => {
    const bp = (code: string, value: string, at: string) => `OBX|1|NM|${code}^^LN||${value}|mm[Hg]^^UCUM|||||F|||${at}`;
    const observations = resources(
      ras(
        rxa('1'),
        bp('8480-6', '120', '202603101500'),
        bp('8462-4', '80', '202603101500'),
        bp('8480-6', '140', '202603101550'),
      ),
      'Observation',
    );
    expect(observations.map((each) => [each.code.coding[0].code, each.component.length])).toEqual([
      ['85354-9', 2],
      ['85354-9', 1],
    ]);
  });
});

describe('orders', () => {
  const rde = (orc: string) =>
    resources(
      map(text('RDE^O11', [PID, orc, 'RXE||2201623^esketamine^RXNORM|56|84|mg^^UCUM', 'TQ1|1||BIW'])),
      'MedicationRequest',
    )[0];

  it('dose range, rhythm and product are explicit', () => {
    const order = rde('ORC|NW|O1^ID');
    expect(order).toMatchObject({
      status: 'active',
      intent: 'order',
      medicationCodeableConcept: { coding: [{ code: '2201623' }] },
    });
    expect(order.dosageInstruction[0].doseAndRate[0].doseRange).toMatchObject({
      low: { value: 56, code: 'mg' },
      high: { value: 84 },
    });
    expect(order.dosageInstruction[0].timing.repeat).toEqual({ frequency: 2, period: 1, periodUnit: 'wk' });
  });

  it.each([
    ['NW', '', 'active'],
    ['CA', '', 'cancelled'],
    ['DC', '', 'stopped'],
    ['HD', '', 'on-hold'],
    ['NW', 'CM', 'completed'],
  ])('ORC-1 %s with ORC-5 %s is %s', (control, status, expected) => {
    expect(rde(`ORC|${control}|O1^ID|||${status}`).status).toBe(expected);
  });

  it.each([
    ['CA', 'active', 1],
    ['OC', 'cancelled', 0],
    ['DC', 'stopped', 0],
  ])(
    'an order of another filler, ORC-1 %s: %s; CA only asks, and the drug may still be given',
    (control, status, asked) => {
      const mapped = map(text('ORM^O01', [PID, `ORC|${control}|O1^ID`, 'RXO|2201623^Ketamine^RXNORM|35||mg']));
      expect(resources(mapped, 'MedicationRequest')[0].status).toBe(status);
      expect(resources(mapped, 'Task').map(({ code }) => code.coding.at(-1).code)).toEqual(Array(asked).fill('abort'));
    },
  );

  it('a compound says what it is made of: as encoded, else as asked for', () => {
    const RXC = (type: string, code: string, amount: string) => `RXC|${type}|${code}^x^L|${amount}|mg`;
    const parts = (...segments: string[]) => {
      const mapped = map(text('RDE^O11', [PID, 'ORC|NW|O1^ID', ...segments]));
      expect(mapped.issues.filter((issue) => issue.location?.startsWith('RXC'))).toEqual([]);
      return resources(mapped, 'MedicationRequest')[0]
        .extension.filter((each: Loose) => each.url.endsWith('/medication-component'))
        .map((each: Loose) => each.extension);
    };
    const RXE = 'RXE||KET^Ketamine infusion^L|35||mg';
    expect(parts(RXE, 'RXR|IV', RXC('B', 'NS', '100'), RXC('A', 'KET', '35'))).toMatchObject([
      [
        { valueCode: 'B' },
        { valueCodeableConcept: { coding: [{ code: 'NS' }] } },
        { valueQuantity: { value: 100, code: 'mg' } },
      ],
      [{ valueCode: 'A' }, { valueCodeableConcept: { coding: [{ code: 'KET' }] } }, { valueQuantity: { value: 35 } }],
    ]);
    const RXO = 'RXO|KET^Ketamine infusion^L|35||mg';
    expect(parts(RXO, RXC('A', 'KET', '35'), RXE, RXC('A', 'KET', '40'))[0][2].valueQuantity.value).toBe(40);
    expect(parts(RXO, RXC('A', 'KET', '35'), RXE)[0][2].valueQuantity.value).toBe(35);
  });
});
