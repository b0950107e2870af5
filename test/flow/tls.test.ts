import { type AddressInfo, connect, createServer } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import type { Attempt, Transport } from '../../src/model/transport.ts';
import type { Peer } from '../../src/transport/in/mllp-contract.ts';
import { type MllpServer, type MllpServerOptions, mllpServer } from '../../src/transport/in/mllp-server.ts';
import { type ClientTls, mllpClient } from '../../src/transport/out/mllp-client.ts';
import { authority } from '../partners/certificates.ts';
import { MllpPartner } from '../partners/mllp-partner.ts';

const VT = '\x0b';
const END = '\x1c\r';
const DAY_MS = 86_400_000;

const ours = authority('Our authority');
const strangers = authority('Strangers');
const hub = ours.issue({ name: 'hub', for: ['127.0.0.1', 'localhost'] });

const servers: MllpServer[] = [];
const clients: Transport[] = [];
const partners: MllpPartner[] = [];
const sockets: TLSSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(servers.splice(0).map((server) => server.close({ drainMs: 0 })));
  await Promise.all(partners.splice(0).map((partner) => partner.close()));
});

/** A listener that answers each message with an AA for its control id. */
async function listen(tls: NonNullable<MllpServerOptions['tls']>) {
  const codes: string[] = [];
  const peers: Peer[] = [];
  const server = await mllpServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    limits: {
      frameMaxBytes: 10_000_000,
      connectionsMax: 100,
      idleTimeoutMs: 10_000,
      frameTimeoutMs: 10_000,
      inFlightMax: 16,
    },
    onFrame: async (bytes, peer) => {
      peers.push(peer);
      const id = Buffer.from(bytes).toString('latin1').split('|')[9];
      return { bytes: Buffer.from(`MSH|^~\\&|\rMSA|AA|${id}\r`), after: 'keep' };
    },
    onBroken: () => undefined,
    log: (code) => codes.push(code),
  });
  servers.push(server);
  return { server, codes, peers };
}

function client(port: number, tls: ClientTls): Transport {
  const made = mllpClient({
    host: '127.0.0.1',
    port,
    tls,
    connectTimeoutMs: 5000,
    answerMaxBytes: 10_000,
    waitingMax: 100,
    matchAck: (ack) => {
      const controlId = /MSA\|AA\|(\w+)/.exec(Buffer.from(ack).toString())?.[1];
      return controlId === undefined ? undefined : { controlId };
    },
    log: () => undefined,
  });
  clients.push(made);
  return made;
}

const send = (to: Transport, id: string, size = 0): Promise<Attempt> =>
  to.send(Buffer.from(`MSH|^~\\&|H|H|P|P|20260101||ADT^A01|${id}|T|2.5.1\r${'x'.repeat(size)}`), {
    controlId: id,
    timeoutMs: 5000,
  });

const outcome = async (to: Transport, id: string) => {
  const attempt = await send(to, id);
  return 'code' in attempt ? `${attempt.kind} ${attempt.code}` : attempt.kind;
};

/** A session made by hand: resolves to the session, or to the error's code. */
function session(port: number, options: ConnectionOptions): Promise<TLSSocket | string> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    sockets.push(socket);
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('secureConnect', () => resolve(socket));
  });
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a message goes only to the partner whose certificate proves its name', () => {
  const certificates: [string, ReturnType<typeof ours.issue>, string][] = [
    ['a good certificate', hub, 'answered'],
    [
      'an expired one',
      ours.issue({
        name: 'late',
        for: ['127.0.0.1'],
        notBefore: new Date(Date.now() - 2 * DAY_MS),
        notAfter: new Date(Date.now() - DAY_MS),
      }),
      'not-sent transport.tls-certificate',
    ],
    [
      'one that is not yet valid',
      ours.issue({
        name: 'early',
        for: ['127.0.0.1'],
        notBefore: new Date(Date.now() + DAY_MS),
        notAfter: new Date(Date.now() + 2 * DAY_MS),
      }),
      'not-sent transport.tls-certificate',
    ],
    [
      'one of an unknown authority',
      strangers.issue({ name: 'hub', for: ['127.0.0.1'] }),
      'not-sent transport.tls-certificate',
    ],
    [
      'one for another name',
      ours.issue({ name: '127.0.0.1', for: ['elsewhere.example'] }),
      'not-sent transport.tls-certificate',
    ],
    ['one without any name', ours.issue({ name: '127.0.0.1' }), 'not-sent transport.tls-certificate'],
  ];
  test.each(certificates)('%s: %s', async (_, credentials, expected) => {
    const partner = await MllpPartner.start({ behaviour: 'AA', tls: credentials });
    partners.push(partner);
    expect(await outcome(client(partner.port, { ca: ours.cert }), 'ONE')).toBe(expected);
    expect(partner.received).toHaveLength(expected === 'answered' ? 1 : 0);
  });

  test('a configured server name is what the certificate must carry', async () => {
    const partner = await MllpPartner.start({
      behaviour: 'AA',
      tls: ours.issue({ name: 'p', for: ['mllp.partner.example'] }),
    });
    partners.push(partner);
    expect(await outcome(client(partner.port, { ca: ours.cert, serverName: 'mllp.partner.example' }), 'ONE')).toBe(
      'answered',
    );
    expect(await outcome(client(partner.port, { ca: ours.cert, serverName: 'other.example' }), 'TWO')).toBe(
      'not-sent transport.tls-certificate',
    );
  });

  test('a partner that speaks no TLS gets nothing', async () => {
    const partner = await MllpPartner.start({ behaviour: 'junk' });
    partners.push(partner);
    const server = await listen(hub);
    expect(await outcome(client(server.server.address.port, {}), 'ONE')).toBe('not-sent transport.tls-certificate');
    const plain = client(partner.port, { ca: ours.cert });
    const attempt = outcome(plain, 'TWO');
    await until(() => partner.connections > 0);
    partner.dropConnections();
    expect(await attempt).toMatch(/^not-sent transport\.(reset|tls-handshake)$/);
    // The hello's random bytes may hold a frame's marks; the message they must not hold.
    expect(partner.received.filter((frame) => frame.bytes.includes('MSH'))).toEqual([]);
  });

  const other = ours.issue({ name: 'other' });
  test.each<[string, ClientTls]>([
    ['no PEM', { key: 'no key', cert: 'no certificate' }],
    ['not a pair', { key: hub.key, cert: other.cert }],
    ['half a pair', { key: hub.key }],
    ['an authority that is none', { ca: '-----BEGIN CERTIFICATE-----' }],
  ])('credentials of our own that cannot be used are refused at start: %s', (_, tls) => {
    expect(() => client(1, tls)).toThrow(expect.objectContaining({ code: 'transport.tls-credentials' }));
  });
});

describe('who may send', () => {
  test.each(['TLSv1', 'TLSv1.1'] as const)('%s is turned away, TLS 1.2 and 1.3 are not', async (old) => {
    const { server, codes } = await listen(hub);
    const { port } = server.address;
    // Security level 0, or the client itself would refuse to offer it.
    expect(await session(port, { minVersion: old, maxVersion: old, ciphers: 'DEFAULT@SECLEVEL=0' })).toMatch(
      /PROTOCOL_VERSION|ECONNRESET/,
    );
    await until(() => codes.includes('transport.tls-handshake'));
    expect(server.counters.tlsFailed).toBe(1);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(typeof (await session(port, { minVersion: version, maxVersion: version }))).toBe('object');
    }
  });

  test('plain text on the TLS port is turned away at once, with a code', async () => {
    const { server, codes } = await listen(hub);
    const socket = connect(server.address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`${VT}MSH|${END}`);
    await new Promise((resolve) => socket.on('close', resolve));
    expect(codes).toEqual(['transport.tls-handshake']);
    expect(server.counters.frames).toBe(0);
  });

  test('a sender with a certificate of our authority is known by its name', async () => {
    const { server, peers } = await listen({ ...hub, ca: ours.cert, requestClientCert: true });
    const riverside = ours.issue({ name: 'riverside' });
    expect(await outcome(client(server.address.port, { ca: ours.cert, ...riverside }), 'ONE')).toBe('answered');
    expect(peers.map(({ cn }) => cn)).toEqual(['riverside']);
  });

  test.each([
    ['none', {}],
    ['one of an unknown authority', strangers.issue({ name: 'riverside' })],
    ['an expired one', ours.issue({ name: 'riverside', notAfter: new Date(Date.now() - DAY_MS / 2) })],
  ])('a client certificate is required, and it shows %s: turned away, nothing is handled', async (_, own) => {
    const { server, codes } = await listen({ ...hub, ca: ours.cert, requestClientCert: true });
    const attempt = await outcome(client(server.address.port, { ca: ours.cert, ...own }), 'ONE');
    // The refusal and the loss of the connection race; what must hold is that it never counts as delivered.
    expect(attempt).toMatch(/^(not-sent transport\.(tls-refused|reset)|unknown transport\.(reset|closed-by-partner))$/);
    await until(() => codes.includes('transport.tls-handshake'));
    expect(server.counters.frames).toBe(0);
    const good = client(server.address.port, { ca: ours.cert, ...ours.issue({ name: 'riverside' }) });
    expect(await outcome(good, 'TWO')).toBe('answered');
  });

  test('required client certificates without an authority to verify them do not start', async () => {
    await expect(listen({ ...hub, requestClientCert: true })).rejects.toMatchObject({
      code: 'transport.tls-credentials',
    });
  });

  test('a key that does not fit its certificate does not start', async () => {
    const other = ours.issue({ name: 'other' });
    await expect(listen({ key: hub.key, cert: other.cert })).rejects.toMatchObject({
      code: 'transport.tls-credentials',
    });
  });

  test('a handshake that never ends does not keep the listener from closing', async () => {
    const { server } = await listen(hub);
    const socket = connect(server.address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.on('connect', resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.close({ drainMs: 20 });
    socket.destroy();
  });
});

describe('certificates are changed while messages flow', () => {
  test('every message is answered, and new connections see the new certificate', async () => {
    const { server } = await listen(hub);
    const { port } = server.address;
    let running = true;
    let answered = 0;
    const failures: string[] = [];
    const load = async (name: string): Promise<void> => {
      const to = client(port, { ca: ours.cert });
      for (let at = 0; running; at += 1) {
        const result = await outcome(to, `${name}x${at}`);
        if (result === 'answered') answered += 1;
        else failures.push(result);
        if (at % 10 !== 9) continue;
        await to.close();
        return load(`${name}y`);
      }
    };
    const loads = Promise.all(['A', 'B', 'C', 'D'].map(load));
    for (let round = 1; round <= 5; round += 1) {
      const before = answered;
      server.reloadTls(ours.issue({ name: `hub ${round}`, for: ['127.0.0.1'] }));
      await until(() => answered >= before + 40 || failures.length > 0);
    }
    running = false;
    await loads;
    expect(failures).toEqual([]);
    const seen = await session(port, { ca: ours.cert, rejectUnauthorized: true });
    expect(typeof seen === 'object' && seen.getPeerCertificate().subject.CN).toBe('hub 5');
  });

  test('an open connection goes on', async () => {
    const { server } = await listen(hub);
    const to = client(server.address.port, { ca: ours.cert });
    expect(await outcome(to, 'ONE')).toBe('answered');
    server.reloadTls(ours.issue({ name: 'new', for: ['127.0.0.1'] }));
    expect(await outcome(to, 'TWO')).toBe('answered');
    expect(server.counters.connectionsOpened).toBe(1);
  });

  test('credentials that cannot be used are refused, and the old ones stay', async () => {
    const { server } = await listen(hub);
    expect(() => server.reloadTls({ key: 'no', cert: 'no' })).toThrow(
      expect.objectContaining({ code: 'transport.tls-credentials' }),
    );
    expect(await outcome(client(server.address.port, { ca: ours.cert }), 'ONE')).toBe('answered');
  });

  test('senders still need their certificate after the change', async () => {
    const { server } = await listen({ ...hub, ca: ours.cert, requestClientCert: true });
    server.reloadTls({ ...ours.issue({ name: 'new', for: ['127.0.0.1'] }), ca: ours.cert });
    expect(
      await outcome(client(server.address.port, { ca: ours.cert, ...ours.issue({ name: 'riverside' }) }), 'ONE'),
    ).toBe('answered');
    expect(await outcome(client(server.address.port, { ca: ours.cert }), 'TWO')).not.toBe('answered');
    expect(server.counters.frames).toBe(1);
  });
});

test('an 8 MB message crosses TLS whole', async () => {
  const { server } = await listen(hub);
  expect((await send(client(server.address.port, { ca: ours.cert }), 'BIG', 8_000_000)).kind).toBe('answered');
  expect(server.counters.bytesIn).toBeGreaterThan(8_000_000);
});

test('broken handshakes and garbage on the TLS port bring nothing down', async () => {
  const { server } = await listen(hub);
  const { port } = server.address;
  // The beginning of a real handshake, to be broken off at many places.
  const hello = await new Promise<Buffer>((resolve) => {
    const listener = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (bytes) => {
        socket.destroy();
        listener.close(() => resolve(bytes));
      });
    }).listen(0, '127.0.0.1', () => void session((listener.address() as AddressInfo).port, {}));
  });
  for (let round = 0; round < 60; round += 1) {
    const bytes = Buffer.from(hello.subarray(0, 1 + ((round * 37) % hello.length)));
    if (round % 3 === 0) bytes[(round * 13) % bytes.length]! ^= 0xff;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.write(bytes, resolve));
    if (round % 2 === 0) socket.resetAndDestroy();
    else socket.end();
  }
  expect(await outcome(client(port, { ca: ours.cert }), 'ONE')).toBe('answered');
});

test('half a frame over TLS and then the end is no message', async () => {
  const { server } = await listen(hub);
  const socket = await session(server.address.port, {});
  if (typeof socket === 'string') throw new Error(socket);
  socket.end(`${VT}MSH|half`);
  await until(() => server.counters.broken.truncated === 1);
  expect(server.counters.frames).toBe(0);
});
