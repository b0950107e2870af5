import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DATATYPES } from '../mappings/datatypes/registry.ts';
import { MAP_DECISIONS, ROW_DECISIONS } from '../mappings/decisions.ts';
import { DEFINITIONS } from '../mappings/definitions.ts';
import type { ConceptTable } from '../src/mapping/concept-table.ts';
import type { Decision, SegmentMap } from '../src/mapping/row.ts';
import { hasCorpus } from '../test/golden/corpus-messages.ts';
import { report } from './corpus.ts';

/**
 * `npm run coverage [-- --missing]`: what of the official v2-to-FHIR guide is a row of ours, what was decided against and why, and what is
 * missing, per map; where the public corpus is at hand, also what of its messages is lost, per message type. Exit 1 when anything is missing, or when more than 5 % is decided out of scope.
 */

type Reason = Decision['not'];
type Outcome = 'carried' | 'missing' | Reason;
type Guide = Record<'segments' | 'datatypes' | 'codes' | 'messages', Record<string, string[][]>>;
// biome-ignore lint/suspicious/noExplicitAny: maps of all resource types stand in one list
type AnyMap = SegmentMap<any>;

const guide = JSON.parse(readFileSync(new URL('../mappings/guide.gen.json', import.meta.url), 'utf8')) as Guide;

const mapsByName = new Map<string, AnyMap[]>();
for (const { maps } of DEFINITIONS.messages) {
  for (const map of maps) {
    const known = mapsByName.get(map.name) ?? [];
    if (!known.includes(map)) mapsByName.set(map.name, [...known, map]);
  }
}

/** `participant[2].actor(Practitioner)` → participant; what the guide proposes as extension is an extension. */
function rootOf(path: string): string {
  const text = path.replace(/^\?/, '');
  const root = /^_?([A-Za-z$]+)/.exec(text)?.[1] ?? text;
  return root === 'ext' || root.startsWith('extens') || root.startsWith('extent') || path.startsWith('?')
    ? 'extension'
    : root;
}

const fieldOf = (from: string): string => /^[A-Z][A-Z0-9]{2}-(\d+)/.exec(from)?.[1] ?? '';

function sameRoot(ours: string, theirs: string): boolean {
  return (
    theirs === '$this' ||
    ours === theirs ||
    (theirs === 'medication' && ours.startsWith('medication')) ||
    (theirs === 'payer' && ours === 'payor')
  );
}

function segmentRow(name: string, from: string, to: string): Outcome {
  const root = rootOf(to);
  const field = fieldOf(from);
  for (const map of mapsByName.get(name) ?? []) {
    const all = [...map.rows, ...(map.hand ?? [])] as { from: string; to: string }[];
    if (
      field === ''
        ? map.states?.includes(root)
        : all.some((row) => fieldOf(row.from) === field && sameRoot(rootOf(row.to), root))
    )
      return 'carried';
    const decided = map.decisions?.find(
      (each) => fieldOf(each.from) === field && (each.to === undefined || rootOf(each.to) === root),
    );
    if (decided !== undefined && decided.not !== 'structural' && field !== '') return decided.not;
  }
  const row = ROW_DECISIONS.find(
    (each) =>
      each.map === name &&
      each.message === undefined &&
      (each.from === undefined || fieldOf(each.from) === field) &&
      (each.to === undefined || rootOf(each.to) === root),
  );
  return row?.not ?? MAP_DECISIONS[name]?.not ?? 'missing';
}

function datatypeRow(name: string, from: string): Outcome {
  const type = DATATYPES[name];
  if (type === undefined) return MAP_DECISIONS[name]?.not ?? 'missing';
  const part = Number(/[.-](\d+)$/.exec(from)?.[1] ?? 0);
  if (type.carries === 'all' || type.carries.includes(part)) return 'carried';
  return type.decisions?.find((each) => each.parts.includes(part))?.not ?? 'missing';
}

async function conceptTables(): Promise<ConceptTable[]> {
  const folder = new URL('../mappings/tables/', import.meta.url);
  const tables: ConceptTable[] = [];
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.ts'))) {
    const module: Record<string, unknown> = await import(fileURLToPath(new URL(file, folder)));
    for (const value of Object.values(module)) {
      if (typeof value === 'object' && value !== null && 'codes' in value && 'id' in value)
        tables.push(value as ConceptTable);
    }
  }
  return tables;
}

function codeRow(
  table: ConceptTable | undefined,
  name: string,
  [code = '', system = '', target = '']: string[],
): Outcome {
  const ours = table?.codes[code];
  if (ours !== undefined && ours.code === target && (system === '' || ours.system === system)) return 'carried';
  const decided =
    table?.decisions?.find((each) => each.code === code || each.code === target) ??
    table?.decisions?.find((each) => each.code === '*') ??
    MAP_DECISIONS[name];
  if (decided !== undefined) return decided.not;
  // A code that stays what it is, in its own table's system, needs no row: every CWE of that table carries it.
  if (table === undefined && /v2-\d{4}$/.test(system) && code === target) return 'carried';
  return 'missing';
}

function messageRow(name: string, map: string): Outcome {
  const events = structureEvents(name);
  const used = DEFINITIONS.messages.filter((each) => each.events.some((event) => events.has(event)));
  if (used.some((each) => each.maps.some((segmentMap) => segmentMap.name === map))) return 'carried';
  return (
    MAP_DECISIONS[map]?.not ??
    ROW_DECISIONS.find(
      (each) => each.map === map && each.from === undefined && (each.message === undefined || each.message === name),
    )?.not ??
    'missing'
  );
}

/** The event a structure is named for; ADT_A01 stands for A01, A04, A08, A13 alike. */
const structureEvents = (structure: string): Set<string> => new Set([structure.replace('_', '^')]);

interface Line {
  readonly kind: string;
  readonly name: string;
  readonly counts: Map<Outcome, number>;
  readonly missing: string[];
}

function count(
  kind: string,
  table: Record<string, string[][]>,
  judge: (name: string, row: string[]) => Outcome,
): Line[] {
  return Object.entries(table).map(([name, rows]) => {
    const counts = new Map<Outcome, number>();
    const missing: string[] = [];
    for (const row of rows) {
      const outcome = judge(name, row);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      if (outcome === 'missing') missing.push(row.join(' → '));
    }
    return { kind, name, counts, missing };
  });
}

function print(lines: readonly Line[], showMissing: boolean): { missing: number; outOfScope: number; total: number } {
  const sums = new Map<Outcome, number>();
  console.log(
    `${'map'.padEnd(52)} ${'rows'.padStart(5)} ${'carried'.padStart(8)} ${'decided'.padStart(8)} ${'missing'.padStart(8)}`,
  );
  for (const { kind, name, counts, missing } of lines) {
    const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
    if (total === 0) continue;
    for (const [outcome, n] of counts) sums.set(outcome, (sums.get(outcome) ?? 0) + n);
    const carried = counts.get('carried') ?? 0;
    const numbers = [total, carried, total - carried - missing.length, missing.length];
    console.log(
      `${`${kind} ${name}`.padEnd(52)} ${numbers.map((n, i) => String(n).padStart(i === 0 ? 5 : 8)).join(' ')}`,
    );
    if (showMissing) for (const each of missing) console.log(`    missing: ${each}`);
  }
  const total = [...sums.values()].reduce((sum, each) => sum + each, 0);
  console.log(`\n${total} rows of the guide:`);
  for (const [outcome, n] of [...sums].sort((a, b) => b[1] - a[1])) {
    console.log(`  ${outcome.padEnd(16)} ${String(n).padStart(5)}  ${((n / total) * 100).toFixed(1)} %`);
  }
  return { missing: sums.get('missing') ?? 0, outOfScope: sums.get('out-of-scope') ?? 0, total };
}

const OUT_OF_SCOPE_MAX = 0.05;

async function main(): Promise<void> {
  const tables = await conceptTables();
  const tableNamed = (name: string) => tables.find((table) => table.name === name);
  const lines = [
    ...count('message', guide.messages, (name, [, map = '']) => messageRow(name, map)),
    ...count('segment', guide.segments, (name, [from = '', to = '']) => segmentRow(name, from, to)),
    ...count('datatype', guide.datatypes, (name, [from = '']) => datatypeRow(name, from)),
    ...count('code', guide.codes, (name, row) => codeRow(tableNamed(name), name, row)),
  ];
  const { missing, outOfScope, total } = print(lines, process.argv.includes('--missing'));
  if (missing > 0) console.error(`${missing} rows are neither carried nor decided`);
  if (outOfScope > total * OUT_OF_SCOPE_MAX) console.error('more than 5 % is out of scope');
  if (missing > 0 || outOfScope > total * OUT_OF_SCOPE_MAX) process.exitCode = 1;
}

await main();
if (hasCorpus) {
  console.log();
  report();
}
