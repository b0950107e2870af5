import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { generalHospital } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';
import { until } from '../../fixtures/demo/world.ts';
import { loadHubKey } from '../../src/hub/key.ts';
import type { NotReady } from '../../src/model/readiness.ts';
import { cuttable } from '../flow/cuttable.ts';
import { ackOf, Cli, freePorts, handoff, temporaryFolder, WAIT_MS } from './network.ts';
import { SERVER, scratchDatabase } from './scratch-database.ts';

/** Enough for feeds over HTTP; those over MLLP stop reading below 512 MB free. */
const DISK_MB = 220;
const canMount = process.getuid?.() === 0 && spawnSync('sh', ['-c', 'unshare -m true']).status === 0;
const { admission } = generalHospital(calendar('2026-03-02'));

describe('a hub that cannot write', () => {
  let home: string;
  let base: number;
  let hub: Cli | undefined;
  let token: string;
  const ended: (() => unknown)[] = [];

  beforeEach(async () => {
    home = temporaryFolder();
    base = await freePorts(1);
    ended.push(() => rmSync(home, { recursive: true, force: true }));
  });
  afterEach(async () => {
    if (hub?.isRunning) hub.signal('SIGKILL');
    await hub?.ended;
    for (const end of ended.splice(0).reverse()) await end();
  });

  /** Starts a hub with one feed on this database and sends it one message, which it takes. */
  async function start(database: string): Promise<void> {
    const config = join(home, 'handoff.yaml');
    const feed = { id: 'general-http', transport: { kind: 'http' } };
    const partner = {
      id: 'general-hospital',
      name: 'General Hospital',
      organization: 'general-hospital',
      zone: 'America/New_York',
      authorities: { GENH: 'https://general-hospital.example/sid/mrn' },
      feeds: [feed],
    };
    const settings = { http: `127.0.0.1:${base}`, database, keyFile: join(home, 'hub.key'), partners: [partner] };
    writeFileSync(config, stringify(settings));
    hub = new Cli(['start'], { HANDOFF_CONFIG: config });
    await hub.ready(base);
    const { client_id: id, client_secret: secret } = JSON.parse(
      (await handoff(['client', 'add', 'sender', '--scope', 'system/*.cruds'], { HANDOFF_CONFIG: config })).out,
    ) as Record<string, string>;
    const response = await fetch(`${origin()}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    token = ((await response.json()) as { access_token: string }).access_token;
    expect((await send('BEFORE')).code).toBe('AA');
  }

  const origin = () => `http://127.0.0.1:${base}`;

  async function send(controlId: string) {
    const response = await fetch(`${origin()}/hl7/general-http`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/hl7-v2' },
      body: admission.replace('GENH000001', controlId),
    });
    return ackOf(await response.text());
  }

  /** Status of writing 200 kB of FHIR. */
  async function create(): Promise<number> {
    const response = await fetch(`${origin()}/fhir/R4/Basic`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Basic', code: { text: 'x'.repeat(200_000) } }),
    });
    return response.status;
  }

  async function readyz(): Promise<{ readonly status: number; readonly reasons: readonly NotReady[] }> {
    const response = await fetch(`${origin()}/readyz`);
    return { status: response.status, reasons: ((await response.json()) as { reasons: NotReady[] }).reasons };
  }
  /** The reasons of a hub that is not ready, once these are among them. */
  async function refusing(...reasons: readonly (readonly [string, string])[]): Promise<void> {
    const seen = await until(async () => {
      const now = await readyz();
      const has = ([component, code]: readonly [string, string]) =>
        now.reasons.some((each) => each.component === component && each.code === code && each.text !== '');
      return now.status === 503 && reasons.every(has);
    }, WAIT_MS);
    expect(seen ?? (await readyz())).toBe(true);
  }
  const ops = async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
    const { operatorToken } = loadHubKey(join(home, 'hub.key'));
    const headers = { authorization: `Bearer ${operatorToken}` };
    const response = await fetch(`${origin()}${path}`, { headers });
    return { status: response.status, text: await response.text() };
  };
  const recovers = async (controlId: string): Promise<void> => {
    expect(await until(async () => (await readyz()).status === 200, WAIT_MS)).toBe(true);
    expect(await until(async () => (await send(controlId)).code === 'AA', WAIT_MS)).toBe(true);
    expect((await ops('/metrics')).text).not.toContain('handoff_not_ready{');
    expect(JSON.parse((await ops('/ops/status')).text)).toMatchObject({ notReady: [] });
    expect(hub?.isRunning).toBe(true);
  };

  test.skipIf(!canMount)(
    'a full disk: 503 with component and code for both databases, in operations and metrics too; with room again ready without a restart',
    async () => {
      const disk = temporaryFolder();
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', disk]).status).toBe(0);
      ended.push(
        () => rmSync(disk, { recursive: true, force: true }),
        () => spawnSync('umount', ['-l', disk]),
      );
      await start(`sqlite:${disk}`);
      expect(await readyz()).toEqual({ status: 200, reasons: [] });
      const filler = join(disk, 'filler');
      spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1M', `count=${DISK_MB}`]);
      const refused = await until(async () => {
        const answer = await send(`FULL${Math.random()}`);
        return answer.code === 'AR' && answer;
      }, WAIT_MS);
      expect(refused?.errors.join()).toContain('database.full');
      // What was freed inside the files of the store takes some more before it fails as well.
      expect(await until(async () => (await create()) === 503, WAIT_MS)).toBe(true);
      await refusing(['journal', 'database.full'], ['store', 'database.full']);
      expect(JSON.parse((await ops('/ops/status')).text)).toMatchObject({
        notReady: expect.arrayContaining([expect.objectContaining({ component: 'journal', code: 'database.full' })]),
      });
      const { text } = await ops('/metrics');
      expect(text).toContain('handoff_not_ready{component="journal",code="database.full"} 1');
      rmSync(filler);
      await recovers('AFTER');
    },
    3 * WAIT_MS,
  );

  test.skipIf(!SERVER)(
    'an unreachable PostgreSQL: 503 with component and code, in operations and metrics too; when it is back ready without a restart',
    async () => {
      const scratch = await scratchDatabase();
      ended.push(() => scratch.drop());
      const url = new URL(scratch.url);
      const proxy = await cuttable(Number(url.port), url.hostname);
      ended.push(() => proxy.close());
      url.hostname = '127.0.0.1';
      url.port = String(proxy.port);
      await start(url.href);
      expect(await readyz()).toEqual({ status: 200, reasons: [] });
      proxy.cut();
      expect((await send('GONE')).code).toBe('AR');
      await refusing(['database', 'database.unavailable']);
      expect(await ops('/ops/status')).toMatchObject({ status: 503, text: expect.stringContaining('notReady') });
      const { text } = await ops('/metrics');
      expect(text).toContain('handoff_not_ready{component="database",code="database.unavailable"} 1');
      proxy.mend();
      await recovers('AFTER');
    },
    3 * WAIT_MS,
  );
});
