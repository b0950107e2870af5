import { spawnSync } from 'node:child_process';

/**
 * Runs a program so that each of its syncs to disk takes `syncUs` microseconds longer, by strace's injection: only the thread that
 * syncs waits, nothing else is traced. With it two machines' figures can be held side by side although one disk answers a sync in
 * 30 µs and the other in 500.
 */
export function slowSync(
  program: string,
  args: readonly string[],
  syncUs: number | undefined,
): { readonly program: string; readonly args: readonly string[] } {
  if (!syncUs) return { program, args };
  // -D: the program stays our child, and gets our signals.
  const traced = ['-D', '-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync'];
  return {
    program: 'strace',
    args: [...traced, '-e', `inject=fsync,fdatasync:delay_exit=${syncUs}`, program, ...args],
  };
}

/** Whether strace is there and may trace here: a bench installs nothing. */
export function canSlowSync(): boolean {
  const { program, args } = slowSync(process.execPath, ['-e', ''], 1);
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
