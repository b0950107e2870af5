import { hubClient } from './hub-client.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff mirror PARTNER';

/** Queues for a partner's mirrors what stood in the store before they were configured. Nothing is sent to them twice. */
export const command = {
  usage,
  what: 'queue the whole store for the mirrors of a partner',
  async run(args: readonly string[]): Promise<number> {
    const { positionals } = readArgs(usage, args, {});
    const [partner] = positionals;
    if (partner === undefined || positionals.length > 1) throw new UsageError(usage, 'one partner is needed');
    console.log(JSON.stringify(await hubClient().post('/ops/mirror', { partner })));
    return 0;
  },
};
