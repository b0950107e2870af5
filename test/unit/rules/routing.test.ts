import type {
  Appointment,
  CareTeam,
  Communication,
  PractitionerRole,
  Resource,
  ServiceRequest,
  Task,
} from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import {
  APPOINTMENT_KIND,
  BUSINESS_STATUS,
  COMMUNICATION_KIND,
  type CommunicationKind,
  concept,
  TASK_CODE,
} from '../../../src/model/codes.ts';
import { contentOf, RELEASED_CONTENT } from '../../../src/rules/referral.ts';
import { factQueries, route } from '../../../src/rules/routing.ts';
import type { RouteContext } from '../../../src/rules/routing-event.ts';
import { PARTNERS } from '../bots/network.ts';
import { episode, referral, referralTask, released } from './people.ts';

const ROLES: PractitionerRole[] = ['riverside', 'lakeside', 'harbor'].map((org) => ({
  resourceType: 'PractitionerRole',
  id: `${org}-role`,
  organization: { reference: `Organization/${org}` },
}));

const events = (change: Resource, facts: Resource[] = [], context: RouteContext = {}) =>
  route(change, [...ROLES, ...facts], PARTNERS, context).map(
    ({ kind, organization, eventKey, lane }) => `${lane === 'safety' ? '! ' : ''}${kind} → ${organization} ${eventKey}`,
  );

describe('a referral (R10, R11)', () => {
  const request = referral('riverside', 'lakeside') as ServiceRequest;
  const task = (more: Partial<Task> = {}) => referralTask('riverside', 'lakeside', { ...released, ...more });
  const sent = 'referral → lakeside referral/referral-riverside-lakeside';
  const answer = (act: string) => `referral-answer → riverside task/task-riverside-lakeside/${act}`;

  const cases: [string, Partial<Task>, string[]][] = [
    ['leaves when its gate is open', {}, [sent]],
    ['is not told back when the machine received it', { status: 'received' }, [sent]],
    [
      'asks back for information',
      { status: 'received', businessStatus: concept(BUSINESS_STATUS, 'awaiting-information') },
      [sent, answer('received/awaiting-information')],
    ],
    [
      'tells its acceptance back',
      { status: 'accepted', businessStatus: concept(BUSINESS_STATUS, 'accepted') },
      [sent, answer('accepted')],
    ],
    [
      'tells a booked visit back',
      { status: 'in-progress', businessStatus: concept(BUSINESS_STATUS, 'visit-scheduled') },
      [sent, answer('in-progress/visit-scheduled')],
    ],
    [
      'tells a no-show back (H17)',
      { status: 'in-progress', businessStatus: concept(BUSINESS_STATUS, 'visit-noshow') },
      [sent, answer('in-progress/visit-noshow')],
    ],
    ['tells its rejection back and is not sent', { status: 'rejected' }, [answer('rejected')]],
    ['tells its end back', { status: 'completed' }, [sent, answer('completed')]],
    [
      'is withdrawn where it was sent',
      { status: 'cancelled' },
      ['referral-cancel → lakeside referral/referral-riverside-lakeside/cancelled'],
    ],
  ];
  it.each(cases)('leaves or stays by its gate and its state: %s', (_title, more, expected) => {
    expect(events(task(more), [request])).toEqual(expected);
    expect(events(request, [task(more)])).toEqual(expected);
  });

  it('modified after it left is told once for each change', () => {
    const [mark] = released.output!;
    const left = { ...mark!, extension: [{ url: RELEASED_CONTENT, valueString: contentOf(request) }] };
    const marked = task({ output: [left] });
    expect(events(request, [marked])).toEqual([sent]);
    const numbered: ServiceRequest = { ...request, identifier: [{ system: 'urn:filler', value: 'F1' }] };
    expect(events(numbered, [marked])).toEqual([sent]);
    const urgent: ServiceRequest = { ...request, priority: 'urgent' };
    expect(events(urgent, [marked])).toEqual([sent, expect.stringContaining('referral-modify → lakeside')]);
    expect(events(urgent, [marked])).toEqual(events(marked, [urgent]));
  });

  it('of which nobody was heard by its deadline is asked after once (H17)', () => {
    const late = {
      businessStatus: concept(BUSINESS_STATUS, 'escalated'),
      restriction: { period: { end: '2026-01-05T12:00:00Z' } },
    };
    const asked = 'referral-status → lakeside referral/referral-riverside-lakeside/status/2026-01-05T12:00:00Z';
    expect(events(task(late), [request])).toEqual([sent, asked]);
    expect(events(task({ ...late, status: 'accepted' }), [request])).toEqual([sent, answer('accepted')]);
    expect(events(referralTask('riverside', 'lakeside', late), [request])).toEqual([]);
  });

  it('an answer to a modification is told, though it says what the first one said', () => {
    const accepted = task({ status: 'accepted' });
    expect(events(accepted, [request], { answeredBy: 'RRI^I13' })).toEqual([sent, answer('accepted/RRI^I13')]);
    expect(events(accepted, [request], { answeredBy: 'RRI^I12' })).toEqual([sent, answer('accepted')]);
  });

  it('a payer’s word that comes after it left is a modification; a referral without one keeps its fingerprint', () => {
    const authorized: ServiceRequest = {
      ...request,
      extension: [
        {
          url: 'https://handoff.example/fhir/StructureDefinition/authorization',
          extension: [{ url: 'number', valueString: 'A1' }],
        },
      ],
    };
    expect(contentOf(authorized)).not.toBe(contentOf(request));
    expect(contentOf({ ...request, extension: [] })).toBe(contentOf(request));
  });

  it('stays before its gate is open, whatever else changes', () => {
    for (const status of ['requested', 'received', 'cancelled'] as const) {
      expect(events(referralTask('riverside', 'lakeside', { status }), [request])).toEqual([]);
    }
  });

  it('answered before its gate is open stays, and its answer is told to who referred', () => {
    const task = referralTask('riverside', 'lakeside', { status: 'accepted' });
    expect(events(task, [request])).toEqual([`referral-answer → riverside task/${task.id}/accepted`]);
  });

  it('withdrawn by its author is told to the receiver', () => {
    expect(events({ ...request, status: 'revoked' }, [task()])).toEqual([
      'referral-cancel → lakeside referral/referral-riverside-lakeside/cancelled',
    ]);
  });

  it('of a source that names people in its own words comes from the owner of the row', () => {
    const relayed = { ...referral('general', 'riverside'), requester: { display: 'Dr. Hale' } } as ServiceRequest;
    const accepted = referralTask('general', 'riverside', { ...released, status: 'accepted' });
    const { requester: _requester, ...unnamed } = accepted;
    expect(events(accepted, [relayed])).toContain('referral-answer → general task/task-general-riverside/accepted');
    expect(route(unnamed, [relayed], PARTNERS, { owner: 'general' })[0]).toMatchObject({
      kind: 'referral',
      sender: 'general',
    });
  });

  it('carries what it points at, itself first', () => {
    const [event] = route(task(), [request], PARTNERS, { person: 'p1' });
    expect(event).toMatchObject({ recipient: 'lakeside-partner', person: 'p1', purpose: 'TREAT', sender: 'riverside' });
    expect(event!.resources.slice(0, 2)).toEqual([
      'ServiceRequest/referral-riverside-lakeside',
      'Task/task-riverside-lakeside',
    ]);
    expect(event!.resources).toContain('Patient/patient-riverside');
  });
});

describe('a safety note (R15)', () => {
  const note: Communication = {
    resourceType: 'Communication',
    id: 'n',
    status: 'completed',
    category: [concept(COMMUNICATION_KIND, 'safety-note')],
    sender: { reference: 'PractitionerRole/lakeside-role' },
    about: [{ reference: 'Encounter/e' }],
  };
  const demand = (org: string, more: Partial<Task> = {}): Task => ({
    resourceType: 'Task',
    id: `ack-${org}`,
    status: 'requested',
    intent: 'order',
    code: concept(TASK_CODE, 'acknowledge-safety-note'),
    focus: { reference: 'Communication/n' },
    requester: { reference: 'Organization/lakeside' },
    owner: { reference: `Organization/${org}` },
    ...more,
  });

  it('goes to each recipient with its demand, before everything else', () => {
    expect(events(note, [demand('riverside'), demand('harbor')])).toEqual([
      '! safety-note → riverside safety-note/n',
      '! safety-note → harbor safety-note/n',
    ]);
    expect(events(demand('riverside'), [note])).toEqual(['! safety-note → riverside safety-note/n']);
  });

  it('does not go before somebody is asked to acknowledge it, and never back to its sender', () => {
    expect(events(note)).toEqual([]);
    expect(events(demand('lakeside'), [note])).toEqual([]);
  });

  it.each([
    ['accepted', 'accepted'],
    ['in-progress', 'accepted'],
    ['completed', 'accepted'],
    ['rejected', 'rejected'],
    ['failed', 'failed'],
  ] as const)('is answered to its sender when a person %s it, once', (status, act) => {
    expect(events(demand('riverside', { status }), [note])).toContain(
      `! acknowledgement → lakeside task/ack-riverside/${act}`,
    );
  });

  it('delivered is not acknowledged (H2)', () => {
    expect(events(demand('riverside', { status: 'received' }), [note])).toEqual([
      '! safety-note → riverside safety-note/n',
    ]);
  });
});

describe('what else is said', () => {
  const cases: [CommunicationKind, string[]][] = [
    ['safety-answer', ['! safety-answer → riverside safety-answer/c']],
    ['not-acknowledged', ['! escalation → riverside escalation/c']],
    ['not-delivered', ['! not-delivered → riverside not-delivered/c']],
    ['lifecycle-notice', ['notice → riverside notice/c']],
  ];
  it.each(cases)('%s goes to whom it names, once per organization', (kind, expected) => {
    const said: Communication = {
      resourceType: 'Communication',
      id: 'c',
      status: 'completed',
      category: [concept(COMMUNICATION_KIND, kind)],
      sender: { reference: 'Organization/lakeside' },
      recipient: [
        { reference: 'PractitionerRole/riverside-role' },
        { reference: 'Organization/riverside' },
        { reference: 'Organization/lakeside' },
      ],
    };
    expect(events(said)).toEqual(expected);
    expect(events({ ...said, status: 'preparation' })).toEqual([]);
  });

  it('a conflict goes to each scheduler by its own Task', () => {
    const task: Task = {
      resourceType: 'Task',
      id: 't',
      status: 'requested',
      intent: 'order',
      code: concept(TASK_CODE, 'resolve-schedule-conflict'),
      owner: { reference: 'Organization/lakeside' },
    };
    expect(events(task)).toEqual(['conflict → lakeside task/t/requested']);
    expect(events({ ...task, status: 'completed' })).toEqual(['conflict → lakeside task/t/completed']);
  });

  it('an organization that is no partner is told nothing', () => {
    expect(events(referralTask('riverside', 'elsewhere', released), [referral('riverside', 'elsewhere')])).toEqual([]);
  });
});

describe('an appointment (R09, H17)', () => {
  const TEAM: CareTeam = {
    resourceType: 'CareTeam',
    id: 'team',
    status: 'active',
    participant: [{ member: { reference: 'PractitionerRole/harbor-role' } }],
  };
  const facts = [episode('riverside'), episode('lakeside'), TEAM];
  const of = (
    kind: 'dose' | 'group',
    status: Appointment['status'] = 'booked',
    start = '2026-11-24T18:00:00Z',
  ): Appointment => ({
    resourceType: 'Appointment',
    id: 'a',
    status,
    start,
    appointmentType: concept(APPOINTMENT_KIND, kind),
    participant: [{ status: 'accepted', actor: { reference: 'Patient/p' } }],
  });
  const cases: [string, Appointment, string, string[]][] = [
    [
      'a booked dose concerns the program',
      of('dose'),
      'lakeside',
      ['appointment → riverside appointment/a/booked/2026-11-24T18:00:00Z'],
    ],
    [
      'a moved dose is another act',
      of('dose', 'booked', '2026-11-25T18:00:00Z'),
      'lakeside',
      ['appointment → riverside appointment/a/booked/2026-11-25T18:00:00Z'],
    ],
    [
      'a cancelled dose concerns the program',
      of('dose', 'cancelled'),
      'lakeside',
      ['appointment → riverside appointment/a/cancelled'],
    ],
    [
      'a missed dose concerns the outpatient provider as well',
      of('dose', 'noshow'),
      'lakeside',
      ['appointment → riverside appointment/a/noshow', 'appointment → harbor appointment/a/noshow'],
    ],
    ['a booked group concerns nobody else', of('group'), 'riverside', []],
    [
      'a missed group concerns the clinic',
      of('group', 'noshow'),
      'riverside',
      ['appointment → lakeside appointment/a/noshow'],
    ],
    [
      'a dose booked in error concerns the program',
      of('dose', 'entered-in-error'),
      'lakeside',
      ['appointment → riverside appointment/a/deleted'],
    ],
    ['a proposed dose concerns nobody yet', of('dose', 'proposed'), 'lakeside', []],
    ['a dose that no organization owns is nobody’s booking', of('dose'), '', []],
  ];

  it('booked, moved away and moved back are three acts', () => {
    const keys = (start: string, turn?: { moved: boolean; before: number }) =>
      route(of('dose', 'booked', start), facts, PARTNERS, { owner: 'lakeside', person: 'person-1', turn }).map(
        (each) => each.eventKey,
      );
    const [first, second] = ['2026-11-24T18:00:00Z', '2026-11-25T18:00:00Z'];
    expect(keys(first)).toEqual([`appointment/a/booked/${first}`]);
    expect(keys(second, { moved: true, before: 0 })).toEqual([`appointment/a/rescheduled/${second}`]);
    expect(keys(first, { moved: true, before: 1 })).toEqual([`appointment/a~1/rescheduled/${first}`]);
  });

  it.each(cases)('is told to whom it concerns: %s', (_title, change, owner, expected) => {
    expect(events(change, facts, owner === '' ? {} : { owner })).toEqual(expected);
  });

  it('a longer dose is told after its booking, and a discontinued one as such', () => {
    const told = (change: Appointment, turn: RouteContext['turn']) =>
      events(change, [episode('riverside')], { owner: 'lakeside', turn }).map(
        (each) => each.split('appointment/a/')[1],
      );
    const start = '2026-11-24T18:00:00Z';
    const turn = { moved: false, before: 0 };
    expect(told(of('dose'), { ...turn, modified: 2 })).toEqual([`booked/${start}`, `modified/${start}/2`]);
    expect(told(of('dose', 'cancelled'), { ...turn, trigger: 'SIU^S16' })).toEqual(['discontinued']);
    expect(told(of('dose', 'cancelled'), { ...turn, trigger: 'SIU^S15' })).toEqual(['cancelled']);
  });
});

it('the router asks for what it needs and nothing for types it does not know', () => {
  expect(factQueries({ resourceType: 'Observation', id: 'o', status: 'final', code: {} })).toEqual([]);
  const queries = factQueries(referralTask('riverside', 'lakeside'));
  expect(queries.join()).toContain('_include=Task:focus');
});
