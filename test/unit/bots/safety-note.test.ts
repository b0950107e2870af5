import type { Communication, Flag, Task } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { make as answer } from '../../../bots/answer-hold-request/bot.ts';
import { make as sweep } from '../../../bots/escalate-obligation/bot.ts';
import { make as guard } from '../../../bots/guard-next-dose/bot.ts';
import { make as raise } from '../../../bots/raise-safety-note/bot.ts';
import { make as giveBack } from '../../../bots/return-undelivered/bot.ts';
import {
  BUSINESS_STATUS,
  codeIn,
  concept,
  HOLD_ANSWER,
  LADDER_STEP,
  SAFETY_CLASS,
  TASK_CODE,
  TASK_PART,
} from '../../../src/model/codes.ts';
import { delivered, undelivered } from '../../../src/rules/delivery.ts';
import { route } from '../../../src/rules/routing.ts';
import { referral, referralTask, released } from '../rules/people.ts';
import { FakeFhir } from './fake-fhir.ts';
import { appointment, network, note, PARTNERS, PERSON, patient, writtenBy } from './network.ts';

const AT = '2026-11-20T15:00:00.000Z';
const minute = (minutes: number) => ({ now: () => Date.parse(AT) + minutes * 60_000 });

function server(...resources: Parameters<FakeFhir['put']>[0][]): FakeFhir {
  const fhir = new FakeFhir([...network(), ...resources], [PERSON]);
  fhir.clock = AT;
  return fhir;
}

/** Stores the note and lets the bot see it; gives the Tasks by code and owner. */
async function noted(fhir: FakeFhir, message: Communication & { id: string }) {
  await raise(minute(0))(fhir.client, fhir.event(fhir.put(message)));
  return fhir.all<Task>('Task');
}

const TICK = { bot: { reference: 'Bot/x' }, contentType: 'x', input: undefined, secrets: {} };

const summary = (tasks: readonly Task[]) =>
  tasks
    .map((each) => `${codeIn(TASK_CODE, each.code)} ${each.owner?.reference ?? '-'} ${each.restriction?.period?.end}`)
    .sort();

const classOf = (task: Task) => codeIn(SAFETY_CLASS, task.input?.[0]?.valueCodeableConcept);

/** A client whose first write of a Task is overtaken by somebody else's. */
function overtaken(fhir: FakeFhir, by: (task: Task & { id: string }) => Task & { id: string }) {
  let before = 1;
  return new Proxy(fhir.client, {
    get: (target, name) => {
      if (name !== 'updateResource') return Reflect.get(target, name).bind(target);
      return async (resource: Task & { id: string }, options: never) => {
        if (before-- > 0) fhir.put(by((await fhir.readResource('Task', resource.id)) as never));
        return fhir.updateResource(resource as never, options);
      };
    },
  });
}

describe('the ladder of an obligation whose Task somebody else writes at that moment', () => {
  const first = async (fhir: FakeFhir) =>
    (await noted(fhir, note('lakeside', 'dissociation'))).find(
      (each) => each.owner?.reference === 'Organization/riverside',
    )!;

  it('goes on from what stands there then, in the same sweep (H1)', async () => {
    const fhir = server();
    const { id } = await first(fhir);
    const client = overtaken(fhir, (task) => ({ ...task, status: 'received' }));
    await sweep(minute(62))(client, TICK);
    const task = (await fhir.readResource('Task', id!)) as Task;
    expect(task.status).toBe('received');
    expect(codeIn(BUSINESS_STATUS, task.businessStatus)).toBe('escalated');
    const told = fhir.all<Communication>('Communication').length;
    await sweep(minute(62))(fhir.client, TICK);
    expect(fhir.all<Communication>('Communication')).toHaveLength(told);
  });

  it('leaves the answer of a named person as it is', async () => {
    const fhir = server();
    const { id } = await first(fhir);
    await sweep(minute(62))(
      overtaken(fhir, (task) => ({ ...task, status: 'accepted' })),
      TICK,
    );
    const task = (await fhir.readResource('Task', id!)) as Task;
    expect([task.status, codeIn(BUSINESS_STATUS, task.businessStatus)]).toEqual(['accepted', undefined]);
  });
});

describe('a safety note', () => {
  it('of the clinic asks the program as responder and informs the psychiatrist, once (R15)', async () => {
    const fhir = server();
    const tasks = await noted(fhir, note('lakeside', 'dissociation'));
    expect(summary(tasks)).toEqual([
      'acknowledge-safety-note Organization/harbor 2026-11-23T22:00:00.000Z',
      'acknowledge-safety-note Organization/riverside 2026-11-20T16:00:00.000Z',
    ]);
    expect(tasks.map((each) => each.for?.reference)).toEqual([patient('lakeside'), patient('lakeside')]);
    expect(fhir.all<Flag>('Flag')).toHaveLength(1);
    const writes = fhir.writes;
    await noted(fhir, { ...note('lakeside', 'dissociation'), language: 'en' });
    expect(fhir.writes).toBe(writes + 1);
  });

  it('of the program about the drug also asks the prescriber: continue, adjust, hold or stop (R16)', async () => {
    const tasks = await noted(server(), note('riverside', 'sudden-activation'));
    expect(summary(tasks).map((each) => each.split(' ').slice(0, 2).join(' '))).toEqual([
      'acknowledge-safety-note Organization/harbor',
      'acknowledge-safety-note Organization/lakeside',
      'answer-hold-request Organization/lakeside',
    ]);
  });

  it('of the clinic never asks the program about the drug', async () => {
    const tasks = await noted(server(), note('lakeside', 'agitation'));
    expect(tasks.some((each) => codeIn(TASK_CODE, each.code) === 'answer-hold-request')).toBe(false);
  });

  it('that nobody understands goes out as urgent and to an operator besides', async () => {
    const tasks = await noted(server(), note('lakeside', undefined));
    const ack = tasks.find((each) => each.owner?.reference === 'Organization/riverside');
    expect(classOf(ack!)).toBe('E1');
    expect(summary(tasks).some((each) => each.startsWith('operator-attention -'))).toBe(true);
  });

  it('whose sender no reference names is told by its Provenance', async () => {
    const anonymous = note('lakeside', 'dissociation', { sender: { display: 'Dr. S. Brandt' } });
    const tasks = await noted(server(writtenBy('lakeside', 'Communication/note-lakeside')), anonymous);
    expect(tasks.map((each) => each.owner?.reference).sort()).toEqual([
      'Organization/harbor',
      'Organization/riverside',
    ]);
  });

  it('that no responder can get returns to its sender at once (D5)', async () => {
    const fhir = server();
    for (const id of ['episode-riverside', 'episode-lakeside']) {
      fhir.put({ ...(await fhir.readResource('EpisodeOfCare', id)), status: 'finished' } as never);
    }
    const tasks = await noted(fhir, note('lakeside', 'dissociation'));
    expect(summary(tasks).map((each) => each.split(' ')[0])).toEqual([
      'acknowledge-safety-note',
      'telephone-recipient',
    ]);
  });

  it('that came before its context reaches who must answer once he is known, with his full time; the sender still telephones', async () => {
    const fhir = server();
    const [riverside] = [await fhir.readResource('EpisodeOfCare', 'episode-riverside')];
    fhir.put({ ...riverside, status: 'finished' } as never);
    await noted(fhir, note('lakeside', 'dissociation'));
    const before = fhir.writes;
    await raise(minute(10))(fhir.client, TICK);
    expect(fhir.writes).toBe(before);
    fhir.put(riverside as never);
    const bot = raise(minute(90));
    await bot(fhir.client, TICK);
    await bot(fhir.client, TICK);
    expect(summary(fhir.all<Task>('Task')).filter((each) => !each.includes('harbor'))).toEqual([
      'acknowledge-safety-note Organization/riverside 2026-11-20T17:30:00.000Z',
      expect.stringMatching(/^telephone-recipient Organization\/lakeside /),
    ]);
    expect(fhir.all<Flag>('Flag')).toHaveLength(1);
  });

  it('that becomes more urgent gets the shorter deadline; less urgent changes nothing (D5)', async () => {
    const fhir = server();
    await noted(fhir, note('lakeside', 'dissociation'));
    const mine = () => fhir.all<Task>('Task').find((each) => each.owner?.reference === 'Organization/riverside')!;
    const again = (reason: 'emergent-suicidality' | 'non-response', minutes: number) =>
      raise(minute(minutes))(fhir.client, fhir.event(fhir.put(note('lakeside', reason))));
    await again('emergent-suicidality', 10);
    expect([classOf(mine()), mine().restriction?.period?.end]).toEqual(['E0', '2026-11-20T15:25:00.000Z']);
    await again('non-response', 20);
    expect([classOf(mine()), mine().restriction?.period?.end]).toEqual(['E0', '2026-11-20T15:25:00.000Z']);
    expect(fhir.all<Task>('Task')).toHaveLength(2);
  });

  it('entered in error ends its flag and open tasks with a trace and stays (H20)', async () => {
    const fhir = server();
    const [task] = await noted(fhir, note('lakeside', 'dissociation'));
    await noted(fhir, note('lakeside', 'dissociation', { status: 'entered-in-error' }));
    expect((await fhir.readResource('Task', task!.id!)) as Task).toMatchObject({ status: 'cancelled' });
    expect(fhir.all<Flag>('Flag')[0]!.status).toBe('entered-in-error');
    expect(fhir.all<Communication>('Communication')).toHaveLength(1);
  });

  it('taken back and stated again is demanded anew, once, and goes out under a key of its own (H1, H20)', async () => {
    const fhir = server();
    await noted(fhir, note('lakeside', 'dissociation'));
    await noted(fhir, note('lakeside', 'dissociation', { status: 'entered-in-error' }));
    await noted(fhir, note('lakeside', 'dissociation'));
    const tasks = await noted(fhir, note('lakeside', 'dissociation', { payload: [{ contentString: 'again' }] }));
    const open = tasks.filter(({ status }) => status === 'requested');
    expect(open.map(({ owner }) => owner?.reference).sort()).toEqual(['Organization/harbor', 'Organization/riverside']);
    expect(fhir.all<Flag>('Flag')).toMatchObject([{ status: 'active' }]);
    const [standing] = fhir.all<Communication>('Communication');
    const keys = open.flatMap((task) => route(task, [standing!, task], PARTNERS).map(({ eventKey }) => eventKey));
    expect(keys).toEqual(open.map(({ id }) => `safety-note/${standing!.id}/again/${id}`));
  });
});

describe('the ladder', () => {
  const raised = async (reason: 'dissociation' | 'emergent-suicidality' = 'dissociation') => {
    const fhir = server();
    await noted(fhir, note('lakeside', reason));
    return fhir;
  };
  const told = (fhir: FakeFhir) =>
    fhir
      .all<Communication>('Communication')
      .filter((each) => each.id.startsWith('made-'))
      .map((each) => each.recipient![0]!.reference);

  it('reaches duty again, then the backup, and the sender with the number to call; each once (H1)', async () => {
    const fhir = await raised();
    for (const minutes of [1, 30, 31, 60, 61, 61]) await sweep(minute(minutes))(fhir.client, TICK);
    expect(told(fhir)).toEqual([
      'PractitionerRole/riverside-duty',
      'PractitionerRole/riverside-backup',
      'Organization/lakeside',
    ]);
    const call = fhir.all<Communication>('Communication').at(-1)!;
    expect(call.payload![0]!.contentString).toContain('+1-555-riverside');
    const task = fhir.all<Task>('Task').find((each) => each.owner?.reference === 'Organization/riverside')!;
    const steps = task.output!.map((each) => codeIn(LADDER_STEP, each.valueCodeableConcept));
    expect(steps).toEqual(['duty', 'repeat', 'backup', 'sender']);
    expect(task).toMatchObject({ status: 'requested', restriction: { period: { end: '2026-11-20T16:00:00.000Z' } } });
  });

  it('is climbed by one sweep that remembers as by many that do not, and sees what came in between', async () => {
    const fhir = await raised();
    let at = 0;
    const bot = sweep({ now: () => Date.parse(AT) + at * 60_000 });
    let reads = 0;
    const search = fhir.searchResourcePages.bind(fhir);
    fhir.searchResourcePages = async function* (type: string, query: never) {
      for await (const page of search(type, query)) {
        reads += page.length;
        yield page;
      }
    };
    const steps = async (minutes: number) => {
      at = minutes;
      fhir.clock = new Date(Date.parse(AT) + minutes * 60_000).toISOString();
      await bot(fhir.client, TICK);
    };
    await steps(0);
    await steps(0.25);
    reads = 0;
    await steps(0.5);
    expect(reads).toBe(0);
    await steps(0.6);
    const second = note('riverside', 'uncontrolled-blood-pressure', { id: 'second' });
    await raise({ now: () => Date.parse(fhir.clock) })(fhir.client, fhir.event(fhir.put(second)));
    for (const minutes of [0.7, 30, 30.1, 60, 60.1, 61, 62]) await steps(minutes);
    expect(told(fhir).sort()).toEqual([
      'Organization/lakeside',
      'Organization/riverside',
      'PractitionerRole/lakeside-backup',
      'PractitionerRole/lakeside-duty',
      'PractitionerRole/riverside-backup',
      'PractitionerRole/riverside-duty',
    ]);
  });

  it('names neither the patient nor the reason (H6)', async () => {
    const fhir = await raised();
    await sweep(minute(120))(fhir.client, TICK);
    for (const each of fhir.all<Communication>('Communication').filter((one) => one.id.startsWith('made-'))) {
      expect(each.payload![0]!.contentString).not.toMatch(/dissociation|avery|ketamine/i);
    }
  });

  it('of E0 goes on to safety officers of both sides and the operator, until a named person answers', async () => {
    const fhir = await raised('emergent-suicidality');
    for (const minutes of [0, 5, 15, 30, 60, 600]) await sweep(minute(minutes))(fhir.client, TICK);
    expect(told(fhir)).toContain('PractitionerRole/riverside-safety-officer');
    expect(told(fhir)).toContain('PractitionerRole/lakeside-safety-officer');
    const operators = fhir.all<Task>('Task').filter((each) => codeIn(TASK_CODE, each.code) === 'operator-attention');
    expect(operators).toHaveLength(1);
    const task = fhir.all<Task>('Task').find((each) => each.owner?.reference === 'Organization/riverside')!;
    await sweep(minute(650))(fhir.client, fhir.event(fhir.put({ ...task, status: 'accepted' })));
    expect(codeIn(BUSINESS_STATUS, ((await fhir.readResource('Task', task.id)) as Task).businessStatus)).toBe(
      'acknowledged',
    );
    const writes = fhir.writes;
    await sweep(minute(700))(fhir.client, TICK);
    expect(fhir.writes).toBe(writes);
  });

  describe('of a note that also asks about the dose', () => {
    const both = async () => {
      const fhir = server();
      const tasks = await noted(fhir, note('riverside', 'sudden-activation'));
      const asked = tasks.filter((each) => each.owner?.reference === 'Organization/lakeside').map(({ id }) => id);
      expect(asked).toHaveLength(2);
      return { fhir, asked: asked.sort() };
    };
    const notices = (fhir: FakeFhir) =>
      fhir
        .all<Communication>('Communication')
        .filter((each) => each.id.startsWith('made-'))
        .map((each) => [each.recipient![0]!.reference, each.about!.map(({ reference }) => reference!.slice(5))]);
    const answer = (fhir: FakeFhir, id: string) =>
      fhir.put({ ...fhir.all<Task>('Task').find((each) => each.id === id)!, status: 'accepted' });

    it('pages nobody twice for one step: one notice names both (H26)', async () => {
      const { fhir, asked } = await both();
      for (const minutes of [1, 30, 31, 60, 61, 120]) await sweep(minute(minutes))(fhir.client, TICK);
      expect(notices(fhir)).toEqual([
        ['PractitionerRole/lakeside-duty', asked],
        ['PractitionerRole/lakeside-backup', asked],
        ['Organization/riverside', asked],
        ['PractitionerRole/lakeside-supervisor', asked],
      ]);
      for (const id of asked) {
        const task = fhir.all<Task>('Task').find((each) => each.id === id)!;
        const steps = task.output!.map((each) => codeIn(LADDER_STEP, each.valueCodeableConcept));
        expect(steps).toEqual(['duty', 'repeat', 'backup', 'sender', 'supervisor']);
      }
    });

    it('goes on for the one nobody has answered, whichever it is (H1, H26)', async () => {
      for (const answered of [0, 1] as const) {
        const { fhir, asked } = await both();
        await sweep(minute(30))(fhir.client, TICK);
        answer(fhir, asked[answered]!);
        await sweep(minute(60))(fhir.client, TICK);
        const open = [asked[1 - answered]];
        expect(notices(fhir).slice(1)).toEqual([
          ['PractitionerRole/lakeside-backup', open],
          ['Organization/riverside', open],
        ]);
      }
    });

    it('is sent in full after a sweep that broke off at either of them (H1, H26)', async () => {
      for (const broken of [0, 1]) {
        const { fhir, asked } = await both();
        const update = fhir.updateResource.bind(fhir);
        fhir.updateResource = async (resource, options) => {
          if (resource.id === asked[broken]) throw new Error('broken off');
          return update(resource, options);
        };
        await expect(sweep(minute(30))(fhir.client, TICK)).rejects.toThrow(/1 of/);
        fhir.updateResource = update;
        await sweep(minute(30))(fhir.client, TICK);
        expect(notices(fhir)).toEqual([['PractitionerRole/lakeside-duty', asked]]);
      }
    });

    it('is two notices where the deadlines differ (H26)', async () => {
      const { fhir, asked } = await both();
      const sooner = fhir.all<Task>('Task').find((each) => each.id === asked[0])!;
      fhir.put({ ...sooner, restriction: { period: { end: '2026-11-20T15:45:00.000Z' } } });
      await sweep(minute(30))(fhir.client, TICK);
      expect(notices(fhir).map(([, about]) => about)).toEqual(expect.arrayContaining([[asked[0]], [asked[1]]]));
    });
  });

  it('is climbed for the others although one Task changed under the sweep', async () => {
    const fhir = await raised();
    await noted(fhir, note('riverside', 'agitation'));
    const client = fhir.client;
    const update = fhir.updateResource.bind(fhir);
    let failed = false;
    fhir.updateResource = async (resource, options) => {
      if (!failed) {
        failed = true;
        throw Object.assign(new Error('HTTP 412'), { status: 412 });
      }
      return update(resource, options);
    };
    await expect(sweep(minute(61))(client, TICK)).rejects.toThrow(/1 of/);
    expect(told(fhir)).toContain('PractitionerRole/lakeside-backup');
  });
});

describe('a hold request', () => {
  const asked = async (start: string) => {
    const fhir = server(appointment('lakeside', 'dose', 'dose', start, '2026-11-21T22:00:00Z'));
    await noted(fhir, note('riverside', 'sudden-activation'));
    return fhir;
  };
  const request = (fhir: FakeFhir) =>
    fhir.all<Task>('Task').find((each) => codeIn(TASK_CODE, each.code) === 'answer-hold-request')!;

  it('unanswered before the next dose is flagged once; the appointment is not touched (R16)', async () => {
    const fhir = await asked('2026-11-21T14:00:00Z');
    const before = await fhir.readResource('Appointment', 'dose');
    await guard(minute(1))(fhir.client, TICK);
    const writes = fhir.writes;
    await guard(minute(2))(fhir.client, TICK);
    expect(fhir.writes).toBe(writes);
    expect(
      fhir.all<Flag>('Flag').filter((each) => each.code.coding?.[0]?.code === 'needs-clinician-decision'),
    ).toHaveLength(1);
    expect(await fhir.readResource('Appointment', 'dose')).toEqual(before);
  });

  it('is not flagged while the next dose is far', async () => {
    const fhir = await asked('2026-11-23T14:00:00Z');
    const writes = fhir.writes;
    await guard(minute(1))(fhir.client, TICK);
    expect(fhir.writes).toBe(writes);
  });

  it('answered by a person goes back to who asked, and its flag ends', async () => {
    const fhir = await asked('2026-11-21T14:00:00Z');
    await guard(minute(1))(fhir.client, TICK);
    const output = [
      { type: concept(TASK_PART, 'acknowledged-by'), valueReference: { reference: 'PractitionerRole/lakeside-duty' } },
      { type: concept(TASK_PART, 'hold-answer'), valueCodeableConcept: concept(HOLD_ANSWER, 'adjust') },
    ];
    const done = fhir.put({ ...request(fhir), status: 'completed', output });
    await answer(minute(9))(fhir.client, fhir.event(done));
    await answer(minute(10))(fhir.client, fhir.event(done));
    const replies = fhir
      .all<Communication>('Communication')
      .filter((each) => each.sender?.reference === 'PractitionerRole/lakeside-duty');
    expect(replies).toHaveLength(1);
    expect(replies[0]).toMatchObject({
      recipient: [{ reference: 'Organization/riverside' }],
      inResponseTo: [{ reference: 'Communication/note-riverside' }],
    });
    const flag = fhir.all<Flag>('Flag').find((each) => each.code.coding?.[0]?.code === 'needs-clinician-decision')!;
    expect(flag.status).toBe('inactive');
  });

  it.each([
    [
      'without a name',
      [{ type: concept(TASK_PART, 'hold-answer'), valueCodeableConcept: concept(HOLD_ANSWER, 'hold') }],
    ],
    [
      'in other words',
      [
        {
          type: concept(TASK_PART, 'acknowledged-by'),
          valueReference: { reference: 'PractitionerRole/lakeside-duty' },
        },
        { type: concept(TASK_PART, 'hold-answer'), valueCodeableConcept: { text: 'maybe' } },
      ],
    ],
  ])('answered %s is not answered', async (_title, output) => {
    const fhir = await asked('2026-11-21T14:00:00Z');
    const done = fhir.put({ ...request(fhir), status: 'completed', output });
    const writes = fhir.writes;
    await answer(minute(9))(fhir.client, fhir.event(done));
    expect(fhir.writes).toBe(writes);
  });
});

describe('delivery', () => {
  it('makes the obligation received and never acknowledged (H2)', async () => {
    const fhir = server();
    const tasks = await noted(fhir, note('lakeside', 'dissociation'));
    const mine = tasks.find((each) => each.owner?.reference === 'Organization/riverside')!;
    const facts = [...tasks, ...fhir.all<Communication>('Communication')];
    const [event] = route(mine, facts, PARTNERS);
    const changed = delivered(event!, facts, AT);
    expect(changed).toEqual([expect.objectContaining({ id: mine.id, status: 'received' })]);
    expect(delivered(event!, changed, AT)).toEqual([]);
    const wide = { ...event!, resources: facts.map((each) => `${each.resourceType}/${each.id}`) };
    expect(delivered(wide, facts, AT).map((each) => each.id)).toEqual([mine.id]);
  });

  it('leaves a referral to what its messages say of it', () => {
    const task = referralTask('riverside', 'lakeside', released);
    const facts = [task, referral('riverside', 'lakeside')];
    const [event] = route(task, facts, PARTNERS);
    expect(event!.kind).toBe('referral');
    expect(delivered(event!, facts, AT)).toEqual([]);
  });

  it('that fails returns the obligation with the number to call and not the reason (D5)', async () => {
    const fhir = server();
    const tasks = await noted(fhir, note('lakeside', 'dissociation'));
    const mine = tasks.find((each) => each.owner?.reference === 'Organization/riverside')!;
    const [event] = route(mine, [...tasks, ...fhir.all<Communication>('Communication')], PARTNERS);
    const task = undelivered(event!, patient('lakeside'), AT, '2026-11-20T15:15:00.000Z')!;
    const stored = fhir.put({ ...task, id: 'returned' });
    await giveBack(minute(0))(fhir.client, fhir.event(stored));
    await giveBack(minute(1))(fhir.client, fhir.event(stored));
    const told = fhir.all<Communication>('Communication').filter((each) => each.id.startsWith('made-'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ recipient: [{ reference: 'Organization/lakeside' }] });
    expect(told[0]!.payload![0]!.contentString).toBe('Not delivered to Riverside. Please telephone: +1-555-riverside');
  });
});
