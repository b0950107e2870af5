import { afterEach, describe, expect, it } from 'vitest';
import { BESIDE_URGENT, Urgent } from '../../src/flow/urgent.ts';
import {
  ENGINES,
  type FlowSetup,
  type FlowUnderTest,
  mappedNow,
  message,
  NOTHING,
  startFlowUnderTest,
  until,
} from './flow-kit.ts';

describe.each(ENGINES)('ingest on %s', (engine) => {
  let flow: FlowUnderTest;
  const start = async (setup: FlowSetup = {}) => {
    flow = await startFlowUnderTest({ ...setup, engine });
    return flow;
  };
  // Control ids differ from test to test, because PostgreSQL keeps the rows of all of them.
  let serial = Date.now();
  const fresh = () => `C${serial++}`;
  afterEach(() => flow.stop());

  it('a message is applied before it is answered AA, and the ACK names it', async () => {
    const { send, store } = await start();
    const controlId = fresh();
    const sent = await send(message({ controlId }));
    expect(sent).toMatchObject({ code: 'AA', controlId, after: 'keep' });
    expect(store.applied).toHaveLength(1);
  });

  it('under `received` AA means "on disk": a store that hangs does not hold it back', async () => {
    const { send, store } = await start({ feed: { ack: 'received' } });
    let go = (): void => {};
    const hangs = new Promise<undefined>((resolve) => {
      go = () => resolve(undefined);
    });
    store.before = () => hangs;
    expect((await send(message({ controlId: fresh() }))).code).toBe('AA');
    expect(store.applied).toHaveLength(0);
    go();
    await until('applied', () => store.applied.length === 1);
  });

  it('a message whose sender waits does not stand behind those that are acknowledged already', async () => {
    const { send, store } = await start();
    store.before = () => new Promise((resolve) => setTimeout(() => resolve(undefined), 30));
    const stored = Array.from({ length: 600 }, (_, n) =>
      send(message({ controlId: fresh(), patients: [`F${n}`], acceptAck: 'AL', applicationAck: 'AL' })),
    );
    for (const { code } of await Promise.all(stored)) expect(code).toBe('CA');
    expect((await send(message({ controlId: fresh(), patients: ['W'] }))).code).toBe('AA');
    expect(store.applied.length).toBeLessThan(400);
    await until('all applied', () => store.applied.length === 601);
  });

  it('a repeat gets the very same ACK and has no second effect', async () => {
    const { send, store } = await start();
    const bytes = message({ controlId: fresh() });
    const first = await send(bytes);
    const second = await send(bytes);
    expect(Buffer.from(second.bytes!).toString()).toBe(Buffer.from(first.bytes!).toString());
    expect(store.applied).toHaveLength(1);
  });

  it('the same message 10,000 times has one effect and one answer', async () => {
    const { send, store, journal } = await start();
    const bytes = message({ controlId: fresh() });
    const answers = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      const sent = await Promise.all(Array.from({ length: 500 }, () => send(bytes)));
      for (const { bytes: ack } of sent) answers.add(Buffer.from(ack!).toString());
    }
    expect(answers.size).toBe(1);
    expect(store.applied).toHaveLength(1);
    const [row] = await journal.list({ limit: 1 });
    expect(row).toMatchObject({ repeats: 9_999, state: 'applied' });
  }, 60_000);

  it('the same control id with another body is a new message, kept and flagged', async () => {
    const { send, store, journal } = await start();
    const controlId = fresh();
    await send(message({ controlId }));
    expect((await send(message({ controlId, extra: 'NTE|1||other' }))).code).toBe('AA');
    expect(store.applied).toHaveLength(2);
    const rows = await journal.list({ limit: 2 });
    expect(rows.map((row) => row.flagged)).toEqual([true, false]);
  });

  it('content at fault parks the message and is answered AE with code and location; a repeat after the map is fixed is applied and answered AA', async () => {
    const refusing = () => ({
      ...mappedNow({ hash: 'x' } as never),
      mapped: { ...NOTHING, refused: { code: 'map.code-unmapped', location: 'PID[1]-8', text: 'no mapping' } },
    });
    const { send, port, store, journal, log } = await start({ translate: refusing as never });
    const bytes = message({ controlId: fresh() });
    const refused = await send(bytes);
    expect(refused).toMatchObject({
      code: 'AE',
      errors: [{ condition: '103', location: 'PID[1]-8', code: 'map.code-unmapped' }],
    });
    expect(log).toContainEqual({
      code: 'map.code-unmapped',
      facts: { id: expect.any(Number), state: 'parked', location: 'PID[1]-8' },
    });
    expect((await journal.list({ limit: 1 }))[0]).toMatchObject({
      state: 'parked',
      reason: { code: 'map.code-unmapped' },
    });
    port.translate = mappedNow;
    expect((await send(bytes)).code).toBe('AA');
    expect(store.applied).toHaveLength(1);
    expect((await send(bytes)).code).toBe('AA');
    expect(store.applied).toHaveLength(1);
  });

  it('a repeat of a message still in work joins its wait', async () => {
    const { send, store } = await start();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    store.before = async () => {
      await gate;
      return undefined;
    };
    const bytes = message({ controlId: fresh() });
    const both = [send(bytes), send(bytes)];
    await until('the row is claimed', async () => store.marks.size === 0);
    go();
    expect((await Promise.all(both)).map(({ code }) => code)).toEqual(['AA', 'AA']);
    expect(store.applied).toHaveLength(1);
  });

  it('a message not applied within ackWaitMs is answered AA with an informational ERR, and shows as late', async () => {
    const { send, store, journal } = await start({ feed: { ackWaitMs: 50 } });
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    store.before = async () => {
      await gate;
      return undefined;
    };
    const sent = await send(message({ controlId: fresh() }));
    expect(sent).toMatchObject({ code: 'AA', errors: [{ condition: '0', code: 'apply.late' }] });
    await until('late is marked', async () => (await journal.list({ limit: 1 }))[0]?.late === true);
    go();
    await until('applied', () => store.applied.length === 1);
  });

  it.each([
    ['MSH-9 without a type', '', 'AR', '200'],
    ['MSH-9 with an event that is none', 'ADT^!!', 'AR', '201'],
  ])('%s is refused and not stored', async (_, event, code, condition) => {
    const { send, store } = await start();
    expect(await send(message({ controlId: fresh(), event }))).toMatchObject({ code, errors: [{ condition }] });
    expect(store.applied).toHaveLength(0);
  });

  it('a processing id the feed does not take is AR 202, a version AR 203, a missing control id AE 101', async () => {
    const { send } = await start();
    const codes = [
      await send(message({ controlId: fresh(), processingId: 'P' })),
      await send(message({ controlId: fresh(), version: '3.0' })),
      await send(message({ controlId: '' })),
    ];
    expect(codes.map(({ code, errors }) => [code, errors[0]?.condition])).toEqual([
      ['AR', '202'],
      ['AR', '203'],
      ['AE', '101'],
    ]);
  });

  it('bytes without MSH are refused with a well-formed answer', async () => {
    const { send } = await start();
    expect((await send(Buffer.from('hello'))).code).toBe('AR');
    expect((await send(Buffer.alloc(0))).code).toBe('AR');
  });

  it('enhanced mode is answered CA on commit, and the application ACK is queued as an exchange of its own', async () => {
    const { send, applicationAcks, ingest, feed, partner } = await start();
    expect((await send(message({ controlId: fresh(), acceptAck: 'AL', applicationAck: 'AL' }))).code).toBe('CA');
    await until('application ACK', () => applicationAcks.length === 1);
    const unwanted = message({ controlId: fresh(), acceptAck: 'NE', applicationAck: 'NE' });
    expect(await ingest.ingest(unwanted, feed, partner, 'test')).toEqual({ code: 'CA', after: 'keep' });
  });

  it('a trigger without a map is stored, listed and answered as the feed says; an identity trigger parks and holds its lane', async () => {
    const { send, journal, port, store, parked } = await start({ feed: { ackWaitMs: 100 } });
    const patients = [fresh()];
    port.translate = () => ({ kind: 'unsupported', identity: false });
    expect((await send(message({ controlId: fresh(), patients }))).code).toBe('AA');
    expect((await journal.list({ limit: 1 }))[0]).toMatchObject({
      state: 'listed',
      reason: { code: 'map.unsupported' },
    });
    port.translate = () => ({ kind: 'unsupported', identity: true });
    expect((await send(message({ controlId: fresh(), patients, event: 'ADT^A47' }))).code).toBe('AE');
    expect(parked.times).toBe(1);
    port.translate = mappedNow;
    const behind = await send(message({ controlId: fresh(), patients }));
    expect(behind.errors[0]?.code).toBe('apply.late');
    expect(store.applied).toHaveLength(0);
    expect((await send(message({ controlId: fresh(), patients: [fresh()] }))).errors).toEqual([]);
  });

  it('a batch is answered by a batch of ACKs, one for each message', async () => {
    const { ingest, feed, partner, store } = await start();
    const bytes = Buffer.concat([
      Buffer.from('FHS|^~\\&|HIS\rBHS|^~\\&|HIS\r'),
      message({ controlId: fresh(), patients: [fresh()] }),
      message({ controlId: fresh(), patients: [fresh()] }),
      Buffer.from('BTS|2\rFTS|1\r\n\r\n'),
    ]);
    const answer = await ingest.ingest(bytes, feed, partner, 'test');
    const text = Buffer.from(answer.bytes!).toString();
    expect(text.match(/MSA\|AA/g)).toHaveLength(2);
    expect(text).toMatch(/^FHS[^\r]*\rBHS.*\rBTS\|2\rFTS\|1\r$/s);
    expect(store.applied).toHaveLength(2);
  });

  it('the answer names what it answers: BHS-12 each batch, FHS-12 the file, as they were written', async () => {
    const { ingest, feed, partner } = await start();
    const one = () => message({ controlId: fresh(), patients: [fresh()] });
    const bytes = Buffer.concat([
      Buffer.from('FHS|^~\\&|HIS|WARD|HUB|CITY|20260105||||FILE\\S\\7\r'),
      Buffer.from('BHS|^~\\&|HIS|WARD|HUB|CITY|20260105||||BATCH1|BATCH0\r'),
      ...[one(), one(), Buffer.from('BTS|2\r')],
      Buffer.from('BHS#^~\\&#LAB########BATCH|2\r'),
      ...[one(), Buffer.from('BTS#1\rFTS|2\r')],
    ]);
    const answer = await ingest.ingest(bytes, feed, partner, 'test');
    const lines = Buffer.from(answer.bytes!).toString().split('\r');
    const framing = lines
      .filter((line) => /^(FHS|BHS|BTS|FTS)/.test(line))
      .map((line) => line.replace(/\d{14}[^|#]*/, 'T'));
    expect(framing).toEqual([
      'FHS|^~\\&|HUB|CITY|HIS|WARD|T|||||FILE\\S\\7',
      'BHS|^~\\&|HUB|CITY|HIS|WARD|T|||||BATCH1',
      'BTS|2',
      'BHS#^~\\&#HANDOFF##LAB##T#####BATCH|2',
      'BTS#1',
      'FTS|2',
    ]);
    expect(lines.filter((line) => line.startsWith('MSA|AA'))).toHaveLength(3);
  });

  const ONE = () => message({ controlId: fresh(), patients: [fresh()] });
  const LOST = () =>
    Buffer.from(
      `MSX${message({ controlId: fresh(), patients: [fresh()] })
        .toString()
        .slice(3)}`,
    );
  it.each([
    ['that holds fewer messages than it says', [ONE(), ONE()], 'BTS|3\r', 2, ['AE', 'hl7.batch-count']],
    ['with lines of no message', [LOST(), ONE()], 'BTS|1\r', 1, ['AR', 'hl7.frame-broken']],
    ['with lines after its end', [ONE()], 'BTS|1\rNTE|1||x\r', 1, ['AR', 'hl7.frame-broken']],
  ])(
    'a batch %s: what is whole is taken, and the rest is refused, coded',
    async (_title, messages, end, taken, [code, fault]) => {
      const { ingest, feed, partner, store } = await start();
      const bytes = Buffer.concat([Buffer.from('BHS|^~\\&|HIS\r'), ...messages, Buffer.from(end)]);
      const answer = await ingest.ingest(bytes, feed, partner, 'test');
      const text = Buffer.from(answer.bytes!).toString();
      expect(text.match(/MSA\|AA/g)).toHaveLength(taken);
      expect(text).toContain(`MSA|${code}`);
      expect(text).toContain(fault);
      expect(text).toContain(`BTS|${taken + 1}\r`);
      expect(answer.code).toBe(code);
      expect(store.applied).toHaveLength(taken);
    },
  );

  it('a message of two patients waits for both lanes', async () => {
    const { send, store } = await start({ feed: { ack: 'received' } });
    const [one, two] = [fresh(), fresh()];
    const seen: string[] = [];
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    store.before = async (unit) => {
      seen.push(unit.journalId);
      if (seen.length <= 2) await gate;
      return undefined;
    };
    await send(message({ controlId: fresh(), patients: [one] }));
    await send(message({ controlId: fresh(), patients: [two] }));
    await send(message({ controlId: fresh(), patients: [one, two] }));
    await send(message({ controlId: fresh(), patients: [fresh()] }));
    await until('the free one ran', () => store.applied.length === 1);
    expect(seen).toHaveLength(3);
    go();
    await until('all ran', () => store.applied.length === 4);
  });

  it('a feed above its limit stops reading, above the hard limit refuses with a code, and recovers', async () => {
    const { send, gate, journal, feed, ingest, partner } = await start({
      feed: { ack: 'received', backlogMax: { rows: 2, ageMs: 60_000 }, backlogHard: { rows: 3 } },
      translate: () => {
        throw Object.assign(new Error('down'), { code: 'database.unavailable' });
      },
    });
    for (let i = 0; i < 2; i += 1) expect((await send(message({ controlId: fresh() }))).code).toBe('AA');
    expect(gate.state(feed)).toBe('paused');
    expect((await send(message({ controlId: fresh() }))).code).toBe('AA');
    expect(await send(message({ controlId: fresh() }))).toMatchObject({
      code: 'AR',
      errors: [{ condition: '207', code: 'hub.backlog' }],
    });
    expect((await ingest.ingest(message({ controlId: fresh() }), feed, partner, 'test')).http).toBe(503);
    flow.port.translate = mappedNow;
    await until('drained', async () => !(await journal.backlog()).some((row) => row.feed === feed.id));
    gate.looked(await journal.backlog(), undefined);
    expect((await send(message({ controlId: fresh() }))).code).toBe('AA');
  });

  it('a poison message parks after its tries, its lane waits, all others flow', async () => {
    const poison = fresh();
    const { send, journal, store } = await start({
      feed: { ackWaitMs: 1500 },
      translate: (inbound) => {
        if (Buffer.from(inbound.bytes).includes(poison)) throw new Error('a defect');
        return mappedNow(inbound);
      },
    });
    const patients = [fresh()];
    const [sick, well] = await Promise.all([
      send(message({ controlId: poison, patients })),
      send(message({ controlId: fresh(), patients: [fresh()] })),
    ]);
    expect(well.code).toBe('AA');
    expect(sick.code).toBe('AE');
    expect((await journal.list({ state: 'parked', limit: 1 }))[0]).toMatchObject({
      reason: { code: 'message.poison' },
      tries: 3,
    });
    expect((await send(message({ controlId: fresh(), patients }))).errors[0]?.code).toBe('apply.late');
    expect(store.applied).toHaveLength(1);
  });

  it('with `onPark: pass` the lane of a parked message goes on', async () => {
    const { send, port } = await start({ feed: { onPark: 'pass' } });
    const patients = [fresh()];
    port.translate = (inbound) =>
      ({
        ...mappedNow(inbound),
        ...{ mapped: { ...NOTHING, refused: { code: 'map.incomplete', text: 'required' } } },
      }) as never;
    expect((await send(message({ controlId: fresh(), patients }))).code).toBe('AE');
    port.translate = mappedNow;
    expect((await send(message({ controlId: fresh(), patients }))).code).toBe('AA');
  });

  it('while a safety note is on its way, few routine messages are in the store beside it; then all may again', async () => {
    const clock = { ms: 0 };
    const { send, store, translate } = await start({
      feed: { ack: 'received' },
      urgent: new Urgent(() => clock.ms),
    });
    let inStore = 0;
    const go: (() => void)[] = [];
    store.before = async () => {
      inStore += 1;
      await new Promise<void>((resolve) => go.push(resolve));
      inStore -= 1;
      return undefined;
    };
    const note = send(message({ controlId: fresh(), patients: [fresh()], event: 'MDM^T02' }));
    await until('the note is in the store', () => inStore === 1);
    go.shift()?.();
    expect((await note).code).toBe('AA');
    for (let i = 0; i < 30; i += 1) await send(message({ controlId: fresh(), patients: [fresh()] }));
    await until('routine goes on', () => inStore === BESIDE_URGENT);
    translate.wake();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(inStore).toBe(BESIDE_URGENT);
    clock.ms += 1000;
    go.shift()?.();
    await until('all slots are in use', () => inStore > BESIDE_URGENT * 4);
    store.before = async () => undefined;
    for (const each of go) each();
  });

  it('a safety note overtakes a parked message and a full lane of the same patient', async () => {
    const { send, port } = await start({ feed: { ackWaitMs: 50 } });
    const patients = [fresh()];
    port.translate = () => ({ kind: 'unsupported', identity: true });
    await send(message({ controlId: fresh(), patients }));
    port.translate = mappedNow;
    await Promise.all(Array.from({ length: 200 }, () => send(message({ controlId: fresh(), patients }))));
    const note = await send(message({ controlId: fresh(), patients, event: 'MDM^T02' }));
    expect(note).toMatchObject({ code: 'AA', errors: [] });
  });
});
