import { hubClient } from './hub-client.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff unmerge PATIENT OTHER';

/**
 * Tells the running hub that two Patients it holds for one human are of two: undoes a merge or a link, and keeps them apart although
 * they share a number. Refused (exit 1) when one is not there (ops.not-found) or they were not together (ops.state).
 */
export const command = {
  usage,
  what: 'undo a merge: two Patients are of two humans',
  async run(args: readonly string[]): Promise<number> {
    const { positionals } = readArgs(usage, args, {});
    const [patient, other] = positionals;
    if (!patient || !other || positionals.length > 2) throw new UsageError(usage, 'the ids of two Patients are needed');
    console.log(JSON.stringify(await hubClient().post('/ops/unmerge', { patient, other })));
    return 0;
  },
};
