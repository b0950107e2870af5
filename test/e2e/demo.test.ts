import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Bundle } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../fixtures/demo/world.ts';
import { Cli, freePorts, handoff, temporaryFolder, WAIT_MS } from './network.ts';

const STEPS = [
  '0  The network comes up',
  '1  Inpatient stay, referral to the program, discharge, admission',
  '2  Intake at Riverside over FHIR',
  '3  Group sessions',
  '4  Referral to the ketamine clinic; the psychiatrist is told first',
  '4b Another patient, with no outpatient provider: the referral waits for its configured time',
  '5  A dose booked on top of a group',
  '5b Another dose over that group; Lakeside has no free time published',
  '6  Dose day',
  '7  Safety notes both ways',
  '7b A partner in trouble: its queue waits and says why, nobody else waits',
  '8  Three apps, three organizations, a patient of the Part 2 track',
  '9  Everything is replayed',
];
/** What a clinician must be able to read of the variants and of the ladder. */
const WORDS = [
  /"Waits until the outpatient provider has been told", at the longest until \d\d:\d\d:\d\d/,
  /REF\^I12 referral of Jordan Ellison +→ left at \d\d:\d\d:\d\d/,
  /Tasks to both: "no free time known"/,
  /hub → Ellis Nakamura, Care coordinator +rung "Backup", at \d\d:\d\d:\d\d/,
  /hub → Lakeside Ketamine Clinic +rung "Sender told to telephone"/,
  /by Lucia Reyes, Program therapist: a named person/,
  /answers with a byte a second +→ its queue waits: "the partner is down: The answer ended in the middle/,
  /says nothing +→ its queue waits: "the partner is down: No answer in time/,
];
const PRACTICE = 7;

/** Process ids under one process whose command line names `what`. Linux only, as the demo's CI is. */
function descendants(of: number, what: string): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }];
      } catch {
        return []; // It ended while we looked.
      }
    });
  const below = (pid: number): typeof all =>
    all.filter((each) => each.parent === pid).flatMap((each) => [each, ...below(each.pid)]);
  return below(of).flatMap((each) => (each.command.includes(what) ? [each.pid] : []));
}

/** The whole demo, beside whatever else the machine does. */
const DEMO_MS = 120_000;

describe('handoff demo', () => {
  let home: string;
  let base: number;
  beforeEach(async () => {
    home = temporaryFolder();
    base = await freePorts();
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const demo = (): Cli => new Cli(['demo', '--exit', '--ports', String(base), '--home', home]);

  test(
    'every step is seen to happen, and told; it ends 0 and leaves no process',
    async () => {
      const run = demo();
      const { code, out, err } = await run.ended;
      expect(err).toBe('');
      expect(code).toBe(0);
      for (const step of STEPS) expect(out).toContain(`\n${step}\n`);
      expect(out).toContain('Every step was seen to happen.');
      for (const words of WORDS) expect(out).toMatch(words);
      expect(descendants(process.pid, home)).toEqual([]);
    },
    DEMO_MS,
  );

  test(
    'left running, every line it prints to try works as pasted into a shell, and Ctrl-C ends it with 0',
    async () => {
      const run = new Cli(['demo', '--ports', String(base), '--home', home]);
      expect(await until(() => run.out.includes('npx handoff messages'), 4 * WAIT_MS)).toBe(true);
      const lines = run.out.split('\n');
      const token = lines.find((line) => line.startsWith('export TOKEN='));
      const curls = lines.filter((line) => line.startsWith('curl '));
      expect(curls).toHaveLength(3);
      for (const line of curls) {
        // What a shell makes of the line: curl's own arguments, one to a line.
        const said = execFileSync('sh', ['-c', `${token}\n${line.replace(/^curl/, "printf '%s\\n'")}`], {
          encoding: 'utf8',
        });
        const [, , header = '', url = ''] = said.split('\n');
        const response = await fetch(url, { headers: { authorization: header.replace(/^Authorization: /, '') } });
        const { resourceType, entry } = (await response.json()) as Bundle;
        expect([response.status, resourceType, (entry ?? []).length > 0]).toEqual([200, 'Bundle', true]);
      }
      const config = /HANDOFF_CONFIG=(\S+) npx handoff messages/.exec(run.out)?.[1] ?? '';
      const journal = await handoff(['messages'], { HANDOFF_CONFIG: config });
      expect(journal.out).toMatch(/riverside-mllp {2}MDM\^T02 {2}\S+ {2}applied/);
      run.signal('SIGINT');
      expect((await run.ended).code).toBe(0);
      expect(descendants(process.pid, home)).toEqual([]);
    },
    DEMO_MS,
  );

  test('a partner whose port is taken is named, and nothing stays behind', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(base + PRACTICE, '127.0.0.1', resolve));
    try {
      const { code, err } = await demo().ended;
      expect(code).toBe(1);
      expect(err).toContain('harbor-psychiatry ended at start');
      expect(err).toContain('EADDRINUSE');
    } finally {
      squatter.close();
    }
  });

  test('a step that does not happen is named: the practice is gone before the psychiatrist could be told', async () => {
    const run = demo();
    const practice = await until(
      () => run.out.includes(STEPS[0] as string) && descendants(run.pid, `127.0.0.1:${base + PRACTICE}`)[0],
      WAIT_MS,
    );
    expect(practice).toBeDefined();
    process.kill(practice as number, 'SIGKILL');
    const { code, err } = await run.ended;
    expect(code).toBe(1);
    expect(err).toContain(`not seen: ${STEPS[4]}: the notice at the practice`);
    expect(descendants(process.pid, home)).toEqual([]);
  });
});
