import type { Reindex, ReindexStep } from '../model/reindex.ts';
import { hubClient } from './hub-client.ts';
import { Progress } from './progress.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff reindex [--type TYPE] [--all]';

/**
 * Rebuilds the search index of what older rules indexed; with `--all` of everything. Prints how many resources it went through and how
 * many index rows it added and removed. The running hub does it in short steps between its
 * other work; where none runs, this process. Broken off, it goes on where it was at the next call.
 */
export const command = {
  usage,
  what: 'rebuild the search index of what an older release indexed',
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, {
      type: { type: 'string' },
      all: { type: 'boolean', default: false },
    });
    if (positionals.length > 0) throw new UsageError(usage, 'a type is named with --type');
    const { type, all } = values;
    if (type !== undefined && !/^[A-Z][A-Za-z]{1,60}$/.test(type))
      throw new UsageError(usage, '--type is a resource type');
    const scope = { all, ...(type === undefined ? {} : { type }) };
    const hub = hubClient();
    const rebuilt = (await hub.isUp())
      ? await rebuild(scope, {
          begin: (of) => hub.post('/ops/reindex/begin', of),
          step: (of) => hub.post('/ops/reindex', of),
        })
      : await withOwnStore(scope);
    console.log(JSON.stringify(rebuilt));
    return 0;
  },
};

type Scope = Parameters<Reindex['begin']>[0];
type Rebuilt = Omit<ReindexStep, 'done'>;

async function withOwnStore(scope: Scope): Promise<Rebuilt> {
  const { withStore } = await import('../hub/with-store.ts');
  const { reindexOf } = await import('../hub/reindex.ts');
  return withStore((_admin, database) => rebuild(scope, reindexOf(database)));
}

async function rebuild({ type, all }: Scope, reindex: Reindex): Promise<Rebuilt> {
  const of = type === undefined ? {} : { type };
  const { left } = await reindex.begin({ ...of, ...(all ? { all } : {}) });
  const bar = new Progress('resources indexed', left);
  const sum = { rebuilt: 0, added: 0, removed: 0 };
  for (;;) {
    const { done, rebuilt, added, removed } = await reindex.step(of);
    if (done) break;
    sum.rebuilt += rebuilt;
    sum.added += added;
    sum.removed += removed;
    bar.step(rebuilt);
  }
  bar.end();
  return sum;
}
