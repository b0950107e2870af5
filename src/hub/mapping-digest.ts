import { createHash, type Hash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildFile, fromSource } from './paths.ts';

/** What a mapped message depends on besides its partner: the rows, what runs them, and the definitions. */
const SOURCES = ['mappings', 'src/mapping', 'src/hl7', 'src/fhir', 'src/model'];

/** Names the mapping code of this installation: another row, another digest. Reads some 1 MB; about 20 ms. */
export function mappingDigest(): string {
  const hash = createHash('sha256');
  const [root, patterns] = fromSource
    ? [new URL('../../', import.meta.url), SOURCES.map((folder) => `${folder}/**/*.ts`)]
    : [new URL('./', import.meta.url), ['*.js']];
  const cwd = fileURLToPath(root);
  for (const name of globSync(patterns, { cwd }).sort()) add(hash, name, new URL(name, root));
  add(hash, 'definitions', buildFile('definitions.json.gz'));
  return hash.digest('hex');
}

function add(hash: Hash, name: string, file: URL): void {
  const bytes = readFileSync(file);
  hash.update(`${name}\n${bytes.length}\n`).update(bytes);
}
