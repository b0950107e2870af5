import { readFileSync } from 'node:fs';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { loadConfig } from '../config/load.ts';
import { loadDefinitions } from '../fhir/definitions.ts';
import { accept, failureOf, goldenOf, mapCase, readCases } from '../hub/golden-case.ts';
import { casesFolder } from '../hub/partner-cases.ts';
import { buildFile } from '../hub/paths.ts';
import { compileMaps } from '../mapping/map-message.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff partner check [ID ...] [--accept]';

/**
 * Runs the golden cases of the named partners, or of all that have some, as the hub does before it takes their settings: one line a
 * case. `--accept` makes what the map gives the expectation; the diff is for a person to read. Exit 1 while a case fails.
 */
export const command = {
  usage,
  what: "run partners' golden cases with these settings; --accept writes them",
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, { accept: { type: 'boolean', default: false } });
    const [action, ...ids] = positionals;
    if (action !== 'check') throw new UsageError(usage, 'the action is check');
    const config = loadConfig();
    const partners = config.partners.filter(({ id, cases }) => (ids.length > 0 ? ids.includes(id) : cases));
    if (partners.length < ids.length)
      throw new UsageError(usage, 'the configuration has no partner of one of these ids');
    const maps = compileMaps(DEFINITIONS);
    const definitions = loadDefinitions(readFileSync(buildFile('definitions.json.gz')));
    let failed = 0;
    for (const partner of partners) {
      if (partner.cases === undefined) throw new UsageError(usage, `partner ${partner.id} names no folder of cases`);
      for (const each of readCases(casesFolder(config, partner.cases))) {
        const actual = goldenOf(mapCase(maps, each.bytes, partner, config.partners), definitions);
        const failure = failureOf(each, actual);
        const isAccepted = failure !== undefined && values.accept;
        if (isAccepted) accept(each, actual);
        else if (failure !== undefined) failed++;
        const said = failure === undefined ? 'ok' : isAccepted ? 'accepted' : `failed ${failure}`;
        console.log(`${partner.id} ${each.name} ${said}`);
      }
    }
    return failed > 0 ? 1 : 0;
  },
};
