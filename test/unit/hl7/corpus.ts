import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The shared corpus lies beside the repository where it exists; tests that need it skip without it. */
export const CORPUS = join(process.env.HANDOFF_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'corpus');

export const hasCorpus = existsSync(CORPUS);

export interface CorpusFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Every file of the corpus that is a message or a batch. */
export function corpusFiles(): CorpusFile[] {
  const names = readdirSync(CORPUS, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.(hl7|txt)$/i.test(name) && !name.endsWith('README.txt'))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(CORPUS, name)) }));
}
