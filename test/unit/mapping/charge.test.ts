import { describe, expect, it } from 'vitest';
import { codes, map, PID, resources, seg, stated, text } from './network.ts';

const ft1 = (fields: Readonly<Record<number, string>> = {}) =>
  seg('FT1', { 1: '1', 2: 'T1', 4: '20260304', 6: 'CG', 7: 'IOPDAY^IOP day^L', 10: '4', ...fields });
const dft = (...segments: string[]) => map(text('DFT^P03^DFT_P03', [PID, ...segments]));
const charges = (...segments: string[]) => resources(dft(...segments), 'ChargeItem');

describe('charges (H15)', () => {
  it('a credit takes back the charge that FT1-31 names, and leaves its quantity and price', () => {
    const [charge] = charges(ft1());
    const credited = dft(ft1({ 2: 'T2', 6: 'CD', 10: '1', 11: '60&USD', 31: 'T1' }));
    const [reversed] = resources(credited, 'ChargeItem');
    expect(reversed.id).toBe(charge.id);
    expect(reversed.status).toBe('aborted');
    expect(stated(credited, 'ChargeItem', 'quantity')).toBeUndefined();
    expect(stated(credited, 'ChargeItem', 'priceOverride')).toBeUndefined();
    expect(reversed.extension[0].extension).toEqual([
      { url: 'transaction', valueString: 'T2' },
      { url: 'quantity', valueDecimal: 1 },
    ]);
  });

  it('a credit without a reference takes back its own number, with an issue', () => {
    const [charge] = charges(ft1());
    const mapped = dft(ft1({ 6: 'CD' }));
    expect(resources(mapped, 'ChargeItem')[0].id).toBe(charge.id);
    expect(codes(mapped)).toContain('map.credit-unreferenced');
  });

  it.each(['PY', 'CO', 'AJ'])('%s moves money and is no charge', (type) => {
    const mapped = dft(ft1({ 6: type }));
    expect(resources(mapped, 'ChargeItem')).toEqual([]);
    expect(codes(mapped)).toContain('map.not-carried');
  });

  it('an unknown transaction type is a charge of unknown status, never billable', () => {
    expect(charges(ft1({ 6: 'XX' }))[0].status).toBe('unknown');
    expect(charges(ft1({ 6: '' }))[0].status).toBe('unknown');
  });

  it('days of one order stay charges of their own', () => {
    const order = { 2: '', 23: 'O1^ID' };
    const found = charges(ft1({ ...order }), ft1({ ...order, 4: '20260305' }));
    expect(new Set(found.map((each) => each.id)).size).toBe(2);
  });

  it('a modifier is no code of the service; the revenue code is', () => {
    const [charge] = charges(ft1({ 25: 'S9480^IOP^HCPCS', 26: 'HE^Mental health^HCPCS', 41: '0905' }));
    expect(charge.code.coding.map((each: { code: string }) => each.code)).toEqual(['IOPDAY', 'S9480', '0905']);
    expect(charge.extension[0].valueCodeableConcept.coding[0].code).toBe('HE');
  });

  it('only the extended amount is the price of the charge', () => {
    const [charge] = charges(ft1({ 12: '60&USD' }));
    expect(charge.priceOverride).toBeUndefined();
    expect(charges(ft1({ 11: '240&USD', 12: '60&USD' }))[0].priceOverride).toEqual({ value: 240, currency: 'USD' });
  });

  it('the procedures after a charge are its services, the diagnoses are of the message', () => {
    const mapped = dft(
      ft1(),
      'PR1|1||90853^Group^C4||20260304',
      ft1({ 1: '2', 2: 'T2' }),
      'DG1|1||F33.2^Depression^I10C',
    );
    const [procedure] = resources(mapped, 'Procedure');
    expect(resources(mapped, 'ChargeItem').map((each) => each.service)).toEqual([
      [{ reference: `Procedure/${procedure.id}` }],
      undefined,
    ]);
    expect(resources(mapped, 'Condition')).toHaveLength(1);
  });
});

describe('orders of a charge', () => {
  it('the timing between ORC and OBR is of that order', () => {
    const mapped = dft(
      'ORC|RE|A1^ID',
      'TQ1|1||||||||S',
      'OBR|1|A1^ID||90853^Group^C4',
      'ORC|RE|A2^ID',
      'OBR|2|A2^ID||90837^Individual^C4',
      ft1(),
    );
    expect(resources(mapped, 'ServiceRequest').map((each) => each.priority)).toEqual(['stat', undefined]);
  });
});

describe('accounts', () => {
  const bar = (trigger: string, ...segments: string[]) =>
    map(text(`BAR^${trigger}^BAR_P01`, [`${PID}||||||||||A1^^^ID^AN`, ...segments]));

  it.each([
    ['P01', 'active'],
    ['P05', 'active'],
    ['P06', 'inactive'],
    ['P02', 'entered-in-error'],
  ])('BAR %s leaves the account %s', (trigger, status) => {
    expect(resources(bar(trigger), 'Account')[0].status).toBe(status);
  });

  it('P02 names several patients, and each has its own account', () => {
    const second = PID.replace('100^^^MRN', '200^^^MRN');
    const mapped = bar('P02', 'PV1|1|O', `${second}||||||||||A2^^^ID^AN`);
    const accounts = resources(mapped, 'Account');
    expect(accounts.map((each) => [each.identifier[0].value, each.status])).toEqual([
      ['A1', 'entered-in-error'],
      ['A2', 'entered-in-error'],
    ]);
    expect(accounts[0].subject).not.toEqual(accounts[1].subject);
  });

  it('P12 says nothing of the status', () => {
    expect(stated(bar('P12'), 'Account', 'status')).toBeUndefined();
  });

  it('condition codes 41 and 92 of UB2 are on the account', () => {
    const [account] = resources(bar('P01', 'UB2|1||41~92'), 'Account');
    expect(account.extension.map((each: { valueCoding: { code: string } }) => each.valueCoding.code)).toEqual([
      '41',
      '92',
    ]);
  });
});
