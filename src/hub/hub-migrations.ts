import type { Migration } from '../database/migrate.ts';
import { probeMigration } from '../database/write-probe.ts';

export const HUB_PROBE = 'hub_probe';

/** What the hub remembers about itself. */
export const hubMigrations: readonly Migration[] = [
  { name: 'hub-0001-settings', up: () => ['CREATE TABLE hub_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)'] },
  {
    // Rows of a type up to `last_rid` whose id is after `after_id`: indexed by older rules. Ids in byte order, as in `resource`.
    name: 'hub-0002-reindex',
    up: (dialect) => {
      const t = dialect === 'sqlite' ? 'TEXT' : 'TEXT COLLATE "C"';
      return [`CREATE TABLE reindex (type ${t} PRIMARY KEY, after_id ${t} NOT NULL, last_rid BIGINT NOT NULL)`];
    },
  },
  probeMigration('hub-0003-probe', HUB_PROBE),
  {
    // How far the index rows of the type are walked for what the rules give no more; NULL: rows are still added.
    name: 'hub-0004-reindex-check',
    up: () => ['ALTER TABLE reindex ADD COLUMN checked TEXT'],
  },
];
