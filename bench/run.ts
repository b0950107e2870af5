import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchDisturbed } from './disturbed.ts';
import { benchHub, type HubFigures } from './hub.ts';

/**
 * `npm run bench [-- --seconds N] [--commit-figures] [--check]`: all figures of one run with machine and commit.
 * `--check` compares the hub's rates, as ratios to the floor of the same run, with bench/figures.json and fails below 80 % of them;
 * ratios, because the disk and the neighbours of a machine move every absolute figure.
 */
const FIGURES = fileURLToPath(new URL('./figures.json', import.meta.url));
const TOLERATED = 0.8;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    check: { type: 'boolean', default: false },
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

const hub = await benchHub(seconds);
const figures = {
  machine: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  node: process.version,
  commit: spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim(),
  seconds,
  hub,
  disturbed: await benchDisturbed(Math.min(seconds, 20)),
  parse: script('./parse.ts'),
  map: script('./map.ts'),
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
