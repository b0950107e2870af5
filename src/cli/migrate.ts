import { loadConfig } from '../config/load.ts';
import { type CopyWatch, copyHome, reopenHome } from '../hub/copy-home.ts';
import { Progress } from './progress.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff migrate --to postgres://… | --reopen';

/**
 * Copies the configured SQLite home to PostgreSQL while no hub runs on it, compares both sides, and closes the home.
 * Exit 1 when a table differs: no hub starts on such a target. `--reopen` undoes the closing.
 */
export const command = {
  usage,
  what: 'copy the SQLite hub to PostgreSQL and verify the copy',
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, {
      to: { type: 'string' },
      reopen: { type: 'boolean', default: false },
    });
    if (positionals.length > 0 || values.reopen === (values.to !== undefined))
      throw new UsageError(usage, 'either --to or --reopen');
    const { database } = loadConfig();
    if (!database.startsWith('sqlite:')) throw new UsageError(usage, 'the configured database is not an SQLite home');
    const home = database.slice('sqlite:'.length);
    if (values.to === undefined) {
      await reopenHome(home);
      return 0;
    }
    if (!/^postgres(ql)?:\/\/./.test(values.to)) throw new UsageError(usage, '--to must be postgres://…');
    const { tables, rows, differing } = await copyHome(home, values.to, bars());
    console.log(JSON.stringify({ tables, rows, differing }));
    for (const table of differing) console.error(`database.copy-differs: ${table}: the copy is not what was copied`);
    return differing.length > 0 ? 1 : 0;
  },
};

function bars(): CopyWatch {
  let bar: Progress | undefined;
  return {
    begin: (phase, total) => {
      bar = new Progress(`rows ${phase}`, total);
    },
    step: (rows) => bar?.step(rows),
    end: () => bar?.end(),
  };
}
