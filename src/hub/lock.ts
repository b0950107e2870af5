import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Held by the one process that has an embedded database open. */
export interface HomeLock {
  release(): void;
}

/** The home of an embedded database is in use by the process `pid`. */
export class HomeLocked extends Error {
  readonly code = 'hub.home-locked';
  readonly pid: number;
  constructor(home: string, pid: number) {
    super(`${home} is in use by process ${pid}`);
    this.name = 'HomeLocked';
    this.pid = pid;
  }
}

/**
 * Takes the lock file of an SQLite home, making the folder if need be. A lock left by a process that is gone is taken over.
 * Throws HomeLocked while its process lives. Rule: DESIGN 3 "one process per SQLite home".
 */
export function lockHome(home: string): HomeLock {
  mkdirSync(home, { recursive: true });
  const file = join(home, 'hub.lock');
  for (let tries = 0; ; tries++) {
    try {
      const handle = openSync(file, 'wx');
      writeSync(handle, String(process.pid));
      closeSync(handle);
      return { release: () => rmSync(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 2) throw error;
    }
    const pid = Number(readFileSync(file, 'utf8'));
    if (pid > 0 && pid !== process.pid && isAlive(pid)) throw new HomeLocked(home, pid);
    rmSync(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A recycled pid may belong to any program: only a Node process can be a hub.
    return (
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('node') ||
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('handoff')
    );
  } catch (error) {
    return (
      (error as NodeJS.ErrnoException).code === 'EPERM' ||
      ((error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux')
    );
  }
}
