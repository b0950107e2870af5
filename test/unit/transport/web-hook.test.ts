import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../src/server/operations/subscription-endpoint.ts';
import { webHook } from '../../../src/transport/out/web-hook.ts';

describe('web hooks to endpoints that clients named', () => {
  let server: Server;
  let port: number;
  const seen: {
    method: string | undefined;
    url: string | undefined;
    headers: IncomingMessage['headers'];
    body: string;
  }[] = [];
  const open = webHook({ isAllowed: () => true, connectTimeoutMs: 1000 });
  const strict = webHook({ isAllowed: isPublicAddress, connectTimeoutMs: 1000 });
  const post = (path: string, host = '127.0.0.1') => ({
    method: 'POST',
    url: `http://${host}:${port}${path}`,
    headers: { 'x-key': 'k' },
    body: '{"a":"ü"}',
    timeoutMs: 300,
  });
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        seen.push({ method: request.method, url: request.url, headers: request.headers, body });
        if (request.url === '/silent') return;
        const status = Number(request.url?.slice(1)) || 200;
        response.writeHead(status, { location: `http://127.0.0.1:${port}/elsewhere` }).end('x');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('2xx is taken, with the bytes and headers as given', async () => {
    expect(await open(post('/200'))).toEqual({ kind: 'taken' });
    expect(seen.at(-1)).toMatchObject({
      method: 'POST',
      body: '{"a":"ü"}',
      headers: { 'x-key': 'k', 'content-length': '10' },
    });
  });

  it('a redirect is not followed, and other answers did not take it', async () => {
    const before = seen.length;
    expect(await open(post('/302'))).toEqual({ kind: 'failed', code: 'transport.http-302' });
    expect(await open(post('/503'))).toEqual({ kind: 'failed', code: 'transport.http-503' });
    expect(seen).toHaveLength(before + 2);
  });

  it('a silent or absent endpoint fails with its code', async () => {
    expect(await open(post('/silent'))).toEqual({ kind: 'failed', code: 'transport.ack-timeout' });
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const closed = (free.address() as AddressInfo).port;
    await new Promise((resolve) => free.close(resolve));
    expect(await open({ ...post('/'), url: `http://127.0.0.1:${closed}/` })).toEqual({
      kind: 'failed',
      code: 'transport.connect-refused',
    });
  });

  it('an address that is not allowed is never connected to, by literal or by name', async () => {
    const before = seen.length;
    expect((await strict(post('/200'))).kind).toBe('failed');
    expect(await strict(post('/200', 'localhost'))).toEqual({ kind: 'failed', code: 'transport.unreachable' });
    expect(seen).toHaveLength(before);
  });

  it.each([
    ['93.184.216.34', true],
    ['2606:4700::1111', true],
    ['127.0.0.1', false],
    ['10.0.0.1', false],
    ['172.31.255.255', false],
    ['172.32.0.1', true],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['fe80::1', false],
    ['fd12::1', false],
    ['::ffff:10.0.0.1', false],
    ['2002:7f00:1::', false],
    ['64:ff9b::7f00:1', false],
    ['nonsense', false],
  ])('%s is public: %s', (address, expected) => {
    expect(isPublicAddress(address)).toBe(expected);
  });
});
