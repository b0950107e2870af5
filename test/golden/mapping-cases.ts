import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Definitions, loadDefinitions } from '../../src/fhir/definitions.ts';
import { parseMessage } from '../../src/hl7/parse.ts';
import { compileMaps, type MappedMessage, mapMessage } from '../../src/mapping/map-message.ts';
import type { Partner } from '../../src/model/partner.ts';

const ROOT = new URL('../../', import.meta.url);
const FIXTURES = new URL('fixtures/', ROOT);

/** Partners with a file in mappings/partners: their cases show what it changes. */
const MAPPING_FILES = new Set(['general-hospital', 'lakeside']);

/** The partners of the demo network: the fixtures are messages they send. */
export const PARTNERS: readonly Partner[] = loadConfig({
  HANDOFF_CONFIG: new URL('demo/handoff.yaml', FIXTURES).pathname,
}).partners.map((partner) => (MAPPING_FILES.has(partner.id) ? { ...partner, mappingFile: partner.id } : partner));
export const MAPS = compileMaps(DEFINITIONS);

export const definitions: Definitions = loadDefinitions(readFileSync(new URL('build/definitions.json.gz', ROOT)));

export interface GoldenCase {
  readonly name: string;
  readonly partner: Partner;
  readonly folder: URL;
  readonly bytes: Buffer;
}

/** Every `fixtures/<partner>/<case>/0-inbound.hl7`. */
export const CASES: readonly GoldenCase[] = PARTNERS.flatMap((partner) => {
  const home = new URL(`${partner.id}/`, FIXTURES);
  if (!existsSync(home)) return [];
  return readdirSync(home)
    .sort()
    .map((name) => new URL(`${name}/`, home))
    .filter((folder) => existsSync(new URL('0-inbound.hl7', folder)))
    .map((folder) => ({
      name: folder.pathname.split('/').slice(-3, -1).join('/'),
      partner,
      folder,
      bytes: readFileSync(new URL('0-inbound.hl7', folder)),
    }));
});

/** Maps bytes as the hub would, with a fixed key and receipt. */
export function mapBytes(bytes: Uint8Array, partner: Partner): MappedMessage {
  return mapMessage(
    MAPS,
    parseMessage(bytes).message,
    {
      partner,
      partners: PARTNERS,
      hubKey: Buffer.alloc(32, 'golden'),
      receivedAt: '2026-03-14T12:00:00.000Z',
      bodyHash: createHash('sha256').update(bytes).digest('hex'),
      unidentified: 'refuse',
    },
    { loss: true },
  );
}
