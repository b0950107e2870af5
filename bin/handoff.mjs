#!/usr/bin/env node
// Plain JavaScript on purpose: it must run, and say what is wrong, on any Node.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const here = dirname(fileURLToPath(import.meta.url));
const major = Number(process.versions.node.split('.')[0]);

if (major >= NEEDED_MAJOR) {
  // Stripped types and compiled code are kept between starts, also for worker threads: a start takes a third of the time.
  module.enableCompileCache();
  process.env.NODE_COMPILE_CACHE ??= module.getCompileCacheDir() ?? '';
  const source = join(here, '..', 'src', 'cli.ts');
  await import(existsSync(source) ? source : join(here, '..', 'dist', 'cli.js'));
} else {
  const pinned = pinnedNode();
  if (!pinned) {
    console.error(
      `handoff needs Node ${NEEDED_MAJOR}; this is ${process.version}. Install Node ${NEEDED_MAJOR}, or run "npm ci" here, which brings one for this platform.`,
    );
    process.exit(2);
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`handoff: the pinned Node does not start: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

/** The Node 24 that npm installed for this platform, if it has one. */
function pinnedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${platform}-${process.arch}/package.json`);
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}
