import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '../conformance/suite.ts';
import { type Ended, Network, ROOT } from './network.ts';

/** `npm run conformance -- …` as a user runs it. */
function conformance(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, 'test', 'conformance', 'run.ts'), ...args], { cwd: ROOT });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

describe('the conformance suite from outside', () => {
  let network: Network;
  let client: { readonly client_id: string; readonly client_secret: string };
  beforeAll(async () => {
    network = await Network.start();
    const made = await network.cli(
      'client',
      'add',
      'suite',
      '--scope',
      'system/*.cruds',
      '--organization',
      'riverside',
    );
    client = JSON.parse(made.out);
  });
  afterAll(() => network?.stop());

  const signIn = () => ['--client', client.client_id, '--secret', client.client_secret];
  const count = async (type: string): Promise<number> =>
    (await network.operator.bundle(`${type}?_summary=count`)).total ?? -1;

  test('a hub started as its users start it passes, and holds nothing of the run afterwards', async () => {
    const types = [
      'Patient',
      'Observation',
      'Questionnaire',
      'Subscription',
      'Composition',
      'Group',
      'Location',
      'List',
    ];
    const before = await Promise.all(types.map(count));
    const { code, out, err } = await conformance('--base', `${network.world.baseUrl}/fhir/R4`, ...signIn());
    expect(out.split('\n').filter((line) => line !== '' && !line.startsWith('ok '))).toEqual([
      `${CHECKS.length} of ${CHECKS.length} checks passed, 0 failed, 0 are left open by R4`,
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(await Promise.all(types.map(count))).toEqual(before);
  });

  test('a server that forgets one rule fails that check, by its name, with exit 1', async () => {
    // The hub itself behind a proxy that takes the ETag away.
    const proxy: Server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
      const answer = await fetch(`${network.world.baseUrl}${request.url}`, {
        method: request.method ?? 'GET',
        headers: headers as Record<string, string>,
        ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
      });
      const kept = [...answer.headers].filter(
        ([name]) => !['etag', 'content-encoding', 'content-length', 'transfer-encoding', 'connection'].includes(name),
      );
      response.writeHead(answer.status, Object.fromEntries(kept)).end(Buffer.from(await answer.arrayBuffer()));
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const { code, out } = await conformance('--base', `${origin}/fhir/R4`, ...signIn());
    proxy.closeAllConnections();
    proxy.close();
    expect(code).toBe(1);
    expect(out).toContain('FAIL  create: 201, Location with version, ETag, Last-Modified');
    expect(out).toContain('ok    JSON Patch');
  });

  test('no address is exit 2; a refused client and a server that is not there are exit 1', async () => {
    expect((await conformance()).code).toBe(2);
    const base = `${network.world.baseUrl}/fhir/R4`;
    expect((await conformance('--base', base, '--client', 'nobody', '--secret', 'x')).code).toBe(1);
    const gone = await conformance('--base', 'http://127.0.0.1:9/fhir', '--token', 'x');
    expect(gone.code).toBe(1);
    expect(gone.out).toContain(`0 of ${CHECKS.length} checks passed`);
  });
});
