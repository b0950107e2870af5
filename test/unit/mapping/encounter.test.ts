import { describe, expect, it } from 'vitest';
import { map, PID, partner, resources, stated, text } from './network.ts';

const PV1 = 'PV1|1|I|||||||||||||||||V1^^^VN';
const adt = (trigger: string, pv1 = PV1, of = partner()) =>
  map(text(`ADT^${trigger}^ADT_A01`, [`EVN|${trigger}|20260302100000`, PID, pv1]), of);

describe('the visit of an ADT', () => {
  it.each([
    ['A01', 'in-progress'],
    ['A03', 'finished'],
    ['A05', 'planned'],
    ['A06', 'in-progress'],
    ['A07', 'in-progress'],
    ['A11', 'cancelled'],
    ['A13', 'in-progress'],
    ['A14', 'planned'],
    ['A15', 'in-progress'],
    ['A16', 'in-progress'],
    ['A21', 'onleave'],
    ['A22', 'in-progress'],
    ['A25', 'in-progress'],
    ['A26', 'in-progress'],
    ['A27', 'cancelled'],
    ['A38', 'cancelled'],
    ['A52', 'in-progress'],
    ['A53', 'onleave'],
  ])('%s states the status %s', (trigger, status) => {
    expect(stated(adt(trigger), 'Encounter', 'status')).toMatchObject({ op: 'set', value: status });
  });

  it('A04 means arrived where the partner says so, and planned where it does not (guide: always planned)', () => {
    expect(stated(adt('A04'), 'Encounter', 'status')).toMatchObject({ value: 'arrived' });
    const other = partner({ registrationMeansArrival: false });
    expect(stated(adt('A04', PV1, other), 'Encounter', 'status')).toMatchObject({ value: 'planned' });
  });

  it('A08 keeps the status: it states none, and unknown is only the default of a visit nobody described (guide: unknown)', () => {
    const mapped = adt('A08');
    expect(stated(mapped, 'Encounter', 'status')).toBeUndefined();
    expect(mapped.resources.find((each) => each.type === 'Encounter')?.defaults).toContainEqual({
      element: 'status',
      value: 'unknown',
    });
  });

  it.each(['A54', 'A55', 'A61', 'A62'])('%s changes who attends or consults, and no status', (trigger) => {
    const mapped = adt(trigger, 'PV1|1|I|||||9^Roe^Ann^^^^^^ID||8^Poe^Lee^^^^^^ID||||||||||V1^^^VN');
    expect(stated(mapped, 'Encounter', 'status')).toBeUndefined();
    const [encounter] = resources(mapped, 'Encounter');
    expect(
      encounter.participant.map((each: { type: { coding: { code: string }[] }[] }) => each.type[0]!.coding[0]!.code),
    ).toEqual(['ATND', 'CON']);
  });

  it('a discharge time in an A08 means finished', () => {
    const pv1 = `${PV1}${'|'.repeat(26)}20260302090000`;
    expect(stated(adt('A08', pv1), 'Encounter', 'status')).toMatchObject({ value: 'finished' });
  });

  it('A13 undoes: the end and the disposition are deleted, not left out', () => {
    const mapped = adt('A13');
    expect(stated(mapped, 'Encounter', 'period.end')?.op).toBe('delete');
    expect(stated(mapped, 'Encounter', 'hospitalization.dischargeDisposition')?.op).toBe('delete');
  });

  it.each([
    ['A25', 36, '01', 'hospitalization.dischargeDisposition'],
    ['A26', 42, 'W^1^2', 'location[PV1-42]'],
  ])('%s undoes what was announced, although the message still has it in PV1-%i', (trigger, field, value, element) => {
    const pv1 = `${PV1}${'|'.repeat(field - 19)}${value}`;
    expect(stated(adt(trigger === 'A25' ? 'A16' : 'A15', pv1), 'Encounter', element)?.op).not.toBe('delete');
    expect(stated(adt(trigger, pv1), 'Encounter', element)?.op).toBe('delete');
  });

  it('PHP and IOP are outpatient with an episode, never inpatient: PV1-2 R', () => {
    const php = partner({
      programs: [{ id: 'php', name: 'PHP', levelOfCare: 'php', part2: false, match: { 'PV1-10': ['PHP'] } }],
    });
    const mapped = adt('A04', 'PV1|1|R||||||||PHP|||||||||V1^^^VN', php);
    expect(stated(mapped, 'Encounter', 'class')).toMatchObject({ value: { code: 'AMB' } });
    const [episode] = resources(mapped, 'EpisodeOfCare');
    expect(episode).toMatchObject({ status: 'active', type: [{ coding: [{ code: 'php' }] }] });
  });

  it('an unlisted class is an issue and stays what the sender wrote', () => {
    const mapped = adt('A01', PV1.replace('|I|', '|Q|'));
    expect(mapped.issues).toContainEqual(expect.objectContaining({ code: 'map.code-unmapped', location: 'PV1[1]-2' }));
    expect(stated(mapped, 'Encounter', 'class')).toMatchObject({ value: { code: 'Q' } });
  });

  it('the same visit number is the same Encounter whatever the trigger and the rest of the message', () => {
    const one = adt('A01').resources.find((each) => each.type === 'Encounter')!;
    const two = adt('A03', 'PV1|2|O|W^1^2||||||||||||||||V1^^^VN').resources.find((each) => each.type === 'Encounter')!;
    expect(one.id).toBe(two.id);
  });

  it('everything of a Part 2 program is labelled by its source, the directory is not', () => {
    const sud = partner({
      programs: [{ id: 'p', name: 'P', levelOfCare: 'iop', part2: true, match: { 'PV1-10': ['PATH'] } }],
    });
    const mapped = adt('A04', 'PV1|1|R||||9^Roe^Ann^^^^^^ID|||PATH|||||||||V1^^^VN'.replace('||||9^', '|||||9^'), sud);
    for (const each of mapped.resources) {
      const has = each.labels.some((label) => label.code === '42CFRPart2');
      expect([each.type, has]).toEqual([each.type, each.type !== 'Practitioner' && each.type !== 'Location']);
    }
  });
});
