import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from '../src/fhir/validate.ts';
import { splitBatch } from '../src/hl7/batch.ts';
import { toBundle } from '../src/mapping/bundle.ts';
import { CORPUS, corpusMessages, hasCorpus, mapUnknown } from '../test/golden/corpus-messages.ts';
import { definitions } from '../test/golden/mapping-cases.ts';
import { DIFFERENCES, NOT_COMPARED } from './corpus-differences.ts';

/**
 * `node scripts/corpus.ts [--misses]`: what becomes of the public corpus: messages seen, converted, refused by reason, without a map by
 * type, invalid resources, the loss per message type, and how far the goldens that come with it agree (values, not bytes).
 */

const count = (into: Map<string, number>, key: string, n = 1) => into.set(key, (into.get(key) ?? 0) + n);

function table(title: string, counts: ReadonlyMap<string, number>, most = 40): void {
  if (counts.size === 0) return;
  console.log(`\n${title}`);
  for (const [key, n] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, most))
    console.log(`  ${String(n).padStart(6)}  ${key}`);
}

/** Of each message, and the loss per message type. */
export function report(): void {
  const refused = new Map<string, number>();
  const unhandled = new Map<string, number>();
  const lost = new Map<string, number>();
  const seen = new Map<string, number>();
  let [converted, resources, invalid, broken, fragments] = [0, 0, 0, 0, 0];
  for (const { bytes, isWellFormed, isFragment } of corpusMessages()) {
    if (!isWellFormed) {
      broken += 1;
      continue;
    }
    const mapped = mapUnknown(bytes, true);
    if (mapped.refused?.code === 'map.no-map' || mapped.refused?.code === 'map.identity-unsupported') {
      count(unhandled, `${mapped.event} (${mapped.refused.code})`);
      continue;
    }
    if (mapped.refused !== undefined) {
      if (isFragment) fragments += 1;
      count(refused, `${mapped.refused.code}: ${mapped.refused.text}`);
      continue;
    }
    converted += 1;
    count(seen, mapped.event);
    count(lost, mapped.event, mapped.issues.filter((issue) => issue.code === 'map.unmapped').length);
    for (const { resource } of toBundle(mapped, definitions).bundle.entry ?? []) {
      resources += 1;
      if (validate(definitions, resource).some(({ severity }) => severity === 'error' || severity === 'fatal'))
        invalid += 1;
    }
  }
  const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0);
  console.log(
    `${converted + total(refused) + total(unhandled) + broken} messages: ${converted} converted, ${total(refused)} refused, ` +
      `${total(unhandled)} without a map, ${broken} not well formed; ${resources} resources, ${invalid} invalid\n` +
      `of the whole messages with a map ${((100 * converted) / (converted + total(refused) - fragments)).toFixed(1)} % converted; ${fragments} of those refused lack a segment their structure requires`,
  );
  table('refused', refused);
  table('without a map', unhandled, 60);
  table(
    'places that reached no row, per message of the type',
    new Map([...lost].map(([event, n]) => [event, Math.round(n / seen.get(event)!)])),
  );
}

type Leaf = readonly [path: string, value: string];

/** Same instant, same text whatever the case and blanks. */
function normal(value: unknown): string {
  const text = String(value).trim();
  const instant = /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(instant) ? text.replace(/\s+/g, ' ').toLowerCase() : new Date(instant).toISOString();
}

function leavesOf(value: unknown, path: string, into: Leaf[]): void {
  if (Array.isArray(value)) for (const each of value) leavesOf(each, path, into);
  else if (typeof value === 'object' && value !== null) {
    // An extension of a converter of its own means nothing to anyone else.
    if ('url' in value && String(value.url).startsWith('http://example.com')) return;
    for (const [key, each] of Object.entries(value)) if (!NOT_COMPARED.has(key)) leavesOf(each, `${path}.${key}`, into);
  } else if (value !== undefined && value !== null) into.push([path, normal(value)]);
}

const DIRECTORY = new Set([
  'MessageHeader',
  'Provenance',
  'Bundle',
  'Basic',
  'Location',
  'Organization',
  'Practitioner',
  'PractitionerRole',
  'Device',
]);

interface Golden {
  entry?: { resource?: { resourceType: string } }[];
}

function clinicalLeaves({ entry }: Golden, all: boolean): Leaf[] {
  const found: Leaf[] = [];
  for (const { resource } of entry ?? []) {
    if (resource !== undefined && (all || !DIRECTORY.has(resource.resourceType)))
      leavesOf(resource, resource.resourceType, found);
  }
  return found;
}

function agreement(showMisses: boolean): void {
  const rows = readFileSync(join(CORPUS, 'index.tsv'), 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  const misses = new Map<string, number>();
  const explained = new Map<string, number>();
  let [files, agreed, compared] = [0, 0, 0];
  for (const [file = '', repo = '', , , , kind, goldens = ''] of rows) {
    if (kind !== 'fhir' || !/microsoft/i.test(file + repo)) continue;
    const golden = goldens.split(';').find((each) => existsSync(join(CORPUS, each)));
    const [message] = splitBatch(readFileSync(join(CORPUS, file))).messages;
    if (golden === undefined || message === undefined) continue;
    const mapped = mapUnknown(message.bytes);
    if (mapped.refused !== undefined) continue;
    files += 1;
    const ours = new Set(
      clinicalLeaves(toBundle(mapped, definitions).bundle as Golden, true).map(([, value]) => value),
    );
    for (const [path, value] of clinicalLeaves(
      JSON.parse(readFileSync(join(CORPUS, golden), 'utf8')) as Golden,
      false,
    )) {
      const difference = ours.has(value)
        ? undefined
        : DIFFERENCES.find((each) => each.path.test(path) && (each.file?.test(file) ?? true));
      if (difference !== undefined) {
        count(explained, difference.why);
        continue;
      }
      compared += 1;
      if (ours.has(value)) agreed += 1;
      else count(misses, path);
    }
  }
  console.log(
    `\n${files} goldens: ${agreed} of ${compared} leaf values agree, ${((100 * agreed) / compared).toFixed(1)} %`,
  );
  table('differences, decided once', explained, 60);
  if (showMisses) table('the rest', misses, 120);
}

if (import.meta.main) {
  if (!hasCorpus) {
    console.error('the corpus is not beside the repository; set HANDOFF_SHARED');
    process.exitCode = 2;
  } else {
    report();
    agreement(process.argv.includes('--misses'));
  }
}
