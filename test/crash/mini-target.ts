import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Database } from '../../src/model/database.ts';
import type { MessageRow } from '../../src/model/journal.ts';
import type { Note } from '../flow/mini-commands.ts';
import { openDatabases } from '../flow/mini-hub.ts';
import { MllpPartner } from '../partners/mllp-partner.ts';
import { type CrashTarget, count, freePort, pause, unordered, type Verified, wrong } from './crash-run.ts';
import type { CrashMessage } from './sender.ts';

/** Where a message passes from one hand to the next. */
const HAND_OFFS = [
  'before:journal.append',
  'after:journal.append',
  'before:mini.apply',
  'after:mini.apply',
  'before:journal.settle-applied',
  'after:journal.settle-applied',
  'before:ack',
  'after:job.settle',
  'after:outbox.claim',
  'after:outbox.prepare',
  'before:send',
  'after:send',
  'before:outbox.settle',
  'after:outbox.settle',
] as const;

export interface MiniTargetOptions {
  readonly ack: 'applied' | 'received';
  readonly random: () => number;
  /** A database of its own on a server; absent: SQLite. */
  readonly postgresUrl?: string;
  /** Another hub than ours: a mutant. */
  readonly hubScript?: string;
  /** How long the last deliveries may take. */
  readonly drainMs?: number;
}

/** The flow on real databases and sockets over a store of one table, which dies at each hand-off by its own hand. */
export async function miniTarget({
  ack,
  random,
  postgresUrl,
  hubScript,
  drainMs = 120_000,
}: MiniTargetOptions): Promise<CrashTarget> {
  const onServer = postgresUrl === undefined ? {} : { postgresUrl };
  const dir = await mkdtemp(join(tmpdir(), 'handoff-crash-'));
  const port = await freePort();
  const partner = await MllpPartner.start({ behaviour: 'AA' });
  const script = hubScript ?? fileURLToPath(new URL('./hub-process.ts', import.meta.url));
  return {
    port,
    async start(dying) {
      const args = [script, '--dir', dir, '--port', String(port), '--partner-port', String(partner.port), '--ack', ack];
      if (postgresUrl !== undefined) args.push('--postgres', postgresUrl);
      if (dying !== undefined) {
        const on = 1 + Math.floor(random() * 20);
        args.push('--crash-at', HAND_OFFS[dying % HAND_OFFS.length]!, '--crash-on', String(on));
      }
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      await ready(child);
      return child;
    },
    prepare: async () => {},
    write: ({ controlId, patient, serial }) => {
      const msh = `MSH|^~\\&|HIS|GH|HANDOFF|HUB|20260105101500-0500||ADT^A08|${controlId}|T|2.5.1`;
      return Buffer.from(`${msh}\rPID|1||${patient}^^^GH^MR||TEST^ONE\rNTE|1||${serial}\r`);
    },
    async kill(hub) {
      await pause(random() * 60);
      hub.kill('SIGKILL');
    },
    async drained(acked) {
      const end = Date.now() + drainMs;
      while (partner.distinct.length < acked.length && Date.now() < end) await pause(100);
    },
    verify: (acked) => verify(() => openDatabases({ dir, ...onServer }), acked, partner),
    async close() {
      await partner.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout!.once('data', () => resolve());
    // A hand-off can be passed before it listens: the rows of the last run wait for it.
    child.once('exit', (code, signal) =>
      signal === 'SIGKILL' ? resolve() : reject(new Error(`the hub ended (${code})`)),
    );
  });
}

async function verify(
  open: () => ReturnType<typeof openDatabases>,
  acked: readonly CrashMessage[],
  partner: MllpPartner,
): Promise<Verified> {
  const { journalDb, storeDb, close } = await open();
  const journaled = (await allMessages(journalDb)).map(({ controlId }) => controlId);
  const notes = await storeDb.read<Note[]>('mini.notes', {});
  await close();
  const told = partner.distinct.flatMap(({ bytes }) => {
    const found = /ZNT\|([^|]*)\|([^|]*)\|(\d+)/.exec(bytes.toString('latin1'));
    return found ? [{ controlId: found[1]!, patient: found[2]!, serial: Number(found[3]) }] : [];
  });
  return {
    lost: wrong(acked, count(journaled)),
    notOnce: wrong(acked, count(notes.map(({ controlId }) => controlId))),
    deliveredNotOnce: wrong(acked, count(told.map(({ controlId }) => controlId))),
    outOfOrder: [...unordered(notes), ...unordered(told)],
    repeatsToPartner: partner.received.length - partner.distinct.length,
  };
}

async function allMessages(db: Database): Promise<MessageRow[]> {
  const rows: MessageRow[] = [];
  for (let before: number | undefined; ; ) {
    const page = await db.read<MessageRow[]>('journal.list', { limit: 500, ...(before ? { before } : {}) });
    if (page.length === 0) return rows;
    rows.push(...page);
    before = page.at(-1)!.id;
  }
}
