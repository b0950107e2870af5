import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directoryOf } from '../../fixtures/demo/directory.ts';
import { until } from '../../fixtures/demo/world.ts';
import { openCopyTarget } from '../../src/database/copy-target.ts';
import { journalMigrations } from '../../src/flow/journal-tables.ts';
import { CLOSED } from '../../src/hub/closed-mark.ts';
import { storeMigrations } from '../../src/workers/store-commands.ts';
import { dayOf, FEEDS, type Sent } from './day.ts';
import { Mllp } from './mllp.ts';
import { ackOf, Cli, Network, type OutboxRow, WAIT_MS } from './network.ts';
import { type ScratchDatabase, SERVER, scratchDatabase } from './scratch-database.ts';

const DAY = '2026-03-02';
const MIGRATIONS = [...journalMigrations, ...storeMigrations];
const ENCRYPTION = { keyId: 'k1', key: '0123456789abcdef'.repeat(4) };

/** What was told to whom; without the ladder, which goes on by the clock. */
const acts = (rows: readonly OutboxRow[]): string[] =>
  rows
    .filter(({ event }) => event.kind !== 'escalation')
    .map(({ event }) => `${event.recipient} ${event.kind} ${event.eventKey}`);

describe.skipIf(!SERVER)('handoff migrate', () => {
  let network: Network;
  let target: ScratchDatabase;
  let moved: Cli | undefined;

  beforeEach(async () => {
    target = await scratchDatabase();
    network = await Network.start({ change: (settings) => ({ ...settings, encryption: ENCRYPTION }) });
    for (const organization of ['riverside', 'lakeside', 'harbor-psychiatry'])
      await (await network.app(organization)).do('POST', '', directoryOf(organization));
  });
  afterEach(async () => {
    if (moved?.isRunning) moved.signal('SIGKILL');
    await moved?.ended;
    moved = undefined;
    await network?.stop();
    await target?.drop();
  });

  /** Over a connection of the test's own: a partner's engine may be down. */
  const send = async ({ partner, message }: Sent) => {
    const sender = new Mllp(network.world.ports.feeds[FEEDS[partner]] as number);
    const answer = ackOf(await sender.send(message));
    sender.close();
    return answer;
  };
  const migrate = () => network.cli('migrate', '--to', target.url);
  const startThere = (): Cli => new Cli(['start'], { ...network.env, HANDOFF_DATABASE: target.url });

  test('the hub goes on at PostgreSQL: what waited is delivered once, a repeat is recognised, all is readable as before', async () => {
    await network.world.stopEngine('riverside');
    const day = dayOf(DAY);
    for (const each of day) expect((await send(each)).code).toBe('AA');
    await network.quiet(['riverside']);
    const before = await network.outbox();
    expect(before.filter(({ state }) => state !== 'sent').length).toBeGreaterThan(0);
    const journal = await network.messages();
    const versions = async () => (await network.operator.bundle('_history?_count=1000')).entry ?? [];
    const history = await versions();
    expect(history.length).toBeGreaterThan(100);

    const refused = await migrate();
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('hub.home-locked') });
    expect(await network.world.stopHub()).toBe(0);

    const done = await migrate();
    expect(done).toMatchObject({ code: 0, err: '' });
    const said = JSON.parse(done.out);
    expect(said).toMatchObject({ differing: [] });
    expect(said.rows).toBeGreaterThan(1000);

    // The home is closed: two hubs would send what waits twice.
    const old = await new Cli(['start'], network.env).ended;
    expect(old).toMatchObject({ code: 1, err: expect.stringContaining('database.moved') });

    await network.world.startEngine('riverside');
    moved = startThere();
    await moved.ready(network.world.ports.http);
    // Newest first: what the deliveries under way write stands before.
    expect((await versions()).slice(-history.length)).toEqual(history);
    await network.quiet([], 3 * WAIT_MS);
    const outbox = await network.outbox();
    expect(outbox.map(({ state }) => state)).toEqual(outbox.map(() => 'sent'));
    for (const partner of ['general-hospital', 'riverside', 'lakeside']) {
      const ids = (network.world.received[partner] ?? []).map(({ message }) => message.split('|')[9]);
      const due = outbox.filter(({ event }) => event.recipient === partner).map(({ controlId }) => controlId);
      expect(ids.toSorted()).toEqual(due.toSorted());
    }

    for (const each of day) expect((await send(each)).code).toBe('AA');
    await network.quiet();
    expect((await network.messages()).length).toBe(journal.length);
    expect(acts(await network.outbox())).toEqual(acts(outbox));

    const first = day[0] as Sent;
    const next = first.message.replace('GENH000001', 'AFTER1');
    expect((await send({ ...first, message: next })).code).toBe('AA');
    await network.quiet();
    const newest = (await network.messages())[0];
    expect(newest).toMatchObject({ controlId: 'AFTER1', state: 'applied' });
    expect(Number(newest?.id)).toBeGreaterThan(Math.max(...journal.map(({ id }) => Number(id))));

    moved.signal('SIGTERM');
    expect((await moved.ended).code).toBe(0);
    expect(await migrate()).toMatchObject({ code: 1, err: expect.stringContaining('database.not-empty') });
  });

  test('a copy that was killed leaves a target on which no hub starts; the next run begins anew and is whole', async () => {
    expect((await send(dayOf(DAY)[0] as Sent)).code).toBe('AA');
    await network.world.stopHub();
    // The schema as a run leaves it that ended early, and a trigger that keeps the next run busy in one table.
    await (await openCopyTarget(target.url, MIGRATIONS, CLOSED)).close();
    await target.query(`CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$`);
    await target.query('CREATE TRIGGER slow BEFORE INSERT ON resource FOR EACH STATEMENT EXECUTE FUNCTION wait()');
    const killed = new Cli(['migrate', '--to', target.url], network.env);
    const busy = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT INTO \"resource\"%' AND state = 'active'";
    expect(await until(async () => (await target.query(busy)).length === 1, WAIT_MS)).toBe(true);
    expect(await migrate()).toMatchObject({ code: 1, err: expect.stringContaining('hub.home-locked') });
    killed.signal('SIGKILL');
    await killed.ended;
    // Its connection still works there.
    expect(await migrate()).toMatchObject({ code: 1, err: expect.stringContaining('database.busy') });
    await target.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
    );

    moved = startThere();
    expect(await moved.ended).toMatchObject({ code: 1, err: expect.stringContaining('database.copy-unfinished') });
    await target.query('DROP TRIGGER slow ON resource');
    expect(await migrate()).toMatchObject({ code: 0 });
    moved = startThere();
    await moved.ready(network.world.ports.http);
    expect((await network.operator.search('Patient')).length).toBeGreaterThan(0);
  });

  test('a copy that differs is refused by name, and no hub starts on it; the home is still whole', async () => {
    await network.world.stopHub();
    await (await openCopyTarget(target.url, MIGRATIONS, CLOSED)).close();
    await target.query(`CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.hash := reverse(NEW.hash); RETURN NEW; END $$`);
    await target.query('CREATE TRIGGER wrong BEFORE INSERT ON resource FOR EACH ROW EXECUTE FUNCTION change()');
    const { code, out, err } = await migrate();
    expect({ code, differing: JSON.parse(out).differing }).toEqual({ code: 1, differing: ['resource'] });
    expect(err).toContain('database.copy-differs: resource');
    moved = startThere();
    expect(await moved.ended).toMatchObject({ code: 1, err: expect.stringContaining('database.copy-unfinished') });
    await network.world.startHub();
    expect((await network.operator.search('Organization')).length).toBeGreaterThan(0);
  });

  test('a moved home can be opened again; a database of somebody else is left alone', async () => {
    await network.world.stopHub();
    await target.query('CREATE TABLE theirs (id INTEGER)');
    expect(await migrate()).toMatchObject({ code: 1, err: expect.stringContaining('database.not-empty') });
    await target.query('DROP TABLE theirs');
    expect(await migrate()).toMatchObject({ code: 0 });
    expect(await network.cli('migrate', '--reopen')).toMatchObject({ code: 0, err: '' });
    await network.world.startHub();
    expect((await network.operator.search('Organization')).length).toBeGreaterThan(0);
  });

  test('wrong words are refused with exit 2, a home that is not there with its code', async () => {
    expect(await network.cli('migrate')).toMatchObject({ code: 2, err: expect.stringContaining('usage:') });
    expect(await network.cli('migrate', '--to', 'mysql://x')).toMatchObject({ code: 2 });
    const empty = join(network.home, 'nothing');
    await network.world.stopHub();
    const down = await network.cli('migrate', '--to', 'postgres://handoff@127.0.0.1:9/none');
    expect(down).toMatchObject({ code: 1, err: expect.stringContaining('database.unavailable') });
    const elsewhere = new Cli(['migrate', '--to', target.url], { ...network.env, HANDOFF_DATABASE: `sqlite:${empty}` });
    expect(await elsewhere.ended).toMatchObject({ code: 1, err: expect.stringContaining('database.missing') });
  });
});
