// Runs after `npm ci` (and before `npm pack`): compiles the R4 definitions once. Skipped where the development packages are left out.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
if (existsSync(join(root, 'node_modules', '@medplum', 'definitions'))) {
  const done = spawnSync('node', [join(root, 'scripts', 'build-definitions.ts')], { stdio: 'inherit', cwd: root });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
