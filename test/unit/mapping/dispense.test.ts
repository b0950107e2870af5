import { describe, expect, it } from 'vitest';
import { map, PID, resources, seg, text } from './network.ts';

const RXD = { 1: '1', 2: '312938^Sertraline 50 MG^RXNORM', 3: '20260306143000', 4: '30', 5: 'TAB' };
const rds = (control: string, ...details: string[]) =>
  map(text('RDS^O13^RDS_O13', [PID, `ORC|${control}|O1^ID|F1^ID`, ...details]));
const dispenses = (mapped: ReturnType<typeof map>) => resources(mapped, 'MedicationDispense');

describe('a dispense', () => {
  it('is one resource for each RXD, of the placer order, and says nothing of the order or of an administration', () => {
    const mapped = rds('RE', seg('RXD', RXD), 'RXR|PO^Oral^HL70162', seg('RXD', { ...RXD, 1: '2', 4: '60' }));
    expect(new Set(mapped.resources.map(({ type }) => type))).toEqual(new Set(['Patient', 'MedicationDispense']));
    const [one, two] = dispenses(mapped);
    expect(one).toMatchObject({
      status: 'completed',
      quantity: { value: 30 },
      medicationReference: { reference: '#medication' },
    });
    expect(one.dosageInstruction[0].route.coding[0].code).toBe('26643006');
    expect(two).toMatchObject({ quantity: { value: 60 } });
    expect(two.dosageInstruction).toBeUndefined();
    expect(one.authorizingPrescription).toEqual(two.authorizingPrescription);
  });

  it.each([
    ['RE', 'completed'],
    ['NW', 'completed'],
    ['OC', 'cancelled'],
    ['DC', 'stopped'],
    ['DE', 'entered-in-error'],
  ])('ORC-1 %s leaves the same dispense %s', (control, status) => {
    const [first] = dispenses(rds('RE', seg('RXD', RXD)));
    expect(dispenses(rds(control, seg('RXD', RXD)))).toMatchObject([{ id: first.id, status }]);
  });

  it.each([
    ['N', false],
    ['0', false],
    ['G', true],
    ['5', true],
  ])('RXD-11 %s: substituted %s', (code, wasSubstituted) => {
    expect(dispenses(rds('RE', seg('RXD', { ...RXD, 11: code })))[0].substitution).toMatchObject({ wasSubstituted });
  });

  it('what it repeats of the order is stated of it, as encoded rather than as asked for, and never how it stands', () => {
    const asked = ['RXO|312938^Sertraline^RXNORM|25||mg', 'RXR|SL'];
    const encoded = ['RXE||312938^Sertraline^RXNORM|50||mg', 'RXR|PO^Oral^HL70162'];
    const mapped = rds('OC', ...asked, ...encoded, seg('RXD', RXD), 'RXR|IV');
    const [order] = resources(mapped, 'MedicationRequest');
    expect(order).toMatchObject({ status: 'unknown', medicationCodeableConcept: { coding: [{ code: '312938' }] } });
    expect(order.dosageInstruction).toHaveLength(1);
    expect(order.dosageInstruction[0]).toMatchObject({ doseAndRate: [{ doseQuantity: { value: 50 } }] });
    expect(order.dosageInstruction[0].route.coding[0].code).toBe('26643006');
    expect(dispenses(mapped)[0]).toMatchObject({
      status: 'cancelled',
      authorizingPrescription: [{ reference: `MedicationRequest/${order.id}` }],
    });
    expect(resources(rds('RE', ...asked, seg('RXD', RXD)), 'MedicationRequest')[0].dosageInstruction[0]).toMatchObject({
      doseAndRate: [{ doseQuantity: { value: 25 } }],
    });
  });

  it('without RXD, or without an order number, is refused', () => {
    expect(rds('RE').refused).toMatchObject({ code: 'map.key-missing', location: 'RXD[1]' });
    expect(map(text('RDS^O13', [PID, 'ORC|RE', seg('RXD', RXD)])).refused?.location).toBe('ORC[1]-3');
  });
});
