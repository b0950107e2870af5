import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchDisturbed } from './disturbed.ts';
import { benchFlood } from './flood.ts';
import { benchFeeds, benchHub, feedRate, type HubFigures } from './hub.ts';
import { canSlowSync } from './slow-sync.ts';

/**
 * `npm run bench [-- --seconds N] [--long] [--commit-figures] [--check]`: all figures of one run with machine and commit. FHIR also on
 * PostgreSQL where it is installed. `--long`: ten minutes of `received` and a million resources besides.
 * `--check` compares the hub's rates, as ratios to the floor of the same run, with bench/figures.json and fails below 80 % of them;
 * ratios, because the disk and the neighbours of a machine move every absolute figure.
 */
const FIGURES = fileURLToPath(new URL('./figures.json', import.meta.url));
const TOLERATED = 0.8;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    check: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    'commit-figures': { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);

const script = (name: string, ...args: string[]): unknown => {
  const { stdout, status } = spawnSync(process.execPath, [fileURLToPath(new URL(name, import.meta.url)), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`${name} gave no figures (${status})`);
  return JSON.parse(last);
};

/** The same on a throw-away PostgreSQL; nothing where no server is installed, as a bench installs none. */
function onPostgres(): unknown {
  if (globSync('/usr/lib/postgresql/*/bin/initdb').length === 0) return 'no PostgreSQL server is installed';
  const home = mkdtempSync(join(tmpdir(), 'handoff-bench-pg-'));
  chmodSync(home, 0o755); // the server runs as its own user
  const cluster = join(home, 'cluster');
  const control = fileURLToPath(new URL('../scripts/postgres.sh', import.meta.url));
  const url = execFileSync(control, ['start', cluster, '54349'], { encoding: 'utf8' }).trim();
  try {
    return script('./fhir.ts', '--resources', RESOURCES, '--postgres', url);
  } finally {
    execFileSync(control, ['stop', cluster]);
    rmSync(home, { recursive: true, force: true });
  }
}

const RESOURCES = '100000';
const LONG_S = 600;
/** A disk on which the floor takes about 1,900/s over one connection, as an ordinary one does. */
const SLOW_SYNC_US = 400;

const hub = await benchHub(seconds);
const figures = {
  machine: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  node: process.version,
  commit: spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim(),
  seconds,
  hub,
  slowDisk: canSlowSync()
    ? { syncUs: SLOW_SYNC_US, ...(await benchFeeds(seconds, SLOW_SYNC_US)) }
    : 'strace is not there',
  disturbed: await benchDisturbed(Math.min(seconds, 20)),
  flood: await benchFlood(seconds),
  parse: script('./parse.ts'),
  map: script('./map.ts'),
  fhir: { sqlite: script('./fhir.ts', '--resources', RESOURCES), postgres: onPostgres() },
  ...(values.long
    ? {
        long: {
          received: await feedRate('received', 16, LONG_S, { floorPerS: hub.floor[16]!.perS }),
          fhir: script('./fhir.ts', '--resources', '1000000', '--drop-jobs'),
        },
      }
    : {}),
};
console.log(JSON.stringify(figures, null, 2));
if (values['commit-figures']) writeFileSync(FIGURES, `${JSON.stringify(figures, null, 2)}\n`);
if (values.check) check(hub);

/** Accepted, by policy and connections, as shares of what the floor took in the same run. */
function ratios({ floor, received, applied }: HubFigures): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [policy, rates] of Object.entries({ received, applied })) {
    for (const [connections, rate] of Object.entries(rates))
      found[`${policy} at ${connections}`] = rate.perS / (floor[connections]?.perS ?? Number.NaN);
  }
  return found;
}

function check(now: HubFigures): void {
  if (!existsSync(FIGURES)) throw new Error('bench/figures.json is not there: run with --commit-figures first');
  const before = ratios((JSON.parse(readFileSync(FIGURES, 'utf8')) as { hub: HubFigures }).hub);
  for (const [name, ratio] of Object.entries(ratios(now))) {
    const was = before[name] ?? 0;
    const isLow = ratio < TOLERATED * was;
    console.error(
      `${name}: ${(ratio * 100).toFixed(1)} % of the floor, committed ${(was * 100).toFixed(1)} %${isLow ? '  BELOW 80 %' : ''}`,
    );
    if (isLow) process.exitCode = 1;
  }
}
