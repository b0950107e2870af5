import type { Migration } from '../database/migrate.ts';
import { probeMigration } from '../database/write-probe.ts';

export const HUB_PROBE = 'hub_probe';

/** What the hub remembers about itself. */
export const hubMigrations: readonly Migration[] = [
  { name: 'hub-0001-settings', up: () => ['CREATE TABLE hub_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)'] },
  probeMigration('hub-0002-probe', HUB_PROBE),
];
