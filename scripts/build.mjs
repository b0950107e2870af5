// Compiles the definitions and bundles the program to JavaScript in dist/, for `npm pack` and the container.
import { spawnSync } from 'node:child_process';
import { globSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleBots } from './bundle-bots.mjs';

const definitions = spawnSync(process.execPath, ['scripts/build-definitions.ts'], { stdio: 'inherit' });
if (definitions.status !== 0) process.exit(definitions.status ?? 1);

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: [
    { in: 'src/cli.ts', out: 'cli' },
    // The demo's partners are processes of their own.
    { in: 'fixtures/demo/interface-engine.ts', out: 'partners/interface-engine' },
    { in: 'fixtures/demo/practice-server.ts', out: 'partners/practice-server' },
    ...globSync('src/workers/*.ts').map((file) => ({
      in: file,
      out: `workers/${file.replace(/^.*\/(.*)\.ts$/, '$1')}`,
    })),
  ],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node24',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
});
await bundleBots('dist/bots');
console.log('dist/ is built');
