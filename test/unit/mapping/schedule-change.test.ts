import { describe, expect, it } from 'vitest';
import { codes, map, PID, resources, text } from './network.ts';

const SECOND = 'PID|2||200^^^MRN^MR||Roe^Sam||19850505|M';
const SCH = 'SCH|A1^ID|A1^ID||||R|REASON|DOSE|60|min|^^^20260309130000^20260309140000||||||||||||||Booked';
const NURSE = 'AIP|1||7^Ode^Imani^^^^^^ID';
const ROOM = 'AIL|1||R1^^^CLINIC';
const siu = (trigger: string, segments: readonly string[]) => map(text(`SIU^${trigger}^SIU_S12`, segments));
const change = (trigger: string, ...resources: string[]) => siu(trigger, [SCH, PID, 'RGS|1', ...resources]);
const acting = (segment: string, action: string) => segment.replace('|1||', `|1|${action}|`);

/** `set` or `delete` for each kind of resource whose slot the message names. */
function acts(mapped: ReturnType<typeof map>): Record<string, string> {
  const { elements } = mapped.resources.find(({ type }) => type === 'Appointment')!;
  return Object.fromEntries(
    elements.flatMap(({ element, op }) => {
      const kind = /\[(AI[SGLP])(?:-3)?\//.exec(element)?.[1];
      return kind === undefined ? [] : [[kind, op === 'delete' ? 'off' : 'on']];
    }),
  );
}

describe('a change of services or resources', () => {
  it.each([
    ['S18', 'on'],
    ['S19', 'on'],
    ['S20', 'off'],
    ['S21', 'off'],
    ['S22', 'off'],
  ])('%s without an action in the message turns what it lists %s, and touches nothing else', (trigger, act) => {
    const mapped = change(trigger, NURSE, 'AIS|1||SVC');
    expect(acts(mapped)).toEqual({ AIP: act, AIS: act });
    const { elements } = mapped.resources.find(({ type }) => type === 'Appointment')!;
    const others = elements.map(({ element }) => element).filter((element) => !element.includes('/'));
    expect(others).toEqual(['identifier[SCH-1]', 'identifier[SCH-2]', 'identifier[session]', 'participant[PID]']);
  });

  it('the action of the segment decides, else that of its group; X says that nothing changes', () => {
    expect(acts(change('S19', acting(NURSE, 'D'), acting(ROOM, 'A')))).toEqual({ AIP: 'off', AIL: 'on' });
    expect(acts(siu('S19', [SCH, PID, 'RGS|1|D', NURSE, 'RGS|2|U', ROOM]))).toEqual({ AIP: 'off', AIL: 'on' });
    expect(acts(change('S20', acting(NURSE, 'D'), acting(ROOM, 'X')))).toEqual({ AIP: 'off' });
  });

  it('a group that is updated does not keep what the event takes off', () => {
    expect(acts(siu('S20', [SCH, PID, 'RGS|1|U', NURSE]))).toEqual({ AIP: 'off' });
    expect(acts(siu('S20', [SCH, PID, 'RGS|1|U', acting(NURSE, 'D'), ROOM]))).toEqual({ AIP: 'off' });
  });

  it('a resource without an action beside one with an action stays as it was, and is an issue', () => {
    const mapped = change('S20', acting(NURSE, 'D'), ROOM);
    expect(acts(mapped)).toEqual({ AIP: 'off' });
    expect(mapped.issues).toContainEqual(expect.objectContaining({ code: 'map.action-unclear', location: 'AIL[1]-2' }));
  });

  it('a resource has the slot in which its booking put it', () => {
    const slots = (mapped: ReturnType<typeof map>) =>
      mapped.resources.flatMap((each) => each.elements.map(({ element }) => element)).filter((e) => /\/.*\]$/.test(e));
    const booked = slots(siu('S12', [SCH, PID, 'RGS|1', NURSE, ROOM, 'AIS|1||SVC']));
    expect(slots(change('S20', NURSE, ROOM, 'AIS|1||SVC')).sort()).toEqual(booked.sort());
  });

  it('two roles of one person are two participants, which go together', () => {
    const roles = [NURSE, NURSE].map((segment, i) => `${segment}|ROLE${i}`);
    const [booked] = resources(siu('S12', [SCH, PID, 'RGS|1', ...roles]), 'Appointment');
    const actors = booked.participant.filter((each: { type?: unknown }) => each.type !== undefined);
    expect(actors).toHaveLength(2);
    expect(acts(change('S20', roles[0]!))).toEqual({ AIP: 'off' });
  });

  it('what SCH says holds only while no booking is known; a word that may be about the resource does not', () => {
    const [appointment] = resources(change('S18', NURSE), 'Appointment');
    expect(appointment).toMatchObject({ status: 'booked', start: '2026-03-09T13:00:00-04:00', minutesDuration: 60 });
    const mapped = siu('S21', [SCH.replace('Booked', 'Cancelled'), PID, 'RGS|1', NURSE]);
    expect(resources(mapped, 'Appointment')[0].status).toBeUndefined();
    const late = siu('S18', [
      SCH.replace('^^^20260309130000^20260309140000', ''),
      PID,
      'RGS|1',
      `${NURSE}|||20260310090000`,
    ]);
    expect(resources(late, 'Appointment')[0].start).toBeUndefined();
  });

  it('is of the members it names: nobody is taken for removed, and nothing of one stands with another (H5)', () => {
    const mapped = siu('S18', [SCH, PID, SECOND, 'RGS|1', NURSE]);
    expect(mapped.groups).toMatchObject([{ complete: false, onRemoved: [], members: [{}, {}] }]);
    const [one, two] = mapped.resources.filter(({ type }) => type === 'Appointment');
    expect(JSON.stringify(one)).not.toContain(two!.patient);
  });

  it('without a patient, or without a resource, is refused', () => {
    expect(siu('S18', [SCH, 'RGS|1', NURSE]).refused?.code).toBe('map.patient-missing');
    expect(siu('S20', [SCH, PID]).refused?.code).toBe('map.required-missing');
  });
});

describe('a blocked time', () => {
  const SPAN = 'SCH|B1^ID|B1^ID||||LEAVE||||min|^^^20260309090000^20260309120000';
  const slotsOf = (trigger: string, ...segments: string[]) =>
    resources(siu(trigger, [SPAN, 'RGS|1', ...segments]), 'Slot');

  it('is one Slot in the calendar of each resource, and open again the same Slot is free', () => {
    const blocked = slotsOf('S23', NURSE, ROOM);
    expect(blocked).toHaveLength(2);
    expect(blocked[0]).toMatchObject({
      status: 'busy-unavailable',
      start: '2026-03-09T09:00:00-04:00',
      end: '2026-03-09T12:00:00-04:00',
    });
    const [open] = slotsOf('S24', NURSE);
    expect([open.id, open.schedule, open.status]).toEqual([blocked[0].id, blocked[0].schedule, 'free']);
  });

  it('opened in part leaves the block as it is', () => {
    const [whole] = slotsOf('S23', NURSE);
    const [part] = slotsOf('S24', `${NURSE}|||20260309100000|||60|min`);
    expect([part.start, part.end]).toEqual(['2026-03-09T10:00:00-04:00', '2026-03-09T11:00:00-04:00']);
    expect(part.id).not.toBe(whole.id);
    expect(part.schedule).toEqual(whole.schedule);
  });

  it('is the same Slot whichever zone its sender writes it in', () => {
    const [summer] = slotsOf('S23', `${NURSE}|||20260309090000-0400|||180|min`);
    const [utc] = slotsOf('S23', `${NURSE}|||20260309130000+0000|||180|min`);
    expect(utc.id).toBe(summer.id);
  });

  it('carries neither reason nor remark: every organization reads calendars (H4)', () => {
    const mapped = siu('S23', [SPAN, 'NTE|1||Family of Doe', PID, 'RGS|1', NURSE]);
    const text = JSON.stringify(mapped.resources);
    for (const word of ['LEAVE', 'Doe', '100']) expect(text).not.toContain(word);
    expect(codes(mapped)).toEqual(expect.arrayContaining(['map.not-carried', 'map.unmapped']));
  });

  it('of nobody, or without an end, is refused', () => {
    expect(siu('S23', [SPAN, 'RGS|1']).refused?.code).toBe('map.required-missing');
    const endless = siu('S23', ['SCH|B1^ID|B1^ID', 'RGS|1', `${NURSE}|||20260309090000`]);
    expect(endless.refused).toMatchObject({ code: 'map.required-missing', location: 'AIP[1]-6' });
  });

  it('is no appointment', () => {
    const types = siu('S23', [SPAN, 'RGS|1', NURSE]).resources.map(({ type }) => type);
    expect(new Set(types)).toEqual(new Set(['Practitioner', 'Schedule', 'Slot']));
  });
});
