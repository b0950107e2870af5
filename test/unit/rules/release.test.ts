import type { Appointment, CarePlan, Communication, Observation, Resource, Task } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { ApplicationAck, Released } from '../../../src/model/released.ts';
import { decide } from '../../../src/rules/consent.ts';
import type { Owned } from '../../../src/rules/facts.ts';
import { PART2_NOTICE, release } from '../../../src/rules/release.ts';
import { consent, episode, owned, person } from './people.ts';

const AT = '2026-03-01T12:00:00Z';
const patient = owned('riverside', { resourceType: 'Patient', id: 'p' } as Resource);
const secret: Observation = {
  resourceType: 'Observation',
  id: 'secret',
  status: 'final',
  identifier: [{ system: 'urn:lab', value: 'L-1' }],
  code: { text: 'x' },
  meta: { security: part2Labels() },
};
const plan: CarePlan = {
  resourceType: 'CarePlan',
  id: 'plan',
  status: 'active',
  intent: 'plan',
  text: { status: 'generated', div: '<div>all of it</div>' },
  subject: { reference: 'Patient/p' },
  supportingInfo: [{ reference: 'Observation/secret', display: 'Recovery track score' }],
  addresses: [{ identifier: { system: 'urn:lab', value: 'L-1' }, display: 'by its number' }],
  activity: [{ reference: { reference: 'MedicationRequest/other' } }, { detail: { status: 'not-started' } }],
};

const lakeside = (items: Owned[], ...facts: Owned[]) => {
  const known = person(owned('lakeside', episode('lakeside')), ...facts);
  const decision = decide({ facts: known, items, recipient: 'lakeside', purpose: 'TREAT', at: AT });
  return {
    decision,
    released: release(
      decision,
      items.map((each) => each.resource),
    ),
  };
};

describe('what leaves (H4)', () => {
  it('holds no denied resource, and no reference, display or identifier of one', () => {
    const { released } = lakeside([owned('riverside', plan), patient, owned('riverside', secret)]);
    const text = JSON.stringify(released!.bundle);
    for (const trace of ['secret', 'Recovery', 'L-1', 'all of it', 'MedicationRequest'])
      expect(text).not.toContain(trace);
    const shown = released!.bundle.entry![0]!.resource as CarePlan;
    expect(shown.activity).toEqual([{ detail: { status: 'not-started' } }]);
    expect(shown.subject).toEqual({ reference: 'Patient/p' });
    expect(released!.withheld).toEqual({ denied: 1, redacted: 0 });
  });

  it('is nothing at all when what it is about stays behind', () => {
    expect(lakeside([owned('riverside', secret), patient]).released).toBeUndefined();
  });

  it('keeps a resource valid: a required reference is masked and not left out', () => {
    const { released } = lakeside([owned('riverside', plan)]);
    const shown = released!.bundle.entry![0]!.resource as CarePlan;
    expect(shown.subject).toEqual({
      extension: [{ url: expect.stringContaining('data-absent-reason'), valueCode: 'masked' }],
    });
  });

  it('drops a task input that is nothing without its reference', () => {
    const task: Task = {
      resourceType: 'Task',
      id: 't',
      status: 'requested',
      intent: 'order',
      input: [
        { type: { text: 'a' }, valueReference: { reference: 'Observation/secret' } },
        { type: { text: 'b' }, valueString: 'kept' },
      ],
    };
    const { released } = lakeside([owned('riverside', task)]);
    expect((released!.bundle.entry![0]!.resource as Task).input).toEqual([
      { type: { text: 'b' }, valueString: 'kept' },
    ]);
  });

  it('is untouched, narrative included, when nothing stays behind', () => {
    const note: Communication = {
      resourceType: 'Communication',
      id: 'c',
      status: 'completed',
      text: { status: 'generated', div: '<div>x</div>' },
      subject: { reference: 'Patient/p' },
    };
    const { released } = lakeside([owned('riverside', note), patient]);
    expect(released!.bundle.entry![0]!.resource).toEqual(note);
    expect(released!.bundle.meta).toBeUndefined();
  });

  it('of an appointment of others is a busy interval', () => {
    const dose: Appointment = {
      resourceType: 'Appointment',
      id: 'a',
      status: 'booked',
      start: '2026-03-02T18:00:00Z',
      end: '2026-03-02T20:00:00Z',
      description: 'group for recovery',
      appointmentType: { text: 'group' },
      participant: [
        { status: 'accepted', actor: { reference: 'Location/room', display: 'Recovery IOP' } },
        { status: 'accepted', actor: { reference: 'Patient/p', display: 'Name' } },
      ],
    };
    const { released } = lakeside([owned('riverside', dose)]);
    expect(released!.bundle.entry![0]!.resource).toEqual({
      resourceType: 'Appointment',
      id: 'a',
      meta: { security: [expect.objectContaining({ code: 'REDACTED' })] },
      status: 'booked',
      start: dose.start,
      end: dose.end,
      participant: [{ status: 'accepted', actor: { reference: 'Patient/p' } }],
    });
  });
});

describe('Part 2 content (H3)', () => {
  const permit = owned('riverside', consent('riverside', 'lakeside'));

  it('travels with the consent, the notice and the strictest label on top', () => {
    const { released } = lakeside([owned('riverside', secret)], permit);
    const types = released!.bundle.entry!.map((each) => each.resource!.resourceType);
    expect(types).toEqual(['Observation', 'Consent', 'DocumentReference']);
    expect(released!.bundle.meta!.security!.map((each) => each.code)).toEqual(part2Labels().map((each) => each.code));
    expect(released!.basis).toMatchObject({
      notice: PART2_NOTICE,
      consents: expect.arrayContaining(['Consent/consent-riverside-lakeside/_history/3']),
    });
  });

  it('does not make other content carry consent or notice', () => {
    const { released } = lakeside([patient], permit);
    expect(released!.bundle.entry).toHaveLength(1);
    expect(released!.basis.notice).toBeUndefined();
  });

  it('does not leave at all when it is denied', () => {
    expect(lakeside([owned('riverside', secret)]).released).toBeUndefined();
  });
});

describe('Released', () => {
  it('does not come to be for another recipient or with more than was decided', () => {
    const { decision } = lakeside([patient]);
    const bundle = {
      resourceType: 'Bundle' as const,
      type: 'collection' as const,
      entry: [{ resource: patient.resource }],
    };
    expect(Released.under(decision, bundle, 'practice')).toBeUndefined();
    expect(
      Released.under(decision, { ...bundle, entry: [...bundle.entry, { resource: secret }] }, 'lakeside'),
    ).toBeUndefined();
    expect(Released.under({ ...decision } as never, bundle, 'lakeside')).toBeUndefined();
    expect(Released.is(Released.under(decision, bundle, 'lakeside'))).toBe(true);
    expect(Released.is({ bundle, recipient: 'lakeside' })).toBe(false);
  });

  it('the same decision later has the same fingerprint, a narrower one another', () => {
    const items = [patient, owned('riverside', secret)];
    const [first, again, narrower] = [
      lakeside(items, owned('riverside', consent('riverside', 'lakeside'))),
      lakeside(items, owned('riverside', consent('riverside', 'lakeside'))),
      lakeside(items),
    ].map((each) => each.decision.fingerprint);
    expect(again).toBe(first);
    expect(narrower).not.toBe(first);
  });
});

it('an application ACK cannot hold text', () => {
  expect(ApplicationAck.of('general', 'MSG1', 'AE', [{ code: '101', severity: 'E', location: 'PID^1^5' }])?.code).toBe(
    'AE',
  );
  expect(ApplicationAck.of('general', 'MSG 1 for Jane', 'AA')).toBeUndefined();
  expect(ApplicationAck.of('general', 'MSG1', 'AE', [{ code: 'too sad', severity: 'E' }])).toBeUndefined();
  expect(
    ApplicationAck.of('general', 'MSG1', 'AE', [{ code: '101', severity: 'E', location: 'Jane' }]),
  ).toBeUndefined();
});
