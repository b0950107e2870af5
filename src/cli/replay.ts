import { hubClient } from './hub-client.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff replay ID | --all [--dry-run]';

/** What a replay came to. `changed` counts resource versions it wrote: none, when the maps are what they were. */
interface Replayed {
  readonly replayed: number;
  readonly changed: number;
  readonly parked: number;
}

/** Maps and applies stored messages again. Sends nothing twice, reopens nothing. Exit 1 when a message parks. */
export const command = {
  usage,
  what: 'map and apply stored messages again',
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, {
      all: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    });
    if (values.all === positionals.length > 0) throw new UsageError(usage, 'either an id or --all');
    const body = { dryRun: values['dry-run'], ...(values.all ? { all: true } : { ids: positionals }) };
    const result = await hubClient().post<Replayed>('/ops/replay', body);
    console.log(JSON.stringify(result));
    return result.parked > 0 ? 1 : 0;
  },
};
