import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));
const NOTHING = JSON.stringify({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'not-found' }] });

/** A server that has nothing at all, and remembers what came with each request. */
describe('npm run conformance', () => {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    request.resume();
    response.writeHead(404, { 'content-type': 'application/fhir+json' }).end(NOTHING);
  });
  let base: string;
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`;
  });
  afterAll(() => server.close());

  async function run(...args: string[]): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
    seen.length = 0;
    const child = spawn(process.execPath, [RUN, '--base', base, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, lines: out.split('\n') };
  }
  const POPULATE = 'Questionnaire/$populate fills in what the patient record says';

  it('asks as nobody without a client, and tells what R4 asks for from what it leaves open', async () => {
    const { code, lines } = await run();
    expect(code).toBe(1);
    expect(seen.length).toBeGreaterThan(20);
    expect(seen.some(({ authorization }) => authorization !== undefined)).toBe(false);
    expect(lines).toContain('FAIL  metadata needs no token and names R4');
    expect(lines).toContain(`lacks ${POPULATE}`);
    expect(lines[lines.indexOf(`lacks ${POPULATE}`) + 1]?.trim()).toBe('of SDC, not of R4');
    expect(lines.at(-2)).toMatch(/ checks passed, [1-9]\d* failed, [1-9]\d* are left open by R4$/);
  });

  it('with --all what is lacking fails too; a token goes along where one is given', async () => {
    const { lines } = await run('--all', '--token', 'abc');
    expect(lines).toContain(`FAIL  ${POPULATE}`);
    expect(lines.at(-2)).toMatch(/, 0 are left open by R4$/);
    expect(seen.some(({ authorization }) => authorization === 'Bearer abc')).toBe(true);
  });
});
