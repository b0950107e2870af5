import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { BrokenFrame, Reply } from '../../src/transport/in/mllp-contract.ts';
import { type MllpServer, type MllpServerOptions, mllpServer } from '../../src/transport/in/mllp-server.ts';
import { TransportError } from '../../src/transport/transport-error.ts';

const VT = '\x0b';
const END = '\x1c\r';
const LIMITS = {
  frameMaxBytes: 10_000_000,
  connectionsMax: 50,
  idleTimeoutMs: 10_000,
  frameTimeoutMs: 10_000,
  inFlightMax: 16,
};

const servers: MllpServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close({ drainMs: 0 })));
});

type Setup = Partial<Omit<MllpServerOptions, 'limits'>> & { limits?: Partial<MllpServerOptions['limits']> };

/** A listener that answers each frame with 'A:' and the frame, and each broken one with 'R:' and the reason. */
async function listen(setup: Setup = {}) {
  const received: string[] = [];
  const broken: BrokenFrame[] = [];
  const codes: string[] = [];
  const server = await mllpServer({
    host: '127.0.0.1',
    port: 0,
    onFrame: async (bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      received.push(text);
      return { bytes: Buffer.from(`A:${text.slice(0, 20)}`, 'latin1'), after: 'keep' };
    },
    onBroken: (frame) => {
      broken.push(frame);
      return { bytes: Buffer.from(`R:${frame.why}`), after: 'keep' };
    },
    log: (code) => codes.push(code),
    ...setup,
    limits: { ...LIMITS, ...setup.limits },
  });
  servers.push(server);
  return { server, received, broken, codes };
}

interface Sender {
  readonly socket: Socket;
  /** Everything that has come back. */
  text(): string;
  write(data: string | Buffer): void;
  /** Resolves when what came back holds this many answers. */
  answers(count: number): Promise<string[]>;
  ended(): Promise<void>;
}

async function dial(server: MllpServer): Promise<Sender> {
  const socket = connect({ port: server.address.port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  let text = '';
  const watchers = new Set<() => void>();
  let over = false;
  const changed = () => {
    for (const watch of watchers) watch();
  };
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    changed();
  });
  for (const event of ['end', 'close'] as const) {
    socket.on(event, () => {
      over = true;
      changed();
    });
  }
  const until = (done: () => boolean) =>
    new Promise<void>((resolve) => {
      const watch = () => {
        if (!done()) return;
        watchers.delete(watch);
        resolve();
      };
      watchers.add(watch);
      watch();
    });
  const all = () =>
    text
      .split(END)
      .filter(Boolean)
      .map((answer) => answer.replace(VT, ''));
  await new Promise((resolve) => socket.once('connect', resolve));
  return {
    socket,
    text: () => text,
    write: (data) => void socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data),
    answers: async (count) => {
      await until(() => over || (text.endsWith(END) && all().length >= count));
      return all();
    },
    ended: () => until(() => over),
  };
}

const until = async (done: () => boolean) => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('every frame is answered, in order, however it arrives', () => {
  const arrivals: [string, string[], string[]][] = [
    ['two frames in one write', [`${VT}MSH1${END}${VT}MSH2${END}`], ['A:MSH1', 'A:MSH2']],
    ['three frames in one write', [`${VT}MSH1${END}${VT}MSH2${END}${VT}MSH3${END}`], ['A:MSH1', 'A:MSH2', 'A:MSH3']],
    ['one byte per write', [...`${VT}MSH|1${END}${VT}MSH|2${END}`], ['A:MSH|1', 'A:MSH|2']],
    ['junk before VT', [`junk${VT}MSH1${END}`], ['A:MSH1']],
    ['CRLF before VT', [`\r\n${VT}MSH1${END}`], ['A:MSH1']],
    ['FS without CR and then a frame', [`${VT}MSH1\x1c${VT}MSH2${END}`], ['A:MSH1', 'A:MSH2']],
    ['FS without CR and then silence', [`${VT}MSH1\x1c`], ['A:MSH1']],
    ['VT inside an unfinished frame', [`${VT}MSH1${VT}MSH2${END}`], ['R:restarted', 'A:MSH2']],
    ['LF separators', [`${VT}MSH1\nPID${END}`], ['A:MSH1\nPID']],
    ['garbage without MSH', [`${VT}\x00\xff${END}`], ['A:\x00\xff']],
    ['an empty frame', [`${VT}${END}`], ['R:empty']],
    ['UTF-8 split inside a character', [`${VT}MSH\xc3`, `\xa9${END}`], ['A:MSH\xc3\xa9']],
    ['ISO-8859-1 bytes', [`${VT}MSH\xe9${END}`], ['A:MSH\xe9']],
    [
      'an empty frame between two messages',
      [`${VT}MSH1${END}${VT}${END}${VT}MSH2${END}`],
      ['A:MSH1', 'R:empty', 'A:MSH2'],
    ],
  ];
  test.each(arrivals)('%s', async (_, writes, answers) => {
    const { server } = await listen();
    const sender = await dial(server);
    sender.socket.setNoDelay(true);
    for (const data of writes) {
      sender.write(data);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await sender.answers(answers.length)).toEqual(answers);
  });

  test('half a frame and then FIN is no message: refused, and the connection ends', async () => {
    const { server, received, broken } = await listen();
    const sender = await dial(server);
    sender.socket.end(`${VT}MSH|half`);
    expect(await sender.answers(1)).toEqual(['R:truncated']);
    await sender.ended();
    expect(received).toEqual([]);
    expect(broken.map(({ why, bytesCount }) => [why, bytesCount])).toEqual([['truncated', 8]]);
  });

  test('a sender that ends its side after whole frames still gets its answers', async () => {
    const { server } = await listen();
    const sender = await dial(server);
    sender.socket.end(`${VT}MSH1${END}${VT}MSH2${END}`);
    expect(await sender.answers(2)).toEqual(['A:MSH1', 'A:MSH2']);
    await sender.ended();
  });

  test('answers keep the order of the frames, although the later one was ready first', async () => {
    const held: ((reply: Reply) => void)[] = [];
    const { server } = await listen({ onFrame: () => new Promise((resolve) => held.push(resolve)) });
    const sender = await dial(server);
    sender.write(`${VT}MSH1${END}${VT}MSH2${END}`);
    await until(() => held.length === 2);
    held[1]!({ bytes: Buffer.from('second'), after: 'keep' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sender.text()).toBe('');
    held[0]!({ bytes: Buffer.from('first'), after: 'keep' });
    expect(await sender.answers(2)).toEqual(['first', 'second']);
  });

  test('an 8 MB frame arrives whole', async () => {
    const { server, received } = await listen();
    const sender = await dial(server);
    const content = `MSH|${'x'.repeat(8_000_000)}`;
    sender.write(`${VT}${content}${END}`);
    await sender.answers(1);
    expect(received[0] === content).toBe(true);
  });

  test('a frame past the limit is refused before it ends, with its head, and the next one is read', async () => {
    const { server, broken } = await listen({ limits: { frameMaxBytes: 100 } });
    const sender = await dial(server);
    sender.write(`${VT}MSH|oversized|${'x'.repeat(200)}`);
    expect(await sender.answers(1)).toEqual(['R:oversize']);
    expect(Buffer.from(broken[0]!.head).toString()).toMatch(/^MSH\|oversized\|x/);
    sender.write(`${'x'.repeat(200_000)}${END}${VT}MSH2${END}`);
    expect(await sender.answers(2)).toEqual(['R:oversize', 'A:MSH2']);
  });
});

describe('what a reply can ask for', () => {
  test('an answer may close the connection: nothing after it is answered', async () => {
    const { server } = await listen({ onFrame: async () => ({ bytes: Buffer.from('last'), after: 'close' }) });
    const sender = await dial(server);
    sender.write(`${VT}MSH1${END}${VT}MSH2${END}`);
    await sender.ended();
    expect(await sender.answers(1)).toEqual(['last']);
    await until(() => server.counters.unanswered === 1);
  });

  test('no answer at all: the connection closes, or goes on', async () => {
    const { server } = await listen({
      onFrame: async (bytes) => {
        const text = Buffer.from(bytes).toString();
        if (text === 'MSH-quiet') return { after: 'keep' };
        return text === 'MSH-close' ? { after: 'close' } : { bytes, after: 'keep' };
      },
    });
    const sender = await dial(server);
    sender.write(`${VT}MSH-quiet${END}${VT}MSH-loud${END}${VT}MSH-close${END}`);
    await sender.ended();
    expect(await sender.answers(1)).toEqual(['MSH-loud']);
  });

  test('a handler that rejects or throws closes the connection without an answer, and the listener lives on', async () => {
    let calls = 0;
    const { server, codes } = await listen({
      onFrame: () => {
        calls += 1;
        if (calls === 1) throw new Error('thrown');
        if (calls === 2) return Promise.reject(new Error('rejected'));
        return Promise.resolve({ bytes: Buffer.from('well'), after: 'keep' });
      },
    });
    for (let i = 0; i < 2; i += 1) {
      const sender = await dial(server);
      sender.write(`${VT}MSH${END}`);
      await sender.ended();
      expect(sender.text()).toBe('');
    }
    const sender = await dial(server);
    sender.write(`${VT}MSH${END}`);
    expect(await sender.answers(1)).toEqual(['well']);
    expect(codes.filter((code) => code === 'transport.handler-failed')).toHaveLength(2);
  });

  test('a gate or a settled callback that throws brings nothing down', async () => {
    let gateFails = true;
    const { server, codes } = await listen({
      gate: () => {
        if (gateFails) throw new Error('gate');
        return 'open';
      },
      onFrame: async (bytes) => ({
        bytes,
        after: 'keep',
        settled: () => {
          throw new Error('settled');
        },
      }),
    });
    const sender = await dial(server);
    sender.write(`${VT}MSH1${END}`);
    await until(() => codes.includes('transport.handler-failed'));
    expect(server.counters.frames).toBe(0);
    gateFails = false;
    expect(await sender.answers(1)).toEqual(['MSH1']);
    sender.write(`${VT}MSH2${END}`);
    expect(await sender.answers(2)).toEqual(['MSH1', 'MSH2']);
  });

  test('an answer that cannot be framed closes the connection instead', async () => {
    const { server, codes } = await listen({ onFrame: async () => ({ bytes: Buffer.from('MSA\x1c'), after: 'keep' }) });
    const sender = await dial(server);
    sender.write(`${VT}MSH${END}`);
    await sender.ended();
    expect(sender.text()).toBe('');
    expect(codes).toContain('transport.payload-unframeable');
  });

  test('who handled the frame learns whether its answer was written', async () => {
    const written: boolean[] = [];
    const answer = (bytes: Uint8Array): Reply => ({ bytes, after: 'keep', settled: (ok) => written.push(ok) });
    let release = () => undefined as undefined;
    const { server } = await listen({
      onFrame: async (bytes) => {
        if (bytes.length > 4) await new Promise<void>((resolve) => (release = () => void resolve()));
        return answer(bytes);
      },
    });
    const sender = await dial(server);
    sender.write(`${VT}MSH1${END}`);
    await sender.answers(1);
    sender.write(`${VT}MSH-slow${END}`);
    await until(() => server.counters.frames === 2);
    sender.socket.resetAndDestroy();
    await until(() => server.counters.connectionsOpen === 0);
    release();
    await until(() => written.length === 2);
    expect(written).toEqual([true, false]);
    expect(server.counters.unanswered).toBe(1);
  });
});

describe('limits', () => {
  test('no more than inFlightMax frames of a connection are handled at once, and all are answered', async () => {
    let inFlight = 0;
    let most = 0;
    const { server } = await listen({
      limits: { inFlightMax: 4 },
      onFrame: async (bytes) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inFlight -= 1;
        return { bytes, after: 'keep' };
      },
    });
    const sender = await dial(server);
    sender.write(Array.from({ length: 100 }, (_, at) => `${VT}MSH${at}${END}`).join(''));
    expect(await sender.answers(100)).toEqual(Array.from({ length: 100 }, (_, at) => `MSH${at}`));
    expect(most).toBe(4);
  });

  test('a sender that does not read its ACKs is not read either, and is cut off in the end', async () => {
    const { server, codes } = await listen({
      limits: { idleTimeoutMs: 300 },
      onFrame: async () => ({ bytes: Buffer.alloc(100_000, 0x41), after: 'keep' }),
    });
    const sender = await dial(server);
    sender.socket.pause();
    const burst = Buffer.from(`${VT}MSH${END}`.repeat(1000));
    for (let i = 0; i < 20; i += 1) sender.write(burst);
    await until(() => codes.includes('transport.ack-not-read'));
    expect(server.counters.frames).toBeLessThan(1000);
    await until(() => server.counters.connectionsOpen === 0);
  });

  test('one connection too many is closed with a code, the others go on, and a freed place can be taken', async () => {
    const { server, codes } = await listen({ limits: { connectionsMax: 2 } });
    const [first, second] = [await dial(server), await dial(server)];
    await until(() => server.counters.connectionsOpen === 2);
    const third = await dial(server);
    await third.ended();
    expect(codes).toEqual(['transport.connections-max']);
    first.write(`${VT}MSH1${END}`);
    expect(await first.answers(1)).toEqual(['A:MSH1']);
    second.socket.destroy();
    await until(() => server.counters.connectionsOpen === 1);
    const fourth = await dial(server);
    fourth.write(`${VT}MSH4${END}`);
    expect(await fourth.answers(1)).toEqual(['A:MSH4']);
  });

  test('an idle connection is ended; one that waits for our answer is not', async () => {
    let release = () => undefined as undefined;
    const { server, codes } = await listen({
      limits: { idleTimeoutMs: 50 },
      onFrame: (bytes) => new Promise((resolve) => (release = () => void resolve({ bytes, after: 'keep' }))),
    });
    const [idle, waiting] = [await dial(server), await dial(server)];
    waiting.write(`${VT}MSH${END}`);
    await idle.ended();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(codes).toEqual(['transport.idle']);
    release();
    expect(await waiting.answers(1)).toEqual(['MSH']);
  });

  test('a frame that does not end in time is refused and its connection ended, however busily it trickles', async () => {
    const { server } = await listen({ limits: { frameTimeoutMs: 100 } });
    const sender = await dial(server);
    sender.write(`${VT}MSH|`);
    const trickle = setInterval(() => sender.write('x'), 10);
    await sender.ended();
    clearInterval(trickle);
    expect(await sender.answers(1)).toEqual(['R:truncated']);
  });

  test('memory: above the limit nobody is read until answers set some free, and then everything arrives', async () => {
    const held: (() => void)[] = [];
    const { server } = await listen({
      limits: { heldMaxBytes: 1_000_000, frameTimeoutMs: 5000 },
      onFrame: (bytes) =>
        new Promise((resolve) => held.push(() => resolve({ bytes: bytes.subarray(0, 4), after: 'keep' }))),
    });
    const senders = await Promise.all([1, 2, 3, 4].map(() => dial(server)));
    for (const sender of senders) sender.write(`${VT}MSH|${'x'.repeat(600_000)}${END}`.repeat(2));
    await until(() => server.counters.bytesHeld > 1_000_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.counters.bytesHeld).toBeLessThan(2_700_000);
    const answering = setInterval(() => held.shift()?.(), 5);
    for (const sender of senders) expect(await sender.answers(2)).toEqual(['MSH|', 'MSH|']);
    clearInterval(answering);
    expect(server.counters.bytesHeld).toBe(0);
  });

  test('memory full of frames that never end: their time sets it free', async () => {
    const { server } = await listen({ limits: { heldMaxBytes: 1_000_000, frameTimeoutMs: 150 } });
    const senders = await Promise.all([1, 2, 3].map(() => dial(server)));
    for (const sender of senders) sender.write(`${VT}MSH|${'x'.repeat(600_000)}`);
    for (const sender of senders) expect(await sender.answers(1)).toEqual(['R:truncated']);
    const good = await dial(server);
    good.write(`${VT}MSH1${END}`);
    expect(await good.answers(1)).toEqual(['A:MSH1']);
    expect(server.counters.bytesHeld).toBe(0);
  });

  test('a stream without frames is ended', async () => {
    const { server, codes } = await listen();
    const sender = await dial(server);
    sender.write(Buffer.alloc(2_000_000, 0x41));
    await sender.ended();
    expect(codes).toContain('transport.junk-max');
    expect(server.counters.junkBytes).toBeGreaterThan(1_000_000);
  });
});

describe('the gate', () => {
  test('paused: what is sent stays unread and is answered when the gate opens', async () => {
    let gate: 'open' | 'paused' | 'refuse' = 'paused';
    const { server, received } = await listen({ gate: () => gate });
    const sender = await dial(server);
    sender.write(`${VT}MSH1${END}${VT}MSH2${END}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received).toEqual([]);
    gate = 'open';
    expect(await sender.answers(2)).toEqual(['A:MSH1', 'A:MSH2']);
  });

  test('paused: a sender cannot push more than what the sockets hold', async () => {
    const { server } = await listen({ gate: () => 'paused' });
    const sender = await dial(server);
    for (let i = 0; i < 200; i += 1) sender.write(Buffer.alloc(100_000, `${VT}MSH|${'x'.repeat(92)}${END}`));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.counters.bytesIn).toBeLessThan(2_000_000);
  });

  test('refuse: each frame is answered by a refusal, and the sender is served again when the gate opens', async () => {
    let gate: 'open' | 'paused' | 'refuse' = 'refuse';
    const { server, received, broken } = await listen({ gate: () => gate });
    const sender = await dial(server);
    sender.write(`${VT}MSH|1${END}`);
    expect(await sender.answers(1)).toEqual(['R:refused']);
    expect(Buffer.from(broken[0]!.head).toString()).toBe('MSH|1');
    expect(received).toEqual([]);
    gate = 'open';
    sender.write(`${VT}MSH|1${END}`);
    expect(await sender.answers(2)).toEqual(['R:refused', 'A:MSH|1']);
  });

  test('pause and resume hold for open connections and new ones', async () => {
    const { server, received } = await listen();
    const before = await dial(server);
    server.pause();
    const after = await dial(server);
    before.write(`${VT}MSH1${END}`);
    after.write(`${VT}MSH2${END}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(received).toEqual([]);
    server.resume();
    expect(await before.answers(1)).toEqual(['A:MSH1']);
    expect(await after.answers(1)).toEqual(['A:MSH2']);
  });
});

describe('opening and closing', () => {
  test('a second listener on the port is refused with a code that says so', async () => {
    const { server } = await listen();
    const second = listen({ port: server.address.port });
    await expect(second).rejects.toBeInstanceOf(TransportError);
    await expect(second).rejects.toMatchObject({ code: 'transport.port-in-use' });
  });

  test('an address that is not ours is refused with a code', async () => {
    await expect(listen({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'transport.port-denied' });
  });

  test('closing answers what is in flight, takes nothing more, and ends', async () => {
    const held: ((reply: Reply) => void)[] = [];
    const { server } = await listen({ onFrame: () => new Promise((resolve) => held.push(resolve)) });
    const sender = await dial(server);
    sender.write(`${VT}MSH1${END}`);
    await until(() => held.length === 1);
    const closed = server.close({ drainMs: 5000 });
    sender.write(`${VT}MSH2${END}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    held[0]!({ bytes: Buffer.from('answered'), after: 'keep' });
    await sender.ended();
    sender.socket.end();
    await closed;
    expect(await sender.answers(1)).toEqual(['answered']);
    expect(held).toHaveLength(1);
  });

  test('closing cuts off a handler that never answers', async () => {
    const { server } = await listen({ onFrame: () => new Promise(() => undefined) });
    const sender = await dial(server);
    sender.write(`${VT}MSH1${END}`);
    await until(() => server.counters.frames === 1);
    await server.close({ drainMs: 20 });
    await sender.ended();
    expect(sender.text()).toBe('');
  });
});

test('random bytes on many connections crash nothing, and a good message is still answered', async () => {
  const { server } = await listen({ limits: { frameMaxBytes: 1000 } });
  for (let round = 0; round < 40; round += 1) {
    const sender = await dial(server);
    const marks = [VT, '\x1c', '\r', 'MSH|'];
    const junk = Array.from(
      { length: 300 },
      (_, at) => marks[(at * 7 + round) % 5] ?? String.fromCharCode((at * 31 + round * 17) % 256),
    );
    sender.write(junk.join(''));
    if (round % 2 === 0) sender.socket.resetAndDestroy();
    else sender.socket.end();
  }
  const sender = await dial(server);
  sender.write(`${VT}MSH1${END}`);
  expect(await sender.answers(1)).toEqual(['A:MSH1']);
  await until(() => server.counters.connectionsOpen === 1);
  expect(server.counters.bytesHeld).toBe(0);
});
