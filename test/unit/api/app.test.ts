import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { makeApp } from '../../../src/api/app.ts';
import { peerOf } from '../../../src/api/peer.ts';
import type { Peer } from '../../../src/model/actor.ts';

/** Whom the hub takes a peer for that sends these headers. */
async function peerSeen(trustedProxies: readonly string[], headers: Readonly<Record<string, string>>): Promise<Peer> {
  const echo = express.Router();
  echo.get('/peer', (request, response) => void response.json(peerOf(request)));
  const app = makeApp({
    routers: [echo],
    fhir: express.Router(),
    ops: express.Router(),
    corsOrigins: [],
    trustedProxies,
    metrics: new Registry(),
    notReady: async () => [],
    mayScrape: async () => false,
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const seen = (await (await fetch(`http://127.0.0.1:${port}/peer`, { headers })).json()) as Peer;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return seen;
}

describe('behind a proxy', () => {
  it.each([
    ['no proxy is believed unless it is named', [], '203.0.113.9', '127.0.0.1'],
    ['a proxy that is named is believed', ['127.0.0.1'], '203.0.113.9', '203.0.113.9'],
    ['a network of proxies may be named', ['loopback'], '203.0.113.9', '203.0.113.9'],
    ['another one is not', ['192.0.2.0/24'], '203.0.113.9', '127.0.0.1'],
    ['what stands before the nearest unnamed one is not', ['loopback'], '192.0.2.1, 203.0.113.9', '203.0.113.9'],
    ['what is no address is not', ['loopback'], '<script>', '127.0.0.1'],
    ['an address with a port is none', ['loopback'], '203.0.113.9:80', '127.0.0.1'],
    ['an IPv4 address within an IPv6 one is that address', ['loopback'], '::ffff:203.0.113.9', '203.0.113.9'],
  ])('%s', async (_rule, trusted, forwarded, seen) => {
    expect(await peerSeen(trusted, { 'x-forwarded-for': forwarded })).toEqual({ address: seen });
  });

  it('another header that names an address counts for nothing', async () => {
    expect(await peerSeen(['loopback'], { forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' })).toEqual({
      address: '127.0.0.1',
    });
  });

  it('a request is named as its client named it, in visible letters, and a token by a name of no use', async () => {
    const token = 'hat_secret';
    const { requestId, token: name } = await peerSeen([], { 'x-request-id': 'a-1', authorization: `Bearer ${token}` });
    expect(requestId).toBe('a-1');
    expect(name).toMatch(/^[0-9a-f]{32}$/);
    expect((await peerSeen([], { 'x-request-id': 'a b' })).requestId).toBeUndefined();
    expect((await peerSeen([], { 'x-request-id': 'a'.repeat(129) })).requestId).toBeUndefined();
  });
});
