import { BOTS } from '../../bots/registry.ts';
import { medplumSettings } from '../config/medplum.ts';
import { botBundles } from '../hub/bot-bundles.ts';
import { wantedBot } from '../hub/bot-plan.ts';
import { deployBots, medplumClient } from '../hub/deploy-bots.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff bots deploy [--dry-run]';

/**
 * Registers the hub's bots on a Medplum server: code, Subscriptions, timers. One line for each change; a second run prints `unchanged`.
 * MEDPLUM_BASE_URL, MEDPLUM_CLIENT_ID and MEDPLUM_CLIENT_SECRET say where and as whom (a client that administers its project).
 */
export const command = {
  usage,
  what: 'register the bots on a Medplum server',
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, { 'dry-run': { type: 'boolean', default: false } });
    if (positionals.length !== 1 || positionals[0] !== 'deploy')
      throw new UsageError(usage, 'deploy is what can be done');
    const settings = medplumSettings();
    const bundles = botBundles(BOTS.map(({ name }) => name));
    const wanted = BOTS.map((module) => wantedBot(module, bundles.get(module.name) ?? ''));
    await deployBots(await medplumClient(settings), wanted, {
      dryRun: values['dry-run'],
      say: (step) => console.log(JSON.stringify(step)),
    });
    return 0;
  },
};
