import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { botFolder, bundlerScript } from './paths.ts';

/** The CommonJS bundle of each named bot: from `dist/bots` of the package, or bundled now where this runs from source. */
export function botBundles(names: readonly string[]): ReadonlyMap<string, string> {
  if (bundlerScript === undefined) return read(fileURLToPath(botFolder), names);
  const folder = mkdtempSync(join(tmpdir(), 'handoff-bots-'));
  try {
    const bundled = spawnSync(process.execPath, [fileURLToPath(bundlerScript), folder], { encoding: 'utf8' });
    if (bundled.status !== 0) throw new Error(`the bots cannot be bundled: ${bundled.stderr}`);
    return read(folder, names);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const read = (folder: string, names: readonly string[]): ReadonlyMap<string, string> =>
  new Map(names.map((name) => [name, readFileSync(join(folder, `${name}.cjs`), 'utf8')]));
