import type { CommandTable, Tx } from '../database/command.ts';
import type { Database } from '../model/database.ts';
import type { Partner } from '../model/partner.ts';
import { mirrorEvents, mirroredTypes, mirrorsOf } from '../rules/mirror.ts';

const PAGE_ROWS = 500;

interface Page {
  readonly type: string;
  readonly after: number;
}

interface PageRow {
  readonly rid: number;
  readonly id: string;
  readonly version: number;
  readonly person: string;
}

const PAGE_SQL =
  'SELECT rid, id, version, person FROM resource WHERE type = ? AND rid > ? AND deleted = 0 ORDER BY rid LIMIT ?';

export const mirrorCommands: CommandTable = {
  'hub.mirror-page': (tx: Tx, { type, after }: Page) => tx.query<PageRow>(PAGE_SQL, [type, after, PAGE_ROWS]),
};

/** How many rows a load queued, and for which mirrors. */
export interface MirrorLoad {
  readonly recipients: readonly string[];
  readonly queued: number;
}

/**
 * Queues everything that stands in the store for the mirrors of a partner: for what was there before the mirror was configured, and
 * after a consent was given. What a mirror was told already is not sent again. Undefined: the partner has no mirror.
 * A change made meanwhile is queued by itself.
 */
export async function loadMirrors(
  database: Database,
  partners: readonly Partner[],
  partnerId: string,
  now: number,
): Promise<MirrorLoad | undefined> {
  const mirrors = mirrorsOf(partners).filter(({ partner }) => partner.id === partnerId);
  if (mirrors.length === 0) return undefined;
  let queued = 0;
  for (const type of mirroredTypes(mirrors)) {
    for (let after = 0; ; ) {
      const rows = await database.read<readonly PageRow[]>('hub.mirror-page', { type, after });
      const events = rows.flatMap(({ id, version, person }) =>
        mirrorEvents(
          { resourceType: type, resourceId: id, versionId: String(version), interaction: 'update', person },
          mirrors,
          `load-${now}`,
        ),
      );
      queued += await database.write<number>('outbox.insert', { events, now });
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) break;
      after = last.rid;
    }
  }
  return { recipients: mirrors.map(({ recipient }) => recipient), queued };
}
