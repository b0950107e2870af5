// Bundles each bot to one CommonJS file that exports `handler`, as a Medplum server runs it: `node scripts/bundle-bots.mjs FOLDER`.
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

export async function bundleBots(outdir) {
  await build({
    entryPoints: globSync('bots/*/bot.ts', { cwd: root }).map((file) => ({ in: file, out: file.split(/[\\/]/)[1] })),
    absWorkingDir: root,
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // The server hands the bot a client; this is the one module it has for it.
    external: ['@medplum/core'],
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , outdir] = process.argv;
  if (!outdir) {
    console.error('usage: node scripts/bundle-bots.mjs FOLDER');
    process.exit(2);
  }
  await bundleBots(outdir);
}
