import { describe, expect, it } from 'vitest';
import { codes, map, PID, partner, resources, stated, text } from './network.ts';

const SECOND = 'PID|2||200^^^MRN^MR||Roe^Sam||19850505|M';
const SCH = 'SCH|A1^ID|A1^ID||||R|REASON|GRP|60|min|||||||||||||||Booked';
const AIS = 'AIS|1||SVC|20260309130000|||60|min';
const siu = (trigger: string, segments: readonly string[], of = partner()) =>
  map(text(`SIU^${trigger}^SIU_S12`, segments), of);

describe('scheduling', () => {
  it('gives one appointment per patient, and nothing of one patient to another (H5)', () => {
    const mapped = siu('S12', [SCH, PID, SECOND, 'RGS|1', AIS]);
    const appointments = resources(mapped, 'Appointment');
    expect(appointments).toHaveLength(2);
    const [one, two] = mapped.resources.filter((each) => each.type === 'Appointment');
    expect(JSON.stringify(one)).not.toContain(two!.patient);
    expect(JSON.stringify(one)).not.toMatch(/Roe|200/);
    expect(JSON.stringify(two)).not.toContain(one!.patient);
    expect(mapped.groups).toMatchObject([{ complete: true, members: [{ id: one!.id }, { id: two!.id }] }]);
  });

  it('a member that cannot be identified parks alone, and then nobody counts as removed', () => {
    const mapped = siu('S12', [SCH, PID, 'PID|2||||Roe^Sam', 'RGS|1', AIS]);
    expect(mapped.refused).toBeUndefined();
    expect(mapped.parked).toMatchObject([{ part: 'PATIENT[2]', location: 'PID[2]-3' }]);
    expect(JSON.stringify(mapped)).not.toContain('Roe');
    expect(mapped.groups[0]).toMatchObject({ complete: false, members: [{ type: 'Appointment' }] });
  });

  it('a no-show or a cancellation that names one patient says nothing about the others', () => {
    for (const trigger of ['S15', 'S17', 'S26']) {
      expect(siu(trigger, [SCH, PID, 'RGS|1', AIS]).groups[0]?.complete).toBe(false);
    }
  });

  it('a cancellation that names nobody is for everybody; a booking that names nobody is refused', () => {
    expect(siu('S15', [SCH]).groups).toMatchObject([
      { members: [], complete: true, onRemoved: [{ value: 'cancelled' }] },
    ]);
    expect(siu('S13', [SCH, 'RGS|1', AIS]).refused?.code).toBe('map.patient-missing');
  });

  it('start comes from AIS when TQ1 and SCH-11 have none (guide: it stays empty)', () => {
    const [appointment] = resources(siu('S12', [SCH, PID, 'RGS|1', AIS]), 'Appointment');
    expect([appointment.start, appointment.end]).toEqual(['2026-03-09T13:00:00-04:00', '2026-03-09T14:00:00-04:00']);
    expect(appointment.minutesDuration).toBe(60);
  });

  it('TQ1 goes before SCH-11, SCH-11 before AIS, and SCH-12 is a person', () => {
    const sch = SCH.replace('|min|', '|min|^^^20260309140000^20260309150000|9^Person^Contact');
    expect(resources(siu('S12', [sch, PID, 'RGS|1', AIS]), 'Appointment')[0].start).toBe('2026-03-09T14:00:00-04:00');
    const tq1 = 'TQ1|1||||||20260309150000|20260309160000';
    expect(resources(siu('S12', [sch, tq1, PID, 'RGS|1', AIS]), 'Appointment')[0].start).toBe(
      '2026-03-09T15:00:00-04:00',
    );
  });

  it.each([
    ['20260308023000^20260308033000', '2026-03-08T03:30:00-04:00', '2026-03-08T04:30:00-04:00'],
    ['20260309130000^20260309120000', '2026-03-09T13:00:00-04:00', '2026-03-09T14:00:00-04:00'],
  ])('a start at %s, by the clock change or a slip, keeps its duration (H8)', (times, start, end) => {
    const mapped = siu('S12', [`SCH|A1^ID|A1^ID||||R|REASON|GRP|60|min|^^^${times}`, PID, 'RGS|1']);
    expect(resources(mapped, 'Appointment')[0]).toMatchObject({ start, end });
    expect(codes(mapped)).toContain('map.end-not-after-start');
  });

  it('an end that is not after its start is no end: without a duration the booking is refused', () => {
    const mapped = siu('S12', ['SCH|A1^ID|A1^ID||||R|REASON|GRP|||^^^20260309130000^20260309120000', PID, 'RGS|1']);
    expect(mapped.refused?.code).toBe('map.required-missing');
  });

  it('60 seconds are a minute, not an hour', () => {
    const sch = SCH.replace('|60|min', '|60|s');
    expect(resources(siu('S12', [sch, PID, 'RGS|1', 'AIS|1||SVC|20260309130000']), 'Appointment')[0]).toMatchObject({
      minutesDuration: 1,
    });
  });

  it.each([
    ['Booked', 'booked'],
    ['BOOKED', 'booked'],
    ['Pending', 'pending'],
    ['Complete', 'fulfilled'],
    ['DC', 'cancelled'],
  ])('SCH-25 %s is %s, whatever the case', (code, status) => {
    expect(resources(siu('S14', [SCH.replace('Booked', code), PID, 'RGS|1', AIS]), 'Appointment')[0].status).toBe(
      status,
    );
  });

  it('an overbooked appointment is booked and says so, until its status is another', () => {
    const of = (status: string) => siu('S14', [SCH.replace('Booked', status), PID, 'RGS|1', AIS]);
    const [appointment] = resources(of('OVERBOOK'), 'Appointment');
    expect(appointment).toMatchObject({
      status: 'booked',
      extension: expect.arrayContaining([expect.objectContaining({ valueBoolean: true })]),
    });
    expect(stated(of('Booked'), 'Appointment', 'extension[SCH-25]')).toMatchObject({ op: 'snapshot', value: [] });
  });

  it.each([
    ['S15', 'cancelled'],
    ['S17', 'entered-in-error'],
    ['S26', 'noshow'],
  ])('%s decides the status: %s', (trigger, status) => {
    expect(resources(siu(trigger, [SCH, PID, 'RGS|1', AIS]), 'Appointment')[0].status).toBe(status);
  });

  it('the same session and patient are the same appointment from every trigger', () => {
    const ids = ['S12', 'S13', 'S26'].map(
      (trigger) => resources(siu(trigger, [SCH, PID, 'RGS|1', AIS]), 'Appointment')[0].id,
    );
    expect(new Set(ids).size).toBe(1);
  });
});

describe('time (H8)', () => {
  const start = (zone: string, at: string) =>
    resources(siu('S12', [SCH, PID, 'RGS|1', AIS.replace('20260309130000', at)], partner({ zone })), 'Appointment')[0];

  it.each([
    ['America/New_York', '20260307130000', '2026-03-07T13:00:00-05:00'],
    ['America/New_York', '20260308130000', '2026-03-08T13:00:00-04:00'],
    ['America/New_York', '20261101120000', '2026-11-01T12:00:00-05:00'],
    ['America/Phoenix', '20260309130000', '2026-03-09T13:00:00-07:00'],
    ['America/Chicago', '20260309130000', '2026-03-09T13:00:00-05:00'],
    ['America/Chicago', '20260309130000-0400', '2026-03-09T13:00:00-04:00'],
  ])('in %s %s is %s, and never Z', (zone, at, expected) => expect(start(zone, at).start).toBe(expected));

  it('keeps the original text where the zone was assumed, and not where the sender wrote an offset', () => {
    expect(start('America/Chicago', '202603091300')._start.extension).toMatchObject([{ valueString: '202603091300' }]);
    expect(start('America/Chicago', '202603091300-0500')._start).toBeUndefined();
  });

  it('a wall time the clock change skips, or repeats, is an issue', () => {
    const gap = siu('S12', [SCH, PID, 'RGS|1', AIS.replace('20260309130000', '20260308023000')]);
    const overlap = siu('S12', [SCH, PID, 'RGS|1', AIS.replace('20260309130000', '20261101013000')]);
    expect(gap.issues.map((issue) => issue.code)).toContain('map.time-gap');
    expect(overlap.issues.map((issue) => issue.code)).toContain('map.time-overlap');
  });

  it('a date never passes through an instant', () => {
    const [patient] = resources(map(text('ADT^A08', [PID]), partner({ zone: 'Pacific/Kiritimati' })), 'Patient');
    expect(patient.birthDate).toBe('1990-01-01');
  });
});
