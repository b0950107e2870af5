import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { type CommandTable, type Tx, unsynced } from '../../../src/database/command.ts';
import { type Answer, hostSqlite } from '../../../src/database/sqlite-host.ts';

/** How SQLite will commit the transaction a command runs in. Rule: sqlite.org/pragma.html#pragma_synchronous. */
const FULL = 2;
const NORMAL = 1;

const look = async (tx: Tx): Promise<unknown> => (await tx.query('PRAGMA synchronous'))[0]?.synchronous;
const commands: CommandTable = { synced: look, lazy: unsynced(look) };
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

async function run(port: MessagePort, ...names: readonly string[]): Promise<unknown[]> {
  port.postMessage(names.map((command, id) => ({ id, command, args: {} })));
  const [answers] = (await once(port, 'message')) as [Answer[]];
  return answers.map((answer) => ('result' in answer ? answer.result : answer.error));
}

it('a commit waits for the disk as soon as one of its commands wants it, and only then', async () => {
  const port = await host();
  expect(await run(port, 'synced')).toEqual([FULL]);
  expect(await run(port, 'lazy', 'lazy')).toEqual([NORMAL, NORMAL]);
  expect(await run(port, 'lazy', 'synced')).toEqual([FULL, FULL]);
  expect(await run(port, 'lazy')).toEqual([NORMAL]);
  expect(await run(port, 'synced', 'lazy')).toEqual([FULL, FULL]);
});
