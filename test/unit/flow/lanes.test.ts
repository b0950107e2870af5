import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { migrate } from '../../../src/database/migrate.ts';
import { openSqlite, type SqliteConnection } from '../../../src/database/sqlite-connection.ts';
import { journalCommands } from '../../../src/flow/journal-commands.ts';
import { journalMigrations } from '../../../src/flow/journal-tables.ts';
import type { Appended, ClaimedMessage, MessageOutcome, NewMessage } from '../../../src/model/journal.ts';

/** Everything in one thread, every step chosen by the generator: a schedule that fails is printed and can be run again. */
class Simulation {
  readonly #connection: SqliteConnection = openSqlite(':memory:', { readOnly: false, env: {} });
  readonly held: ClaimedMessage[] = [];
  readonly started: number[] = [];
  readonly ended = new Set<number>();
  readonly patients = new Map<number, readonly string[]>();
  readonly safety = new Set<number>();
  #serial = 0;
  #now = 1;

  async open(): Promise<this> {
    await migrate(this.#connection.tx, journalMigrations, (sql) => this.#connection.raw.exec(sql));
    return this;
  }

  close(): void {
    this.#connection.close();
  }

  run<R>(command: string, args: unknown): Promise<R> {
    return journalCommands[command]!(this.#connection.tx, args) as Promise<R>;
  }

  async append(patients: readonly string[], lane: 'safety' | 'normal', direct: boolean): Promise<void> {
    this.#serial += 1;
    const message: NewMessage = {
      feed: 'f',
      partner: 'p',
      sender: 's',
      controlId: String(this.#serial),
      hash: String(this.#serial),
      receivedAt: 1,
      peer: '',
      trigger: 'ADT^A08',
      version: '2.5',
      lane,
      lanes: patients.map((patient) => `${lane}/${patient}`),
      passOnPark: false,
      configVersion: '1',
      bytes: Buffer.from('x'),
      retentionDays: 1,
    };
    const args = { messages: [message], leaseMs: direct ? 10 : 0, now: this.#now };
    const [appended] = await this.run<Appended[]>('journal.append', args);
    if (appended?.outcome !== 'stored') throw new Error('not stored');
    this.patients.set(appended.id, patients);
    if (lane === 'safety') this.safety.add(appended.id);
    if (appended.lease > 0) this.take([{ id: appended.id, lease: appended.lease } as ClaimedMessage]);
  }

  take(claimed: readonly ClaimedMessage[]): void {
    for (const message of claimed) {
      this.held.push(message);
      this.started.push(message.id);
    }
  }

  async claim(limit: number): Promise<void> {
    this.take(await this.run<ClaimedMessage[]>('journal.claim', { limit, leaseMs: 10, now: this.#now }));
  }

  async settle(index: number, kind: 'applied' | 'again'): Promise<void> {
    const [message] = this.held.splice(index % Math.max(this.held.length, 1), 1);
    if (!message) return;
    const outcome: MessageOutcome =
      kind === 'applied'
        ? { kind, ackCode: 'AA', mappingVersion: '1', changed: 0, parts: [] }
        : { kind, at: this.#now, counted: false, reason: { code: 'hub.internal', text: '' } };
    const settled = [{ id: message.id, lease: message.lease, at: this.#now, outcome }];
    const args = { settled, limit: 0, leaseMs: 10, now: this.#now };
    const { lost } = await this.run<{ lost: number[] }>('journal.settle', args);
    if (kind === 'applied' && lost.length === 0) this.ended.add(message.id);
  }

  /** A worker dies: what it held is not settled, and its leases end. */
  async crash(): Promise<void> {
    this.held.length = 0;
    this.#now += 100;
    await this.run('journal.reclaim', { before: this.#now });
  }
}

type Step =
  | {
      readonly do: 'append';
      readonly patients: readonly string[];
      readonly lane: 'safety' | 'normal';
      readonly direct: boolean;
    }
  | { readonly do: 'claim'; readonly limit: number }
  | { readonly do: 'settle'; readonly index: number; readonly kind: 'applied' | 'again' }
  | { readonly do: 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      patients: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }),
      lane: fc.constantFrom('normal' as const, 'normal' as const, 'safety' as const),
      direct: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('claim' as const), limit: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      index: fc.nat(8),
      kind: fc.constantFrom('applied' as const, 'applied' as const, 'again' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
);

async function perform(simulation: Simulation, steps: readonly Step[], check: () => void): Promise<void> {
  for (const one of steps) {
    if (one.do === 'append') await simulation.append(one.patients, one.lane, one.direct);
    else if (one.do === 'claim') await simulation.claim(one.limit);
    else if (one.do === 'settle') await simulation.settle(one.index, one.kind);
    else await simulation.crash();
    check();
  }
}

/** Two messages held at once share no lane; an earlier one of a shared lane has ended before a later one is held. */
function checkOrder(simulation: Simulation): void {
  const sameClass = (a: number, b: number): boolean => simulation.safety.has(a) === simulation.safety.has(b);
  const share = (a: number, b: number): boolean =>
    sameClass(a, b) && simulation.patients.get(a)!.some((patient) => simulation.patients.get(b)!.includes(patient));
  for (const { id } of simulation.held) {
    for (let earlier = 1; earlier < id; earlier += 1) {
      if (share(earlier, id)) expect(simulation.ended.has(earlier), `${id} is held before ${earlier} ended`).toBe(true);
    }
  }
}

describe('lanes', () => {
  it('keep the order of every patient under any schedule of appends, claims, settles and crashes, and nothing is stuck', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const simulation = await new Simulation().open();
        try {
          await perform(simulation, steps, () => checkOrder(simulation));
          for (let rounds = 0; rounds < 200 && simulation.ended.size < simulation.patients.size; rounds += 1) {
            await simulation.claim(8);
            while (simulation.held.length > 0) await simulation.settle(0, 'applied');
          }
          expect(simulation.ended.size).toBe(simulation.patients.size);
        } finally {
          simulation.close();
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('a claim takes safety first, and costs no more with 10,000 rows of one lane waiting', async () => {
    const simulation = await new Simulation().open();
    for (let i = 0; i < 10_000; i += 1) await simulation.append(['a'], 'normal', false);
    await simulation.append(['a'], 'safety', false);
    await simulation.claim(10);
    expect(simulation.started).toEqual([10_001, 1]);
    simulation.close();
  });

  it('a settle under a lease that passed to somebody else changes nothing', async () => {
    const simulation = await new Simulation().open();
    await simulation.append(['a'], 'normal', true);
    const [old] = simulation.held;
    await simulation.crash();
    await simulation.claim(1);
    const outcome: MessageOutcome = { kind: 'applied', ackCode: 'AA', mappingVersion: '1', changed: 0, parts: [] };
    const settled = [{ id: old!.id, lease: old!.lease, at: 500, outcome }];
    const { lost } = await simulation.run<{ lost: number[] }>('journal.settle', {
      settled,
      limit: 0,
      leaseMs: 1,
      now: 500,
    });
    expect(lost).toEqual([old!.id]);
    simulation.close();
  });
});
