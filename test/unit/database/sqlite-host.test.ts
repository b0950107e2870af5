import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { type CommandTable, DatabaseError, type Tx, unsynced } from '../../../src/database/command.ts';
import { type Answer, hostSqlite } from '../../../src/database/sqlite-host.ts';

/** How SQLite will commit the transaction a command runs in. Rule: sqlite.org/pragma.html#pragma_synchronous. */
const FULL = 2;
const NORMAL = 1;

const look = async (tx: Tx): Promise<unknown> => (await tx.query('PRAGMA synchronous'))[0]?.synchronous;
const add = async (tx: Tx): Promise<number> => {
  runs.add += 1;
  tx.noteJobs();
  return tx.run('INSERT INTO thing VALUES (1)');
};
const refuse = async (tx: Tx): Promise<never> => {
  runs.refuse += 1;
  await add(tx);
  throw new DatabaseError('thing.refused', 'it is refused');
};
const runs = { add: 0, refuse: 0 };
const commands: CommandTable = {
  synced: look,
  lazy: unsynced(look),
  make: (tx) => tx.run('CREATE TABLE thing (n INTEGER)'),
  count: async (tx) => (await tx.query('SELECT COUNT(*) AS n FROM thing'))[0]?.n,
  add,
  refuse,
};
const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

async function host(): Promise<MessagePort> {
  const dir = mkdtempSync(join(tmpdir(), 'handoff-host-'));
  const { port1, port2 } = new MessageChannel();
  const ready = once(port1, 'message');
  await hostSqlite({ port: port2, file: join(dir, 'a.db'), role: 'writer', commands, migrations: [], env: undefined });
  await ready;
  opened.push(() => {
    port1.postMessage('close');
    port1.once('close', () => rmSync(dir, { recursive: true }));
  });
  return port1;
}

async function answersTo(port: MessagePort, ...names: readonly string[]): Promise<Answer[]> {
  port.postMessage(names.map((command, id) => ({ id, command, args: {} })));
  const [answers] = (await once(port, 'message')) as [Answer[]];
  expect(answers.map(({ id }) => id)).toEqual(names.map((_, id) => id));
  return answers;
}

async function run(port: MessagePort, ...names: readonly string[]): Promise<unknown[]> {
  return (await answersTo(port, ...names)).map((answer) => ('result' in answer ? answer.result : answer.error));
}

it('a commit waits for the disk as soon as one of its commands wants it, and only then', async () => {
  const port = await host();
  expect(await run(port, 'synced')).toEqual([FULL]);
  expect(await run(port, 'lazy', 'lazy')).toEqual([NORMAL, NORMAL]);
  expect(await run(port, 'lazy', 'synced')).toEqual([FULL, FULL]);
  expect(await run(port, 'lazy')).toEqual([NORMAL]);
  expect(await run(port, 'synced', 'lazy')).toEqual([FULL, FULL]);
});

it('a command that fails undoes itself and nothing else of its batch, in the batch that meets it first and in those after it', async () => {
  const port = await host();
  await run(port, 'make');
  const refused = expect.objectContaining({ code: 'thing.refused' });
  for (let round = 1; round <= 20; round += 1) {
    Object.assign(runs, { add: 0, refuse: 0 });
    expect(await run(port, 'add', 'refuse', 'count', 'add', 'refuse')).toEqual([1, refused, 2 * round - 1, 1, refused]);
    // Again only where the failure was not expected.
    if (round > 1 && round < 16) expect(runs.refuse).toBe(2);
  }
  expect(await run(port, 'refuse')).toEqual([refused]);
  expect(await run(port, 'count')).toEqual([40]);
});

it('only the commands of a batch that queued jobs are said to have', async () => {
  const port = await host();
  await run(port, 'make');
  const jobsOf = async (...names: readonly string[]): Promise<unknown[]> =>
    (await answersTo(port, ...names)).map((answer) => ('result' in answer ? answer.jobs : 'failed'));
  expect(await jobsOf('refuse', 'count', 'add')).toEqual(['failed', false, true]);
  expect(await jobsOf('refuse')).toEqual(['failed']);
  expect(await jobsOf('count')).toEqual([false]);
});
