import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import type { Transport } from '../../src/model/transport.ts';
import { type MllpClientOptions, mllpClient } from '../../src/transport/out/mllp-client.ts';
import { type Behaviour, MllpPartner, type PartnerOptions } from '../partners/mllp-partner.ts';

const partners: MllpPartner[] = [];
const clients: Transport[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(partners.splice(0).map((partner) => partner.close()));
});

async function partner(
  behaviour: PartnerOptions['behaviour'],
  options: Partial<PartnerOptions> = {},
): Promise<MllpPartner> {
  const started = await MllpPartner.start({ behaviour, delayMs: 40, ...options });
  partners.push(started);
  return started;
}

/** MSA-2 by the plainest reading, so that these tests depend on nothing but the transport. */
function matchAck(ack: Uint8Array): { controlId?: string; code?: string } | undefined {
  const text = Buffer.from(ack).toString('latin1');
  if (!text.startsWith('MSH')) return undefined;
  const [, code, controlId] =
    text
      .split('\r')
      .find((line) => line.startsWith('MSA'))
      ?.split('|') ?? [];
  return { ...(code ? { code } : {}), ...(controlId ? { controlId } : {}) };
}

function client(port: number, options: Partial<MllpClientOptions> = {}): Transport & { codes: string[] } {
  const codes: string[] = [];
  const made = mllpClient({
    host: '127.0.0.1',
    port,
    connectTimeoutMs: 2000,
    answerMaxBytes: 100_000,
    waitingMax: 100,
    matchAck,
    log: (code) => codes.push(code),
    ...options,
  });
  clients.push(made);
  return Object.assign(made, { codes });
}

const message = (id: string) => Buffer.from(`MSH|^~\\&|H|H|P|P|20260101||ADT^A01|${id}|T|2.5.1\rPID|1\r`);
const send = (to: Transport, id: string, timeoutMs = 2000, urgent = false) =>
  to.send(message(id), { controlId: id, timeoutMs, urgent });
const outcome = async (to: Transport, id: string, timeoutMs?: number) => {
  const attempt = await send(to, id, timeoutMs);
  return 'code' in attempt ? `${attempt.kind} ${attempt.code}` : attempt.kind;
};

describe('an attempt says what is known and no more', () => {
  const cases: [Behaviour, string][] = [
    ['AA', 'answered'],
    ['AE', 'answered'],
    ['AR', 'answered'],
    ['CA', 'answered'],
    ['no-final-cr', 'answered'],
    ['close-after', 'answered'],
    ['twice', 'answered'],
    ['wrong-id', 'mismatched'],
    ['no-id', 'mismatched'],
    ['silent', 'unknown transport.ack-timeout'],
    ['deaf', 'unknown transport.ack-timeout'],
    ['slow', 'unknown transport.half-answer'],
    ['stuck-ack', 'unknown transport.half-answer'],
    ['close', 'unknown transport.closed-by-partner'],
    ['reset-after', 'unknown transport.reset'],
    ['half-ack', 'unknown transport.half-answer'],
    ['half-ack-reset', 'unknown transport.half-answer'],
    ['garbage', 'unknown transport.answer-garbled'],
    ['junk', 'unknown transport.answer-garbled'],
    ['empty', 'unknown transport.answer-garbled'],
    ['huge', 'unknown transport.answer-too-long'],
  ];
  test.each(cases)(
    'a partner that behaves as %s: %s, and the next message is answered by its own ACK',
    async (behaviour, expected) => {
      const { port } = await partner([behaviour, 'AA']);
      const to = client(port);
      const timeoutMs = ['silent', 'deaf', 'slow', 'stuck-ack', 'junk'].includes(behaviour) ? 300 : 5000;
      expect(await outcome(to, 'ONE', timeoutMs)).toBe(expected);
      const next = await send(to, 'TWO');
      expect(next.kind === 'answered' && Buffer.from(next.ack).toString()).toMatch(/MSA\|AA\|TWO/);
    },
  );

  test('a connection reset before anything is read is never taken for an answer', async () => {
    const { port } = await partner(['reset-before', 'AA']);
    const to = client(port);
    expect(await outcome(to, 'ONE')).toMatch(/^(unknown|not-sent) transport\.reset$/);
    expect(await outcome(to, 'TWO')).toBe('answered');
  });

  test('nobody listens: not sent', async () => {
    const gone = await partner('AA');
    await gone.close();
    expect(await outcome(client(gone.port), 'ONE')).toBe('not-sent transport.connect-refused');
  });

  test('a name that does not exist: not sent', async () => {
    expect(await outcome(client(1, { host: 'partner.invalid' }), 'ONE')).toBe('not-sent transport.unreachable');
  });

  test('no TLS session in time: not sent', async () => {
    const { port } = await partner('silent');
    const to = client(port, { tls: {}, connectTimeoutMs: 100 });
    expect(await outcome(to, 'ONE')).toBe('not-sent transport.connect-timeout');
  });

  test('an answer whose reading throws is no answer', async () => {
    const to = client((await partner('AA')).port, {
      matchAck: () => {
        throw new Error('unreadable');
      },
    });
    expect(await outcome(to, 'ONE')).toBe('unknown transport.answer-garbled');
  });

  test('a message that MLLP cannot carry is not sent', async () => {
    const to = client((await partner('AA')).port);
    const attempt = await to.send(Buffer.from('MSH|\x0b'), { controlId: 'X', timeoutMs: 100 });
    expect(attempt).toMatchObject({ kind: 'not-sent', code: 'transport.payload-unframeable' });
  });
});

describe('a late answer is never the next message’s', () => {
  test('an ACK that comes after its time is not read, and the next message has a connection of its own', async () => {
    const late = await partner(['late', 'AA'], { delayMs: 120 });
    const to = client(late.port);
    expect(await outcome(to, 'ONE', 60)).toBe('unknown transport.ack-timeout');
    const next = await send(to, 'TWO');
    expect(next.kind === 'answered' && Buffer.from(next.ack).toString()).toMatch(/MSA\|AA\|TWO/);
    expect(late.connections).toBe(2);
  });

  test.each(['garbage', 'half', 'frame'])('bytes nobody asked for (%s) drop the connection', async (what) => {
    const unasked = { garbage: 'hello', half: '\x0bMSH', frame: '\x0bMSH|^~\\&|\rMSA|AA|TWO\r\x1c\r' }[what]!;
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        const id = chunk.toString().split('|')[9];
        socket.write(`\x0bMSH|^~\\&|\rMSA|AA|${id}\r\x1c\r`, () => {
          if (id === 'ONE') setTimeout(() => socket.write(unasked), 20);
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const to = client((server.address() as { port: number }).port);
    expect(await outcome(to, 'ONE')).toBe('answered');
    while (!to.codes.includes('transport.answer-garbled')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await outcome(to, 'TWO')).toBe('answered');
    expect(connections).toBe(2);
    await to.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('one connection, one message at a time', () => {
  test('many messages share one connection and keep their order', async () => {
    const good = await partner('AA');
    const to = client(good.port);
    const ids = Array.from({ length: 50 }, (_, at) => `M${at}`);
    const attempts = await Promise.all(ids.map((id) => send(to, id)));
    expect(attempts.every(({ kind }) => kind === 'answered')).toBe(true);
    expect(good.received.map(({ controlId }) => controlId)).toEqual(ids);
    expect(good.connections).toBe(1);
  });

  test('an urgent message goes before those that wait', async () => {
    const slow = await partner('late', { delayMs: 20 });
    const to = client(slow.port);
    await Promise.all([send(to, 'ONE'), send(to, 'TWO'), send(to, 'THREE'), send(to, 'URGENT', 2000, true)]);
    expect(slow.received.map(({ controlId }) => controlId)).toEqual(['ONE', 'URGENT', 'TWO', 'THREE']);
  });

  test('one send too many does not wait: not sent, and it says so', async () => {
    const slow = await partner('late', { delayMs: 20 });
    const to = client(slow.port, { waitingMax: 1 });
    const kinds = await Promise.all(['ONE', 'TWO', 'THREE'].map((id) => outcome(to, id)));
    expect(kinds).toEqual(['answered', 'answered', 'not-sent transport.busy']);
  });

  test('a partner that restarts between messages is dialled again', async () => {
    const good = await partner('AA');
    const to = client(good.port);
    expect(await outcome(to, 'ONE')).toBe('answered');
    good.dropConnections();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await outcome(to, 'TWO')).toBe('answered');
    expect(good.connections).toBe(2);
  });

  test('a partner that wants a connection per message gets one', async () => {
    const good = await partner('AA');
    const to = client(good.port, { keepOpen: false });
    expect([await outcome(to, 'ONE'), await outcome(to, 'TWO')]).toEqual(['answered', 'answered']);
    expect(good.connections).toBe(2);
  });

  test('closing lets the message on its way be answered and sends no other', async () => {
    const slow = await partner('late', { delayMs: 300 });
    const to = client(slow.port);
    const first = outcome(to, 'ONE');
    const second = outcome(to, 'TWO');
    while (slow.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await to.close();
    expect([await first, await second, await outcome(to, 'THREE')]).toEqual([
      'answered',
      'not-sent transport.closed',
      'not-sent transport.closed',
    ]);
    expect(slow.received).toHaveLength(1);
  });
});

test('the partner runs as a process of its own, tells what it received, and changes its ways when told', async () => {
  const script = fileURLToPath(new URL('../partners/mllp-partner.ts', import.meta.url));
  const child = spawn(process.execPath, [script, '--behaviour', 'AE'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async () => JSON.parse((await lines.next()).value as string);
  const to = client((await said()).port);
  const first = await send(to, 'ONE');
  expect(first.kind === 'answered' && Buffer.from(first.ack).toString()).toMatch(/MSA\|AE\|ONE/);
  expect(await said()).toMatchObject({ event: 'frame', controlId: 'ONE', type: 'ADT^A01', times: 1 });
  child.stdin.write('AA\n');
  expect(await said()).toEqual({ event: 'behaving', behaviour: 'AA' });
  const repeat = await send(to, 'ONE');
  expect(repeat.kind === 'answered' && Buffer.from(repeat.ack).toString()).toMatch(/MSA\|AA\|ONE/);
  expect(await said()).toMatchObject({ controlId: 'ONE', times: 2 });
  await to.close();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
