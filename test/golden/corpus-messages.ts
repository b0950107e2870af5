import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { splitBatch } from '../../src/hl7/batch.ts';
import { groupMessage } from '../../src/hl7/grammar.ts';
import { parseMessage } from '../../src/hl7/parse.ts';
import { type MappedMessage, mapMessage } from '../../src/mapping/map-message.ts';
import type { Partner } from '../../src/model/partner.ts';
import { partner } from '../unit/mapping/partner.ts';
import { MAPS } from './mapping-cases.ts';

const SHARED = process.env.HANDOFF_SHARED ?? fileURLToPath(new URL('../../../shared', import.meta.url));

/** The public test messages; absent outside the workshop. */
export const CORPUS = join(SHARED, 'corpus');
export const hasCorpus = existsSync(CORPUS);

/** A partner of whom nothing is known: its assigners become URNs. */
export const UNKNOWN: Partner = partner({
  id: 'unknown',
  name: 'Unknown sender',
  organization: 'unknown',
  zone: 'UTC',
  authorities: {},
  defaultAuthority: 'LOCAL',
});

export interface CorpusMessage {
  /** `folder/file#n`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isWellFormed: boolean;
  /** A segment that its structure cannot do without is not there: a fragment, made for the test of one field. */
  readonly isFragment: boolean;
}

/** Every message of every file, batches split. Well formed: it has a header that names a type, and no finding of severity error. */
export function corpusMessages(): CorpusMessage[] {
  return readdirSync(CORPUS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.golden.') && !/\.(tsv|md)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((file) =>
      splitBatch(readFileSync(file)).messages.map(({ bytes }, i) => {
        const { message, issues } = parseMessage(bytes);
        const isWellFormed =
          message.header.messageType !== undefined && !issues.some((issue) => issue.severity === 'error');
        const isFragment = groupMessage(message).issues.some((issue) => issue.code === 'hl7.segment-missing');
        return { name: `${file.slice(CORPUS.length + 1)}#${i + 1}`, bytes, isWellFormed, isFragment };
      }),
    );
}

export function mapUnknown(bytes: Uint8Array, loss = false): MappedMessage {
  return mapMessage(
    MAPS,
    parseMessage(bytes).message,
    {
      partner: UNKNOWN,
      partners: [UNKNOWN],
      hubKey: Buffer.alloc(32, 'corpus'),
      receivedAt: '2026-01-01T00:00:00.000Z',
      bodyHash: createHash('sha256').update(bytes).digest('hex'),
      unidentified: 'message',
    },
    { loss },
  );
}
