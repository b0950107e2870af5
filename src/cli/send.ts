import { readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { splitBatch } from '../hl7/batch.ts';
import { peek } from '../hl7/peek.ts';
import { readAck } from '../hl7/read-ack.ts';
import type { Transport } from '../model/transport.ts';
import { mllpClient } from '../transport/out/mllp-client.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff send FILE|DIR --to mllp://HOST:PORT';

/** Sends each message of the files, in order, and prints each answer's code. Exit 1 when any is not AA or CA. */
export const command = {
  usage,
  what: 'send messages and print each acknowledgement',
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, {
      to: { type: 'string' },
      timeout: { type: 'string', default: '30000' },
    });
    const target = /^mllp:\/\/(\[[^\]]+\]|[^:/]+):(\d+)\/?$/.exec(values.to ?? '');
    if (!target || positionals.length === 0) throw new UsageError(usage, 'a file and a target are needed');
    const transport = mllpClient({
      host: (target[1] ?? '').replace(/^\[|\]$/g, ''),
      port: Number(target[2]),
      connectTimeoutMs: 10_000,
      answerMaxBytes: 1024 * 1024,
      waitingMax: 1,
      matchAck: (bytes) => {
        const ack = readAck(bytes);
        return ack.ok ? { controlId: ack.controlId, code: ack.code } : undefined;
      },
      log: () => {},
    });
    let refused = 0;
    try {
      for (const file of await files(positionals)) {
        for (const { bytes, position } of splitBatch(readFileSync(file)).messages) {
          if (!(await sendOne(transport, bytes, `${file}#${position}`, Number(values.timeout)))) refused++;
        }
      }
    } finally {
      await transport.close();
    }
    return refused > 0 ? 1 : 0;
  },
};

async function sendOne(transport: Transport, bytes: Uint8Array, name: string, timeoutMs: number): Promise<boolean> {
  const attempt = await transport.send(bytes, { controlId: peek(bytes).controlId ?? '', timeoutMs });
  if (attempt.kind !== 'answered') {
    console.log(
      `${name} ${attempt.kind === 'mismatched' ? 'an answer to another message' : `${attempt.kind} ${attempt.code}`}`,
    );
    return false;
  }
  const ack = readAck(attempt.ack);
  if (!ack.ok) {
    console.log(`${name} unreadable answer ${ack.reason}`);
    return false;
  }
  const errors = ack.errors.map((error) => [error.severity, error.condition, error.location].filter(Boolean).join(' '));
  console.log([name, ack.code, ...errors].join(' '));
  return ack.code === 'AA' || ack.code === 'CA';
}

/** The named files, and every file of the named folders, in name order. */
async function files(names: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const name of names) {
    if (!statSync(name).isDirectory()) all.push(name);
    else
      for (const entry of (await readdir(name, { withFileTypes: true, recursive: true })).filter((each) =>
        each.isFile(),
      ))
        all.push(join(entry.parentPath, entry.name));
  }
  return all.sort();
}
