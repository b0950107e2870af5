import { describe, expect, it } from 'vitest';
import { codes, map, PID, resources, text } from './network.ts';

const request = (event: string, ...segments: string[]) => {
  const mapped = map(text(event, [PID, 'ORC|NW|A1^ID', ...segments]));
  return { mapped, request: resources(mapped, 'ServiceRequest')[0] };
};

describe('what a diet order or a requisition is for', () => {
  it('a diet is the code of its order, its instruction a note, beside the notes of NTE', () => {
    const { request: diet } = request('OMD^O03', 'ODS|D||TYR^Low tyramine^L|No aged cheese', 'NTE|1||With water');
    expect(diet.code).toMatchObject({ coding: [{ code: 'TYR' }] });
    expect(diet.note.map((each: { text: string }) => each.text).sort()).toEqual(['No aged cheese', 'With water']);
  });

  it('a second diet or supplement of one order is not lost', () => {
    const { request: diet } = request('OMD^O03', 'ODS|D||TYR^Low tyramine^L~DM^Diabetic^L', 'ODS|S||SHAKE^Shake^L');
    expect(diet.code.coding[0].code).toBe('TYR');
    expect(diet.orderDetail.map((each: { coding: { code: string }[] }) => each.coding[0]!.code)).toEqual([
      'DM',
      'SHAKE',
    ]);
  });

  it.each([
    ['RQD-2', 'RQD|1|X^Item^L|Y^Other^L||2|EA^Each^L'],
    ['RQD-3', 'RQD|1||X^Item^L|Y^Other^L|2|EA^Each^L'],
    ['RQD-4', 'RQD|1|||X^Item^L|2|EA^Each^L'],
  ])('a requisition says its item (%s) and how many', (_field, rqd) => {
    const { request: item } = request('OMS^O05', rqd);
    expect(item.code.coding[0].code).toBe('X');
    expect(item.quantityQuantity).toMatchObject({ value: 2, unit: 'Each' });
  });

  it('two items of one requisition have no quantity in common: it is listed', () => {
    const { mapped, request: items } = request('OMN^O07', 'RQD|1|X^Item^L|||2', 'RQD|2|Y^Item^L|||3');
    expect(items.quantityQuantity).toBeUndefined();
    expect(codes(mapped)).toContain('map.unmapped');
  });
});
