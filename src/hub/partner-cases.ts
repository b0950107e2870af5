import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { type Config, ConfigError } from '../config/load.ts';
import { type Definitions, loadDefinitions } from '../fhir/definitions.ts';
import type { Maps } from '../mapping/map-message.ts';
import type { Partner } from '../model/partner.ts';
import { CaseUnreadable, failureOf, type GoldenCase, goldenOf, mapCase, readCases } from './golden-case.ts';
import { mappingDigest } from './mapping-digest.ts';
import { buildFile } from './paths.ts';

/** A partner may not load: its own golden cases do not pass. Each line names partner, case, file and first differing path. */
export class CasesFailed extends ConfigError {
  override readonly code = 'config.case-failed';
}

/** Partner → digest of what its cases last passed with. */
const passedSchema = z.record(z.string(), z.string());
type Passed = Readonly<Record<string, string>>;

/**
 * Throws CasesFailed unless every golden case of every partner passes. A partner whose settings, cases and mapping code are as they
 * were when they last passed is not run again: what passed is kept beside the hub's key. Yields between two cases, so that a
 * running hub goes on answering. `notKept` is told why that memory could not be written: then the cases run at every start.
 */
export async function requireCases(config: Config, maps: Maps, notKept: (code: string) => void): Promise<void> {
  if (config.partners.every(({ cases }) => cases === undefined)) return;
  const memory = join(dirname(resolve(config.keyFile)), 'passed-cases.json');
  const before = readPassed(memory);
  const code = mappingDigest();
  const passed: Record<string, string> = {};
  const problems: { path: string; reason: string }[] = [];
  let definitions: Definitions | undefined;
  for (const [i, partner] of config.partners.entries()) {
    if (partner.cases === undefined) continue;
    const path = `partners[${i}].cases`;
    try {
      const cases = readCases(casesFolder(config, partner.cases));
      const digest = digestOf(cases, partner, config.partners, `${code} ${maps.version}`);
      if (before[partner.id] !== digest) {
        definitions ??= loadDefinitions(readFileSync(buildFile('definitions.json.gz')));
        const reasons = await run(cases, maps, partner, config.partners, definitions);
        problems.push(...reasons.map((reason) => ({ path, reason })));
        if (reasons.length > 0) continue;
      }
      passed[partner.id] = digest;
    } catch (error) {
      if (!(error instanceof CaseUnreadable)) throw error;
      problems.push({ path, reason: error.message });
    }
  }
  if (problems.length > 0) throw new CasesFailed(config.file, problems);
  if (JSON.stringify(passed) === JSON.stringify(before)) return;
  try {
    keep(memory, passed);
  } catch (error) {
    notKept((error as NodeJS.ErrnoException).code ?? 'unknown');
  }
}

/** Relative to the settings file, like its TLS files. */
export function casesFolder(config: Pick<Config, 'file'>, folder: string): string {
  return resolve(dirname(resolve(config.file)), folder);
}

async function run(
  cases: readonly GoldenCase[],
  maps: Maps,
  partner: Partner,
  partners: readonly Partner[],
  definitions: Definitions,
): Promise<string[]> {
  const reasons: string[] = [];
  for (const each of cases) {
    const failure = failureOf(each, goldenOf(mapCase(maps, each.bytes, partner, partners), definitions));
    if (failure !== undefined) reasons.push(`${each.name}/${failure}`);
    await setImmediate();
  }
  return reasons;
}

/** Everything a result depends on. How the partner is reached and who is on duty there does not count. */
function digestOf(
  cases: readonly GoldenCase[],
  { endpoints: _endpoints, duty: _duty, feeds, ...partner }: Partner,
  partners: readonly Partner[],
  code: string,
): string {
  const issuers = partners.map(({ id, organization, issues }) => ({ id, organization, issues }));
  const hash = createHash('sha256').update(JSON.stringify([code, partner, feeds[0]?.charset, issuers]));
  for (const { name, bytes, expected } of cases) {
    hash.update(JSON.stringify([name, bytes.length, expected?.length ?? null]));
    hash.update(bytes).update(expected ?? '');
  }
  return hash.digest('hex');
}

/** What is not there or cannot be read passed nothing: the cases run again. */
function readPassed(file: string): Passed {
  try {
    return passedSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}

/** Written beside and renamed, so that no half file is ever read. */
function keep(file: string, passed: Passed): void {
  const whole = `${file}.${process.pid}`;
  writeFileSync(whole, `${JSON.stringify(passed, null, 1)}\n`);
  try {
    renameSync(whole, file);
  } finally {
    rmSync(whole, { force: true });
  }
}
