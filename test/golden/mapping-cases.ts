import { readFileSync } from 'node:fs';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Definitions, loadDefinitions } from '../../src/fhir/definitions.ts';
import { type GoldenCase, mapCase, readCases } from '../../src/hub/golden-case.ts';
import { casesFolder } from '../../src/hub/partner-cases.ts';
import { compileMaps, type MappedMessage } from '../../src/mapping/map-message.ts';
import type { Partner } from '../../src/model/partner.ts';

const ROOT = new URL('../../', import.meta.url);
const CONFIG = loadConfig({ HANDOFF_CONFIG: new URL('fixtures/demo/handoff.yaml', ROOT).pathname });

/** The partners of the demo network: the fixtures are messages they send. */
export const PARTNERS: readonly Partner[] = CONFIG.partners;
export const MAPS = compileMaps(DEFINITIONS);

export const definitions: Definitions = loadDefinitions(readFileSync(new URL('build/definitions.json.gz', ROOT)));

/** Every case of every partner, as the hub itself runs them before it takes a partner's settings. */
export const CASES: readonly (GoldenCase & { readonly partner: Partner })[] = PARTNERS.flatMap((partner) =>
  partner.cases === undefined
    ? []
    : readCases(casesFolder(CONFIG, partner.cases)).map((each) => ({
        ...each,
        name: `${partner.id}/${each.name}`,
        partner,
      })),
);

/** Maps bytes as the hub would, with a fixed key and receipt. */
export const mapBytes = (bytes: Uint8Array, partner: Partner): MappedMessage => mapCase(MAPS, bytes, partner, PARTNERS);
