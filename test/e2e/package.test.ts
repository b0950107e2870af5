import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BOTS } from '../../bots/registry.ts';
import { generalHospital } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';
import { MedplumServer } from './medplum-server.ts';
import { Mllp } from './mllp.ts';
import { ackOf, Cli, type Ended, freePorts, ROOT, temporaryFolder } from './network.ts';

const MESSAGE = generalHospital(calendar('2026-03-02')).admission;
/** Nothing of these belongs to the sources. */
const NOT_SOURCE = ['node_modules', '.git', 'dist', '.ci', 'coverage'];
const INSTALL_MS = 240_000;

/** Runs npm in a folder with the Node of this test first on the path. */
function npm(cwd: string, ...args: string[]): Promise<Ended> {
  const child = spawn('npm', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

async function must(done: Promise<Ended>): Promise<Ended> {
  const ended = await done;
  if (ended.code !== 0) throw new Error(`exit ${ended.code}: ${ended.err.slice(-2000)}`);
  return ended;
}

/** Starts the hub of a folder, sends one message, asks for it, stops: what every way of installing must be able to do. */
async function works(bin: string, cwd: string, env: (base: number) => Record<string, string>): Promise<void> {
  const base = await freePorts(2);
  const own = env(base);
  const hub = new Cli(['start'], own, { bin, cwd });
  try {
    await hub.ready(base);
    const sender = new Mllp(base + 1);
    expect(ackOf(await sender.send(MESSAGE)).code).toBe('AA');
    sender.close();
    const listed = await new Cli(['messages', '--json'], own, { bin, cwd }).ended;
    expect(JSON.parse(listed.out)).toMatchObject({ controlId: 'GENH000001', state: 'applied' });
    const made = await new Cli(['client', 'add', 'x', '--scope', 'system/*.rs'], own, { bin, cwd }).ended;
    expect(made.code).toBe(0);
    const metadata = await fetch(`http://127.0.0.1:${base}/fhir/R4/metadata`);
    expect(await metadata.json()).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' });
    hub.signal('SIGTERM');
    expect((await hub.ended).code).toBe(0);
  } finally {
    if (hub.isRunning) hub.signal('SIGKILL');
    await hub.ended;
  }
}

const settings = (mllp: number) =>
  stringify({
    log: { level: 'warn' },
    partners: [
      {
        id: 'hospital',
        name: 'Hospital',
        organization: 'hospital',
        zone: 'America/New_York',
        authorities: { GENH: 'https://hospital.example/sid/mrn' },
        feeds: [{ id: 'hospital-mllp', transport: { kind: 'mllp', host: '127.0.0.1', port: mllp } }],
      },
    ],
  });

describe('what is shipped', () => {
  let folder: string;
  let source: string;
  let tarball: string;

  beforeAll(async () => {
    folder = temporaryFolder();
    // A copy, because building writes beside the sources.
    source = join(folder, 'source');
    mkdirSync(source);
    for (const name of readdirSync(ROOT))
      if (!NOT_SOURCE.includes(name))
        cpSync(join(ROOT, name), join(source, name), { recursive: true, dereference: true });
    symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'));
    const packed = await must(npm(source, 'pack', '--json', '--pack-destination', folder, '--loglevel', 'error'));
    const [{ filename }] = JSON.parse(packed.out.slice(packed.out.indexOf('[\n'))) as [{ filename: string }];
    tarball = join(folder, filename);
  }, INSTALL_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test(
    'the tarball installs into an empty project without development packages; start, map, bots deploy and demo work there',
    async () => {
      const project = join(folder, 'project');
      mkdirSync(project);
      writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'site', version: '1.0.0', private: true }));
      await must(
        npm(
          project,
          'install',
          tarball,
          '--omit=dev',
          '--omit=optional',
          '--prefer-offline',
          '--no-audit',
          '--no-fund',
        ),
      );
      const installed = join(project, 'node_modules', 'handoff');
      expect(existsSync(join(installed, 'src'))).toBe(false);
      expect(existsSync(join(project, 'node_modules', '@medplum', 'definitions'))).toBe(false);
      expect(readdirSync(join(installed, 'dist'))).toContain('cli.js');

      const bin = join(project, 'node_modules', '.bin', 'handoff');
      const file = join(project, 'a01.hl7');
      writeFileSync(file, MESSAGE);
      const mapped = await new Cli(['map', file], {}, { bin, cwd: project }).ended;
      expect(mapped.code).toBe(0);
      expect(JSON.parse(mapped.out)).toMatchObject({ resourceType: 'Bundle', type: 'transaction' });
      expect(mapped.out).toBe((await new Cli(['map', file]).ended).out);

      const medplum = new MedplumServer();
      const signIn = {
        MEDPLUM_BASE_URL: await medplum.start(),
        MEDPLUM_CLIENT_ID: medplum.client,
        MEDPLUM_CLIENT_SECRET: medplum.secret,
      };
      const deployed = await new Cli(['bots', 'deploy'], signIn, { bin, cwd: project }).ended;
      await medplum.stop();
      expect(deployed).toMatchObject({ code: 0, err: '' });
      expect(medplum.code.size).toBe(BOTS.length);

      await works(bin, project, (base) => {
        writeFileSync(join(project, 'handoff.yaml'), settings(base + 1));
        return { HANDOFF_CONFIG: 'handoff.yaml', HANDOFF_HTTP: `127.0.0.1:${base}` };
      });
      const played = await new Cli(['demo', '--exit', '--ports', String(await freePorts())], {}, { bin, cwd: project })
        .ended;
      expect(played).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringContaining('Every step was seen to happen.'),
      });
      expect(readdirSync(join(project, 'data')).sort()).toEqual(
        expect.arrayContaining(['hub.key', 'journal.db', 'store.db']),
      );
    },
    INSTALL_MS,
  );

  /**
   * No Docker engine here, so the second stage of the Dockerfile is done by hand, line by line: COPY of the manifests, npm ci without
   * development packages and scripts, COPY of dist, build and bin, ENV, CMD. The first stage is `npm ci` and `npm run build`; the
   * packing above ran that build.
   */
  test(
    "the Dockerfile's lines, one by one, give a hub that runs",
    async () => {
      const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').split('\n');
      const stage = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
      const app = join(folder, 'app');
      mkdirSync(app);
      const data = join(folder, 'data');
      let settingsFile = '';
      for (const line of stage) {
        const [word, ...rest] = line.split(' ');
        if (word === 'COPY') {
          const names = rest.filter((each) => !each.startsWith('--')).map((each) => each.replace('/app/', ''));
          const to = names.pop() as string;
          for (const name of names)
            cpSync(join(source, name), join(app, to, to === './' ? name : ''), { recursive: true });
        }
        if (word === 'RUN' && rest[0] === 'npm') {
          const [command] = line.slice('RUN npm '.length).split(' && ');
          await must(npm(app, ...(command as string).split(' '), '--prefer-offline', '--no-audit', '--no-fund'));
        }
        if (word === 'RUN' && rest[0] === 'mkdir') mkdirSync(data);
        if (word === 'ENV' && rest[0]?.startsWith('HANDOFF_CONFIG')) settingsFile = line;
      }
      const image = Object.fromEntries(
        settingsFile
          .slice('ENV '.length)
          .split(' ')
          .map((each) => each.split('=') as [string, string]),
      );
      expect(Object.keys(image).sort()).toEqual([
        'HANDOFF_CONFIG',
        'HANDOFF_DATABASE',
        'HANDOFF_HTTP',
        'HANDOFF_KEY_FILE',
        'HANDOFF_MLLP',
      ]);
      expect(existsSync(join(app, 'src'))).toBe(false);
      expect(existsSync(join(app, 'node_modules', 'vitest'))).toBe(false);
      const config = join(folder, 'handoff.yaml');
      writeFileSync(config, settings(1));
      await works(join(app, 'bin', 'handoff.mjs'), app, (base) => {
        const inside = { ...image, NODE_ENV: 'production', HANDOFF_CONFIG: config };
        const moved = Object.entries(inside).map(([name, value]) => [
          name,
          value
            .replace(/(^|:)\/data/, `$1${data}`)
            .replace('0.0.0.0:8080', `0.0.0.0:${base}`)
            .replace('0.0.0.0:2575', `0.0.0.0:${base + 1}`),
        ]);
        return Object.fromEntries(moved) as Record<string, string>;
      });
      expect(readdirSync(data)).toEqual(expect.arrayContaining(['hub.key', 'journal.db', 'store.db']));
      const health = stage.find((line) => line.startsWith('HEALTHCHECK')) ?? '';
      expect(health).toContain('/healthz');
    },
    INSTALL_MS,
  );
});
