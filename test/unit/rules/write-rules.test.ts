import type { Basic, Communication, MedicationRequest, Task, TaskOutput } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import type { Actor } from '../../../src/model/actor.ts';
import {
  ALTERNATIVE,
  BUSINESS_STATUS,
  COMMUNICATION_KIND,
  coding,
  concept,
  HOLD_ANSWER,
  LIFECYCLE,
  NOTICE_EXCEPTION,
  RECORD,
  SAFETY_CLASS,
  TASK_CODE,
  TASK_PART,
  type TaskCode,
  type TaskPart,
} from '../../../src/model/codes.ts';
import type { Stored } from '../../../src/model/store.ts';
import { EMERGENCY } from '../../../src/rules/break-glass.ts';
import { writeRules } from '../../../src/rules/write-rules.ts';
import { PSYTHPN, referralTask, released } from './people.ts';

const AT = '2026-03-01T12:00:00Z';
const META = { versionId: '1', lastUpdated: AT };
const stored = (resource: object): Stored => ({ meta: META, ...resource }) as unknown as Stored;

const ROLES = ['riverside', 'lakeside', 'practice'].map((org) =>
  stored({
    resourceType: 'PractitionerRole',
    id: `${org}-role`,
    active: true,
    organization: { reference: `Organization/${org}` },
  }),
);
const user = (org: string): Actor => ({
  kind: 'user',
  id: `user-${org}`,
  organization: org,
  practitionerRole: `${org}-role`,
  practitioner: `${org}-person`,
  scopes: ['user/*.cruds'],
});
const client = (org: string): Actor => ({ kind: 'client', id: 'c', organization: org, scopes: ['system/*.cruds'] });
const bot: Actor = { kind: 'bot', id: 'b', scopes: ['system/*.cruds'] };

interface Write {
  actor: Actor;
  before?: object;
  after?: object;
  role?: Stored | undefined;
}

function check({ actor, before, after, role }: Write): string | undefined {
  const type = ((after ?? before) as { resourceType: string }).resourceType;
  const own = role ?? ROLES.find((each) => each.id === actor.practitionerRole);
  for (const rule of writeRules.filter((each) => each.resourceType === type)) {
    const issue = rule.check({
      actor,
      at: AT,
      facts: ROLES,
      ...(before === undefined ? {} : { before: stored(before) }),
      ...(after === undefined ? {} : { after: after as never }),
      ...(own === undefined ? {} : { role: own }),
    });
    if (issue !== undefined) return issue.code;
  }
  return undefined;
}

const output = (part: TaskPart, value: Partial<TaskOutput>): TaskOutput => ({
  type: concept(TASK_PART, part),
  ...value,
});
const by = (org: string) =>
  output('acknowledged-by', { valueReference: { reference: `PractitionerRole/${org}-role` } });

const obligation = (code: TaskCode, more: Partial<Task> = {}): Task => ({
  resourceType: 'Task',
  id: 't',
  status: 'received',
  intent: 'order',
  code: concept(TASK_CODE, code),
  focus: { reference: 'Communication/n' },
  requester: { reference: 'PractitionerRole/lakeside-role' },
  owner: { reference: 'Organization/riverside' },
  authoredOn: '2026-03-01T11:00:00Z',
  restriction: { period: { end: '2026-03-01T12:30:00Z' } },
  input: [{ type: concept(TASK_PART, 'safety-class'), valueCodeableConcept: concept(SAFETY_CLASS, 'E1') }],
  ...more,
});
const note = obligation('acknowledge-safety-note');
const accepted = (org = 'riverside'): Task => ({ ...note, status: 'accepted', output: [by(org)] });

describe('acknowledging a safety note (H2)', () => {
  it('is done by a person of the owner under an active role, who names himself', () => {
    expect(check({ actor: user('riverside'), before: note, after: accepted() })).toBeUndefined();
  });

  it('counts although the hub took a step since the person read the Task', () => {
    const step = output('ladder-step', { valueCodeableConcept: { text: 'duty' } });
    const before = { ...note, output: [step] };
    expect(check({ actor: user('riverside'), before, after: accepted() })).toBeUndefined();
    const forged = { ...accepted(), output: [by('riverside'), step, step] };
    expect(check({ actor: user('riverside'), before, after: forged })).toBe('forbidden.answered');
    expect(check({ actor: user('riverside'), before, after: note })).toBe('forbidden.answered');
  });

  const inactive = stored({
    resourceType: 'PractitionerRole',
    id: 'riverside-role',
    active: false,
    organization: { reference: 'Organization/riverside' },
  });
  const refused: [string, Write, string][] = [
    ['a system token', { actor: client('riverside'), before: note, after: accepted() }, 'forbidden.not-a-person'],
    ['a bot of the hub', { actor: bot, before: note, after: accepted() }, 'forbidden.not-a-person'],
    [
      "the sender's own staff",
      { actor: user('lakeside'), before: note, after: accepted('lakeside') },
      'forbidden.own-note',
    ],
    [
      "another organization's member",
      { actor: user('practice'), before: note, after: accepted('practice') },
      'forbidden.not-the-owner',
    ],
    [
      'a deactivated practitioner',
      { actor: user('riverside'), before: note, after: accepted(), role: inactive },
      'forbidden.role-not-active',
    ],
    [
      'an answer that names no person',
      { actor: user('riverside'), before: note, after: { ...note, status: 'accepted' } },
      'invalid.person-missing',
    ],
    [
      'a signature without an answer, beforehand',
      { actor: client('riverside'), before: note, after: { ...note, output: [by('riverside')] } },
      'forbidden.not-an-answer',
    ],
    [
      'a second signature beside the first',
      {
        actor: user('riverside'),
        before: accepted(),
        after: { ...accepted(), output: [by('riverside'), by('practice')] },
      },
      'forbidden.answered',
    ],
    [
      'an answer with two signatures',
      {
        actor: user('riverside'),
        before: note,
        after: { ...note, status: 'accepted', output: [by('riverside'), by('practice')] },
      },
      'invalid.person-missing',
    ],
    [
      'a ladder step that the hub did not take',
      {
        actor: user('riverside'),
        before: note,
        after: { ...note, output: [output('ladder-step', { valueCodeableConcept: { text: 'backup' } })] },
      },
      'forbidden.answered',
    ],
    [
      'an answer in the name of somebody else',
      { actor: user('riverside'), before: note, after: accepted('practice') },
      'forbidden.other-person',
    ],
    [
      'completing it at once without naming a person',
      { actor: user('riverside'), before: note, after: { ...note, status: 'completed' } },
      'invalid.person-missing',
    ],
    [
      'a rejection without a reason',
      { actor: user('riverside'), before: note, after: { ...note, status: 'rejected', output: [by('riverside')] } },
      'invalid.reason-missing',
    ],
    [
      'withdrawing it',
      { actor: user('riverside'), before: note, after: { ...note, status: 'cancelled' } },
      'forbidden.obligation-kept',
    ],
    ['deleting it', { actor: user('riverside'), before: note }, 'forbidden.obligation-kept'],
    ['raising one oneself', { actor: client('lakeside'), after: note }, 'forbidden.hub-only'],
    [
      'handing it on',
      { actor: user('riverside'), before: note, after: { ...note, owner: { reference: 'Organization/practice' } } },
      'forbidden.demand-kept',
    ],
    [
      'changing what it is about',
      { actor: user('riverside'), before: note, after: { ...note, focus: { reference: 'Communication/other' } } },
      'forbidden.demand-kept',
    ],
    [
      'making it another kind of task',
      { actor: user('riverside'), before: note, after: { ...note, code: { text: 'x' } } },
      'forbidden.demand-kept',
    ],
    [
      'reopening it',
      { actor: user('riverside'), before: accepted(), after: { ...accepted(), status: 'requested' } },
      'forbidden.answered',
    ],
    [
      'signing over the signature',
      {
        actor: user('riverside'),
        before: accepted(),
        after: { ...accepted(), status: 'completed', output: [by('practice')] },
      },
      'forbidden.answered',
    ],
  ];
  it.each(refused)('is not: %s', (_title, write, code) => {
    expect(check(write)).toBe(code);
  });

  it('is not done by a read receipt', () => {
    const sent: Communication = {
      resourceType: 'Communication',
      id: 'n',
      status: 'completed',
      category: [concept(COMMUNICATION_KIND, 'safety-note')],
    };
    expect(check({ actor: client('riverside'), before: sent, after: { ...sent, received: AT } })).toBe(
      'forbidden.receipt-is-no-answer',
    );
    expect(
      check({ actor: client('riverside'), before: sent, after: { ...sent, payload: [{ contentString: 'x' }] } }),
    ).toBe('forbidden.note-kept');
    expect(
      check({ actor: client('lakeside'), before: sent, after: { ...sent, status: 'entered-in-error' } }),
    ).toBeUndefined();
    expect(check({ actor: client('lakeside'), before: sent })).toBe('forbidden.note-kept');
  });

  it('is not done by a reply, and a reply that names no person is refused', () => {
    const reply = {
      resourceType: 'Communication',
      status: 'completed',
      inResponseTo: [{ reference: 'Communication/n' }],
    };
    expect(check({ actor: client('riverside'), after: reply })).toBe('invalid.person-missing');
    expect(
      check({ actor: client('riverside'), after: { ...reply, sender: { reference: 'Organization/riverside' } } }),
    ).toBe('invalid.person-missing');
    expect(
      check({
        actor: client('riverside'),
        after: { ...reply, sender: { reference: 'PractitionerRole/riverside-role' } },
      }),
    ).toBeUndefined();
  });

  it('goes on to what was done, by the same rules', () => {
    const done: Task = {
      ...accepted(),
      status: 'completed',
      output: [by('riverside'), output('action-taken', { valueString: 'seen' })],
    };
    expect(check({ actor: user('riverside'), before: accepted(), after: done })).toBeUndefined();
    expect(check({ actor: client('riverside'), before: accepted(), after: done })).toBe('forbidden.not-a-person');
  });
});

describe('a deadline', () => {
  const end = (to: string | undefined, safetyClass: 'E0' | 'E1' | 'E2' = 'E1'): Task => ({
    ...note,
    restriction: to === undefined ? {} : { period: { end: to } },
    input: [{ type: concept(TASK_PART, 'safety-class'), valueCodeableConcept: concept(SAFETY_CLASS, safetyClass) }],
  });
  const cases: [string, Task, string | undefined][] = [
    ['later', end('2026-03-01T13:00:00Z'), 'forbidden.deadline-kept'],
    ['away', end(undefined), 'forbidden.deadline-kept'],
    ['earlier at the same class', end('2026-03-01T12:10:00Z'), 'forbidden.deadline-kept'],
    ['earlier with a less urgent class', end('2026-03-01T12:10:00Z', 'E2'), 'forbidden.deadline-kept'],
    ['later with a more urgent class', end('2026-03-01T13:00:00Z', 'E0'), 'forbidden.deadline-kept'],
    ['earlier with a more urgent class', end('2026-03-01T12:10:00Z', 'E0'), undefined],
  ];
  it.each(cases)('moved %s', (_title, after, code) => {
    expect(check({ actor: user('riverside'), before: note, after })).toBe(code);
  });
});

describe('a referral', () => {
  const open = referralTask('riverside', 'lakeside', { ...released, status: 'received' });
  const held = referralTask('riverside', 'lakeside', {
    businessStatus: concept(BUSINESS_STATUS, 'waiting-outpatient-notice'),
  });
  const because = { statusReason: { text: 'not a fit' } };
  const none = output('alternative', { valueCodeableConcept: concept(ALTERNATIVE, 'none') });
  const cases: [string, Write, string | undefined][] = [
    [
      'is accepted by its receiver',
      { actor: client('lakeside'), before: open, after: { ...open, status: 'accepted' } },
      undefined,
    ],
    [
      'is not accepted by its sender',
      { actor: client('riverside'), before: open, after: { ...open, status: 'accepted' } },
      'forbidden.not-the-owner',
    ],
    [
      'is not declined without a reason (R12)',
      { actor: client('lakeside'), before: open, after: { ...open, status: 'rejected' } },
      'invalid.reason-missing',
    ],
    [
      'is not declined without an alternative or "none" (R12)',
      { actor: client('lakeside'), before: open, after: { ...open, ...because, status: 'rejected' } },
      'invalid.alternative-missing',
    ],
    [
      'is declined with both (R12)',
      {
        actor: client('lakeside'),
        before: open,
        after: { ...open, ...because, status: 'rejected', output: [...open.output!, none] },
      },
      undefined,
    ],
    [
      'pauses for information and goes on',
      { actor: client('lakeside'), before: { ...open, status: 'on-hold' }, after: { ...open, status: 'accepted' } },
      undefined,
    ],
    [
      'is created without the hub’s mark',
      { actor: client('riverside'), after: referralTask('riverside', 'lakeside') },
      undefined,
    ],
    [
      'is not created as released (R10)',
      { actor: client('riverside'), after: referralTask('riverside', 'lakeside', released) },
      'forbidden.gate',
    ],
    [
      'is not created as answered (R10)',
      { actor: client('riverside'), after: referralTask('riverside', 'lakeside', { status: 'accepted' }) },
      'forbidden.gate',
    ],
    [
      'is not let go by its sender (R10)',
      { actor: user('riverside'), before: held, after: { ...held, ...released } },
      'forbidden.gate',
    ],
    [
      'does not lose its waiting mark (H18)',
      { actor: user('riverside'), before: held, after: { ...held, businessStatus: concept(BUSINESS_STATUS, 'sent') } },
      'forbidden.gate',
    ],
    [
      'is withdrawn while it waits',
      { actor: client('riverside'), before: held, after: { ...held, status: 'cancelled' } },
      undefined,
    ],
    [
      'is not withdrawn by its sender once work began (B7)',
      {
        actor: client('riverside'),
        before: { ...open, status: 'in-progress' },
        after: { ...open, status: 'cancelled' },
      },
      'forbidden.work-began',
    ],
    [
      'is withdrawn by its sender before (B7)',
      { actor: client('riverside'), before: open, after: { ...open, status: 'cancelled' } },
      undefined,
    ],
    ['is let go by the bot', { actor: bot, before: held, after: { ...held, ...released } }, undefined],
  ];
  it.each(cases)('is acted on by its parties only: %s', (_title, write, code) => {
    expect(check(write)).toBe(code);
  });
});

describe('answers with a fixed set of words', () => {
  it('a hold request is answered by the prescriber: continue, adjust, hold or stop (R16)', () => {
    const asked = obligation('answer-hold-request', {
      owner: { reference: 'Organization/lakeside' },
      requester: { reference: 'Organization/riverside' },
    });
    const answered = (...more: TaskOutput[]) => ({ ...asked, status: 'completed', output: [by('lakeside'), ...more] });
    const word = output('hold-answer', { valueCodeableConcept: concept(HOLD_ANSWER, 'hold') });
    const other = output('hold-answer', { valueCodeableConcept: { coding: [{ ...PSYTHPN }] } });
    expect(check({ actor: user('lakeside'), before: asked, after: answered(word) })).toBeUndefined();
    expect(check({ actor: user('lakeside'), before: asked, after: answered(other) })).toBe('invalid.answer-missing');
    expect(check({ actor: user('lakeside'), before: asked, after: answered() })).toBe('invalid.answer-missing');
    expect(
      check({ actor: user('riverside'), before: asked, after: { ...answered(word), output: [by('riverside'), word] } }),
    ).toBe('forbidden.own-note');
  });

  it('a notice that was not delivered is excused by a clinician with a coded reason (H18)', () => {
    const task = obligation('told-outpatient-provider');
    const closed = (reason?: TaskOutput) => ({
      ...task,
      status: 'completed',
      output: [by('riverside'), ...(reason ? [reason] : [])],
    });
    const told = output('notice-exception', { valueCodeableConcept: concept(NOTICE_EXCEPTION, 'told-by-telephone') });
    const words = output('notice-exception', {
      valueCodeableConcept: { text: 'we are busy', coding: [coding(LIFECYCLE, 'referred')] },
    });
    expect(check({ actor: user('riverside'), before: task, after: closed(told) })).toBeUndefined();
    expect(check({ actor: user('riverside'), before: task, after: closed(words) })).toBe('invalid.reason-missing');
    expect(check({ actor: client('riverside'), before: task, after: closed(told) })).toBe('forbidden.not-a-person');
  });

  it('the program side cannot record a stop or hold of the dosing series (R16, H13)', () => {
    const order: MedicationRequest = {
      resourceType: 'MedicationRequest',
      id: 'm',
      status: 'active',
      intent: 'order',
      subject: {},
      requester: { reference: 'PractitionerRole/lakeside-role' },
    };
    for (const status of ['on-hold', 'stopped', 'cancelled']) {
      expect(check({ actor: user('riverside'), before: order, after: { ...order, status } })).toBe(
        'forbidden.not-your-series',
      );
      expect(check({ actor: client('riverside'), after: { ...order, status } })).toBe('forbidden.not-your-series');
      expect(check({ actor: user('lakeside'), before: order, after: { ...order, status } })).toBeUndefined();
    }
  });
});

describe('what was said and done', () => {
  it.each(Object.keys(COMMUNICATION_KIND.codes) as (keyof typeof COMMUNICATION_KIND.codes)[])(
    'a %s is neither deleted nor rewritten, whoever owns it; it may be entered in error (R19)',
    (kind) => {
      const said: Communication = {
        resourceType: 'Communication',
        id: 'n',
        status: 'completed',
        category: [concept(COMMUNICATION_KIND, kind)],
        sender: { reference: 'PractitionerRole/lakeside-role' },
        payload: [{ contentString: 'hold the next dose' }],
      };
      for (const actor of [client('riverside'), client('lakeside'), user('riverside')]) {
        expect(check({ actor, before: said })).toBe('forbidden.note-kept');
        expect(check({ actor, before: said, after: { ...said, payload: [{ contentString: 'go on' }] } })).toBe(
          'forbidden.note-kept',
        );
        expect(check({ actor, before: said, after: { ...said, category: [] } })).toBe('forbidden.note-kept');
        expect(check({ actor, before: said, after: { ...said, status: 'entered-in-error' } })).toBeUndefined();
      }
    },
  );

  it.each(['Provenance', 'AuditEvent'])('a %s is added by a client and never changed or deleted', (resourceType) => {
    const record = { resourceType, id: 'p', recorded: AT };
    for (const actor of [client('riverside'), user('riverside'), bot]) {
      expect(check({ actor, after: record })).toBeUndefined();
      expect(check({ actor, before: record, after: { ...record, recorded: '2026-03-01T13:00:00Z' } })).toBe(
        'forbidden.record-kept',
      );
      expect(check({ actor, before: record })).toBe('forbidden.record-kept');
    }
  });
});

describe('an emergency disclosure (H6)', () => {
  const act: Basic = {
    resourceType: 'Basic',
    id: 'b',
    code: concept(RECORD, 'emergency-disclosure'),
    subject: { reference: 'Patient/p' },
    author: { reference: 'PractitionerRole/riverside-role' as 'Practitioner/x' },
    extension: [
      { url: EMERGENCY.recipient, valueReference: { reference: 'Organization/practice', display: 'Dr. A' } },
      { url: EMERGENCY.affiliation, valueString: 'County hospital' },
      { url: EMERGENCY.nature, valueString: 'Respiratory arrest' },
      { url: EMERGENCY.attestation, valueBoolean: true },
      { url: EMERGENCY.period, valuePeriod: { start: AT } },
    ],
  };
  const cases: [string, Write, string | undefined][] = [
    ['is declared by a person', { actor: user('riverside'), after: act }, undefined],
    ['is not declared by a system', { actor: client('riverside'), after: act }, 'forbidden.not-a-person'],
    ['is not declared by a bot', { actor: bot, after: act }, 'forbidden.not-a-person'],
    ['is not declared in the name of somebody else', { actor: user('lakeside'), after: act }, 'forbidden.other-person'],
    [
      'is whole or not at all',
      { actor: user('riverside'), after: { ...act, extension: act.extension!.slice(1) } },
      'invalid.incomplete',
    ],
    ['is not changed afterwards', { actor: user('riverside'), before: act, after: act }, 'forbidden.record-kept'],
    ['is not deleted', { actor: user('riverside'), before: act }, 'forbidden.record-kept'],
  ];
  it.each(cases)('is a whole and personal act: %s', (_title, write, code) => {
    expect(check(write)).toBe(code);
  });
});
