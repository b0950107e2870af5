import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { makeApp } from '../../../src/api/app.ts';

/** The address the hub takes a peer for that says it forwards for another. */
async function addressSeen(trustedProxies: readonly string[]): Promise<string> {
  const echo = express.Router();
  echo.get('/address', (request, response) => void response.send(request.ip));
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
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  const seen = await (await fetch(`http://127.0.0.1:${port}/address`, { headers })).text();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return seen;
}

describe('behind a proxy', () => {
  it.each([
    ['no proxy is believed unless it is named', [], '127.0.0.1'],
    ['a proxy that is named is believed', ['127.0.0.1'], '203.0.113.9'],
    ['a network of proxies may be named', ['loopback'], '203.0.113.9'],
    ['another one is not', ['192.0.2.0/24'], '127.0.0.1'],
  ])('%s', async (_rule, trusted, seen) => {
    expect(await addressSeen(trusted)).toBe(seen);
  });
});
