import { Client, type ClientOptions, type Connection, type InboundResponse, Message } from 'node-hl7-client';
import { afterEach, expect, test } from 'vitest';
import { type MllpServer, mllpServer } from '../../src/transport/in/mllp-server.ts';
import { authority } from '../partners/certificates.ts';

/** A client that others wrote and use: what it sends must arrive, and what we answer must satisfy it. */

const servers: MllpServer[] = [];
const connections: Connection[] = [];
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
  await Promise.all(servers.splice(0).map((server) => server.close({ drainMs: 0 })));
});

const ours = authority();
const hub = ours.issue({ name: 'hub', for: ['127.0.0.1'] });

test.each<[string, typeof hub | undefined, ClientOptions['tls']]>([
  ['plain', undefined, undefined],
  ['TLS', hub, { ca: ours.cert }],
])(
  'node-hl7-client sends 50 messages over one connection (%s): each arrives once and is answered',
  async (_, own, tls) => {
    const received: string[] = [];
    const server = await mllpServer({
      host: '127.0.0.1',
      port: 0,
      ...(own ? { tls: own } : {}),
      limits: {
        frameMaxBytes: 1_000_000,
        connectionsMax: 10,
        idleTimeoutMs: 10_000,
        frameTimeoutMs: 10_000,
        inFlightMax: 16,
      },
      onFrame: async (bytes) => {
        const id = Buffer.from(bytes).toString().split('|')[9]!;
        received.push(id);
        const ack = `MSH|^~\\&|H|H|P|P|20260101120000||ACK^A01^ACK|A${id}|T|2.5.1\rMSA|AA|${id}\r`;
        return { bytes: Buffer.from(ack), after: 'keep' };
      },
      onBroken: () => undefined,
      log: () => undefined,
    });
    servers.push(server);

    const ids = Array.from({ length: 50 }, (_, at) => `NHC${at}`);
    const answers: string[] = [];
    const client = new Client({ host: '127.0.0.1', ...(tls ? { tls } : {}) });
    await new Promise<void>((resolve, reject) => {
      const connection = client.createConnection(
        { port: server.address.port, waitAck: false },
        async (response: InboundResponse) => {
          answers.push(
            `${response.getMessage().get('MSA.1').toString()} ${response.getMessage().get('MSA.2').toString()}`,
          );
          if (answers.length === ids.length) resolve();
        },
      );
      connections.push(connection);
      connection.on('error', reject);
      connection.on('client.error', reject);
      connection.on('connect', async () => {
        for (const id of ids) {
          const message = new Message({
            text: `MSH|^~\\&|P|P|H|H|20260101120000||ADT^A01^ADT_A01|${id}|T|2.5.1\rEVN|A01|20260101120000\rPID|1||1^^^P^MR`,
          });
          await connection.sendMessage(message);
        }
      });
    });
    expect(received).toEqual(ids);
    expect(answers).toEqual(ids.map((id) => `AA ${id}`));
  },
);
