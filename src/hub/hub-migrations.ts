import type { Migration } from '../database/migrate.ts';

/** What the hub remembers about itself. */
export const hubMigrations: readonly Migration[] = [
  { name: 'hub-0001-settings', up: () => ['CREATE TABLE hub_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)'] },
];
