import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, extname, join, relative } from 'node:path';
import type { Bundle } from '@medplum/fhirtypes';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { checkConfig, loadConfig } from '../config/load.ts';
import { loadDefinitions } from '../fhir/definitions.ts';
import { splitBatch } from '../hl7/batch.ts';
import { parseMessage } from '../hl7/parse.ts';
import { buildFile } from '../hub/paths.ts';
import { toBundle } from '../mapping/bundle.ts';
import { explain } from '../mapping/explain.ts';
import { compileMaps, type Maps, mapMessage } from '../mapping/map-message.ts';
import type { MapContext } from '../mapping/scope.ts';
import type { Issue } from '../model/assertion.ts';
import type { Partner } from '../model/partner.ts';
import { Progress } from './progress.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff map FILE|DIR [--out DIR] [--partner ID] [--zone IANA] [--explain]';

/** Ids printed by the tool are derived from this public key, so that the same file gives the same Bundle anywhere. */
const TOOL_KEY = Buffer.alloc(32, 'handoff map');

const REFUSED = 2;

/** Maps without a hub: one transaction Bundle a message, its issues beside it. Exit 0 converted, 2 refused. */
export const command = {
  usage,
  what: 'print a message as a FHIR transaction Bundle, and what did not map',
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, {
      out: { type: 'string' },
      partner: { type: 'string' },
      zone: { type: 'string', default: 'UTC' },
      explain: { type: 'boolean', default: false },
    });
    const [source] = positionals;
    if (!source || positionals.length > 1) throw new UsageError(usage, 'one file or folder is needed');
    const mapper = new Mapper(compileMaps(DEFINITIONS), partnerOf(values.partner, values.zone));
    if (isFolder(source)) {
      if (!values.out) throw new UsageError(usage, 'a folder needs --out');
      return mapFolder(mapper, source, values.out, values.explain);
    }
    if (values.explain) {
      const { lines, issues, refused } = mapper.explain(source);
      for (const line of lines) console.log(line);
      for (const issue of issues) console.error(JSON.stringify(issue));
      return refused ? REFUSED : 0;
    }
    const results = mapper.file(source);
    for (const { bundle, issues } of results) {
      if (values.out) write(values.out, nameOf(source, source, results.length, 0), bundle, issues);
      else console.log(JSON.stringify(bundle, null, 2));
      for (const issue of issues) console.error(JSON.stringify(issue));
    }
    return results.some((each) => each.refused) ? REFUSED : 0;
  },
};

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new UsageError(usage, `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

interface Explained {
  /** Tab-separated: output element, input, row; then input, fate, why. */
  readonly lines: readonly string[];
  readonly issues: readonly Issue[];
  readonly refused: boolean;
}

interface Result {
  readonly bundle: Bundle;
  readonly issues: readonly Issue[];
  readonly refused: boolean;
}

class Mapper {
  readonly #maps: Maps;
  readonly #partner: Partner;
  /** What a message alone cannot complete is listed and left out: no printed resource is invalid. */
  readonly #definitions = loadDefinitions(readFileSync(buildFile('definitions.json.gz')));

  constructor(maps: Maps, partner: Partner) {
    this.#maps = maps;
    this.#partner = partner;
  }

  /** One result for each message of the file; for a file without any, one refusal. */
  file(path: string): Result[] {
    const { messages, issues } = splitBatch(readFileSync(path));
    if (messages.length === 0)
      return [{ bundle: { resourceType: 'Bundle', type: 'transaction' }, issues, refused: true }];
    return messages.map(({ bytes }, i) => this.#message(bytes, i === 0 ? issues : []));
  }

  /** Which row made each element and what became of each input, of every message of the file: places and rows, no values. */
  explain(path: string): Explained {
    const { messages, issues } = splitBatch(readFileSync(path));
    const lines: string[] = [];
    const found: Issue[] = [...issues];
    let refused = messages.length === 0;
    for (const { bytes } of messages) {
      const { message, issues: unread } = parseMessage(bytes);
      const { mapped, outputs, inputs } = explain(this.#maps, message, this.#context(bytes));
      for (const { element, by, from } of outputs) lines.push(`${element}\t${from}\t${by}`);
      for (const { location, fate, by } of inputs) lines.push(`${location}\t${fate}\t${by.join('; ')}`);
      found.push(...unread, ...toBundle(mapped, this.#definitions).issues);
      refused ||= mapped.refused !== undefined;
    }
    return { lines, issues: found, refused };
  }

  #context(bytes: Uint8Array): MapContext {
    return {
      partner: this.#partner,
      partners: [this.#partner],
      hubKey: TOOL_KEY,
      receivedAt: new Date().toISOString(),
      bodyHash: createHash('sha256').update(bytes).digest('hex'),
      unidentified: 'message',
    };
  }

  #message(bytes: Uint8Array, before: readonly Issue[]): Result {
    const { message, issues } = parseMessage(bytes);
    const mapped = mapMessage(this.#maps, message, this.#context(bytes), { loss: true });
    const folded = toBundle(mapped, this.#definitions);
    return {
      bundle: folded.bundle,
      issues: [...before, ...issues, ...folded.issues],
      refused: mapped.refused !== undefined,
    };
  }
}

/** The partner of `handoff.yaml`, or one that knows nothing: its assigners become URNs, its times are read in `zone`. */
function partnerOf(id: string | undefined, zone: string): Partner {
  if (id === undefined) {
    const raw = { partners: [{ id: 'unknown', name: 'Unknown sender', organization: 'unknown', zone }] };
    return checkConfig('--zone', raw, {}).partners[0] as Partner;
  }
  const found = loadConfig().partners.find((each) => each.id === id);
  if (!found) throw new UsageError(usage, 'the configuration has no partner of this id');
  return found;
}

function mapFolder(mapper: Mapper, source: string, out: string, explained: boolean): number {
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const progress = new Progress('messages', files.length);
  let converted = 0;
  let refused = 0;
  let lost = 0;
  for (const file of files) {
    const results = mapper.file(file);
    results.forEach((result, i) => {
      write(out, nameOf(source, file, results.length, i), result.bundle, result.issues);
      if (result.refused) refused++;
      else converted++;
      lost += result.issues.filter((issue) => issue.code === 'map.unmapped').length;
    });
    if (explained) {
      const path = join(out, `${nameOf(source, file, 1, 0)}.explain.tsv`);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, `${mapper.explain(file).lines.join('\n')}\n`);
    }
    progress.step();
  }
  progress.end();
  console.error(`${converted} converted, ${refused} refused, ${lost} places reached no row`);
  return refused > 0 ? REFUSED : 0;
}

/** `<name>` of the outputs: the file's path below the folder, without its ending; numbered where a file holds several messages. */
function nameOf(source: string, file: string, count: number, index: number): string {
  const path = source === file ? basename(file) : relative(source, file);
  const name = path.slice(0, path.length - extname(path).length);
  return count > 1 ? `${name}.${index + 1}` : name;
}

function write(out: string, name: string, bundle: Bundle, issues: readonly Issue[]): void {
  const path = join(out, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}.json`, `${JSON.stringify(bundle, null, 2)}\n`);
  writeFileSync(`${path}.issues.json`, `${JSON.stringify(issues, null, 2)}\n`);
}
