import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstDifference } from '../fhir/canonical.ts';
import type { Definitions } from '../fhir/definitions.ts';
import { parseMessage } from '../hl7/parse.ts';
import { toBundle } from '../mapping/bundle.ts';
import { type MappedMessage, type Maps, mapMessage } from '../mapping/map-message.ts';
import type { Partner } from '../model/partner.ts';

/** The message of a case, and what the map must make of it. */
const INBOUND = '0-inbound.hl7';
const EXPECTED = '1-bundle.json';

/** What a case is mapped with besides its partner: fixed, so that nothing of a result varies and nothing of it needs a mask. */
const KEY = Buffer.alloc(32, 'golden');
const RECEIVED_AT = '2026-03-14T12:00:00.000Z';

const CASES_MAX = 2_000;
const FILE_MAX_BYTES = 4 * 1024 * 1024;

/** A message and the expectation beside it; no expectation yet when nobody accepted one. */
export interface GoldenCase {
  readonly name: string;
  readonly folder: string;
  readonly bytes: Buffer;
  readonly expected: Buffer | undefined;
}

/** A folder of cases cannot be used; the message names the folder or case. */
export class CaseUnreadable extends Error {
  readonly code = 'config.cases-unreadable';
}

/** Every `<case>/0-inbound.hl7` of a folder, by name. Throws CaseUnreadable: no folder, no case in it, or one that is too big. */
export function readCases(folder: string): GoldenCase[] {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    throw new CaseUnreadable(`the folder cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  const cases = names.flatMap((name): GoldenCase[] => {
    const bytes = fileOf(join(folder, name, INBOUND), name);
    if (bytes === undefined) return [];
    return [{ name, folder: join(folder, name), bytes, expected: fileOf(join(folder, name, EXPECTED), name) }];
  });
  if (cases.length === 0) throw new CaseUnreadable(`the folder has no case (<case>/${INBOUND})`);
  if (cases.length > CASES_MAX) throw new CaseUnreadable(`the folder has more than ${CASES_MAX} cases`);
  return cases;
}

function fileOf(path: string, name: string): Buffer | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return undefined;
  if (found.size > FILE_MAX_BYTES) throw new CaseUnreadable(`${name}: a file is larger than ${FILE_MAX_BYTES} bytes`);
  return readFileSync(path);
}

/** Maps bytes as the hub would, in the partner's own character set; ids come from a public key. */
export function mapCase(maps: Maps, bytes: Uint8Array, partner: Partner, partners: readonly Partner[]): MappedMessage {
  const charset = partner.feeds[0]?.charset;
  const { message } = parseMessage(bytes, charset === undefined ? {} : { defaultCharset: charset });
  const context = {
    partner,
    partners,
    hubKey: KEY,
    receivedAt: RECEIVED_AT,
    bodyHash: createHash('sha256').update(bytes).digest('hex'),
    unidentified: 'refuse',
  } as const;
  return mapMessage(maps, message, context, { loss: true });
}

/** What a case is compared by: the Bundle, what the message says of groups and identity, what parked, and every issue. */
export function goldenOf(mapped: MappedMessage, definitions: Definitions): string {
  const { bundle, issues } = toBundle(mapped, definitions);
  const { groups, identity, parked } = mapped;
  return `${JSON.stringify({ bundle, groups, identity, parked, issues }, null, 1)}\n`;
}

/** Why a case fails, as `1-bundle.json: <first differing path>: <reason>`; undefined when it passes. Names no value. */
export function failureOf({ expected }: GoldenCase, actual: string): string | undefined {
  if (expected === undefined) return `${EXPECTED}: is missing: read and accept what the map gives`;
  let wanted: unknown;
  try {
    wanted = JSON.parse(expected.toString('utf8'));
  } catch {
    return `${EXPECTED}: is not JSON`;
  }
  const at = firstDifference(wanted, JSON.parse(actual));
  return at === undefined ? undefined : `${EXPECTED}: ${at || '(whole file)'}: is not what the map gives`;
}

/** Makes what the map gives the expectation of a case. */
export function accept({ folder }: GoldenCase, actual: string): void {
  writeFileSync(join(folder, EXPECTED), actual);
}
